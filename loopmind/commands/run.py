"""`loopmind run`: evaluates a graph document or a preset and shows what came of it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from loopmind.commands._graphs import ShowEvents, apply_settings, find_graph, set_everywhere
from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine
from loopmind.files.places import default_cache
from loopmind.graph.errors import GraphError
from loopmind.music.audio import Audio
from loopmind.runtime.cache import DiskCache
from loopmind.runtime.execute import Session
from loopmind.runtime.result import Result


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("graph", metavar="GRAPH", help="a graph document, or the name of a preset")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
        help="set node.control=value or macro=value; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--target", action="append", default=None, metavar="NODE", dest="targets",
        help="run only what this node needs; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--library", type=place, metavar="DIR", help="use the library in this folder"
    )
    parser.add_argument("--cache", metavar="DIR", help="remember results in this folder")
    parser.add_argument("--no-cache", action="store_true", help="remember nothing on disk")
    parser.add_argument("--plan", action="store_true", help="print the plan and run nothing")
    parser.add_argument("--json", action="store_true", help="write the results as JSON")


def run(args: argparse.Namespace) -> int:
    """Evaluate the graph; failures go to stderr, one line each."""
    graph = apply_settings(find_graph(args.graph), args.settings)
    if args.library is not None:
        graph = set_everywhere(graph, "library", str(args.library))
    if args.plan:
        from loopmind.graph.plan import make_plan

        print(make_plan(graph, args.targets))
        return 0
    disk = None
    if not args.no_cache:
        disk = DiskCache(Path(args.cache) if args.cache else default_cache() / "values")
    with ProgressLine() as line, Session(disk=disk) as session:
        show = ShowEvents(line)
        result = session.evaluate(graph, args.targets, listener=show)
    values = dict(_values(result))
    if args.json:
        print(json.dumps(_as_json(result, values), indent=2, ensure_ascii=False))
    else:
        for address, value in values.items():
            print(f"{address}: {_shown(value)}")
        cached = sum(status == "cached" for status in result.status.values())
        print(f"{len(result.ran)} nodes ran, {cached} remembered, {result.seconds:.2f} s")
    for trouble in show.troubles:
        print(f"loopmind: {trouble}", file=sys.stderr)
    for failure in result.failures:
        at = f"node {failure.node!r}"
        known = isinstance(failure.error, GraphError) and failure.error.node
        text = str(failure.error) if known else f"{at}: {failure.message}"
        print(f"loopmind: error: {' '.join(text.split())}", file=sys.stderr)
    if result.failures and args.debug:
        result.check()
    return 1 if result.failures else 0


def _values(result: Result) -> list[tuple[str, Any]]:
    found = []
    for path in result.plan.targets:
        spec = result.plan.steps[path].spec
        if spec is not None and result.status.get(path) in ("ran", "cached"):
            outputs = result.outputs(path)
            found += [(f"{path}.{port.name}", outputs[port.name]) for port in spec.schema.outputs]
    return found


def _as_json(result: Result, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "values": {address: _plain(value) for address, value in values.items()},
        "status": dict(result.status),
        "failures": [{"node": f.node, "message": f.message} for f in result.failures],
        "seconds": round(result.seconds, 3),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, tuple) and all(
        isinstance(item, (str, int, float, Path)) for item in value
    ):
        return [_plain(item) for item in value]
    return _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, (bool, int, float, str, Path)):
        return str(value)
    if isinstance(value, Audio):
        seconds = f"{value.duration_s:.2f} s"
        return f"audio of {seconds}, {value.channels} channels at {value.rate_hz} Hz"
    if isinstance(value, tuple):
        some = ", ".join(_shown(item) for item in value[:3])
        return f"{len(value)} items: {some}{', ...' if len(value) > 3 else ''}"
    return type(value).__name__.lower()
