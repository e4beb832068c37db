"""Drum parts as notes: of genre brains, of MIDI files, and freely drawn ones with what drummers do.

Flams, rolls, ghost notes and loose timing are in them. A note's pitch is its General MIDI note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from loopmind.learn.sounds.phrases import HITS
from loopmind.learn.sounds.pieces import stretch_of
from loopmind.learn.sounds.render import Note
from loopmind.music.transcript import DRUM_NOTES

VOICES = tuple(DRUM_NOTES)
"""What the drum model tells apart, in the order of its outputs."""
_OPEN = 46
_VOICE_OF = {pitch: voice for voice, pitches in HITS.items() for pitch in pitches}
_VOICE_OF |= {_OPEN: "open hat"} | dict.fromkeys(HITS["percussion"], "clap")
_STRENGTH = {"X": 118, "x": 92, "o": 52, "?": 74, "r": 88}
_LENGTH_S = 0.1
_CLASHING_S = 0.03
_KEPT_UP = {"hat": 0.45, "ride": 0.22, "open": 0.09, "crash": 0.1, "none": 0.14}
_DOUBLED = ((36, 41, 0.12), (36, 43, 0.05), (38, 39, 0.15), (38, 49, 0.08), (36, 57, 0.06))
"""Two drums struck at once all through: the one, the other, and how often a part has it."""


def voice_of(pitch: int) -> int | None:
    """The number in VOICES of a General MIDI drum note; hand percussion counts as "clap"."""
    voice = _VOICE_OF.get(pitch)
    return None if voice is None else VOICES.index(voice)


def brain_part(
    brain: Mapping[str, Any], seconds: float, rng: np.random.Generator
) -> tuple[Note, ...]:
    """A drum part of a genre brain's patterns at one of its tempi."""
    step_s = 15.0 / float(rng.uniform(*brain["bpm"]))
    swing = float(brain.get("swing") or 0.5) if rng.random() < 0.7 else 0.5
    rows = {
        voice: str(choices[int(rng.integers(len(choices)))])
        for voice, choices in brain["drums"].items()
    }
    hits = []
    for step in range(int(seconds / step_s)):
        at = step * step_s + (2.0 * step_s * (swing - 0.5) if step % 2 else 0.0)
        for voice, row in rows.items():
            sign = row[step % len(row)]
            if sign == "?" and rng.random() < 0.5:
                continue
            if sign in _STRENGTH:
                hits.append((at, voice, _STRENGTH[sign]))
                if sign == "r":
                    hits.append((at + step_s / 2.0, voice, 70))
    return _played(hits, seconds, rng)


def free_part(seconds: float, rng: np.random.Generator) -> tuple[Note, ...]:
    """A part that keeps to no style: every voice as dense as it happens, fills, rolls and flams."""
    step_s = 60.0 / float(rng.uniform(70.0, 180.0)) / int(rng.choice([3, 4, 4, 4]))
    dense = {
        "kick": rng.uniform(0.05, 0.4), "snare": rng.uniform(0.03, 0.35),
        "hat": rng.choice([0.0, 0.3, 0.6, 1.0]), "open hat": rng.choice([0.0, 0.04, 0.12, 0.3]),
        "tom": rng.choice([0.0, 0.05, 0.2]), "cymbal": rng.choice([0.0, 0.03, 0.1, 0.5]),
        "clap": rng.choice([0.0, 0.05, 0.15]), "percussion": rng.choice([0.0, 0.0, 0.15, 0.4]),
    }  # fmt: skip
    bar = {voice: rng.random(16) < share for voice, share in dense.items()}
    hits: list[tuple[float, str, int]] = []
    steps = int(seconds / step_s)
    for step in range(steps):
        for voice, row in bar.items():
            if row[step % 16] != (rng.random() < 0.06):
                hits.append((step * step_s, voice, int(rng.integers(35, 127))))
    for _ in range(int(rng.integers(0, 6))):
        hits += _figure(float(rng.integers(steps)) * step_s, step_s, rng)
    return _played(hits, seconds, rng)


