"""Graph documents as JSON: reading, writing, bringing old ones up to date.

Written with sorted keys, two spaces and a newline at the end, so that a change is a small diff.
What belongs to a plugin that is not installed is kept as it was found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from loopmind.graph.document import GROUP_TYPE, Graph, GraphNode, split_address
from loopmind.graph.errors import GraphError
from loopmind.graph.macros import Macro, Target
from loopmind.graph.ports import Control
from loopmind.graph.registry import Registry, default_registry

FORMAT = "loopmind.graph"
FORMAT_VERSION = 1

FORMAT_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a format version to the next: old document -> new document."""

_PLAIN_KEYS = ("type", "default", "nullable", "low", "high", "step", "unit", "scale", "help")


def load_graph(path: str | Path, registry: Registry | None = None) -> Graph:
    """The graph in the file at `path`, its nodes brought to the installed versions.

    Raises GraphError naming the file and what is wrong with it.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise GraphError(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise GraphError(f"{file} is no text in UTF-8, so no graph document") from error
    try:
        return graph_from_text(text, registry)
    except GraphError as error:
        raise GraphError(
            f"{file}: {error}",
            node=error.node, port=error.port, expected=error.expected, received=error.received,
        ) from error  # fmt: skip


def save_graph(graph: Graph, path: str | Path) -> Path:
    """Write `graph` to `path`, whole or not at all. Raises files.atomic.OutputError."""
    from loopmind.files.atomic import atomic_write

    return atomic_write(path, graph_to_text(graph).encode("utf-8"))


def graph_to_text(graph: Graph) -> str:
    """The document as JSON text."""
    data = {"format": FORMAT, "format_version": FORMAT_VERSION, **_graph_to_plain(graph)}
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def graph_from_text(text: str, registry: Registry | None = None) -> Graph:
    """The graph in a JSON text. Raises GraphError."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise GraphError(f"this is no JSON ({error}); mend it or save it again") from error
    return graph_from_plain(data, registry)


