"""Looking through groups: a document as one flat set of nodes with all controls and wires known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from loopmind.graph.document import GROUP_TYPE, Graph, GraphNode, split_address
from loopmind.graph.node import NodeSchema, NodeSpec
from loopmind.graph.ports import InputPort, OutputPort

Source = tuple[str, str]
"""(path of a node, output port)."""


@dataclass
class FlatNode:
    """A node as it will run. `path` is its name, behind the names of the groups it lies in.

    spec: None for a placeholder. controls: what was set or is driven, plain. wires: input or
    control -> where its value comes from.
    """

    path: str
    node: GraphNode
    spec: NodeSpec | None
    controls: dict[str, Any]
    wires: dict[str, Source] = field(default_factory=dict)


def flatten(graph: Graph) -> dict[str, FlatNode]:
    """All nodes of `graph` by path, those of groups included, macros applied.

    Wires from or to ports that do not exist stay as they are; check.py names them.
    """
    flat: dict[str, FlatNode] = {}
    _place(graph, "", {}, flat)
    _wire(graph, "", flat)
    return flat


def driven_controls(graph: Graph, settings: dict[str, Any]) -> dict[str, Any]:
    """Inner control -> value, as the macros stand; `settings` (of a group's node) come first."""
    driven: dict[str, Any] = {}
    for name, macro in graph.macros.items():
        position = settings.get(name, macro.position)
        for target in macro.targets:
            driven[target.control] = target.apply(macro.control, position)
    return driven


def _place(graph: Graph, prefix: str, settings: dict[str, Any], flat: dict[str, FlatNode]) -> None:
    by_node: dict[str, dict[str, Any]] = {}
    for address, value in driven_controls(graph, settings).items():
        node_name, control = split_address(address)
        by_node.setdefault(node_name, {})[control] = value
    for name, node in graph.nodes.items():
        controls = {**node.controls, **by_node.get(name, {})}
        path = prefix + name
        if node.type == GROUP_TYPE and node.graph is not None:
            _place(node.graph, f"{path}/", controls, flat)
            continue
        spec = graph.registry.find(node.type)
        if spec is not None and spec.schema.version < node.version:
            spec = None
        if spec is not None:
            controls = {
                key: round(value)
                if isinstance(value, float) and _is_integer(spec.schema, key)
                else value
                for key, value in controls.items()
            }
        flat[path] = FlatNode(path, node, spec, controls)


def _is_integer(schema: NodeSchema, control: str) -> bool:
    found = schema.control(control)
    return found is not None and found.type == "integer"


def _wire(graph: Graph, prefix: str, flat: dict[str, FlatNode]) -> None:
    for target, source in graph.wires.items():
        origin = inner_source(graph, prefix, source)
        for path, port in inner_targets(graph, prefix, target):
            if path in flat:
                flat[path].wires[port] = origin
    for name, node in graph.nodes.items():
        if node.type == GROUP_TYPE and node.graph is not None:
            _wire(node.graph, f"{prefix}{name}/", flat)


def inner_source(graph: Graph, prefix: str, address: str) -> Source:
    """The node behind an output, through as many groups as it takes."""
    name, port = split_address(address)
    node = graph.nodes.get(name)
    if node is not None and node.type == GROUP_TYPE and node.graph is not None:
        inner = node.graph.outputs.get(port)
        if inner is not None:
            return inner_source(node.graph, f"{prefix}{name}/", inner)
    return prefix + name, port


def inner_targets(graph: Graph, prefix: str, address: str) -> list[Source]:
    """The inputs behind an input, through as many groups as it takes."""
    name, port = split_address(address)
    node = graph.nodes.get(name)
    if node is None or node.type != GROUP_TYPE or node.graph is None:
        return [(prefix + name, port)]
    found: list[Source] = []
    for inner in node.graph.inputs.get(port, ()):
        found += inner_targets(node.graph, f"{prefix}{name}/", inner)
    return found


def group_schema(name: str, graph: Graph) -> NodeSchema:
    """A group seen from outside: exposed ports, and one control for each macro."""
    inputs = []
    for key, targets in graph.inputs.items():
        types, optional = [], True
        for target in targets:
            node_name, port_name = split_address(target)
            schema = graph.schema(node_name) if node_name in graph.nodes else None
            port = schema.input(port_name) if schema is not None else None
            if port is None:
                continue
            types.append(port.type)
            optional &= port.optional if isinstance(port, InputPort) else not port.required
        if types:
            inputs.append(InputPort(key, types[0], optional))
    outputs = []
    for key, source in graph.outputs.items():
        kind = graph.output_type(source)
        if kind is not None:
            outputs.append(OutputPort(key, kind))
    return NodeSchema(
        id=GROUP_TYPE,
        title=graph.title or name,
        category="Groups",
        version=1,
        kind="value",
        help=graph.description or f"The group {name!r}.",
        inputs=tuple(inputs),
        controls=tuple(macro.control for macro in graph.macros.values()),
        outputs=tuple(outputs),
    )
