"""Units and takes: pieces of sounds, and what is to be made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loopmind.music.key import Key

COEFFICIENTS = 13
TakeKind = Literal["pulse", "line", "texture"]


@dataclass(frozen=True, eq=False)
class Unit:
    """A piece of one sound.

    start_s, length_s: where it lies in the file `digest`. timbre: mel cepstrum without its level,
    (COEFFICIENTS,). level_db: relative to the file's peak. midi: its strongest note, or None.
    pure: 0..1, how much of it that note explains.
    """

    digest: str
    start_s: float
    length_s: float
    timbre: NDArray[np.float64]
    level_db: float
    midi: float | None
    pure: float


@dataclass(frozen=True, eq=False)
class Event:
    """One moment of a take: what a unit is wanted for. timbre, midi: None where any will do."""

    beat: float
    beats: float
    level_db: float
    midi: float | None = None
    timbre: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Take:
    """A loop to be made: `bars` bars of `beats_per_bar` at `bpm`, its events, in words `told`.

    model: digest of the sound whose rhythm or notes it follows, "" for MIDI; none of its units
    are used.
    """

    name: str
    kind: TakeKind
    bpm: float
    key: Key | None
    bars: int
    beats_per_bar: int
    events: tuple[Event, ...]
    model: str
    told: str

    @property
    def beats(self) -> float:
        return float(self.bars * self.beats_per_bar)


@dataclass(frozen=True)
class Placed:
    """A unit chosen for an event: its number among the units, semitones it is moved, its gain."""

    event: int
    unit: int
    semitones: float
    gain_db: float = 0.0
