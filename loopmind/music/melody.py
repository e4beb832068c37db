"""A melody as notes on a beat grid, with its key, as heard from a voice or read from MIDI."""

from __future__ import annotations

from dataclasses import dataclass

from loopmind.music.key import Key


@dataclass(frozen=True)
class MelodyNote:
    """One note: `beat` from the melody's first bar line, length in beats, MIDI number, velocity.

    `midi` is a whole number; how the voice was tuned is told of the melody. start_s, end_s: where
    it lies in the recording.
    """

    beat: float
    beats: float
    midi: int
    velocity: float
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Melody:
    """Notes in order of time, `bars` whole bars long.

    bpm: tempo of its own grid. key: None where there are too few notes to tell.
    tuning_cents: how far the voice lies from A = 440 Hz. clarity: share of the sounding time in
    which a pitch was heard. fit: how well the notes lie on the grid, 0..1.
    """

    notes: tuple[MelodyNote, ...]
    bpm: float
    key: Key | None
    beats_per_bar: int
    bars: int
    tuning_cents: float
    clarity: float
    fit: float
