"""Musical keys: a tonic pitch class and a mode, their names and how far apart they lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from loopmind.errors import UsageError

Mode = Literal["major", "minor"]

SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_PITCH_CLASS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KEY_TEXT = re.compile(
    r"^\s*([A-Ga-g])\s*(#|b|♯|♭|\s?sharp|\s?flat)?\s*[-_ ]?\s*(major|maj|minor|min|m|M)?\s*$"
)


class NoKeyError(UsageError, ValueError):
    """A text that is no key."""


@dataclass(frozen=True, order=True)
class Key:
    """A key such as F# minor: `tonic` is a pitch class 0..11 (C = 0), `mode` major or minor."""

    tonic: int
    mode: Mode

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11:
            raise ValueError(f"tonic must be a pitch class 0..11, got {self.tonic}")
        if self.mode not in ("major", "minor"):
            raise ValueError(f"mode must be 'major' or 'minor', got {self.mode!r}")

    def __str__(self) -> str:
        return f"{SHARP_NAMES[self.tonic]} {self.mode}"

    @property
    def written(self) -> str:
        """The key as musicians write it, with flats where these are usual; for titles and prose.

        >>> Key.parse("A# minor").written, Key.parse("D# major").written, Key.parse("F#m").written
        ('Bb minor', 'Eb major', 'F# minor')
        """
        flats = (
            {1: "Db", 3: "Eb", 8: "Ab", 10: "Bb"} if self.mode == "major" else {3: "Eb", 10: "Bb"}
        )
        return f"{flats.get(self.tonic, SHARP_NAMES[self.tonic])} {self.mode}"

    @classmethod
    def parse(cls, text: str, *, default_mode: Mode = "major") -> Key:
        """Read a key as musicians write it.

        >>> str(Key.parse("F#m")), str(Key.parse("Bb major")), str(Key.parse("c minor"))
        ('F# minor', 'A# major', 'C minor')

        Raises NoKeyError where `text` is no key.
        """
        match = _KEY_TEXT.match(text)
        if match is None:
            raise NoKeyError(f"{text!r} is not a key; write for example 'F# minor' or 'Bbm'")
        letter, accidental, mode_text = match.groups()
        accidental = (accidental or "").strip()
        step = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}[accidental]
        mode: Mode = default_mode
        if mode_text is not None:
            mode = "minor" if mode_text in ("m", "min", "minor") else "major"
        return cls((_PITCH_CLASS[letter.upper()] + step) % 12, mode)

    def transpose(self, semitones: int) -> Key:
        """The key `semitones` higher."""
        return Key((self.tonic + semitones) % 12, self.mode)

    def relative(self) -> Key:
        """The key of the other mode with the same seven notes."""
        if self.mode == "major":
            return Key((self.tonic + 9) % 12, "minor")
        return Key((self.tonic + 3) % 12, "major")

    def semitones_to(self, other: Key) -> int:
        """Smallest transposition (-6..5) that gives this key the notes of `other`.

        A key of the other mode is moved to the relative, which has the same notes.

        >>> Key.parse("A minor").semitones_to(Key.parse("C major"))
        0
        """
        goal = other if other.mode == self.mode else other.relative()
        return (goal.tonic - self.tonic + 6) % 12 - 6


def mirex_score(estimate: Key | None, truth: Key) -> float:
    """MIREX key weight: same 1, fifth above .5, relative .3, parallel .2 (as mir_eval.key)."""
    if estimate is None:
        return 0.0
    if estimate == truth:
        return 1.0
    if estimate.mode == truth.mode and (estimate.tonic - truth.tonic) % 12 == 7:
        return 0.5
    if estimate == truth.relative():
        return 0.3
    if estimate.tonic == truth.tonic:
        return 0.2
    return 0.0
