"""Notes as MIDI knows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """One note: times in seconds, pitch as MIDI number (60 = C4), velocity 0..1."""

    start_s: float
    end_s: float
    pitch: float
    velocity: float


@dataclass(frozen=True)
class Notes:
    """The notes of one instrument."""

    instrument: str
    notes: tuple[Note, ...]
