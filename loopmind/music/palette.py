"""Which sounds play which role in a song, with the scores and runners-up behind each choice."""

from __future__ import annotations

from dataclasses import dataclass

from loopmind.music.key import Key
from loopmind.music.loop import Role


@dataclass(frozen=True)
class Candidate:
    """One loop weighed for one role.

    digest: the loop. score: 0..1, higher is better. parts: the named scores behind it
    (rhythm, harmony, spectrum, mood, cost ...). source_bpm: the reading of its tempo that was
    used (None for a one-shot). beats: its length in song beats. ratio: song tempo over
    source_bpm (> 1 plays faster). semitones: transposition into the song's key.
    """

    digest: str
    score: float
    parts: tuple[tuple[str, float], ...]
    source_bpm: float | None
    beats: float
    ratio: float
    semitones: int


@dataclass(frozen=True)
class Choice:
    """The sound picked for `slot` (such as "drums" or "chords 2"), and five runners-up.

    instrument is the drum voice for one-shots used in a pattern ("kick"), else the heard one.
    """

    slot: str
    role: Role
    instrument: str
    picked: Candidate
    runners_up: tuple[Candidate, ...]
    reason: str


@dataclass(frozen=True)
class Palette:
    """All choices for one song at one tempo and key, and the roles that nothing could fill."""

    bpm: float
    key: Key | None
    beats_per_bar: int
    swing: float
    choices: tuple[Choice, ...]
    unfilled: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
