"""The graph that a project is worked on with: its own, going on from a song that was kept.

What made the song (choosing, arranging, mixing) is not run again, as new sounds in a folder would
make another song of it; its values are recalled from the project, edits are applied to them, and
what follows (fitting, rendering, documents) hangs on the result as in the project's own graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopmind.errors import LoopMindError
from loopmind.graph.document import Graph, split_address
from loopmind.graph.errors import GraphError
from loopmind.music.edit import Edit, edit_to_plain

RECALL, SOUNDS, EDIT = "recalled_draft", "recalled_sounds", "edit"
EDIT_TYPE = "loopmind.edit_song"
_FOLLOWERS = ("loopmind.fit_loops", "loopmind.render_song", "loopmind.write_documents")
_VALUES = ("brief", "palette", "song", "mix")


@dataclass(frozen=True)
class Going:
    """What to go on from: a revision that was kept in `project`, and the edits since.

    look_in: folders to look for moved sounds in. revision None: only the sounds are wanted.
    """

    project: Path
    revision: int | None
    edits: tuple[Edit, ...] = ()
    look_in: tuple[Path, ...] = ()


def working_graph(graph: Graph, going: Going) -> Graph:
    """`graph` with its song recalled and edited. Raises GraphError."""
    controls: dict[str, Any] = {"project": str(going.project)}
    made = graph.with_node(RECALL, "loopmind.recall_draft", controls)
    if going.revision is not None:
        made = made.with_control(RECALL, "revision", going.revision)
    made = _with_sounds(made, going)
    edit = edit_node(made)
    followers = [name for name, node in graph.nodes.items() if node.type in _FOLLOWERS]
    if edit is None:
        edit = EDIT
        while edit in made.nodes:
            edit += "_"
        made = made.with_node(edit, EDIT_TYPE)
    schema = made.schema(edit)
    if schema is None:
        raise GraphError("the node that applies edits is not installed", node=edit)
    for port in schema.inputs:
        if port.type == "draft":
            made = made.connect(f"{RECALL}.draft", f"{edit}.{port.name}")
        elif port.name in _VALUES:
            made = made.connect(f"{RECALL}.{port.name}", f"{edit}.{port.name}")
        elif port.type == "crate":
            made = made.connect(f"{SOUNDS}.crate", f"{edit}.{port.name}")
    for name in followers:
        known = made.schema(name)
        for value in _VALUES:
            if known is not None and known.input(value) is not None:
                source = edit if schema.output(value) is not None else RECALL
                made = made.connect(f"{source}.{value}", f"{name}.{value}")
    return with_edits(made, edit, going.edits)


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
    source = _crate_source(graph)
    folders = [str(folder) for folder in going.look_in]
    made = graph.with_node(
        SOUNDS, "loopmind.recall_sounds", {"project": str(going.project), "folders": folders}
    )
    library = _control(graph, source, "library")
    if library:
        made = made.with_control(SOUNDS, "library", library)
    for target, origin in graph.wires.items():
        if origin == source:
            made = made.connect(f"{SOUNDS}.crate", target)
    if source is not None:
        made, usable = _with_present_folders(made, split_address(source)[0])
        if usable:
            made = made.connect(source, f"{SOUNDS}.crate")
    return made


def _crate_source(graph: Graph) -> str | None:
    """The output from which the loops to fit come: a crate that was scanned."""
    for name, node in graph.nodes.items():
        if node.type == "loopmind.fit_loops":
            return graph.wires.get(f"{name}.crate")
    return None


def _control(graph: Graph, source: str | None, name: str) -> Any:
    if source is None:
        return None
    try:
        return graph.control_value(split_address(source)[0], name)
    except GraphError:  # a source without that control
        return None


def _with_present_folders(graph: Graph, node: str) -> tuple[Graph, bool]:
    """The folders to scan without those that are gone, and whether any is left."""
    try:
        asked = graph.control_value(node, "folders")
    except GraphError:  # no scan of folders: whatever it is, it works on as it did
        return graph, True
    present = [folder for folder in asked or () if Path(folder).exists()]
    if len(present) == len(asked or ()):
        return graph, bool(present)
    driver = graph.driver(node, "folders")
    if driver is not None:
        return graph.with_macro(driver, present), bool(present)
    return graph.with_control(node, "folders", present), bool(present)


def check_result(failures: Iterable[Any]) -> None:
    """Raise the first failure as the error that the user can act on, where it is one."""
    for failure in failures:
        if isinstance(failure.error, LoopMindError):
            raise failure.error
