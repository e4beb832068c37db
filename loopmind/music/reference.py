"""A reference track as it was heard, and how closely a song matches one."""

from __future__ import annotations

from dataclasses import dataclass

from loopmind.music.key import Key


@dataclass(frozen=True)
class ReferencePart:
    """A part of the track between two changes: seconds, and its loudness."""

    start_s: float
    end_s: float
    level_lufs: float


@dataclass(frozen=True)
class Reference:
    """What a finished track is like.

    duration_s: of what was heard. bpm: None where no beat was clear; key: None where no pitch
    was. tags: moods, the likeliest first. energy: 0 calm .. 1 intense. spectrum_db: mean power in
    octave bands SPECTRUM_BANDS_HZ, relative to the total. curve_lufs: short-term loudness every
    `curve_step_s` from the start, at least -70.
    """

    name: str
    digest: str
    duration_s: float
    bpm: float | None
    beats_per_bar: int
    key: Key | None
    tags: tuple[str, ...]
    energy: float
    loudness_lufs: float
    spectrum_db: tuple[float, ...]
    curve_lufs: tuple[float, ...]
    curve_step_s: float
    parts: tuple[ReferencePart, ...]


@dataclass(frozen=True)
class Match:
    """A song measured against a reference.

    tempo_percent: how much faster the song is, half or double time counted as the same; None
    where the reference has no beat. key_steps: steps on the circle of fifths between the keys'
    notes (0: the same notes), None where one has no key. same_mode: both major or both minor.
    energy_correlation: of the short-term loudness curves over relative time, -1..1. bands_db:
    song less reference in each octave band; octave_db: their mean magnitude. loudness_lu: song
    less reference.
    """

    tempo_percent: float | None
    key_steps: int | None
    same_mode: bool | None
    energy_correlation: float
    bands_db: tuple[float, ...]
    octave_db: float
    loudness_lu: float
