"""Anchors in the joint search: slots that one loop fills whatever it scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loopmind.compose.compatibility import (
    LAST_RESORT,
    UNPITCHED_ROLES,
    key_fit,
    shift_cost,
    tempo_fit,
    tonality,
    usable_beats,
)
from loopmind.compose.joint import CLEARLY_TONAL, Entry, Setting, Slot
from loopmind.compose.traits import ROLE_INDEX, Traits
from loopmind.music.brief import Anchor, Brief
from loopmind.music.loop import Role
from loopmind.music.palette import Candidate

# What is chosen beside the anchor follows it more than anything else.
ANCHOR_WEIGHT = 2.0


def as_loops(t: Traits, anchors: Sequence[Anchor]) -> Traits:
    """`t` with the anchors counted as loops: the user says that they go on."""
    digests = {anchor.digest for anchor in anchors}
    kind = np.array(
        ["loop" if x.digest in digests else k for x, k in zip(t.loops, t.kind, strict=True)],
        dtype="<U8",
    )
    return Traits(**{**t.__dict__, "kind": kind})


def with_anchors(slots: tuple[Slot, ...], brief: Brief) -> tuple[Slot, ...]:
    """The slots with those of the anchors first; nothing takes turns with an anchor."""
    for anchor in brief.anchors:
        role: Role = anchor.role  # type: ignore[assignment]
        held = Slot(anchor.role, role, ANCHOR_WEIGHT, None, (), -1.0, anchor.digest)
        others = (s for s in slots if s.name != held.name and s.alternate_of != held.name)
        slots = (held, *others)
    return slots


def pinned_entry(t: Traits, digest: str, role: Role, setting: Setting) -> Entry | None:
    """The entry of the loop with content `digest`, however little it suits; None without it.

    It is transposed only by what separates its key from the song's.
    """
    index = next((i for i, loop in enumerate(t.loops) if loop.digest == digest), None)
    if index is None:
        return None
    loop = t.loops[index]
    sub = t.only(np.array([index]))
    tempo = tempo_fit(sub, setting.bpm, half_feel=setting.half_feel, limits=LAST_RESORT)
    bpm = float(tempo.source_bpm[0]) or setting.bpm
    beats = usable_beats(loop, bpm, setting.beats_per_bar) or 1.0
    shift, fit = 0, 0.75
    own = loop.best_key
    if role not in UNPITCHED_ROLES and setting.key is not None and own is not None:
        clear = float(tonality(sub)[0]) >= CLEARLY_TONAL
        shift = own.semitones_to(setting.key) if clear else 0
        column = min(max(shift + 5, 0), 10)
        fit = float(key_fit(sub, setting.key)[0, column])
    moved = float(shift_cost(np.array([shift]))[0])
    cost = float(tempo.score[0]) * (0.3 + 0.7 * moved)
    suit, mood = float(t.suits[index, ROLE_INDEX[role]]), float(setting.mood[index])
    alone = 0.25 * suit + 0.16 * mood + 0.37 * cost + 0.22 * fit
    parts = (("role", suit), ("mood", mood), ("cost", cost), ("key", fit))
    return Entry(index, role, bpm, setting.bpm / bpm, beats, shift, min(alone, 1.0), parts)


def anchor_reason(name: str, picked: Candidate) -> str:
    """Why the anchor plays, and what was done to it."""
    changes = []
    if abs(picked.ratio - 1.0) > 0.002:
        way = "faster" if picked.ratio > 1.0 else "slower"
        changes.append(f"plays {100.0 * abs(picked.ratio - 1.0):.0f} % {way}")
    if picked.semitones:
        way = "up" if picked.semitones > 0 else "down"
        changes.append(f"is moved {way} by {abs(picked.semitones)} semitones")
    done = " and ".join(changes) if changes else "plays at its own tempo and pitch"
    return f"{name} is the anchor that the song is built round; it {done}."
