"""The published JSON schema of graph documents; run the module with a path to write it there.

It describes the form of a document; whether ports and types fit is for check.py to say.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from loopmind.graph.document import GROUP_TYPE
from loopmind.graph.schema import FORMAT, FORMAT_VERSION
from loopmind.graph.types import LIST_SUFFIX, SCALARS

_NAME = r"^[A-Za-z][A-Za-z0-9_-]*$"


def graph_json_schema() -> dict[str, Any]:
    """The published JSON schema of graph documents (draft 2020-12)."""
    address = {"type": "string", "pattern": r"^[^.]+\.[^.]+$"}
    number = {"type": "number"}
    text = {"type": "string"}
    graph: dict[str, Any] = {
        "nodes": {
            "description": "Nodes by name.",
            "type": "object",
            "propertyNames": {"pattern": _NAME},
            "additionalProperties": {"$ref": "#/$defs/node"},
        },
        "wires": {
            "description": "Target port -> source port, each 'node.port'.",
            "type": "object",
            "propertyNames": {"pattern": r"^[^.]+\.[^.]+$"},
            "additionalProperties": address,
        },
        "macros": {
            "description": "Named controls of the whole graph.",
            "type": "object",
            "propertyNames": {"pattern": _NAME},
            "additionalProperties": {"$ref": "#/$defs/macro"},
        },
        "inputs": {
            "description": "Exposed input -> the inner ports it feeds.",
            "type": "object",
            "additionalProperties": {"type": "array", "items": address},
        },
        "outputs": {
            "description": "Exposed output -> the inner port it shows.",
            "type": "object",
            "additionalProperties": address,
        },
        "title": text,
        "description": text,
    }
    node = {
        "type": "object",
        "properties": {
            "type": {"description": f"Node id, or '{GROUP_TYPE}'.", **text},
            "version": {"type": "integer", "minimum": 1},
            "controls": {"type": "object"},
            "graph": {"type": "object", "properties": graph, "additionalProperties": False},
            "view": {"type": "object"},
        },
        "required": ["type"],
        "additionalProperties": False,
    }
    target = {
        "type": "object",
        "properties": {
            "control": address,
            "low": number,
            "high": number,
            "curve": {"enum": ["linear", "exponential"]},
            "values": {"type": "object"},
        },
        "required": ["control"],
        "additionalProperties": False,
    }
    macro = {
        "type": "object",
        "properties": {
            "type": {"enum": [name + mark for name in SCALARS for mark in ("", LIST_SUFFIX)]},
            "default": {},
            "value": {},
            "nullable": {"type": "boolean"},
            "low": number,
            "high": number,
            "step": number,
            "unit": text,
            "scale": {"enum": ["linear", "log"]},
            "choices": {"type": "array"},
            "help": text,
            "targets": {"type": "array", "items": target},
        },
        "required": ["default", "targets"],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "LoopMind graph document",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT},
            "format_version": {"type": "integer", "minimum": 1, "maximum": FORMAT_VERSION},
            **graph,
        },
        "required": ["format", "format_version", "nodes", "wires"],
        "additionalProperties": False,
        "$defs": {"node": node, "macro": macro},
    }


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(graph_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
