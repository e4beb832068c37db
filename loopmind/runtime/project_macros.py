"""Setting macros of a project's graph: what hangs on them is made anew, the edits are done again.

What no macro reaches is recalled as it was generated, so that setting the mix leaves the
arrangement alone, whatever came into the folders since.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopmind.errors import LoopMindError
from loopmind.graph.document import Graph, split_address
from loopmind.graph.errors import GraphError
from loopmind.graph.macros import Macro
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit, SetMacro, edit_from_plain
from loopmind.music.history import Revision
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
from loopmind.runtime.project_making import with_full_paths

LEFT_OUT = "Left out"
"""How the node that applies edits begins to tell of one that could not be done again."""


@dataclass(frozen=True)
class Past:
    """What happened since the song was generated, in revision `origin`.

    edits: all that were made, macros aside. macros: names of those that were set. merges: sections
    that were taken over from elsewhere, which no edit makes again.
    """

    origin: int
    edits: tuple[Edit, ...]
    macros: tuple[str, ...]
    merges: tuple[str, ...]


@dataclass(frozen=True)
class Turned:
    """A graph with macros set: what each comes to, and which values of the song hang on them."""

    graph: Graph
    told: tuple[str, ...]
    remakes: frozenset[str]


def past_of(line: Sequence[Revision], asked: Iterable[Edit] = ()) -> Past:
    """What a line of revisions, from the first down, did since the last that was generated.

    asked: edits that come now; of them the names of macros count too.
    """
    origin = max(n for n, step in enumerate(line) if step.kind == "generated")
    edits = [edit for step in line[origin + 1 :] for edit in step.edits]
    return Past(
        line[origin].id,
        tuple(edit for edit in edits if not isinstance(edit, SetMacro)),
        tuple(edit.name for edit in (*edits, *asked) if isinstance(edit, SetMacro)),
        tuple(step.merged[1] for step in line[origin + 1 :] if step.merged is not None),
    )


def refuse_locks(draft: Draft, asked: Iterable[Edit]) -> None:
    """Raise LoopMindError where something is locked, as the song is to be made anew."""
    if draft.locks:
        names = " and ".join(edit.name for edit in asked if isinstance(edit, SetMacro))
        held = draft.locks[0].name if draft.locks[0].kind != "sound" else "a sound"
        raise LoopMindError(
            f"{held} is locked, and with another {names} the song is made anew; unlock it first"
        )


def with_losses(told: Sequence[str], past: Past, replayed: Sequence[str]) -> tuple[str, ...]:
    """What macros came to, with a word at the end on what could not be done again."""
    lost = [text for text in replayed if text.startswith(LEFT_OUT)]
    lost += [f"{name} is as the graph makes it, not as it was taken over." for name in past.merges]
    return (*told[:-1], " ".join((told[-1], *lost)))


def turned(graph: Graph, wanted: Sequence[SetMacro]) -> Turned:
    """`graph` with macros set, and what that means for its song.

    Raises GraphError for a macro that is not there, a value that it does not take or has already,
    and for one that says nothing in a project.
    """
    told: list[str] = []
    remakes: set[str] = set()
    for edit in wanted:
        macro = graph.macro(edit.name)
        _refuse_idle(graph, macro)
        changed = graph.with_macro(edit.name, _aim(macro, edit))
        now = changed.macros[edit.name].position
        _refuse_missing(macro, now)
        if now == macro.position:
            raise GraphError(f"{edit.name} stands at {shown(now)} already; choose another value")
        graph, reached = changed, _values_on(graph, [edit.name])
        remakes |= reached
        told.append(f"The macro {edit.name} is {shown(now)} now{_so(reached)}.")
    return Turned(with_full_paths(graph), tuple(told), frozenset(remakes))


def _aim(macro: Macro, edit: SetMacro) -> Any:
    """The value that an edit asks for; what is moved stops at the macro's ends."""
    if not edit.by:
        return list(edit.value) if isinstance(edit.value, tuple) else edit.value
    control, now = macro.control, macro.position
    if control.type not in ("number", "integer"):
        raise GraphError(f"{edit.name} is {control.expected()}, not to be moved; give its value")
    if now is None:
        raise GraphError(f"{edit.name} stands at nothing, so it cannot be moved; give its value")
    if not math.isfinite(edit.by):
        raise GraphError(f"{edit.name} cannot be moved by {edit.by}; give a number")
    aim = now + edit.by
    aim = aim if control.low is None else max(aim, control.low)
    aim = aim if control.high is None else min(aim, control.high)
    return round(aim) if control.type == "integer" else round(aim, 9)


def _refuse_idle(graph: Graph, macro: Macro) -> None:
    """Raise GraphError for a macro whose part a project plays by itself."""
    name = macro.control.name
    for target in macro.targets:
        node, control = split_address(target.control)
        found = graph.nodes.get(node)
        kind = "" if found is None else found.type
        if kind == EDIT_TYPE and control == "edits":
            raise GraphError(f"{name} holds the song's edits; make them as edits of the project")
        if kind in (RENDER, DOCUMENTS) and control == "out":
            raise GraphError(
                f"{name} is where the graph wrote the song; a project writes beside itself, or "
                "to the folder of 'loopmind render PROJECT --out FOLDER'"
            )


def _refuse_missing(macro: Macro, value: Any) -> None:
    """Raise GraphError where a list of files or folders names one that is not there."""
    missing = (
        [p for p in value or () if not Path(p).exists()] if macro.control.type == "path[]" else []
    )
    if missing:
        raise GraphError(f"{macro.control.name}: there is no {missing[0]}; check the path")


def shown(value: Any) -> str:
    """Where a macro stands, as a person reads it."""
    if value is None or value == "" or value == []:
        return "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _so(reached: frozenset[str]) -> str:
    if "song" in reached or "palette" in reached:
        return ", and the song was made anew with it"
    if "mix" in reached:
        return ", and everything was mixed anew with it"
    return ""


def _values_on(graph: Graph, macros: Iterable[str]) -> frozenset[str]:
    """The values of the song (VALUES) that hang on macros."""
    reached = _reached(graph, macros)
    sources = value_sources(graph)
    return frozenset(v for v, source in sources.items() if split_address(source)[0] in reached)


def _reached(graph: Graph, macros: Iterable[str]) -> set[str]:
    """The nodes that macros turn, and all that follows from them."""
    turned_nodes = {
        split_address(target.control)[0]
        for name in macros
        if name in graph.macros
        for target in graph.macros[name].targets
    }
    return {
        name
        for name in graph.nodes
        if name in turned_nodes or any(graph.reaches(start, name) for start in turned_nodes)
    }


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
    return found


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
    every = (*own, *past.edits, *edits)
    made = with_edits(made, edit, every)
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
        value: source
        for value, source in value_sources(graph).items()
        if split_address(source)[0] not in reached
    }
    if not kept:
        return graph
    controls = {"project": str(going.project), "revision": past.origin}
    made = graph.with_node(RECALL, "loopmind.recall_draft", controls)
    for target, source in graph.wires.items():
        for value, kept_source in kept.items():
            if source == kept_source:
                made = made.connect(f"{RECALL}.{value}", target)
    return made
