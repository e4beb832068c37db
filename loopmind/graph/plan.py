"""The plan: which nodes run, in which order, fed from where. Printable data; nothing runs here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import networkx as nx

from loopmind.graph.check import Checker
from loopmind.graph.document import GROUP_TYPE, Graph, split_address
from loopmind.graph.errors import GraphError
from loopmind.graph.flatten import FlatNode, inner_source
from loopmind.graph.node import NodeSpec
from loopmind.graph.types import Connection


@dataclass(frozen=True, eq=False)
class Feed:
    """Where the value of one input comes from, and how it is handed over."""

    node: str
    port: str
    connection: Connection


@dataclass(frozen=True, eq=False)
class Step:
    """One node of the plan. controls: plain values of all controls, defaults included.

    mapped: inputs whose items the node runs for, one by one. problem: why it cannot run, or None.
    """

    path: str
    spec: NodeSpec | None
    controls: Mapping[str, Any]
    feeds: Mapping[str, Feed]
    mapped: tuple[str, ...] = ()
    problem: GraphError | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """Steps by path, in an order in which every step comes after its sources.

    targets: the steps whose values are wanted. consumers: who reads a step's outputs.
    """

    steps: Mapping[str, Step]
    targets: tuple[str, ...]
    consumers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _checker: Checker | None = field(default=None, repr=False)

    def __str__(self) -> str:
        width = max((len(path) for path in self.steps), default=0)
        lines = []
        for path, step in self.steps.items():
            kind = step.spec.id if step.spec is not None else "?"
            feeds = ", ".join(
                f"{port} <{'=' if feed.connection.kind == 'map' else '-'} {feed.node}.{feed.port}"
                for port, feed in sorted(step.feeds.items())
            )
            mark = "*" if path in self.targets else " "
            lines.append(f"{mark} {path:<{width}}  {kind}" + (f"  {feeds}" if feeds else ""))
        return "\n".join(lines)


def make_plan(graph: Graph, targets: Iterable[str] | None = None) -> Plan:
    """Plan what `targets` need (node names, groups and group paths too; by default every node
    whose outputs no other node reads).

    Raises GraphError for a circle or an unknown target; a node with another problem is planned
    as one that fails, so that the rest can run.
    """
    checker = Checker(graph)
    flat = checker.flat
    wires = nx.DiGraph()
    wires.add_nodes_from(flat)
    for node in flat.values():
        wires.add_edges_from((s, node.path) for s, _ in node.wires.values() if s in flat)
    try:
        order = list(nx.lexicographical_topological_sort(wires))
    except nx.NetworkXUnfeasible:
        raise checker.circles()[0] from None
    if targets is None:
        wanted = [path for path in order if wires.out_degree(path) == 0]
    else:
        wanted = [path for name in targets for path in _target_paths(graph, flat, name)]
    needed = set(wanted)
    for path in reversed(order):
        if path in needed:
            needed.update(wires.predecessors(path))
    steps = {path: _step(checker, flat[path]) for path in order if path in needed}
    consumers = {path: tuple(c for c in wires.successors(path) if c in needed) for path in steps}
    return Plan(steps, tuple(dict.fromkeys(wanted)), consumers, checker)


def replan(plan: Plan, before: Graph, after: Graph) -> Plan | None:
    """The plan of `after`, from that of `before` where only controls of plain nodes differ.

    None where more differs, and a plan must be made anew.
    """
    checker = plan._checker
    same = (
        checker is not None
        and after.registry is before.registry
        and after.nodes.keys() == before.nodes.keys()
        and all(getattr(after, name) == getattr(before, name) for name in _SHAPE)
    )
    if checker is None or not same:
        return None
    steps = dict(plan.steps)
    flat = dict(checker.flat)
    for name, node in after.nodes.items():
        old = before.nodes[name]
        if node is old:
            continue
        if node.graph is not None or (node.type, node.version) != (old.type, old.version):
            return None
        # Driven controls are not among the node's own, so they stay as they are.
        driven = {k: v for k, v in flat[name].controls.items() if k not in old.controls}
        flat[name] = replace(flat[name], node=node, controls={**node.controls, **driven})
    checker = checker.with_nodes(after, flat)
    for name, node in after.nodes.items():
        if node is not before.nodes[name] and name in steps:
            steps[name] = _step(checker, flat[name])
    return Plan(steps, plan.targets, plan.consumers, checker)


_SHAPE = ("wires", "macros", "inputs", "outputs")
"""What of a graph must be the same for its plan to differ in controls only."""


def _target_paths(graph: Graph, flat: dict[str, FlatNode], name: str) -> list[str]:
    if name in flat:
        return [name]
    node = graph.nodes.get(name)
    if node is not None and node.type == GROUP_TYPE and node.graph is not None:
        inside = f"{name}/"
        shown = [inner_source(graph, "", f"{name}.{port}")[0] for port in node.graph.outputs]
        return shown or [path for path in flat if path.startswith(inside)]
    known = ", ".join(sorted(flat)) or "none"
    raise GraphError(f"there is no such node; the graph has {known}", node=name)


def _step(checker: Checker, node: FlatNode) -> Step:
    found = checker.node_problems(node)
    if found or node.spec is None:
        feeds = {
            port: Feed(source, output, Connection("direct"))
            for port, (source, output) in node.wires.items()
            if source in checker.flat
        }
        return Step(node.path, node.spec, node.controls, feeds, problem=found[0])
    feeds = {}
    mapped = []
    checker.is_mapped(node.path)
    for port, (source, output) in sorted(node.wires.items()):
        link = checker.link(node, port)
        if link is None:  # the source is a placeholder, which fails before this is read
            link = Connection("direct")
        feeds[port] = Feed(source, output, link)
        if link.kind == "map":
            mapped.append(port)
    controls = {
        control.name: control.plain(node.controls.get(control.name, control.default))
        if control.name in node.controls or not control.required
        else None
        for control in node.spec.schema.controls
    }
    return Step(node.path, node.spec, controls, feeds, tuple(mapped))


def resolve(graph: Graph, address: str) -> tuple[str, str]:
    """The (flat path, port) behind "node.port", through groups; a bare node name means its
    only output.

    Raises GraphError.
    """
    if address in graph.nodes or "." not in address:
        schema = graph.schema(address)
        outputs = schema.outputs if schema is not None else ()
        if len(outputs) != 1:
            known = ", ".join(o.name for o in outputs) or "none"
            raise GraphError(f"say which output: {known}", node=address)
        address = f"{address}.{outputs[0].name}"
    split_address(address)
    return inner_source(graph, "", address)
