"""How far a sound has a mood, by what was measured of it: to move towards a mood, not to name one.

Each mood is a sum of its tag, its opposite's tag and what can be measured (brightness in octaves,
energy, crest, mode). Tags alone move nothing: each mood must hold by its measures in `_PROOF` too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loopmind.compose.editing.asking import EditError
from loopmind.compose.vocabulary import OPPOSITE_MOOD
from loopmind.music.loop import MOODS, Loop
from loopmind.music.palette import Candidate

# The least by which a sound must be ahead to be heard as having more of a mood.
LEAST_STEP = 0.12
_LEAST_OCTAVES = 0.08
_LEAST_ENERGY = 0.03
_LEAST_CREST_DB = 0.7


@dataclass(frozen=True)
class Heard:
    """What a sound would be like in the song: its features after transposition."""

    loop: Loop
    octaves: float
    energy: float
    crest_db: float
    major: float

    @classmethod
    def of(cls, loop: Loop, candidate: Candidate | None = None) -> Heard:
        """A sound as `candidate` plays it: moved up it is brighter."""
        shift = candidate.semitones / 12.0 if candidate is not None else 0.0
        octaves = math.log2(max(loop.brightness_hz, 20.0) / 1000.0) + shift
        total = sum(belief.weight for belief in loop.key)
        major = sum(b.weight for b in loop.key if b.value.mode == "major")
        return cls(loop, octaves, loop.energy, loop.crest_db, major / total if total else 0.5)

    def tag(self, mood: str) -> float:
        """Weight of a mood's tag, as it is: a sound of no clear mood has none, not all of them."""
        return next((tag.weight for tag in self.loop.tags if tag.value == mood), 0.0)


_MEASURED: dict[str, Callable[[Heard], float]] = {
    "dark": lambda h: -0.8 * h.octaves,
    "bright": lambda h: 0.8 * h.octaves,
    "warm": lambda h: -0.5 * h.octaves,
    "aggressive": lambda h: 1.6 * h.energy,
    "calm": lambda h: -1.6 * h.energy,
    "dreamy": lambda h: -0.6 * h.energy - 0.03 * h.crest_db,
    "happy": lambda h: 0.8 * h.major + 0.2 * h.octaves,
    "sad": lambda h: -0.8 * h.major - 0.2 * h.octaves - 0.4 * h.energy,
    "lo-fi": lambda h: -0.5 * h.octaves,
    "punchy": lambda h: 0.08 * h.crest_db + 0.5 * h.energy,
    "clean": lambda h: 0.05 * h.crest_db,
    "distorted": lambda h: -0.05 * h.crest_db + 0.5 * h.energy,
}
_PROOF: dict[str, Callable[[Heard, Heard], bool]] = {
    "dark": lambda now, new: new.octaves <= now.octaves - _LEAST_OCTAVES,
    "warm": lambda now, new: new.octaves <= now.octaves,
    "bright": lambda now, new: new.octaves >= now.octaves + _LEAST_OCTAVES,
    "aggressive": lambda now, new: new.energy >= now.energy + _LEAST_ENERGY,
    "calm": lambda now, new: new.energy <= now.energy - _LEAST_ENERGY,
    "dreamy": lambda now, new: new.energy <= now.energy,
    "happy": lambda now, new: new.major >= now.major,
    "sad": lambda now, new: new.major <= now.major and new.energy <= now.energy + _LEAST_ENERGY,
    "lo-fi": lambda now, new: new.octaves <= now.octaves,
    "punchy": lambda now, new: new.crest_db >= now.crest_db - _LEAST_CREST_DB,
    "clean": lambda now, new: new.tag("distorted") <= now.tag("distorted"),
    "distorted": lambda now, new: new.crest_db <= now.crest_db + _LEAST_CREST_DB,
}
MORE = {"dark": "darker", "bright": "brighter", "warm": "warmer", "aggressive": "more aggressive",
        "calm": "calmer", "dreamy": "dreamier", "happy": "happier", "sad": "sadder",
        "lo-fi": "more lo-fi", "punchy": "punchier", "clean": "cleaner",
        "distorted": "more distorted"}  # fmt: skip


def check_moods(moods: Sequence[str]) -> None:
    """Raise EditError for a mood that nobody knows."""
    for mood in moods:
        if mood not in MOODS:
            raise EditError(f"there is no mood {mood!r}; choose from {', '.join(MOODS)}")


def measure(heard: Heard, mood: str) -> float:
    """How much of `mood` a sound has, on a scale of its own; differences count."""
    against = OPPOSITE_MOOD.get(mood, "")
    return _MEASURED[mood](heard) + 0.5 * (heard.tag(mood) - heard.tag(against))


def step(now: Heard, new: Heard, moods: Sequence[str]) -> float | None:
    """How far `new` lies towards `moods` from `now`; None where it does not for each of them."""
    total = 0.0
    for mood in moods:
        moved = measure(new, mood) - measure(now, mood)
        if moved < LEAST_STEP or not _PROOF[mood](now, new):
            return None
        total += moved
    return total / len(moods) if moods else 0.0


def compared(now: Heard, new: Heard, moods: Sequence[str]) -> str:
    """In which way and how much `new` differs, in words and figures."""
    said = [MORE[mood] for mood in moods]
    measured = []
    if {"dark", "bright", "warm", "lo-fi"} & set(moods):
        was, is_ = (1000.0 * 2.0**heard.octaves for heard in (now, new))
        measured.append(f"its sound centres at {is_:.0f} Hz in place of {was:.0f}")
    if {"aggressive", "calm", "dreamy", "sad"} & set(moods):
        measured.append(f"energy {new.energy:.2f} in place of {now.energy:.2f}")
    if {"punchy", "clean", "distorted"} & set(moods):
        measured.append(
            f"peaks {new.crest_db:.0f} dB above its body in place of {now.crest_db:.0f}"
        )
    if {"happy", "sad"} & set(moods):
        measured.append(f"{round(100 * new.major)} % major in place of {round(100 * now.major)}")
    figures = f" ({'; '.join(measured)})" if measured else ""
    return f"{' and '.join(said)}{figures}"
