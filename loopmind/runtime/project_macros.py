"""Setting macros of a project's graph: what may be set to what, what hangs on it, what is told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loopmind.errors import LoopMindError
from loopmind.graph.document import Graph, split_address
from loopmind.graph.errors import GraphError
from loopmind.graph.macros import Macro
from loopmind.music.draft import Draft, Lock
from loopmind.music.edit import (
    Edit,
    Reseed,
    SetGenre,
    SetKey,
    SetLock,
    SetMacro,
    SetTempo,
    edit_name,
)
from loopmind.music.history import Revision
from loopmind.runtime.project_graph import DOCUMENTS, EDIT_TYPE, RENDER
from loopmind.runtime.project_making import full_path
from loopmind.runtime.project_remaking import Past, values_on

LEFT_OUT = "Left out"
"""How the node that applies edits begins to tell of one that could not be done again."""
_LONGEST_TEXT = 10_000
# Edits that a macro of the same thing takes the place of, by the node and control that it turns.
_SAME: dict[tuple[str, str], type[Edit]] = {
    ("loopmind.read_prompt", "bpm"): SetTempo,
    ("loopmind.read_prompt", "key"): SetKey,
    ("loopmind.read_prompt", "genre"): SetGenre,
    ("loopmind.arrange_song", "seed"): Reseed,
}


@dataclass(frozen=True)
class Turned:
    """A graph with macros set: what each comes to, and which values of the song hang on them."""

    graph: Graph
    told: tuple[str, ...]
    remakes: frozenset[str]

    @property
    def only_mix(self) -> bool:
        """Whether nothing but the mix hangs on them."""
        return self.remakes == {"mix"}


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
        if now == macro.position:
            raise GraphError(_nothing_new(macro, edit))
        graph = changed
        remakes |= values_on(graph, [edit.name])
        told.append(f"The macro {edit.name} is {shown(_told_value(macro, now))} now.")
    return Turned(graph, tuple(told), frozenset(remakes))


def _aim(macro: Macro, edit: SetMacro) -> Any:
    """The value that an edit asks for; what is moved stops at the macro's ends."""
    if not edit.by:
        return _value(macro, edit)
    control, now = macro.control, macro.position
    if edit.value is not None:
        raise GraphError(f"{edit.name}: give a value or how far to move it, not both")
    if control.type not in ("number", "integer"):
        raise GraphError(f"{edit.name} is {control.expected()}, not to be moved; give its value")
    if now is None:
        raise GraphError(f"{edit.name} stands at nothing, so it cannot be moved; give its value")
    if not math.isfinite(edit.by):
        raise GraphError(f"{edit.name} cannot be moved by {edit.by}; give a number")
    if control.type == "integer" and round(edit.by) != edit.by:
        raise GraphError(f"{edit.name} moves by whole numbers; give one")
    aim = now + edit.by
    aim = aim if control.low is None else max(aim, control.low)
    aim = aim if control.high is None else min(aim, control.high)
    return round(aim) if control.type == "integer" else round(aim, 9)


def _value(macro: Macro, edit: SetMacro) -> Any:
    """The plain value that an edit gives, paths from the root. Raises GraphError."""
    value, kind = edit.value, macro.control.type
    texts = [value] if isinstance(value, str) else list(value) if isinstance(value, tuple) else []
    for text in texts:
        if len(text) > _LONGEST_TEXT or not text.isprintable():
            raise GraphError(
                f"{edit.name}: {text[:40]!r} has signs that are no text, or too many; "
                "give plain words of one line"
            )
    if isinstance(value, int) and abs(value) > 2**53:
        raise GraphError(
            f"{edit.name}: the number is too large; expected {macro.control.expected()}"
        )
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind in ("path", "path[]"):
        for text in texts:
            if (text or kind == "path[]") and not Path(text).exists():
                raise GraphError(f"{edit.name}: there is no {text or 'empty path'}; check the path")
        places = [full_path(text) for text in texts if text]
        return places if isinstance(value, tuple) else places[0] if places else value
    return list(value) if isinstance(value, tuple) else value


def _nothing_new(macro: Macro, edit: SetMacro) -> str:
    stands = f"{edit.name} stands at {shown(macro.position)} already"
    if edit.by:
        return f"{stands}, which is its {'highest' if edit.by > 0 else 'lowest'}"
    return f"{stands}; choose another value"


def _told_value(macro: Macro, value: Any) -> Any:
    """A value as it is told: of paths the names, for what is told goes along with the song."""
    if macro.control.type == "path" and value:
        return Path(value).name
    if macro.control.type == "path[]" and value:
        return [Path(place).name for place in value]
    return value


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


