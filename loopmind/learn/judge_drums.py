"""How well drums are transcribed: onset F1 by class within 50 ms, as the field measures it.

The usual five classes are judged: kick, snare, hat (closed and open alike), tom, cymbal. Hits are
matched one to one by mir_eval, the field's own package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.drums_decode import VOICES, DrumHit

F32 = NDArray[np.float32]

WINDOW_S = 0.05
CLASSES: dict[str, tuple[str, ...]] = {
    "kick": ("kick",), "snare": ("snare",), "hat": ("hat", "open hat"), "tom": ("tom",),
    "cymbal": ("cymbal",),
}  # fmt: skip
_SAME_S = 0.02


@dataclass(frozen=True)
class Count:
    """Hits that are there, that were found, and how many of them are the same."""

    truth: int = 0
    found: int = 0
    matched: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.truth + other.truth, self.found + other.found, self.matched + other.matched
        )

    @property
    def precision(self) -> float:
        return self.matched / self.found if self.found else float(self.truth == 0)

    @property
    def recall(self) -> float:
        return self.matched / self.truth if self.truth else 1.0

    @property
    def f1(self) -> float:
        """2 matched / (truth + found); 1 where nothing is there and nothing was found."""
        both = self.truth + self.found
        return 2.0 * self.matched / both if both else 1.0


@dataclass(frozen=True)
class Score:
    """Counts by voice and by class of CLASSES; how far matched hits lie from the truth."""

    by_voice: dict[str, Count] = field(default_factory=dict)
    by_class: dict[str, Count] = field(default_factory=dict)
    deviations_s: tuple[float, ...] = ()
    velocity_errors: tuple[float, ...] = ()

    def __add__(self, other: Score) -> Score:
        def sums(one: dict[str, Count], two: dict[str, Count]) -> dict[str, Count]:
            names = dict.fromkeys((*one, *two))
            return {name: one.get(name, Count()) + two.get(name, Count()) for name in names}

        return Score(
            sums(self.by_voice, other.by_voice),
            sums(self.by_class, other.by_class),
            self.deviations_s + other.deviations_s,
            self.velocity_errors + other.velocity_errors,
        )

    def of(self, name: str) -> Count:
        return self.by_class.get(name, Count())

    @property
    def total(self) -> Count:
        """All five classes, every hit counting alike."""
        return sum(self.by_class.values(), Count())

    @property
    def deviation_ms(self) -> float:
        """Mean distance of matched hits from the truth."""
        return 1000.0 * float(np.mean(self.deviations_s)) if self.deviations_s else 0.0

    @property
    def velocity_error(self) -> float:
        """Mean difference of matched hits' velocities (0..1) from the truth."""
        return float(np.mean(self.velocity_errors)) if self.velocity_errors else 0.0


def score_hits(truth: F32, found: Sequence[DrumHit]) -> Score:
    """One recording: `truth` (hits, 3) of time, voice and velocity against the hits found."""
    heard = np.array([(h.time_s, h.voice, h.velocity) for h in found], np.float32).reshape(-1, 3)
    by_voice = {}
    for number, name in enumerate(VOICES):
        one, two = truth[truth[:, 1] == number], heard[heard[:, 1] == number]
        by_voice[name] = Count(len(one), len(two), len(_matched(one[:, 0], two[:, 0])))
    by_class = {}
    off: list[float] = []
    errors: list[float] = []
    for name, voices in CLASSES.items():
        numbers = [VOICES.index(voice) for voice in voices]
        one = _once(truth[np.isin(truth[:, 1], numbers)])
        two = _once(heard[np.isin(heard[:, 1], numbers)])
        pairs = _matched(one[:, 0], two[:, 0])
        by_class[name] = Count(len(one), len(two), len(pairs))
        for i, j in pairs:
            off.append(abs(float(one[i, 0] - two[j, 0])))
            errors.append(abs(float(one[i, 2] - two[j, 2])))
    return Score(by_voice, by_class, tuple(off), tuple(errors))


def _once(hits: F32) -> F32:
    """In order of time, hits of one class within 20 ms being one: two cymbals struck together."""
    hits = hits[np.argsort(hits[:, 0], kind="stable")]
    kept: list[int] = []
    for number, at in enumerate(hits[:, 0]):
        if not kept or at - hits[kept[-1], 0] >= _SAME_S:
            kept.append(number)
    return hits[kept]


def _matched(truth_s: F32, found_s: F32) -> list[tuple[int, int]]:
    import mir_eval

    if not len(truth_s) or not len(found_s):
        return []
    pairs: list[tuple[int, int]] = mir_eval.util.match_events(
        truth_s.astype(np.float64), np.sort(found_s.astype(np.float64)), WINDOW_S
    )
    return pairs