def steady_part(seconds: float, rng: np.random.Generator) -> tuple[Note, ...]:
    """What drummers mostly play: one thing kept up all through, a backbeat, percussion beside it.

    Hats, a ride, a crash or nothing is kept up; the backbeat is a snare, a clap or a side stick;
    shakers, tambourines, cowbells and hand drums keep to figures of their own. Now and then a tom
    doubles the kick, or a clap or a crash the snare.
    """
    step_s = 60.0 / float(rng.uniform(70.0, 170.0)) / 4.0
    swing_s = step_s * float(rng.choice([0.0, 0.0, 0.15, 0.33]))
    steps = int(seconds / step_s)
    hits: list[tuple[float, int, float]] = []

    def keep(pitch: int, every: int, offset: int, loud: float, accent: int, gap: float) -> None:
        soft = float(rng.uniform(0.3, 1.0))
        for step in range(offset, steps, every):
            if rng.random() >= gap:
                at = step * step_s + (swing_s if step % 2 else 0.0)
                hits.append((at, pitch, loud * (1.0 if step % accent == 0 else soft)))

    kept_up = rng.choice(list(_KEPT_UP), p=list(_KEPT_UP.values()))
    if kept_up == "hat":
        keep(42, int(rng.choice([1, 2, 2, 4])), 0, 90, 4, 0.05)
        if rng.random() < 0.5:
            keep(46, int(rng.choice([4, 8, 16])), int(rng.choice([2, 6, 14])), 95, 1, 0.2)
    elif kept_up == "ride":
        keep(int(rng.choice([51, 59, 53])), int(rng.choice([1, 2, 2, 4])), 0, 90, 4, 0.05)
        if rng.random() < 0.6:
            keep(44, 8, 4, 70, 1, 0.05)
    elif kept_up == "open":
        keep(46, 4, 2, 100, 1, 0.05)
    elif kept_up == "crash":
        keep(int(rng.choice([49, 52, 55, 57])), int(rng.choice([2, 4, 4])), 0, 90, 4, 0.05)
    backbeat = int(rng.choice([38, 38, 40, 37, 37, 39]))
    keep(backbeat, 8, 4, 105, 1, 0.04)
    if rng.random() < 0.4:
        keep(38, 1, 0, 35, 1, 0.85)
    bar = np.flatnonzero(rng.random(16) < rng.uniform(0.1, 0.35))
    for offset in {0, *bar.tolist()}:
        keep(36, 16, int(offset), 105, 1, 0.05)
    for _ in range(int(rng.choice([0, 1, 1, 2, 3]))):
        pitch = int(rng.choice([54, 56, 69, 70, 70, 54, 60, 62, 63, 64, 65, 75, 76, 77, 80, 81]))
        every = int(rng.choice([1, 2, 2, 4, 3, 8]))
        keep(pitch, every, int(rng.integers(every)), float(rng.uniform(45, 110)), 4, 0.1)
    for crash in np.flatnonzero(rng.random(steps // 32 + 1) < 0.4).tolist():
        hits.append((32 * crash * step_s, int(rng.choice([49, 57, 55, 52])), 110))
    for _ in range(int(rng.integers(0, 3))):
        first = 16 * int(rng.integers(max(1, steps // 16))) + int(rng.choice([8, 12]))
        toms = sorted(rng.choice([41, 43, 45, 47, 48, 50], 4).tolist(), reverse=True)
        hits += [((first + i) * step_s, int(p), 100.0) for i, p in enumerate(toms)]
    for one, other, often in _DOUBLED:
        if rng.random() < often:
            strength = float(rng.uniform(0.5, 1.0))
            hits += [(at, other, loud * strength) for at, pitch, loud in hits if pitch == one]
    loose_s = float(rng.choice([0.0, 0.004, 0.009]))
    notes = []
    for at, pitch, loud in hits:
        start = max(0.0, at + float(rng.normal()) * loose_s)
        if start < seconds - _LENGTH_S:
            velocity = int(np.clip(loud + rng.normal(0.0, 8.0), 12, 127))
            notes.append(Note(start, _LENGTH_S, pitch, velocity))
    return without_clashes(notes)


def _figure(at: float, step_s: float, rng: np.random.Generator) -> list[tuple[float, str, int]]:
    """A roll on one drum, a fill over the toms, a flam, or a run of ghost notes."""
    kind = int(rng.integers(4))
    if kind == 0:
        voice = str(rng.choice(["snare", "tom", "hat", "kick"]))
        gap = step_s / float(rng.choice([1.0, 1.5, 2.0]))
        return [(at + i * gap, voice, int(np.clip(45 + 9 * i, 1, 120)))
                for i in range(int(rng.integers(4, 12)))]  # fmt: skip
    if kind == 1:
        voices = rng.choice(["snare", "tom", "tom", "kick"], int(rng.integers(4, 9)))
        fill = [(at + i * step_s, str(v), int(rng.integers(70, 125))) for i, v in enumerate(voices)]
        return [*fill, (at + len(voices) * step_s, "cymbal", 115)]
    if kind == 2:
        voice = str(rng.choice(["snare", "tom"]))
        return [(at, voice, 60), (at + float(rng.uniform(0.03, 0.045)), voice, 115)]
    return [(at + i * step_s, "snare", int(rng.integers(18, 45))) for i in range(4)]


def _played(
    hits: Sequence[tuple[float, str, int]], seconds: float, rng: np.random.Generator
) -> tuple[Note, ...]:
    """Hits as a player plays them: a drum of each voice, loose timing, uneven strength."""
    loose_s = float(rng.choice([0.0, 0.003, 0.008]))
    opening = float(rng.choice([0.0, 0.0, 0.1, 0.3]))
    usual = {voice: int(rng.choice(pitches)) for voice, pitches in HITS.items()} | {"hat": 42}
    notes = []
    for at, voice, strength in hits:
        pitch = _OPEN if voice == "open hat" else usual[voice]
        if voice in ("tom", "cymbal", "percussion") and rng.random() < 0.4:
            pitch = int(rng.choice(HITS[voice]))
        if voice == "hat" and rng.random() < opening / 3.0:
            pitch = _OPEN
        start = at + float(rng.normal(0.0, 1.0)) * loose_s
        velocity = int(np.clip(strength + rng.normal(0.0, 8.0), 12, 127))
        if 0.0 <= start < seconds - _LENGTH_S:
            notes.append(Note(start, _LENGTH_S, pitch, velocity))
    return without_clashes(notes)


def without_clashes(notes: Sequence[Note]) -> tuple[Note, ...]:
    """In order of time, and the same drum never struck twice within 30 ms."""
    last: dict[int, float] = {}
    kept = []
    for note in sorted(notes, key=lambda n: (n.start_s, n.pitch)):
        if note.start_s - last.get(note.pitch, -1.0) >= _CLASHING_S:
            kept.append(note)
            last[note.pitch] = note.start_s
    return tuple(kept)


def midi_part(path: Path, rng: np.random.Generator) -> tuple[Note, ...]:
    """The drum part of a stretch of a MIDI file; () where it has none."""
    score = stretch_of(path, rng)
    drums = [part for part in score.parts if part.drums] if score is not None else []
    return without_clashes(drums[0].notes) if drums else ()
