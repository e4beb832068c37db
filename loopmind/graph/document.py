"""The graph document: nodes, wires, macros and exposed ports as one frozen value, and its edits.

Ports are known by name: "node.port". Every edit gives a new Graph and refuses what cannot be;
reading and writing files lives in schema.py, looking inside groups in flatten.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from loopmind.graph.errors import GraphError
from loopmind.graph.macros import Macro
from loopmind.graph.node import NodeSchema
from loopmind.graph.ports import Control, InputPort
from loopmind.graph.registry import Registry, default_registry
from loopmind.graph.types import connection

GROUP_TYPE = "group"
_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_-]*$")


@dataclass(frozen=True)
class GraphNode:
    """One node in a document: which type at which version, and the controls that were set.

    graph: the inner graph where `type` is "group". view: whatever a canvas wants to remember.
    """

    type: str
    version: int = 1
    controls: Mapping[str, Any] = field(default_factory=dict)
    graph: Graph | None = None
    view: Mapping[str, Any] = field(default_factory=dict)


def split_address(address: str) -> tuple[str, str]:
    """("node", "port") of "node.port". Raises GraphError."""
    name, dot, port = address.rpartition(".")
    if not dot or not name or not port:
        raise GraphError(f"{address!r} is no port; write 'node.port'")
    return name, port


@dataclass(frozen=True)
class Graph:
    """A graph of nodes. All mappings are treated as frozen; edit through the methods.

    wires: target port -> source port, so that no input has two. inputs: exposed input -> the
    inner ports it feeds. outputs: exposed output -> the inner port it shows. macros: by name.
    """

    nodes: Mapping[str, GraphNode] = field(default_factory=dict)
    wires: Mapping[str, str] = field(default_factory=dict)
    macros: Mapping[str, Macro] = field(default_factory=dict)
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    description: str = ""
    registry: Registry = field(default_factory=default_registry, compare=False, repr=False)

    # Looking

    def schema(self, name: str) -> NodeSchema | None:
        """What is known of the node called `name`; None for a placeholder.

        A placeholder stands for a node whose plugin is missing, or older than the document.
        """
        from loopmind.graph.flatten import group_schema

        node = self._node(name)
        if node.type == GROUP_TYPE:
            return None if node.graph is None else group_schema(name, node.graph)
        spec = self.registry.find(node.type)
        if spec is None or spec.schema.version < node.version:
            return None
        return spec.schema

    def macro(self, name: str) -> Macro:
        """The macro called `name`. Raises GraphError saying which there are."""
        found = self.macros.get(name)
        if found is None:
            known = ", ".join(sorted(self.macros)) or "none"
            raise GraphError(f"there is no macro {name!r}; this graph has {known}")
        return found

    def control_value(self, name: str, control: str) -> Any:
        """Plain value at which a control stands: driven by a macro, set, or its default."""
        address = f"{name}.{control}"
        for macro in self.macros.values():
            for target in macro.targets:
                if target.control == address:
                    return target.apply(macro.control, macro.position)
        node = self._node(name)
        if control in node.controls:
            return node.controls[control]
        schema = self.schema(name)
        found = schema.control(control) if schema is not None else None
        if found is None:
            raise GraphError("there is no such control", node=name, port=control)
        return found.default

    def output_type(self, address: str) -> str | None:
        """Type of the value that leaves `node.port`: a list where the node is mapped over items.

        None where it cannot be known, as behind a placeholder.
        """
        from loopmind.graph.check import Checker

        return Checker(self).output_type(address)

    def validate(self) -> tuple[GraphError, ...]:
        """Everything that keeps this graph, or a part of it, from running."""
        from loopmind.graph.check import problems

        return problems(self)

    # Editing

    def with_node(
        self,
        name: str,
        type: str,
        controls: Mapping[str, Any] | None = None,
        *,
        view: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Graph:
        """Add a node of `type` (a node id); controls may be given as keywords."""
        self._check_new(name)
        spec = self.registry.get(type)
        node = GraphNode(type, spec.schema.version, view=dict(view or {}))
        graph = replace(self, nodes={**self.nodes, name: node})
        return graph.with_controls(name, {**(controls or {}), **more})

    def with_group(
        self, name: str, graph: Graph, controls: Mapping[str, Any] | None = None
    ) -> Graph:
        """Add `graph` as a node; its exposed ports become ports, its macros controls."""
        self._check_new(name)
        node = GraphNode(GROUP_TYPE, graph=replace(graph, registry=self.registry))
        added = replace(self, nodes={**self.nodes, name: node})
        return added.with_controls(name, controls or {})

    def without_node(self, name: str) -> Graph:
        """Remove a node with its wires, exposed ports and macro targets."""
        self._node(name)

        def mine(address: str) -> bool:
            return split_address(address)[0] == name

        inputs = {k: tuple(a for a in v if not mine(a)) for k, v in self.inputs.items()}
        macros = {
            key: replace(macro, targets=tuple(t for t in macro.targets if not mine(t.control)))
            for key, macro in self.macros.items()
        }
        return replace(
            self,
            nodes={key: node for key, node in self.nodes.items() if key != name},
            wires={t: s for t, s in self.wires.items() if not mine(t) and not mine(s)},
            inputs={key: ports for key, ports in inputs.items() if ports},
            outputs={key: port for key, port in self.outputs.items() if not mine(port)},
            macros=macros,
        )

    def with_control(self, name: str, control: str, value: Any) -> Graph:
        """Set one control. Raises GraphError where there is none such or the value will not do."""
        return self.with_controls(name, {control: value})

    def with_controls(self, name: str, values: Mapping[str, Any]) -> Graph:
        """Set several controls of one node."""
        if not values:
            return self
        node = self._node(name)
        schema = self._known_schema(name)
        plain = dict(node.controls)
        for key, value in values.items():
            control = schema.control(key)
            if control is None:
                known = ", ".join(c.name for c in schema.controls) or "none"
                raise GraphError(f"there is no such control; it has {known}", node=name, port=key)
            driver = self.driver(name, key)
            if driver is not None:
                raise GraphError(f"is driven by macro {driver!r}; set that", node=name, port=key)
            plain[key] = _plain(control, value, name)
        return replace(self, nodes={**self.nodes, name: replace(node, controls=plain)})

    def with_view(self, name: str, **view: Any) -> Graph:
        """Remember where and how a canvas shows a node; never changes what it computes."""
        node = self._node(name)
        return replace(self, nodes={**self.nodes, name: replace(node, view={**node.view, **view})})

    def connect(self, source: str, target: str) -> Graph:
        """Lead a wire from output `source` to input `target`, in place of what led there.

        Raises GraphError for a missing port, types that do not fit, and a cycle.
        """
        from loopmind.graph.check import Checker

        (from_node, from_port), (to_node, to_port) = split_address(source), split_address(target)
        port = self._input(to_node, to_port)
        schema = self._known_schema(from_node)
        if schema.output(from_port) is None:
            known = ", ".join(o.name for o in schema.outputs) or "none"
            raise GraphError(
                f"there is no such output; it has {known}", node=from_node, port=from_port
            )
        graph = replace(self, wires={**self.wires, target: source})
        if graph.reaches(to_node, from_node):
            raise GraphError(
                f"a wire from {source} would close a circle{way_round(port.type)}",
                node=to_node, port=to_port,
            )  # fmt: skip
        kind = Checker(graph).output_type(source)
        if kind is not None and connection(kind, port.type) is None:
            raise GraphError(
                f"expected {port.type}, received {kind} from {source}",
                node=to_node, port=to_port, expected=port.type, received=kind,
            )  # fmt: skip
        return graph

    def disconnect(self, target: str) -> Graph:
        """Take away the wire that leads to `target`."""
        if target not in self.wires:
            raise GraphError(f"no wire leads to {target}")
        return replace(self, wires={t: s for t, s in self.wires.items() if t != target})

    def with_macro(self, name: str, value: Any) -> Graph:
        """Turn a macro to `value`."""
        macro = self.macro(name)
        try:
            plain = macro.control.plain(value)
        except ValueError as error:
            raise GraphError(
                f"macro {name!r}: {error}; give it such a value",
                expected=macro.control.expected(), received=repr(value),
            ) from None  # fmt: skip
        return replace(self, macros={**self.macros, name: replace(macro, value=plain)})

    def expose_macro(self, macro: Macro) -> Graph:
        """Add a macro, or put it in place of the one of that name."""
        name = macro.control.name
        _check_name(name)
        nodes = dict(self.nodes)
        others = {key: value for key, value in self.macros.items() if key != name}
        rest = replace(self, macros=others)
        for target in macro.targets:
            node_name, control = split_address(target.control)
            if rest._known_schema(node_name).control(control) is None:
                raise GraphError("there is no such control", node=node_name, port=control)
            driver = rest.driver(node_name, control)
            if driver is not None:
                raise GraphError(
                    f"is already driven by macro {driver!r}", node=node_name, port=control
                )
            node = nodes[node_name]
            kept = {key: value for key, value in node.controls.items() if key != control}
            nodes[node_name] = replace(node, controls=kept)
        return replace(self, nodes=nodes, macros={**others, name: macro})

    def expose_input(self, name: str, targets: str | Iterable[str]) -> Graph:
        """Offer inner input ports as the input `name` of this graph when it is a group."""
        _check_name(name)
        ports = (targets,) if isinstance(targets, str) else tuple(targets)
        for target in ports:
            self._input(*split_address(target))
        return replace(self, inputs={**self.inputs, name: ports})

    def expose_output(self, name: str, source: str) -> Graph:
        """Offer an inner output port as the output `name` of this graph."""
        _check_name(name)
        node, port = split_address(source)
        if self._known_schema(node).output(port) is None:
            raise GraphError("there is no such output", node=node, port=port)
        return replace(self, outputs={**self.outputs, name: source})

    # Helpers

    def driver(self, name: str, control: str) -> str | None:
        """The macro that drives a control, or None."""
        address = f"{name}.{control}"
        for key, macro in self.macros.items():
            if any(target.control == address for target in macro.targets):
                return key
        return None

    def reaches(self, start: str, goal: str) -> bool:
        """Does a chain of wires lead from node `start` to node `goal`?"""
        onward: dict[str, set[str]] = {}
        for target, source in self.wires.items():
            onward.setdefault(split_address(source)[0], set()).add(split_address(target)[0])
        open_nodes, seen = [start], {start}
        while open_nodes:
            here = open_nodes.pop()
            if here == goal:
                return True
            fresh = onward.get(here, set()) - seen
            seen |= fresh
            open_nodes += fresh
        return False

    def _node(self, name: str) -> GraphNode:
        node = self.nodes.get(name)
        if node is None:
            known = ", ".join(sorted(self.nodes)) or "none"
            raise GraphError(f"there is no such node; the graph has {known}", node=name)
        return node

    def _known_schema(self, name: str) -> NodeSchema:
        schema = self.schema(name)
        if schema is None:
            raise GraphError(
                f"its type {self._node(name).type!r} is not installed (or older than the "
                "document); install its plugin",
                node=name,
            )
        return schema

    def _input(self, name: str, port: str) -> InputPort | Control:
        schema = self._known_schema(name)
        found = schema.input(port)
        if found is None:
            known = ", ".join(p.name for p in schema.takers) or "none"
            raise GraphError(f"there is no such input; it has {known}", node=name, port=port)
        if isinstance(found, Control) and self.nodes[name].type == GROUP_TYPE:
            raise GraphError(
                "is a macro, which no wire can feed; expose the inner control as an input",
                node=name,
                port=port,
            )
        return found

    def _check_new(self, name: str) -> None:
        _check_name(name)
        if name in self.nodes:
            raise GraphError("there is already a node of that name", node=name)


def way_round(kind: str) -> str:
    """What to do instead of a circle of wires: sound alone can be fed back."""
    if kind != "signal":
        return ""
    return "; to feed sound back, use a feedback_send and a feedback_return of one name"


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise GraphError(
            f"{name!r} is no name: start with a letter, go on with letters, digits, '_' and '-'"
        )


def _plain(control: Control, value: Any, node: str) -> Any:
    try:
        return control.plain(value)
    except ValueError as error:
        raise GraphError(
            str(error), node=node, port=control.name,
            expected=control.expected(), received=repr(value),
        ) from None  # fmt: skip
