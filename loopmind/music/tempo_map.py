"""Where beats and bars fall in time when tempo and time signature may change."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class TempoMap:
    """Tempo by beat, and beats in a bar by bar; each holds until the next one begins.

    tempos: (beat, beats a minute). signatures: (bar, beats per bar). Both begin at 0. Beats before
    0 go on at the first tempo. Raises ValueError where that does not hold.

    >>> TempoMap(((0, 120), (4, 60))).seconds(6)
    4.0
    """

    tempos: tuple[tuple[float, float], ...] = ((0.0, 120.0),)
    signatures: tuple[tuple[int, int], ...] = ((0, 4),)

    def __post_init__(self) -> None:
        for what, points in (("tempos", self.tempos), ("signatures", self.signatures)):
            places = [place for place, _ in points]
            if not places or places[0] != 0 or sorted(set(places)) != places:
                raise ValueError(f"{what} begin at 0 and follow each other, got {points}")
            if any(value <= 0 for _, value in points):
                raise ValueError(f"{what} must be above 0, got {points}")

    def seconds(self, beat: float) -> float:
        """When `beat` falls."""
        at = 0.0
        for index, (place, bpm) in enumerate(self.tempos):
            last = index + 1 == len(self.tempos)
            until = beat if last else min(beat, self.tempos[index + 1][0])
            at += (until - place) * 60.0 / bpm
            if last or beat <= self.tempos[index + 1][0]:
                break
        return at

    def frame(self, beat: float, rate_hz: int) -> int:
        """The frame on which `beat` falls; with one tempo the same as `beat_to_frame`.

        Every tempo begins on a whole frame, and is counted from there.
        """
        first, place, bpm = 0, *self.tempos[0]
        for following, faster in self.tempos[1:]:
            if beat < following:
                break
            first += round((following - place) * 60.0 * rate_hz / bpm)
            place, bpm = following, faster
        return first + round((beat - place) * 60.0 * rate_hz / bpm)

    def bpm(self, beat: float) -> float:
        """The tempo that holds at `beat`."""
        return [bpm for place, bpm in self.tempos if place <= max(beat, 0.0)][-1]

    def stretches(self, start: float, end: float) -> list[tuple[float, float, float]]:
        """What lies between two beats, cut where the tempo changes: (start, end, bpm).

        >>> TempoMap(((0, 120), (4, 60))).stretches(2, 8)
        [(2, 4, 120), (4, 8, 60)]
        """
        cuts = [start, *(place for place, _ in self.tempos if start < place < end), end]
        return [(a, b, self.bpm(a)) for a, b in pairwise(cuts)]

    def beat(self, seconds: float) -> float:
        """The beat that plays at a time: the inverse of `seconds`."""
        begins = [self.seconds(place) for place, _ in self.tempos]
        index = max(bisect_right(begins, seconds) - 1, 0)
        place, bpm = self.tempos[index]
        return place + (seconds - begins[index]) * bpm / 60.0

    def bar_beat(self, beat: float) -> tuple[int, float]:
        """The bar (from 0) and the beat in it at which `beat` lies.

        >>> TempoMap(signatures=((0, 4), (2, 3))).bar_beat(12.5)
        (3, 1.5)
        """
        rest = beat
        for index, (bar, beats) in enumerate(self.signatures):
            if index + 1 == len(self.signatures):
                return bar + int(rest // beats), rest % beats
            room = (self.signatures[index + 1][0] - bar) * beats
            if rest < room:
                return bar + int(rest // beats), rest % beats
            rest -= room
        raise AssertionError("the last signature goes on for ever")

    def first_beat(self, bar: int) -> float:
        """The beat with which `bar` begins."""
        at = 0.0
        for index, (begin, beats) in enumerate(self.signatures):
            last = index + 1 == len(self.signatures)
            if last or bar <= self.signatures[index + 1][0]:
                return at + (bar - begin) * beats
            at += (self.signatures[index + 1][0] - begin) * beats
        raise AssertionError("the last signature goes on for ever")
