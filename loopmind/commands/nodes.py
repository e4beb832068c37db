"""`loopmind nodes`: the node types that are installed, and the plugins that could not be used."""

from __future__ import annotations

import argparse
import json
import sys
from itertools import groupby
from typing import Any

from loopmind.errors import UsageError
from loopmind.graph.node import NodeSchema
from loopmind.graph.ports import Control
from loopmind.graph.registry import default_registry
from loopmind.graph.types import wire_types
from loopmind.music.codec import to_plain


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("node", nargs="?", help="tell all about this node (its id or last part)")
    parser.add_argument("--json", action="store_true", help="write everything as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the nodes; problems of plugins go to stderr."""
    registry = default_registry()
    schemas = [spec.schema for spec in registry.all()]
    if args.node is not None:
        schemas = [s for s in schemas if args.node in (s.id, s.id.rpartition(".")[2])]
        if not schemas:
            raise UsageError(f"there is no node {args.node!r}; see 'loopmind nodes'")
    if args.json:
        print(json.dumps(_as_json(schemas), indent=2, ensure_ascii=False))
    elif args.node is not None:
        print("\n\n".join(_in_full(schema) for schema in schemas))
    else:
        width = max((len(schema.id) for schema in schemas), default=0)
        for category, members in groupby(schemas, key=lambda schema: schema.category):
            print(category)
            for schema in members:
                print(f"  {schema.id:<{width}}  {schema.help.splitlines()[0]}")
    for problem in registry.problems:
        print(f"loopmind: plugin {problem.name} is left out: {problem.reason}", file=sys.stderr)
    return 0


def _as_json(schemas: list[NodeSchema]) -> dict[str, Any]:
    types = [{"name": t.name, "colour": t.colour, "item": t.item} for t in wire_types()]
    problems = [to_plain(problem) for problem in default_registry().problems]
    return {
        "nodes": [to_plain(schema) for schema in schemas],
        "types": types,
        "problems": problems,
    }


def _in_full(schema: NodeSchema) -> str:
    lines = [f"{schema.id}  ({schema.category}, version {schema.version})", "", schema.help, ""]
    for port in schema.inputs:
        optional = ", may be left open" if port.optional else ""
        lines.append(f"  in   {port.name}: {port.type}{optional}{_dash(port.help)}")
    for control in schema.controls:
        lines.append(f"  set  {control.name}: {_control(control)}{_dash(control.help)}")
    for output in schema.outputs:
        lines.append(f"  out  {output.name}: {output.type}{_dash(output.help)}")
    return "\n".join(lines)


def _control(control: Control) -> str:
    default = "must be set" if control.required else f"default {json.dumps(control.default)}"
    return f"{control.expected()}, {default}"


def _dash(text: str) -> str:
    return f" - {text}" if text else ""
