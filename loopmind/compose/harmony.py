"""The song's chords, one a bar: heard in its chord loops, or a progression of the genre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loopmind.compose.compatibility import beat_chroma, scale_mask
from loopmind.compose.genres import GenreProfile
from loopmind.compose.seeds import stream
from loopmind.music.key import Key
from loopmind.music.loop import Loop
from loopmind.music.palette import Candidate

_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_STEPS = {"triad": (0, 2, 4), "seventh": (0, 2, 4, 6), "fifth": (0, 4)}
PLAN_BARS = 4


@dataclass(frozen=True)
class Chord:
    """A chord as pitch classes: `root`, and semitones above it (0 first)."""

    root: int
    tones: tuple[int, ...]


def scale_steps(key: Key) -> tuple[int, ...]:
    """Semitones of the key's seven notes above its tonic (natural minor)."""
    return _SCALES[key.mode]


def chord_of_degree(key: Key, degree: int, voicing: str) -> Chord:
    """The diatonic chord on scale degree 1..7.

    >>> chord_of_degree(Key.parse("A minor"), 6, "triad")
    Chord(root=5, tones=(0, 4, 7))
    """
    scale = scale_steps(key)
    tones = [scale[(degree - 1 + step) % 7] + 12 * ((degree - 1 + step) // 7)
             for step in _STEPS[voicing]]  # fmt: skip
    return Chord((key.tonic + tones[0]) % 12, tuple(tone - tones[0] for tone in tones))


def chord_plan(
    key: Key,
    genre: GenreProfile,
    heard: Sequence[tuple[Loop, Candidate]],
    beats_per_bar: int,
    seed: int,
) -> tuple[Chord, ...]:
    """One chord a bar for PLAN_BARS: those of the harmony loops `heard`, else a progression."""
    for loop, candidate in heard:
        if loop.pitched >= 0.3:
            return _heard_plan(key, genre, loop, candidate, beats_per_bar)
    lines = genre.progressions
    degrees = lines[int(stream(seed, "chords").integers(len(lines)))]
    return tuple(
        chord_of_degree(key, degrees[bar % len(degrees)], genre.voicing) for bar in range(PLAN_BARS)
    )


def _heard_plan(
    key: Key, genre: GenreProfile, loop: Loop, candidate: Candidate, beats_per_bar: int
) -> tuple[Chord, ...]:
    chroma = beat_chroma(loop, candidate.beats, candidate.semitones)
    options = [chord_of_degree(key, degree, "triad") for degree in range(1, 8)]
    templates = np.zeros((7, 12))
    for row, chord in enumerate(options):
        for tone, weight in zip(chord.tones, (1.0, 0.8, 0.9), strict=True):
            templates[row, (chord.root + tone) % 12] = weight
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    inside = chroma * (0.3 + 0.7 * scale_mask(key))
    plan = []
    for bar in range(PLAN_BARS):
        beats = np.arange(bar * beats_per_bar, (bar + 1) * beats_per_bar) % len(chroma)
        notes = np.sqrt(inside[beats].sum(axis=0))
        score = templates @ notes
        # The tonic is the likeliest guess where little can be heard.
        score[0] *= 1.08
        plan.append(chord_of_degree(key, int(score.argmax()) + 1, genre.voicing))
    return tuple(plan)


def nearest_shift(midi: float, pitch_class: int, *, low: int = -6) -> int:
    """Semitones from a sound at `midi` to the nearest note of `pitch_class`, from `low` upwards.

    >>> nearest_shift(60.0, 9), nearest_shift(33.0, 0)
    (-3, 3)
    """
    return int((pitch_class - round(midi) - low) % 12 + low)
