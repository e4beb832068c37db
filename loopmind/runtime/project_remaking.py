"""The graphs that make a song anew once macros of its own were set (project_macros.py).

Where only the mix hangs on them, the song is the one there is, edits and all, with another mix
under what was changed by hand. Else the song is made again, what no macro ever reached recalled as
it was generated, and all edits are done again behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loopmind.graph.document import Graph, split_address
from loopmind.music.edit import Edit, edit_from_plain
from loopmind.runtime.project_graph import (
    DOCUMENTS,
    EDIT_TYPE,
    RECALL,
    RENDER,
    SOUNDS,
    VALUES,
    Going,
    edit_node,
    sounds_graph,
    with_edit_node,
    with_edits,
)

RENEWED = "renewed_mix"
"""The node that has the song with another mix, before any further edit."""
_SINCE, _LATER = "edits_since", "later_edits"


@dataclass(frozen=True)
class Past:
    """What happened since the song was generated, in revision `origin`.

    edits: those that are to be done again. macros: names of those that were set. merges: sections
    that were taken over from elsewhere, which no edit makes again.
    """

    origin: int
    edits: tuple[Edit, ...]
    macros: tuple[str, ...]
    merges: tuple[str, ...]


def value_sources(graph: Graph) -> dict[str, str]:
    """The outputs from which the song's values come before any edit, by value."""
    edit = edit_node(graph)
    takers = [] if edit is None else [edit]
    takers += [name for name, node in graph.nodes.items() if node.type in (RENDER, DOCUMENTS)]
    found: dict[str, str] = {}
    for taker in takers:
        for value in VALUES:
            source = graph.wires.get(f"{taker}.{value}")
            if source is not None and (edit is None or split_address(source)[0] != edit):
                found.setdefault(value, source)
    song = split_address(found["song"])[0] if "song" in found else ""
    for value in VALUES:
        # A graph from before there were edits hands its brief to none of them.
        source = graph.wires.get(f"{song}.{value}")
        if source is not None:
            found.setdefault(value, source)
    return found


def values_on(graph: Graph, macros: Iterable[str]) -> frozenset[str]:
    """The values of the song (VALUES) that hang on macros."""
    reached = _reached(graph, macros)
    sources = value_sources(graph)
    return frozenset(v for v, source in sources.items() if split_address(source)[0] in reached)


def _reached(graph: Graph, macros: Iterable[str]) -> set[str]:
    """The nodes that macros turn, and all that follows from them."""
    turned = {
        split_address(target.control)[0]
        for name in macros
        if name in graph.macros
        for target in graph.macros[name].targets
    }
    return {
        name
        for name in graph.nodes
        if name in turned or any(graph.reaches(start, name) for start in turned)
    }


def remixing_graph(
    graph: Graph, going: Going, macros: Iterable[str], edits: Sequence[Edit]
) -> tuple[Graph, str]:
    """`graph`, its macros set, with a new mix for the song that `going` comes to, then `edits`.

    Gives the graph and the node whose `draft` is the song.
    """
    source = value_sources(graph)["mix"]
    mixer = split_address(source)[0]
    asked = [
        name
        for name in _reached(graph, macros)
        if name == mixer or graph.reaches(name, mixer)
    ]  # fmt: skip
    controls = {"project": str(going.project), "revision": going.revision}
    made = sounds_graph(graph, going).with_node(RECALL, "loopmind.recall_draft", controls)
    made, now = _edited(made, _SINCE, RECALL, going.edits)
    for name in asked:
        known = made.schema(name)
        for value in VALUES[:-1]:
            if known is not None and known.input(value) is not None:
                made = made.connect(f"{now}.{value}", f"{name}.{value}")
    made = made.with_node(RENEWED, "loopmind.renew_mix")
    made = made.connect(f"{now}.draft", f"{RENEWED}.draft").connect(source, f"{RENEWED}.mix")
    if not edits:
        return made, RENEWED
    made, later = _edited(made, _LATER, now, edits)
    return made.connect(f"{RENEWED}.draft", f"{later}.draft"), later


def _edited(graph: Graph, name: str, before: str, edits: Sequence[Edit]) -> tuple[Graph, str]:
    """`graph` with a node of its own that does `edits` to the song of the node `before`."""
    if not edits:
        return graph, before
    made = with_edits(graph.with_node(name, EDIT_TYPE), name, edits)
    for value in ("draft", *VALUES):
        made = made.connect(f"{before}.{value}", f"{name}.{value}")
    return made.connect(f"{SOUNDS}.crate", f"{name}.crate"), name


def remaking_graph(
    graph: Graph, going: Going, past: Past, edits: Sequence[Edit]
) -> tuple[Graph, str]:
    """`graph`, its macros set, with all edits done again behind what makes the song; and the node.

    past: of it those edits that have no place any more are left out. edits: those that must be
    possible. going: its revision is where what no macro reached is recalled from.
    """
    before, own = _before_edits(graph), _own_edits(graph)
    if not own:  # else what was generated holds those edits already
        graph = _with_recalled(graph, going, past)
    made = sounds_graph(graph, going)
    usable = f"{SOUNDS}.crate" in made.wires
    for target, source in graph.wires.items():
        # What makes the song chooses from the folders alone, as it did.
        if source == going.source and usable and split_address(target)[0] in before:
            made = made.connect(source, target)
    made, edit = with_edit_node(made, {**value_sources(graph), "crate": f"{SOUNDS}.crate"})
    made = with_edits(made, edit, (*own, *past.edits, *edits))
    return made.with_control(edit, "forgiven", len(own) + len(past.edits)), edit


def _before_edits(graph: Graph) -> set[str]:
    """The nodes from which the song's values come."""
    ends = {split_address(source)[0] for source in value_sources(graph).values()}
    return {n for n in graph.nodes if n in ends or any(graph.reaches(n, end) for end in ends)}


def _own_edits(graph: Graph) -> tuple[Edit, ...]:
    """The edits that the graph itself makes."""
    edit = edit_node(graph)
    plain = [] if edit is None else graph.control_value(edit, "edits")
    return tuple(edit_from_plain(item) for item in plain or ())


def _with_recalled(graph: Graph, going: Going, past: Past) -> Graph:
    """`graph` with those of its values recalled that no macro ever reached."""
    reached = _reached(graph, past.macros)
    kept = {
        source: value
        for value, source in value_sources(graph).items()
        if split_address(source)[0] not in reached
    }
    if not kept:
        return graph
    controls = {"project": str(going.project), "revision": past.origin}
    made = graph.with_node(RECALL, "loopmind.recall_draft", controls)
    for target, source in graph.wires.items():
        # A node that is not installed is not asked for where what it makes is recalled.
        if source in kept and made.schema(split_address(target)[0]) is not None:
            made = made.connect(f"{RECALL}.{kept[source]}", target)
    return made
