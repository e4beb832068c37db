"""The graph that a project is worked on with: its own, going on from a song that was kept.

What made the song (choosing, arranging, mixing) is not run again, as new sounds in a folder would
make another song of it; its values are recalled from the project, edits are applied to them, and
what follows (fitting, rendering, documents) hangs on the result as in the project's own graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopmind.graph.document import Graph, split_address
from loopmind.graph.errors import GraphError
from loopmind.music.edit import Edit, edit_to_plain

RECALL, SOUNDS, PRESENT, EDIT = "recalled_draft", "recalled_sounds", "present_song", "edit"
EDIT_TYPE = "loopmind.edit_song"
_FIT, RENDER, DOCUMENTS = "loopmind.fit_loops", "loopmind.render_song", "loopmind.write_documents"
_FOLLOWERS = (_FIT, RENDER, DOCUMENTS)
VALUES = ("brief", "palette", "song", "mix")
"""What a song is made of, as nodes hand it on."""


@dataclass(frozen=True)
class Going:
    """What to go on from: a revision that was kept in `project`, and the edits since.

    look_in: folders to look for moved sounds in. leave_out: play without the sounds that are
    missing. source: where the crate comes from. revision None: the head.
    """

    project: Path
    revision: int | None
    edits: tuple[Edit, ...] = ()
    look_in: tuple[Path, ...] = ()
    leave_out: bool = False
    source: str | None = None


def crate_source(document: dict[str, Any]) -> str | None:
    """The output from which the sounds to fit come, such as "scan.crate"."""
    for name, node in document.get("nodes", {}).items():
        if node.get("type") == _FIT:
            source: str | None = document.get("wires", {}).get(f"{name}.crate")
            return source
    return None


def needed_part(document: dict[str, Any], kinds: Iterable[str]) -> dict[str, Any]:
    """The graph document with nothing but nodes of the types `kinds` and what they need.

    What the song comes from is left out, for it is recalled: those nodes need not even be loaded.
    """
    nodes, wires = document.get("nodes", {}), document.get("wires", {})
    wanted = {name for name, node in nodes.items() if node.get("type") in kinds}
    source = crate_source(document)  # the sounds are always needed
    open_nodes = [*wanted, *([source.rpartition(".")[0]] if source else [])]
    kept: set[str] = set()
    while open_nodes:
        name = open_nodes.pop()
        if name in kept:
            continue
        kept.add(name)
        recalled = nodes.get(name, {}).get("type") in (*_FOLLOWERS, EDIT_TYPE)
        for target, source in wires.items():
            node, _, port = target.rpartition(".")
            if node == name and not (recalled and port in VALUES):
                open_nodes.append(source.rpartition(".")[0])
    return {
        **document,
        "nodes": {name: node for name, node in nodes.items() if name in kept},
        "wires": {
            target: source
            for target, source in wires.items()
            if target.rpartition(".")[0] in kept and source.rpartition(".")[0] in kept
        },
        "macros": {
            name: {
                **macro,
                "targets": [
                    target
                    for target in macro.get("targets", ())
                    if target.get("control", "").rpartition(".")[0] in kept
                ],
            }
            for name, macro in document.get("macros", {}).items()
        },
    }


def working_graph(graph: Graph, going: Going) -> Graph:
    """`graph` with its song recalled, and edited where there are edits. Raises GraphError."""
    controls: dict[str, Any] = {"project": str(going.project)}
    made = graph.with_node(RECALL, "loopmind.recall_draft", controls)
    if going.revision is not None:
        made = made.with_control(RECALL, "revision", going.revision)
    made = _with_sounds(made, going)
    sources = {value: f"{RECALL}.{value}" for value in VALUES}
    if going.edits:
        given = {**sources, "draft": f"{RECALL}.draft", "crate": f"{SOUNDS}.crate"}
        made, edit = with_edit_node(made, given)
        made = with_edits(made, edit, going.edits)
        schema = made.schema(edit)
        assert schema is not None
        sources |= {v: f"{edit}.{v}" for v in VALUES if schema.output(v) is not None}
    if going.leave_out:
        made = made.with_node(PRESENT, "loopmind.leave_out_missing")
        made = made.connect(sources["song"], f"{PRESENT}.song")
        made = made.connect(f"{SOUNDS}.crate", f"{PRESENT}.crate")
        sources["song"] = f"{PRESENT}.song"
    for name, node in graph.nodes.items():
        known = made.schema(name) if node.type in _FOLLOWERS else None
        for value, source in sources.items():
            if known is not None and known.input(value) is not None:
                made = made.connect(source, f"{name}.{value}")
    return made


def with_edit_node(graph: Graph, given: Mapping[str, str]) -> tuple[Graph, str]:
    """With a node that edits the song, and its name; given: sources by the type or name of inputs.

    Raises GraphError where no such node is installed.
    """
    edit = edit_node(graph)
    if edit is None:  # a graph from before there were edits, or without them
        edit = EDIT
        while edit in graph.nodes:
            edit += "_"
        graph = graph.with_node(edit, EDIT_TYPE)
    schema = graph.schema(edit)
    if schema is None:
        raise GraphError("the node that applies edits is not installed", node=edit)
    for port in schema.inputs:
        source = given.get(port.type, given.get(port.name))
        if source is not None:
            graph = graph.connect(source, f"{edit}.{port.name}")
    return graph, edit


def edit_node(graph: Graph) -> str | None:
    """The name of the node that applies edits, if the graph has one."""
    return next((name for name, node in graph.nodes.items() if node.type == EDIT_TYPE), None)


def with_edits(graph: Graph, node: str, edits: Iterable[Edit]) -> Graph:
    """`graph` with the control `edits` set, or the macro that drives it."""
    plain = [edit_to_plain(edit) for edit in edits]
    driver = graph.driver(node, "edits")
    if driver is not None:
        return graph.with_macro(driver, plain)
    return graph.with_control(node, "edits", plain)


def sounds_graph(graph: Graph, going: Going) -> Graph:
    """`graph` with nothing but the finding of the project's sounds added."""
    return _with_sounds(graph, going)


