"""A reading with what is to be remembered of it."""

from __future__ import annotations

from dataclasses import replace

from loopmind.assistant.telling import tell, tell_action
from loopmind.assistant.values import (
    LONGEST_PAST,
    Action,
    Memory,
    Merge,
    Question,
    Reading,
    Redo,
    Switch,
    Undo,
)
from loopmind.music.edit import Edit


def _goes_back(actions: list[Action]) -> bool:
    return any(isinstance(action, (Undo, Redo, Switch, Merge)) for action in actions)


def _past(memory: Memory, edits: list[Edit], actions: list[Action]) -> tuple[tuple[Edit, ...], ...]:
    """The requests that hold after this one; where another song is gone to, none is known."""
    past = memory.past
    for action in actions:
        if isinstance(action, Undo):
            past = past[: max(0, len(past) - action.count)]
        elif isinstance(action, (Redo, Switch, Merge)):
            past = ()
    return (*past, tuple(edits))[-LONGEST_PAST:] if edits else past


def finish(
    memory: Memory,
    edits: list[Edit],
    actions: list[Action],
    question: Question | None,
    notes: list[str],
    ignored: list[str],
    tracks: tuple[str, ...],
    sections: tuple[str, ...],
) -> Reading:
    after = Memory(
        tracks=tracks or memory.tracks,
        sections=sections or (() if tracks else memory.sections),
        # What was taken back cannot be gone on from.
        edits=tuple(edits) or (() if _goes_back(actions) else memory.edits),
        question=question,
        turn=memory.turn + 1,
        bpm=memory.bpm,
        undone=any(isinstance(a, Undo) for a in actions) and not edits,
        past=_past(memory, edits, actions),
    )
    if tracks or sections:
        after = replace(after, tracks=tracks, sections=sections)
    understood = [tell(edit) for edit in edits] + [tell_action(a) for a in actions]
    return Reading(
        tuple(edits),
        tuple(actions),
        question,
        tuple(understood),
        tuple(dict.fromkeys(ignored)),
        tuple(dict.fromkeys(notes)),
        after,
    )
