"""The frames in their order: of a clause, the first that makes sense of it has it."""

from __future__ import annotations

from collections.abc import Callable

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_add import add
from loopmind.assistant.frames_again import again
from loopmind.assistant.frames_anew import regenerate, unclear
from loopmind.assistant.frames_effects import effects
from loopmind.assistant.frames_fills import fills, risers, split_section
from loopmind.assistant.frames_inserts import inserts
from loopmind.assistant.frames_key_tempo import genre, key, tempo
from loopmind.assistant.frames_layers import enters, only, remove, solo_goes_on
from loopmind.assistant.frames_length import fade, resize
from loopmind.assistant.frames_levels import levels
from loopmind.assistant.frames_lock import everything_but, lock
from loopmind.assistant.frames_mood import energy, mood
from loopmind.assistant.frames_moving import move_section, repeat_section
from loopmind.assistant.frames_sections import add_section, remove_section
from loopmind.assistant.frames_swap import swap
from loopmind.assistant.frames_sweep import sweep
from loopmind.assistant.frames_swell import swell
from loopmind.assistant.frames_swing import swing
from loopmind.assistant.frames_talk import render, undo
from loopmind.assistant.frames_tone import place, style, tone
from loopmind.assistant.outcome import Outcome

Frame = Callable[[Clause], Outcome | None]

FRAMES: tuple[Frame, ...] = (
    undo,
    solo_goes_on,
    everything_but,
    lock,
    inserts,
    fills,
    risers,
    split_section,
    again,
    genre,
    key,
    swell,
    swing,
    tempo,
    sweep,
    fade,
    swap,
    regenerate,
    only,
    enters,
    repeat_section,
    resize,
    move_section,
    add_section,
    remove_section,
    effects,
    place,
    tone,
    remove,
    add,
    levels,
    style,
    mood,
    energy,
    render,
    unclear,
)


def first_of(clause: Clause) -> Outcome | None:
    """What the first frame that knows the clause makes of it; None where none does."""
    return next((o for frame in FRAMES if (o := frame(clause)) is not None), None)
