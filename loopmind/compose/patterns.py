"""Patterns from one-shots: drum bars, bass lines, chords and melodies as hits on the grid.

Grammar marks come from the genre's data; a seeded stream decides what is left open ("?"), shades
velocities and picks bars. Everything lies on sixteenths, swung where the genre swings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loopmind.compose.genres import GenreProfile
from loopmind.compose.harmony import Chord, nearest_shift, scale_steps
from loopmind.music.key import Key
from loopmind.music.song import Hit

STEPS_PER_BEAT = 4
PLAIN_BAR = "x.......x......."
"""What a voice plays that the genre has no bars for, where nothing else keeps time."""
_VELOCITY = {"X": 1.0, "x": 0.82, "o": 0.45, "?": 0.6, "r": 0.7}


@dataclass(frozen=True)
class Grid:
    """Metre and swing: beats in a bar; `swing` of pairs of notes of length 1/`unit`."""

    beats_per_bar: int
    swing: float
    unit: int

    def beat(self, step: float) -> float:
        """Beat on which sixteenth `step` falls, swing included.

        >>> Grid(4, 0.6, 8).beat(2), Grid(4, 0.6, 16).beat(1)
        (0.6, 0.3)
        """
        pair = 4 if self.unit == 8 else 2
        whole, part = divmod(step, pair)
        half = pair / 2
        share = (
            part / half * self.swing if part <= half
            else self.swing + (part - half) / half * (1.0 - self.swing)
        )  # fmt: skip
        return round((whole * pair + share * pair) / STEPS_PER_BEAT, 6)


def drum_hits(
    genre: GenreProfile, voice: str, digest: str, *, bars: int, level: float, grid: Grid,
    rng: np.random.Generator, fill: bool = False, thin: bool = False,
) -> tuple[Hit, ...]:  # fmt: skip
    """`bars` bars of one drum voice. level 0..1 picks sparser or busier bars of the genre.

    fill: the last bar is a fill. thin: ghosts and every other accent are left out.
    """
    bars_of = genre.drums.get(voice) or (PLAIN_BAR,)
    pick = int(min(level * len(bars_of) + float(rng.uniform(-0.3, 0.3)), len(bars_of) - 1e-6))
    line = bars_of[max(pick, 0)]
    steps = grid.beats_per_bar * STEPS_PER_BEAT
    hits: list[Hit] = []
    maybe = {i: float(rng.random()) < 0.5 for i in range(32)}
    for bar in range(bars):
        marks = _bar_of(line, bar, steps)
        if fill and bar == bars - 1:
            fills = genre.fills.get(voice, ())
            if fills:
                marks = _bar_of(fills[int(rng.integers(len(fills)))], 0, steps)
            elif voice in ("hat", "percussion", "cymbal"):
                marks = marks[: steps // 2] + "." * (steps - steps // 2)
        for step, mark in enumerate(marks):
            if mark == "." or (mark == "?" and not maybe[(step + 16 * bar) % 32]):
                continue
            if thin and (mark in "o?r" or (step % 4 and voice in ("hat", "percussion"))):
                continue
            hits += _struck(mark, bar * steps + step, digest, grid, rng)
    return tuple(hits)


def _bar_of(line: str, bar: int, steps: int) -> str:
    """Bar `bar` of a pattern of one or two bars, cut or wrapped to `steps` steps."""
    start = 16 * (bar % (len(line) // 16))
    marks = line[start : start + 16]
    return (marks + marks)[:steps]


def _struck(mark: str, step: int, digest: str, grid: Grid, rng: np.random.Generator) -> list[Hit]:
    """One mark as hits; a roll divides its sixteenth in two or three, growing louder."""
    human = float(rng.uniform(0.92, 1.06))
    # The beat itself is played a little firmer than what lies between.
    accent = 1.0 if step % 4 == 0 else 0.93
    velocity = _VELOCITY[mark] * human * accent
    if mark != "r":
        return [Hit(grid.beat(step), digest, _safe(velocity))]
    parts = 3 if rng.random() < 0.4 else 2
    return [
        Hit(grid.beat(step + k / parts), digest, _safe(velocity * (0.75 + 0.3 * k / parts)))
        for k in range(parts)
    ]


def _safe(velocity: float) -> float:
    return round(min(max(velocity, 0.05), 1.0), 4)


@dataclass(frozen=True)
class Voice:
    """A pitched one-shot as an instrument: its digest and its own note (MIDI)."""

    digest: str
    midi: float


def bass_hits(
    genre: GenreProfile, voice: Voice, chords: Sequence[Chord], *, bars: int, level: float,
    grid: Grid, rng: np.random.Generator,
) -> tuple[Hit, ...]:  # fmt: skip
    """A bass line over the chords, one chord a bar."""
    pick = int(min(level * len(genre.bass) + float(rng.uniform(-0.3, 0.3)), len(genre.bass) - 1e-6))
    line = genre.bass[max(pick, 0)]
    steps = grid.beats_per_bar * STEPS_PER_BEAT
    hits = []
    for bar in range(bars):
        chord = chords[bar % len(chords)]
        root = nearest_shift(voice.midi, chord.root)
        for step, mark in enumerate(_bar_of(line, bar, steps)):
            if mark in ".-" or (mark == "?" and rng.random() < 0.5):
                continue
            shift = root + {"5": 7, "8": 12}.get(mark, 0)
            # A fifth that lies too high is played below the root instead.
            if mark == "5" and shift > 7:
                shift -= 12
            if mark == "8" and shift > 12:
                shift -= 12
            velocity = {"o": 0.5, "?": 0.6}.get(mark, 0.9) * float(rng.uniform(0.95, 1.05))
            hits.append(Hit(grid.beat(bar * steps + step), voice.digest, _safe(velocity), shift))
    return tuple(hits)


def chord_hits(
    genre: GenreProfile, voice: Voice, chords: Sequence[Chord], *, bars: int, level: float,
    grid: Grid, rng: np.random.Generator,
) -> tuple[Hit, ...]:  # fmt: skip
    """Chords as stacked notes close to the sound's own pitch, so that voices move little."""
    line = genre.chords[min(int(level * len(genre.chords)), len(genre.chords) - 1)]
    steps = grid.beats_per_bar * STEPS_PER_BEAT
    hits = []
    for bar in range(bars):
        chord = chords[bar % len(chords)]
        shifts = sorted({nearest_shift(voice.midi, chord.root + t) for t in chord.tones})
        for step, mark in enumerate(_bar_of(line, bar, steps)):
            if mark != "x":
                continue
            strength = float(rng.uniform(0.9, 1.0)) * (0.72 if step else 0.8)
            for shift in shifts:
                at = grid.beat(bar * steps + step)
                hits.append(Hit(at, voice.digest, _safe(strength / len(shifts) ** 0.3), shift))
    return tuple(hits)


