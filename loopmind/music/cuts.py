"""A finished track cut into bars at its beats: what a remix is rebuilt from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CutBar:
    """One bar of the track.

    start_s: where its first beat lies in the file. bpm: its own tempo. part: number of the part
    of the track (a group of bars that sound alike) it belongs to, the longest part first.
    level_db: RMS level. energy: 0 calm .. 1 intense, within this track. phrase: bars since the
    last start of a phrase of four.
    """

    start_s: float
    bpm: float
    part: int
    level_db: float
    energy: float
    phrase: int


@dataclass(frozen=True)
class CutLoop:
    """`bars` bars from bar number `first` on that can be repeated.

    score: 0..1, how well the end leads back to the start (the track itself goes on there as it
    began), how near it begins to a phrase, how evenly it plays. part, energy: of its bars.
    """

    first: int
    bars: int
    part: int
    energy: float
    score: float


@dataclass(frozen=True)
class Cuts:
    """The bars of the file with content `digest`, in order, and the loops they offer.

    bpm: the tempo of the whole. steady: all bars have that tempo, to a few milliseconds.
    clarity: 0..1, how clearly beats were heard. parts: number of groups of like bars.
    """

    digest: str
    bpm: float
    beats_per_bar: int
    steady: bool
    clarity: float
    parts: int
    bars: tuple[CutBar, ...]
    loops: tuple[CutLoop, ...]
