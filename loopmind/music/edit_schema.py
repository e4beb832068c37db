"""The published JSON schema of edits, read off their dataclasses; run it with a path to write it.

`python -m loopmind.music.edit_schema docs/schema/edit.schema.json`
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
import types
import typing
from pathlib import Path
from typing import Any

from loopmind.music.codec import to_plain
from loopmind.music.edit import EDITS

_SCALARS: dict[Any, str] = {float: "number", int: "integer", bool: "boolean", str: "string"}


def edit_json_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a list of edits, as files and graph documents hold it.

    Each edit is an object with its name under "edit"; fields with a default may be left out.
    """
    values: dict[str, Any] = {}
    kinds = {name: _object(cls, values, {"edit": {"const": name}}) for name, cls in EDITS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "LoopMind edits",
        "description": "Changes to a song, made one after the other.",
        "type": "array",
        "items": {"$ref": "#/$defs/edit"},
        "$defs": {
            "edit": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds]},
            **kinds,
            **dict(sorted(values.items())),
        },
    }


def _object(cls: type, values: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    """The schema of a dataclass; those that it holds are put into `values` by name."""
    hints = typing.get_type_hints(cls)
    properties, required = dict(first), list(first)
    for field in dataclasses.fields(cls):
        found = _schema(hints[field.name], values)
        if field.default is not dataclasses.MISSING:
            found = {**found, "default": to_plain(field.default)}
        else:
            required.append(field.name)
        properties[field.name] = found
    text = " ".join((inspect.getdoc(cls) or "").split())
    return {
        "description": text,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _schema(hint: Any, values: dict[str, Any]) -> dict[str, Any]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        options = [_schema(a, values) for a in args if a is not type(None)]
        return {"anyOf": [*options, {"type": "null"}]}
    if origin is typing.Literal:
        return {"enum": list(args)}
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return {"type": "array", "items": _schema(args[0], values)}
    if origin is tuple:
        items = [_schema(a, values) for a in args]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        name = hint.__name__
        if name not in values:
            values[name] = {}  # its place, should it hold itself
            values[name] = _object(hint, values, {})
        return {"$ref": f"#/$defs/{name}"}
    return {"type": _SCALARS[hint]}


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(edit_json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
