"""What commands that run graphs share: finding the document, settings, showing events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from loopmind.commands._terminal import ProgressLine
from loopmind.errors import UsageError
from loopmind.files.places import preset_file, presets, user_presets
from loopmind.graph.document import Graph
from loopmind.graph.errors import GraphError
from loopmind.graph.registry import Registry
from loopmind.graph.schema import load_graph
from loopmind.runtime.events import (
    Event,
    NodeFinished,
    NodeNote,
    NodeProgress,
    NodeStarted,
    StoreTrouble,
)


def find_graph(name: str, registry: Registry | None = None) -> Graph:
    """The graph in the file `name`, or the preset of that name. Raises UsageError, GraphError."""
    file = Path(name)
    if file.is_file():
        return load_graph(file, registry)
    if file.suffix == ".json" or file.name != name:
        raise UsageError(f"there is no file {name}; give a graph document or the name of a preset")
    own = user_presets() / f"{name}.json"
    if own.is_file():
        return load_graph(own, registry)
    try:
        return load_graph(preset_file(name), registry)
    except FileNotFoundError:
        known = ", ".join(presets()) or "none"
        raise UsageError(f"there is no file and no preset {name!r}; presets: {known}") from None


def apply_settings(graph: Graph, settings: Iterable[str]) -> Graph:
    """`graph` with "macro=value" and "node.control=value" settings applied. Raises UsageError."""
    for setting in settings:
        address, equals, text = setting.partition("=")
        address = address.strip()
        if not equals or not address:
            raise UsageError(f"--set {setting!r}: write node.control=value or macro=value")
        try:
            if "." in address:
                node, _, name = address.rpartition(".")
                schema = graph.schema(node)
                control = schema.control(name) if schema is not None else None
                value = text if control is None else control.parse(text)
                graph = graph.with_control(node, name, value)
            else:
                macro = graph.macros.get(address)
                value = text if macro is None else macro.control.parse(text)
                graph = graph.with_macro(address, value)
        except (GraphError, ValueError) as error:
            raise UsageError(f"--set {setting}: {error}") from error
    return graph


def set_everywhere(graph: Graph, control: str, value: Any) -> Graph:
    """`graph` with `value` in every control called `control` that nothing else decides."""
    for name, node in graph.nodes.items():
        if node.graph is not None:
            inner = set_everywhere(node.graph, control, value)
            graph = replace(graph, nodes={**graph.nodes, name: replace(node, graph=inner)})
            continue
        schema = graph.schema(name)
        free = f"{name}.{control}" not in graph.wires and graph.driver(name, control) is None
        if schema is not None and schema.control(control) is not None and free:
            graph = graph.with_control(name, control, value)
    return graph


class ShowEvents:
    """A listener that draws a graph's progress as one line."""

    def __init__(self, line: ProgressLine) -> None:
        self._line = line
        self.troubles: list[str] = []

    def __call__(self, event: Event) -> None:
        if isinstance(event, NodeStarted):
            self._line.show(event.node)
        elif isinstance(event, NodeProgress):
            self._line.show(
                event.node, event.done, event.total, event.what, event.rate_per_s, event.eta_s
            )
        elif isinstance(event, NodeFinished):
            self._line.show(event.node, what="done")
        elif isinstance(event, (StoreTrouble, NodeNote)):
            self.troubles.append(event.message)