def refuse_gone(graph: Graph, home: Path) -> None:
    """Raise GraphError where a folder of the graph's sounds is gone: the song would be of what is
    left. home: where folders that are named without a root lie."""
    for name in graph.nodes:
        schema = graph.schema(name)
        if schema is None or schema.control("folders") is None:
            continue
        for place in graph.control_value(name, "folders") or ():
            if not (home / place).exists():
                driver = graph.driver(name, "folders") or "folders"
                raise GraphError(
                    f"the song is to be made anew, and its folder {place} is gone; put it back, "
                    f"or set the macro {driver} to where its sounds are now"
                )


def refuse_locks(draft: Draft, asked: Sequence[Edit]) -> None:
    """Raise LoopMindError where something is locked, as the song is to be made anew.

    What is unlocked before the first macro is set no longer counts.
    """
    first = next(n for n, edit in enumerate(asked) if isinstance(edit, SetMacro))
    freed = {
        Lock(edit.kind, edit.name)
        for edit in asked[:first]
        if isinstance(edit, SetLock) and not edit.locked
    }
    held = [lock for lock in draft.locks if lock not in freed]
    if held:
        names = " and ".join(edit.name for edit in asked if isinstance(edit, SetMacro))
        what = held[0].name if held[0].kind != "sound" else "a sound"
        raise LoopMindError(
            f"{what} is locked, and with another {names} the song is made anew; unlock it first"
        )


def past_of(
    line: Sequence[Revision], graph: Graph, asked: Iterable[Edit]
) -> tuple[Past, tuple[str, ...]]:
    """What a line of revisions, from the first down, did since the last that was generated; and,
    told, the edits of it that macros which are set now take the place of.

    asked: what comes now; of it the names of macros count too.
    """
    origin = max(n for n, step in enumerate(line) if step.kind == "generated")
    made = [edit for step in line[origin + 1 :] for edit in step.edits]
    kept = without_decided(made, graph)
    left = without_decided([*made, *(e for e in asked if isinstance(e, SetMacro))], graph)
    lost = [edit for edit in kept if not any(edit is other for other in left)]
    past = Past(
        line[origin].id,
        tuple(left),
        tuple(edit.name for edit in (*made, *asked) if isinstance(edit, SetMacro)),
        tuple(step.merged[1] for step in line[origin + 1 :] if step.merged is not None),
    )
    return past, tuple(decided(edit) for edit in lost)


def decided(edit: Edit) -> str:
    """Told of an edit that a macro takes the place of."""
    return f"{LEFT_OUT}, as the macro says it now: {edit_name(edit).replace('_', ' ')}."


def without_decided(made: Iterable[Edit], graph: Graph) -> list[Edit]:
    """`made` without macros, and without edits of what a later macro decides."""
    kept: list[Edit] = []
    for edit in made:
        if not isinstance(edit, SetMacro):
            kept.append(edit)
            continue
        same = tuple(_SAME[what] for what in _turns(graph, edit.name) if what in _SAME)
        kept = [e for e in kept if not isinstance(e, same) or _of_a_part(e)]
    return kept


def _turns(graph: Graph, macro: str) -> list[tuple[str, str]]:
    """The types of nodes and the controls that a macro turns."""
    targets = graph.macros[macro].targets if macro in graph.macros else ()
    places = [split_address(target.control) for target in targets]
    return [(graph.nodes[node].type, control) for node, control in places if node in graph.nodes]


def _of_a_part(edit: Edit) -> bool:
    return isinstance(edit, SetTempo) and bool(edit.sections)


def with_outcome(
    turn: Turned, before: Draft, after: Draft | None, lost: Iterable[str],
    line: Sequence[Revision],
) -> tuple[str, ...]:  # fmt: skip
    """What macros came to, with a word on the song they made and on what was lost.

    after: the song before any further edit, None where that is not known. What was told of a loss
    before, on `line`, is not told again.
    """
    *others, last = turn.told
    if after is not None and _sounds_same(before, after):
        so = ", and the song stays as it is."
        if any(step.edits for step in line):
            so = so.replace("is.", "is: what was changed since may stand above it.")
    elif turn.only_mix:
        so = ", and everything was mixed anew with it."
    else:
        so = ", and the song was made anew with it."
    known = " ".join(text for step in line for text in step.told)
    fresh = [text for text in lost if text not in known]
    return (*others, " ".join((last.removesuffix(".") + so, *fresh)))


def _sounds_same(one: Draft, other: Draft) -> bool:
    """Whether two drafts play the same, whatever was wished for."""
    song = replace(one.song, brief=other.song.brief, seed=other.song.seed)
    return song == other.song and one.mix == other.mix


def losses(past: Past, replayed: Iterable[str]) -> list[str]:
    """What could not be done again: edits, by what was told of them, and merged sections."""
    merged = [f"{name} is as the graph makes it, not as it was taken over." for name in past.merges]
    return [text for text in replayed if text.startswith(LEFT_OUT)] + merged


def shown(value: Any) -> str:
    """Where a macro stands, as a person reads it."""
    if value is None or value in ("", [], ()):
        return "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
