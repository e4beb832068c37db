"""Finding what is wrong with a graph: missing ports, clashing types, circles, unset controls."""

from __future__ import annotations

import networkx as nx

from loopmind.graph.document import GROUP_TYPE, Graph, split_address, way_round
from loopmind.graph.errors import GraphError
from loopmind.graph.flatten import FlatNode, flatten, inner_source
from loopmind.graph.types import LIST_SUFFIX, Connection, connection


class Checker:
    """Types and problems of one graph, each worked out once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.flat = flatten(graph)
        self._mapped: dict[str, bool | None] = {}

    def with_nodes(self, graph: Graph, flat: dict[str, FlatNode]) -> Checker:
        """The checker of a graph in which nothing but controls differs."""
        other = object.__new__(Checker)
        other.graph, other.flat, other._mapped = graph, flat, self._mapped
        return other

    def output_type(self, address: str) -> str | None:
        """See Graph.output_type."""
        return self.type_at(*inner_source(self.graph, "", address))

    def type_at(self, path: str, port: str) -> str | None:
        """Type that leaves output `port` of the flat node `path`; None where unknown."""
        node = self.flat.get(path)
        if node is None or node.spec is None:
            return None
        output = node.spec.schema.output(port)
        if output is None:
            return None
        return output.type + LIST_SUFFIX if self.is_mapped(path) else output.type

    def is_mapped(self, path: str) -> bool:
        """Does the node run once per item of a collection on one of its wires?"""
        # Without recursion: a chain of a thousand nodes is deeper than Python's stack.
        pending = [path]
        while pending:
            here = pending[-1]
            if self._mapped.get(here) is not None:
                pending.pop()
                continue
            node = self.flat[here]
            sources = {s for s, _ in node.wires.values() if s in self.flat}
            unknown = [s for s in sorted(sources) if s not in self._mapped]
            self._mapped.setdefault(here, None)
            if unknown:
                pending += unknown
                continue
            self._mapped[here] = any(
                (link := self.link(node, port)) is not None and link.kind == "map"
                for port in node.wires
            )
            pending.pop()
        return bool(self._mapped[path])

    def link(self, node: FlatNode, port: str) -> Connection | None:
        """How the wire at `port` hands over its value; None where it cannot or is unknown."""
        target = node.spec.schema.input(port) if node.spec is not None else None
        source = self.flat.get(node.wires[port][0])
        if target is None or source is None or source.spec is None:
            return None
        output = source.spec.schema.output(node.wires[port][1])
        if output is None:
            return None
        kind = output.type + LIST_SUFFIX if self._mapped.get(source.path) else output.type
        return connection(kind, target.type)

    def node_problems(self, node: FlatNode) -> list[GraphError]:
        """What keeps one node from running, its sources aside."""
        if node.spec is None:
            installed = self.graph.registry.find(node.node.type)
            if installed is None:
                broken = self.graph.registry.problem_of(node.node.type)
                if broken is not None:
                    return [
                        GraphError(
                            f"its type {node.node.type!r} could not be loaded ({broken.reason}); "
                            "mend or update what brings it",
                            node=node.path,
                        )
                    ]
                return [
                    GraphError(
                        f"its type {node.node.type!r} is not installed; install the plugin that "
                        "brings it, or remove the node",
                        node=node.path,
                    )
                ]
            return [
                GraphError(
                    f"was saved by version {node.node.version} of {node.node.type!r}, installed "
                    f"is {installed.schema.version}; update the plugin",
                    node=node.path,
                )
            ]
        return [*self._wire_problems(node), *self._control_problems(node)]

    def _wire_problems(self, node: FlatNode) -> list[GraphError]:
        assert node.spec is not None
        found = []
        schema = node.spec.schema
        self.is_mapped(node.path)
        for port, (source, output) in sorted(node.wires.items()):
            target = schema.input(port)
            origin = self.flat.get(source)
            if target is None:
                known = ", ".join(p.name for p in schema.takers) or "none"
                found.append(
                    GraphError(f"there is no such input; it has {known}", node=node.path, port=port)
                )
            elif origin is None:
                found.append(
                    GraphError(
                        f"its wire comes from {source!r}, which is not there",
                        node=node.path, port=port,
                    )
                )  # fmt: skip
            elif origin.spec is not None and origin.spec.schema.output(output) is None:
                outputs = ", ".join(o.name for o in origin.spec.schema.outputs) or "none"
                found.append(
                    GraphError(
                        f"its wire comes from {source}.{output}, but {source} gives {outputs}",
                        node=node.path, port=port,
                    )
                )  # fmt: skip
            elif origin.spec is not None and self.link(node, port) is None:
                received = self.type_at(source, output) or "nothing"
                found.append(
                    GraphError(
                        f"expected {target.type}, received {received} from {source}.{output}",
                        node=node.path, port=port, expected=target.type, received=received,
                    )
                )  # fmt: skip
        for needed in schema.inputs:
            if not needed.optional and needed.name not in node.wires:
                found.append(
                    GraphError(
                        f"needs a wire that brings {needed.type}",
                        node=node.path, port=needed.name, expected=needed.type, received="nothing",
                    )
                )  # fmt: skip
        return found

    def _control_problems(self, node: FlatNode) -> list[GraphError]:
        assert node.spec is not None
        found = []
        schema = node.spec.schema
        for name, value in sorted(node.controls.items()):
            control = schema.control(name)
            if control is None:
                known = ", ".join(c.name for c in schema.controls) or "none"
                found.append(
                    GraphError(
                        f"there is no such control; it has {known}", node=node.path, port=name
                    )
                )
                continue
            try:
                control.plain(value)
            except ValueError as error:
                found.append(
                    GraphError(
                        str(error), node=node.path, port=name,
                        expected=control.expected(), received=repr(value),
                    )
                )  # fmt: skip
        for control in schema.controls:
            if control.required and control.name not in {*node.controls, *node.wires}:
                found.append(
                    GraphError(
                        f"must be set: {control.expected()}", node=node.path, port=control.name,
                        expected=control.expected(), received="nothing",
                    )
                )  # fmt: skip
        return found

    def circles(self) -> list[GraphError]:
        """Every circle of wires, named by its nodes."""
        wires = nx.DiGraph()
        wires.add_nodes_from(self.flat)
        for node in self.flat.values():
            wires.add_edges_from((s, node.path) for s, _ in node.wires.values() if s in self.flat)
        found = []
        for part in nx.strongly_connected_components(wires):
            if len(part) > 1 or any(wires.has_edge(n, n) for n in part):
                names = ", ".join(sorted(part))
                specs = [self.flat[path].spec for path in part]
                sounds = all(spec is not None and spec.schema.kind == "stream" for spec in specs)
                found.append(
                    GraphError(
                        f"the wires run in a circle through {names}"
                        f"{way_round('signal' if sounds else '')}",
                        node=min(part),
                    )
                )
        return sorted(found, key=lambda error: error.node)


def problems(graph: Graph, prefix: str = "") -> tuple[GraphError, ...]:
    """See Graph.validate."""
    structural = _structural(graph, prefix)
    checker = Checker(graph)
    circles = checker.circles()
    if circles:
        return (*structural, *circles)
    found: list[GraphError] = list(structural)
    for path in sorted(checker.flat):
        found += checker.node_problems(checker.flat[path])
    return tuple(found)


def _structural(graph: Graph, prefix: str) -> list[GraphError]:
    """Wires, exposed ports and macros that name something that is not there."""
    found = []

    def missing(address: str, what: str) -> None:
        name, port = split_address(address)
        if name not in graph.nodes:
            text = f"{what} names a node that is not there"
            found.append(GraphError(text, node=prefix + name, port=port))

    for target, source in sorted(graph.wires.items()):
        missing(target, f"the wire from {source}")
        missing(source, f"the wire to {target}")
        found += _group_port(graph, prefix, target, source)
    for key, targets in sorted(graph.inputs.items()):
        for target in targets:
            missing(target, f"the exposed input {key!r}")
    for key, source in sorted(graph.outputs.items()):
        missing(source, f"the exposed output {key!r}")
    driven: dict[str, str] = {}
    for key, macro in sorted(graph.macros.items()):
        for macro_target in macro.targets:
            address = macro_target.control
            missing(address, f"the macro {key!r}")
            name, port = split_address(address)
            if address in driven:
                text = f"is driven by two macros, {driven[address]!r} and {key!r}"
                found.append(GraphError(text, node=prefix + name, port=port))
            if address in graph.wires:
                text = f"is driven by the macro {key!r} and fed by a wire; remove one"
                found.append(GraphError(text, node=prefix + name, port=port))
            driven[address] = key
    for name, node in sorted(graph.nodes.items()):
        if node.type == GROUP_TYPE:
            if node.graph is None:
                found.append(GraphError("is a group without a graph", node=prefix + name))
            else:
                found += _structural(node.graph, f"{prefix}{name}/")
    return found


def _group_port(graph: Graph, prefix: str, target: str, source: str) -> list[GraphError]:
    found = []
    for address, side in ((target, "input"), (source, "output")):
        name, port = split_address(address)
        node = graph.nodes.get(name)
        if node is None or node.type != GROUP_TYPE or node.graph is None:
            continue
        exposed = node.graph.inputs if side == "input" else node.graph.outputs
        if port not in exposed:
            known = ", ".join(sorted(exposed)) or "none"
            text = f"the group exposes no such {side}; it has {known}"
            found.append(GraphError(text, node=prefix + name, port=port))
    return found
