"""Beats as a grid to count and to move notes by: seconds to beats and back, tempo map, quantising.

Between two beats time runs evenly; before the first and after the last the tempo goes on.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loopmind.errors import UsageError
from loopmind.music.tempo_map import TempoMap
from loopmind.music.transcript import TranscribedNote

F64 = NDArray[np.float64]

GRIDS = ("1/4", "1/8", "1/8T", "1/16", "1/16T", "1/32")
_GRID_TEXT = re.compile(r"^1/(4|8|16|32)(T?)$", re.IGNORECASE)
_STEADY_S = 0.02
_LEAST_LEAD = 0.25
_SHORTEST_S = 0.02
_USUAL_BPM = 120.0
_ENOUGH_NOTES = 8


def grid_parts(text: str) -> float:
    """Steps in a beat (a quarter note) of a grid such as "1/16" or "1/8T". Raises UsageError.

    >>> grid_parts("1/16"), grid_parts("1/8T")
    (4.0, 3.0)
    """
    match = _GRID_TEXT.match(text.strip())
    if match is None or text.strip().upper() not in GRIDS:
        raise UsageError(f"{text!r} is no grid; choose from {', '.join(GRIDS)}")
    return int(match.group(1)) / 4.0 * (1.5 if match.group(2) else 1.0)


@dataclass(frozen=True, eq=False)
class Grid:
    """Times of beats, evenly counted: beat i falls at `times_s[i]`.

    first_bar: index of the first beat that begins a bar. heard: False where no beat was heard and
    the grid is a guess. bars: indices of all beats that begin bars, where these are not simply
    every `per_bar`-th.
    """

    times_s: F64
    per_bar: int
    first_bar: int
    heard: bool = True
    bars: NDArray[np.int64] | None = None

    @property
    def places(self) -> NDArray[np.int64]:
        """Which beat of its bar each beat is, from 0."""
        number = np.arange(self.times_s.size)
        even: NDArray[np.int64] = (number - self.first_bar) % self.per_bar
        if self.bars is None or not self.bars.size:
            return even
        last = np.searchsorted(self.bars, number, side="right") - 1
        begun: NDArray[np.int64] = number - self.bars[np.maximum(last, 0)]
        return np.where(last >= 0, begun, (number - self.bars[0]) % self.per_bar)

    def beats(self, seconds: F64) -> F64:
        """Beats (fractional, counted from times_s[0]) at `seconds`."""
        times = self.times_s
        index = np.clip(np.searchsorted(times, seconds, side="right") - 1, 0, times.size - 2)
        found: F64 = index + (seconds - times[index]) / (times[index + 1] - times[index])
        return found

    def seconds(self, beats: F64) -> F64:
        """The inverse of `beats`."""
        times = self.times_s
        index = np.clip(np.floor(beats).astype(np.int64), 0, times.size - 2)
        found: F64 = times[index] + (beats - index) * (times[index + 1] - times[index])
        return found

    @property
    def bpm(self) -> float:
        """Beats a minute, by the median beat."""
        return round(60.0 / float(np.median(np.diff(self.times_s))), 3)

    def moved(self, seconds: float) -> Grid:
        """The same grid, later by `seconds`."""
        return replace(self, times_s=self.times_s + seconds)


def even_grid(bpm: float, start_s: float, duration_s: float, per_bar: int, *, heard: bool) -> Grid:
    """One tempo throughout: a bar begins at `start_s`; beats from 0 to the end."""
    beat_s = 60.0 / bpm
    before = max(0, math.floor(start_s / beat_s + 1e-6))
    first = start_s - before * beat_s
    count = max(2, math.ceil((duration_s - first) / beat_s) + 1)
    times: F64 = first + beat_s * np.arange(count, dtype=np.float64)
    return Grid(times, per_bar, before % per_bar, heard)


def grid_of_beats(times_s: F64, first_bar: int, per_bar: int, duration_s: float) -> Grid:
    """The grid of followed beats: a straight line where they keep one, else smoothed a little.

    Beats are added at either end until the whole recording is covered.
    """
    number = np.arange(times_s.size, dtype=np.float64)
    slope, start = np.polyfit(number, times_s, 1)
    line = start + slope * number
    steady = float(np.abs(times_s - line).mean()) <= _STEADY_S
    times: F64 = line if steady else _smoothed(times_s)
    step, last = float(times[1] - times[0]), float(times[-1] - times[-2])
    before = max(0, math.floor(times[0] / step + 1e-6))
    after = max(0, math.ceil((duration_s - times[-1]) / last))
    ahead = times[0] - step * np.arange(before, 0, -1)
    beyond = times[-1] + last * np.arange(1, after + 1)
    whole = np.concatenate([ahead, times, beyond])
    return Grid(whole, per_bar, (first_bar + before) % per_bar)


def _smoothed(times_s: F64) -> F64:
    """Each beat where the straight line through its neighbours, four on either side, has it."""
    reach = 4
    out = times_s.copy()
    for at in range(times_s.size):
        low, high = max(0, at - reach), min(times_s.size, at + reach + 1)
        near = np.arange(low, high, dtype=np.float64)
        slope, start = np.polyfit(near, times_s[low:high], 1)
        out[at] = start + slope * at
    # Lines of neighbours may cross where the tempo jumps; beats never do.
    steps = np.maximum(np.diff(out), 0.25 * float(np.median(np.diff(times_s))))
    return np.concatenate([out[:1], out[0] + np.cumsum(steps)])


def tempo_map_of(grid: Grid) -> TempoMap:
    """The grid as tempos whose beat 0 falls at 0 s, so that a MIDI file can hold it.

    What comes before the first whole bar is a shorter bar of its own. Tempos change only where
    the beats do, by more than 2 ms.
    """
    times = grid.times_s
    first = grid.first_bar
    if float(times[0]) > _LEAST_LEAD * float(times[1] - times[0]):
        at, lead = np.concatenate([[0.0], times]), first + 1
    else:
        at, lead = np.concatenate([[0.0], times[1:]]), first
    places = np.arange(at.size, dtype=np.float64)
    tempos = [(float(p), _bpm(at[i + 1] - at[i])) for i, p in enumerate(places[:-1])]
    kept = _fewer(places, at, tempos)
    if grid.bars is not None:
        return TempoMap(kept, _metres(grid.bars + (at.size - times.size), grid.per_bar))
    lead %= grid.per_bar
    if lead:
        return TempoMap(kept, ((0, lead), (1, grid.per_bar)))
    return TempoMap(kept, ((0, grid.per_bar),))


def _metres(bars: NDArray[np.int64], per_bar: int) -> tuple[tuple[int, int], ...]:
    """(bar, beats in it) wherever that changes; `per_bar` behind the last of `bars`."""
    starts = bars[bars > 0].tolist()
    lengths = [b - a for a, b in itertools.pairwise([0, *starts])] + [per_bar]
    kept: list[tuple[int, int]] = []
    for number, length in enumerate(lengths):
        if not kept or kept[-1][1] != length:
            kept.append((number, length))
    return tuple(kept)


def _bpm(seconds: float) -> float:
    return round(60.0 / max(float(seconds), 1e-3), 4)


def _fewer(
    places: F64, at: F64, tempos: Sequence[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """Tempos merged as long as every beat stays within 2 ms of its place."""
    kept: list[tuple[float, float]] = []
    first = 0
    while first < len(tempos):
        last = first + 1
        while last < len(tempos):
            even = np.interp(
                places[first : last + 2], [places[first], places[last + 1]],
                [at[first], at[last + 1]],
            )  # fmt: skip
            if np.abs(even - at[first : last + 2]).max() > 0.002:
                break
            last += 1
        kept.append((float(places[first]), _bpm((at[last] - at[first]) / (last - first))))
        first = last
    return tuple(kept)


def quantised(
    notes: Sequence[TranscribedNote], grid: Grid, parts: float, strength: float
) -> tuple[TranscribedNote, ...]:
    """Each note moved towards the nearest of `parts` steps a beat by `strength` (0..1).

    Lengths go to whole steps in the same way, one step at least; bends move with their note.
    """
    if not notes:
        return ()
    starts = np.array([note.start_s for note in notes])
    ends = np.array([note.end_s for note in notes])
    begin, until = grid.beats(starts), grid.beats(ends)
    whole = np.round(begin * parts) / parts
    length = np.maximum(np.round((until - begin) * parts), 1.0) / parts
    new_begin = begin + strength * (whole - begin)
    new_until = until + strength * (whole + length - until)
    new_starts = np.maximum(grid.seconds(new_begin), 0.0)
    new_ends = np.maximum(grid.seconds(new_until), new_starts + _SHORTEST_S)
    moved = []
    for note, start, end in zip(notes, new_starts.tolist(), new_ends.tolist(), strict=True):
        off = start - note.start_s
        bends = tuple((round(at + off, 4), by) for at, by in note.bends)
        moved.append(replace(note, start_s=round(start, 4), end_s=round(end, 4), bends=bends))
    return tuple(moved)


def tuned(grid: Grid, onsets_s: F64) -> Grid:
    """A grid of one tempo, its tempo moved by up to 1 % to where notes agree on it.

    Notes that lie on sixteenths point in one direction on a circle that turns once a sixteenth;
    the tempo at which they do so most is the one they were played at.
    """
    if onsets_s.size < _ENOUGH_NOTES or not grid.heard:
        return grid
    start = float(grid.times_s[grid.first_bar])
    beat_s = float(grid.times_s[1] - grid.times_s[0])
    place = (onsets_s - start) / beat_s
    factors = 1.0 + np.arange(-50, 51) * 2e-4
    turns = np.exp(2j * np.pi * np.outer(factors, place))
    # Beats, eighths and sixteenths: the first keep the others from a neighbouring step.
    agreed = sum(np.abs((turns**power).mean(axis=1)) for power in (1, 2, 4))
    best = int(np.argmax(agreed))
    if agreed[best] < agreed[50] + 0.05:
        return grid
    times = start + (grid.times_s - start) / float(factors[best])
    last, step = float(times[-1]), beat_s / float(factors[best])
    if last < float(grid.times_s[-1]):  # a shorter beat leaves room for more of them
        more = math.ceil((float(grid.times_s[-1]) - last) / step)
        times = np.concatenate([times, last + step * np.arange(1, more + 1)])
    first = int(np.searchsorted(times, -1e-3))
    return replace(grid, times_s=times[first:], first_bar=(grid.first_bar - first) % grid.per_bar)


def anchored(grid: Grid) -> Grid:
    """The grid with its first beat on the start, where it is hardly after it.

    So a MIDI file, which counts from its start, has the same beats as the grid.
    """
    times = grid.times_s
    if 0.0 < float(times[0]) <= _LEAST_LEAD * float(times[1] - times[0]):
        return replace(grid, times_s=np.concatenate([[0.0], times[1:]]))
    return grid


def settled(grid: Grid, onsets_s: F64) -> Grid:
    """The grid moved as a whole to where notes begin, up to a tenth of a beat.

    Beat tracking hears attacks a little late or early; the median distance of notes from the
    nearest sixteenth says by how much.
    """
    if onsets_s.size < _ENOUGH_NOTES or not grid.heard:
        return grid
    place = grid.beats(onsets_s) * 4.0
    off = (place - np.round(place)) / 4.0
    near = off[np.abs(off) < 0.1]
    if near.size < _ENOUGH_NOTES:
        return grid
    beat_s = float(np.median(np.diff(grid.times_s)))
    moved = grid.moved(float(np.median(near)) * beat_s)
    if moved.times_s[0] < -1e-3:  # the first beat would fall before the recording
        return grid
    return moved


def no_beat(duration_s: float) -> Grid:
    """The grid of a recording without a beat: 120 beats a minute from its start."""
    return even_grid(_USUAL_BPM, 0.0, duration_s, 4, heard=False)