def graph_from_plain(data: Any, registry: Registry | None = None) -> Graph:
    """The graph in a document that was read from JSON. Raises GraphError."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise GraphError(f'this is no graph document: it must say "format": "{FORMAT}"')
    version = data.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise GraphError(f"format_version must be a whole number from 1, received {version!r}")
    if version > FORMAT_VERSION:
        raise GraphError(
            f"the document has format version {version}, this LoopMind reads up to "
            f"{FORMAT_VERSION}; update LoopMind"
        )
    while version < FORMAT_VERSION:
        data = FORMAT_MIGRATIONS[version](data)
        version += 1
    body = {key: value for key, value in data.items() if key not in ("format", "format_version")}
    return migrated(_graph_from_plain(body, registry or default_registry(), "document"))


def migrated(graph: Graph) -> Graph:
    """`graph` with every node that an older version saved brought to the installed one."""
    for name, node in graph.nodes.items():
        if node.type == GROUP_TYPE and node.graph is not None:
            inner = migrated(node.graph)
            if inner is not node.graph:
                graph = replace(graph, nodes={**graph.nodes, name: replace(node, graph=inner)})
            continue
        spec = graph.registry.find(node.type)
        if spec is None or node.version >= spec.schema.version:
            continue
        controls, inputs, outputs = dict(node.controls), dict[str, str](), dict[str, str]()
        if spec.migrate is not None:
            try:
                moved = spec.migrate(node.version, controls)
            except Exception as error:  # a plugin's own code
                raise GraphError(
                    f"cannot be brought from version {node.version} to {spec.schema.version}: "
                    f"{error}",
                    node=name,
                ) from error
            controls, inputs, outputs = moved.controls, moved.inputs, moved.outputs
        fresh = replace(node, version=spec.schema.version, controls=controls)
        graph = _renamed(graph, name, inputs, outputs)
        graph = replace(graph, nodes={**graph.nodes, name: fresh})
    return graph


def _renamed(graph: Graph, name: str, inputs: dict[str, str], outputs: dict[str, str]) -> Graph:
    if not inputs and not outputs:
        return graph

    def moved(address: str, ports: dict[str, str]) -> str:
        node, port = split_address(address)
        return f"{node}.{ports.get(port, port)}" if node == name else address

    return replace(
        graph,
        wires={moved(t, inputs): moved(s, outputs) for t, s in graph.wires.items()},
        inputs={k: tuple(moved(t, inputs) for t in v) for k, v in graph.inputs.items()},
        outputs={k: moved(s, outputs) for k, s in graph.outputs.items()},
        macros={
            key: replace(
                macro,
                targets=tuple(replace(t, control=moved(t.control, inputs)) for t in macro.targets),
            )
            for key, macro in graph.macros.items()
        },
    )


# Writing


def _graph_to_plain(graph: Graph) -> dict[str, Any]:
    data: dict[str, Any] = {
        "title": graph.title,
        "description": graph.description,
        "nodes": {name: _node_to_plain(node) for name, node in graph.nodes.items()},
        "wires": dict(graph.wires),
        "macros": {name: _macro_to_plain(macro) for name, macro in graph.macros.items()},
        "inputs": {name: list(targets) for name, targets in graph.inputs.items()},
        "outputs": dict(graph.outputs),
    }
    return {key: value for key, value in data.items() if value or key in ("nodes", "wires")}


def _node_to_plain(node: GraphNode) -> dict[str, Any]:
    data: dict[str, Any] = {"type": node.type}
    if node.type != GROUP_TYPE:
        data["version"] = node.version
    if node.controls:
        data["controls"] = dict(node.controls)
    if node.graph is not None:
        data["graph"] = _graph_to_plain(node.graph)
    if node.view:
        data["view"] = dict(node.view)
    return data


def _macro_to_plain(macro: Macro) -> dict[str, Any]:
    control = macro.control
    data: dict[str, Any] = {key: getattr(control, key) for key in _PLAIN_KEYS}
    data["choices"] = list(control.choices)
    empty = {"nullable": False, "scale": "linear"}
    data = {k: v for k, v in data.items() if v not in (None, "", []) and v != empty.get(k)}
    data["default"] = control.default
    if macro.value is not None:
        data["value"] = macro.value
    data["targets"] = [_target_to_plain(target) for target in macro.targets]
    return data


def _target_to_plain(target: Target) -> dict[str, Any]:
    data: dict[str, Any] = {"control": target.control}
    if target.low is not None:
        data.update(low=target.low, high=target.high)
    if target.curve != "linear":
        data["curve"] = target.curve
    if target.values:
        data["values"] = dict(target.values)
    return data


# Reading


def _expect(data: Any, kind: type, where: str) -> Any:
    if not isinstance(data, kind):
        words = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}
        raise GraphError(f"{where}: expected {words.get(kind, kind)}, received {data!r}")
    return data


def _known(data: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(data) - set(keys))
    if unknown:
        raise GraphError(f"{where}: unknown field {unknown[0]!r}; known are {', '.join(keys)}")


def _graph_from_plain(data: dict[str, Any], registry: Registry, where: str) -> Graph:
    _expect(data, dict, where)
    fields = ("title", "description", "nodes", "wires", "macros", "inputs", "outputs")
    _known(data, fields, where)

    def section(key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = _expect(data.get(key, {}), dict, f"{where}, {key}")
        return found

    wires = {}
    for target, source in section("wires").items():
        split_address(target)
        split_address(_expect(source, str, f"{where}, wire to {target}"))
        wires[target] = source
    inputs = {}
    for name, targets in section("inputs").items():
        at = f"{where}, input {name!r}"
        inputs[name] = tuple(_expect(t, str, at) for t in _expect(targets, list, at))
        for target in inputs[name]:
            split_address(target)
    outputs = {}
    for name, source in section("outputs").items():
        outputs[name] = _expect(source, str, f"{where}, output {name!r}")
        split_address(source)
    return Graph(
        nodes={
            name: _node_from_plain(node, registry, f"{where}, node {name!r}")
            for name, node in section("nodes").items()
        },
        wires=wires,
        macros={
            name: _macro_from_plain(name, macro, f"{where}, macro {name!r}")
            for name, macro in section("macros").items()
        },
        inputs=inputs,
        outputs=outputs,
        title=_expect(data.get("title", ""), str, f"{where}, title"),
        description=_expect(data.get("description", ""), str, f"{where}, description"),
        registry=registry,
    )


def _node_from_plain(data: Any, registry: Registry, where: str) -> GraphNode:
    _expect(data, dict, where)
    _known(data, ("type", "version", "controls", "graph", "view"), where)
    kind = _expect(data.get("type"), str, f"{where}, type")
    inner = data.get("graph")
    if (kind == GROUP_TYPE) != (inner is not None):
        raise GraphError(f"{where}: a group, and only a group, has a graph")
    return GraphNode(
        type=kind,
        version=_expect(data.get("version", 1), int, f"{where}, version"),
        controls=_expect(data.get("controls", {}), dict, f"{where}, controls"),
        graph=None if inner is None else _graph_from_plain(inner, registry, where),
        view=_expect(data.get("view", {}), dict, f"{where}, view"),
    )


def _macro_from_plain(name: str, data: Any, where: str) -> Macro:
    _expect(data, dict, where)
    _known(data, (*_PLAIN_KEYS, "choices", "value", "targets"), where)
    fields = {key: data[key] for key in _PLAIN_KEYS if key in data}
    kind = _expect(fields.pop("type", "number"), str, f"{where}, type")
    choices = tuple(_expect(data.get("choices", []), list, f"{where}, choices"))
    targets = _expect(data.get("targets", []), list, f"{where}, targets")
    control = Control(name=name, type=kind, choices=choices, **fields)
    value = data.get("value")
    try:
        control = replace(control, default=control.plain(control.default))
        if value is not None:
            value = control.plain(value)
        macro = Macro(control, tuple(_target_from_plain(t, where) for t in targets), value)
        macro.driven()
    except ValueError as error:
        raise GraphError(f"{where}: {error}") from error
    return macro


def _target_from_plain(data: Any, where: str) -> Target:
    _expect(data, dict, f"{where}, target")
    _known(data, ("control", "low", "high", "curve", "values"), f"{where}, target")
    split_address(_expect(data.get("control"), str, f"{where}, target"))
    return Target(**data)