def lead_hits(
    genre: GenreProfile, voice: Voice, key: Key, chords: Sequence[Chord], *, bars: int,
    level: float, grid: Grid, rng: np.random.Generator, motif_rng: np.random.Generator,
) -> tuple[Hit, ...]:  # fmt: skip
    """A melody: a motif of one bar, repeated, answered and varied (A A' A B), on scale notes.

    `motif_rng` shapes the motif and is the same in every section, so that the song has one theme;
    `rng` varies it. Long and strong notes are bent to the chord.
    """
    steps = grid.beats_per_bar * STEPS_PER_BEAT
    count = max(2, round(genre.lead * (0.6 + 0.5 * level)))
    motif = _motif(motif_rng, steps, count)
    answer = _motif(motif_rng, steps, max(count - 1, 2))
    scale = scale_steps(key)
    hits = []
    for bar in range(bars):
        chord = chords[bar % len(chords)]
        phrase = answer if bar % 4 == 3 else motif
        drift = int(rng.integers(-1, 2)) if bar % 4 == 1 else 0
        for number, (step, degree) in enumerate(phrase):
            if bar % 4 == 2 and number and rng.random() < 0.15:
                continue
            place = degree + drift
            shift = scale[place % 7] + 12 * (place // 7)
            tone = (key.tonic + shift) % 12
            strong = step % 8 == 0 or number == len(phrase) - 1
            if strong:
                tone = min(
                    ((chord.root + t) % 12 for t in chord.tones),
                    key=lambda pc: (min((pc - tone) % 12, (tone - pc) % 12), pc),
                )
            semitones = nearest_shift(voice.midi, tone, low=-5)
            velocity = (0.9 if strong else 0.72) * float(rng.uniform(0.92, 1.05))
            at = grid.beat(bar * steps + step)
            hits.append(Hit(at, voice.digest, _safe(velocity), semitones))
    return tuple(hits)


def _motif(rng: np.random.Generator, steps: int, count: int) -> list[tuple[int, int]]:
    """(step, scale degree) pairs: mostly eighths, mostly small intervals, back towards home."""
    weights = np.array([4.0 if s % 4 == 0 else 3.0 if s % 2 == 0 else 0.9 for s in range(steps)])
    weights[0] += 3.0
    chosen = rng.choice(steps, size=min(count, steps), replace=False, p=weights / weights.sum())
    degree = int(rng.choice([0, 2, 4]))
    notes = []
    for step in sorted(int(s) for s in chosen):
        notes.append((step, degree))
        leap = rng.random() < 0.2
        move = int(rng.choice([-3, 3, 2, -2])) if leap else int(rng.choice([-1, 1, -1, 1, 0]))
        degree = degree + move if -3 <= degree + move <= 7 else degree - move
    return notes