def _with_sounds(graph: Graph, going: Going) -> Graph:
    """The crates of the graph led through the node that adds what is not in them."""
    source = going.source
    folders = [str(folder) for folder in going.look_in]
    made = graph.with_node(
        SOUNDS, "loopmind.recall_sounds", {"project": str(going.project), "folders": folders}
    )
    if going.revision is not None:
        made = made.with_control(SOUNDS, "revision", going.revision)
    library = _control(graph, source, "library")
    if library:
        made = made.with_control(SOUNDS, "library", library)
    for target, origin in graph.wires.items():
        if origin == source and made.schema(split_address(target)[0]) is not None:
            made = made.connect(f"{SOUNDS}.crate", target)
    if source is not None:
        node = split_address(source)[0]
        made, usable = _with_present_folders(made, node, going.project.parent)
        if usable:
            made = made.connect(source, f"{SOUNDS}.crate")
    return made


def _control(graph: Graph, source: str | None, name: str) -> Any:
    if source is None:
        return None
    try:
        return graph.control_value(split_address(source)[0], name)
    except GraphError:  # a source without that control
        return None


def _with_present_folders(graph: Graph, node: str, home: Path) -> tuple[Graph, bool]:
    """The folders to scan without those that are gone, and whether any is left.

    Relative ones lie in the project's folder, as in a bundle that was unpacked.
    """
    try:
        asked = graph.control_value(node, "folders")
    except GraphError:  # no scan of folders: whatever it is, it works on as it did
        return graph, True
    places = [str(home / folder) for folder in asked or ()]
    present = [place for place in places if Path(place).exists()]
    if present == list(asked or ()):
        return graph, bool(present)
    driver = graph.driver(node, "folders")
    if driver is not None:
        return graph.with_macro(driver, present), bool(present)
    return graph.with_control(node, "folders", present), bool(present)


def with_outputs(graph: Graph, out: Path, settings: Mapping[str, Any]) -> Graph:
    """`graph` with its files led to `out`, and with `settings` of the nodes that write them."""
    for name, node in graph.nodes.items():
        if node.type not in _FOLLOWERS:
            continue
        schema = graph.schema(name)
        for control, value in {"out": str(out), **settings}.items():
            if schema is None or schema.control(control) is None:
                continue
            driver = graph.driver(name, control)
            if driver is None:
                graph = graph.with_control(name, control, value)
            else:
                graph = graph.with_macro(driver, value)
    return graph


def node_of(graph: Graph, kind: str) -> str:
    """The name of the node of a type. Raises GraphError where the graph has none."""
    for name, node in graph.nodes.items():
        if node.type == kind:
            return name
    raise GraphError(f"the project's graph has no {kind}, so this cannot be done with it")


def missing_nodes(graph: Graph) -> tuple[str, ...]:
    """Types of nodes that are not installed, or older than the document; they are placeholders."""
    return tuple(
        sorted({node.type for name, node in graph.nodes.items() if graph.schema(name) is None})
    )
