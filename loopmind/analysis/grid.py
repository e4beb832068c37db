"""The beat grid of a whole track: one even tempo where it keeps one, followed beats where not.

Loops tell their tempo by their length; a track of minutes tells it by how long its pulse stays in
step, which fixes an even tempo to a few parts in a hundred thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.beats import follow_beats
from loopmind.analysis.onsets import Novelty, Onsets

F64 = NDArray[np.float64]

STEADY_S = 0.03
_REACH = 0.04
_HARMONICS = (1.0, 2.0, 4.0)
_SHARES = (1.0, 0.6, 0.3)
_BAND_SHARES = np.array([1.3, 1.0, 0.6])
_WINDOW_BEATS = 16
_NEAR_S = 0.04


@dataclass(frozen=True, eq=False)
class BeatGrid:
    """Beats of a track in seconds.

    steady: an even tempo, all beats on one line. clarity: share of the pulse (0..1) that lies on
    the grid, against a pulse spread evenly.
    """

    times_s: F64
    bpm: float
    steady: bool
    clarity: float


def pulse_signal(heard: Novelty) -> F64:
    """Novelty of all bands in one line, soft and loud attacks brought together, mean-free."""
    line: F64 = np.sqrt(np.asarray(_BAND_SHARES @ heard.bands, dtype=np.float64))
    return np.asarray(line - line.mean())


def beat_grid(
    heard: Novelty, found: Onsets, tempi_bpm: tuple[tuple[float, float], ...], duration_s: float
) -> BeatGrid | None:
    """The grid that fits best among `tempi_bpm`, pairs (tempo, belief); None without a pulse.

    Each candidate is moved to where the pulse stays in step over the whole track: the tempo that
    maximises |X(f)| + .6 |X(2f)| + .3 |X(4f)|, X the Fourier transform of the novelty. Where
    windows of 16 beats keep within STEADY_S of that line the tempo is even; else the beats are
    followed by dynamic programming.
    """
    line = pulse_signal(heard)
    if not tempi_bpm or float(np.abs(line).max(initial=0.0)) <= 0.0:
        return None
    times: F64 = np.arange(line.size) * np.float64(heard.hop_s)
    tried = []
    for bpm, belief in tempi_bpm:
        exact, strength = _in_step(line, times, bpm, duration_s)
        tried.append((strength * (0.35 + belief), exact))
    bpm = max(tried)[1]
    even = _even_grid(line, heard.hop_s, bpm, duration_s)
    drift = _drift(line, heard.hop_s, even)
    if drift is not None and drift <= STEADY_S:
        shifted = even + _attack_shift(found, even)
        return BeatGrid(shifted[shifted >= -_NEAR_S].clip(0.0), bpm, True, _clarity(line, even,
                        heard.hop_s))  # fmt: skip
    followed = follow_beats(heard, bpm)
    if followed.size < 4:
        return None
    followed = _smoothed(followed)
    followed = followed + _attack_shift(found, followed)
    pace = 60.0 / float(np.median(np.diff(followed)))
    clarity = _clarity(line, followed, heard.hop_s)
    return BeatGrid(followed.clip(0.0), round(pace, 3), False, clarity)


def _in_step(line: F64, times: F64, bpm: float, duration_s: float) -> tuple[float, float]:
    """(tempo within _REACH of `bpm` that stays in step best, how well 0..1)."""
    centre = bpm / 60.0
    span = np.arange(-_REACH * centre, _REACH * centre, 1.0 / (6.0 * duration_s))
    total = float(np.abs(line).sum())
    # Decimated to what a beat needs: the transform at a few hundred frequencies stays cheap.
    score = np.zeros(span.size)
    for harmonic, share in zip(_HARMONICS, _SHARES, strict=True):
        score += share * np.abs(_transform(line, times, harmonic * (centre + span)))
    # Far from what was heard, the pulse must be clearly better.
    score *= 1.0 - 2.0 * np.abs(span) / centre
    best = int(np.argmax(score))
    refined = _parabola(score, best) * (span[1] - span[0]) if span.size > 2 else 0.0
    return float(60.0 * (centre + span[best] + refined)), float(score[best] / max(total, 1e-12))


def _transform(line: F64, times: F64, hertz: F64) -> NDArray[np.complex128]:
    out = np.empty(hertz.size, np.complex128)
    for first in range(0, hertz.size, 64):
        turn = np.exp(-2j * np.pi * hertz[first : first + 64, None] * times[None, :])
        out[first : first + 64] = turn @ line
    return out


def _parabola(score: F64, at: int) -> float:
    if not 0 < at < score.size - 1:
        return 0.0
    left, middle, right = score[at - 1 : at + 2]
    bend = left - 2.0 * middle + right
    return float(0.5 * (left - right) / bend) if bend < -1e-12 else 0.0


def _even_grid(line: F64, hop_s: float, bpm: float, duration_s: float) -> F64:
    """Beats of one tempo at the phase where the pulse is strongest."""
    beat_s = 60.0 / bpm
    phases = np.arange(0.0, beat_s, hop_s / 2.0)
    count = int(duration_s / beat_s) + 1
    beats = np.arange(count) * beat_s
    frames = np.arange(line.size)
    score = np.array(
        [np.interp((beats + p) / hop_s, frames, line, right=0.0).sum() for p in phases]
    )
    # Beats are marked more strongly than what lies between; the grid of halves breaks ties.
    half = np.roll(score, phases.size // 2)
    best = float(phases[int(np.argmax(score + 0.25 * half))])
    made = best + beats
    return np.asarray(made[made < duration_s])


def _drift(line: F64, hop_s: float, grid: F64) -> float | None:
    """Median distance of windows of the pulse from the even grid; None for a short track."""
    if grid.size < 2 * _WINDOW_BEATS:
        return 0.0 if grid.size >= 4 else None
    beat_s = float(grid[1] - grid[0])
    reach = np.arange(-beat_s / 4.0, beat_s / 4.0, hop_s / 2.0)
    frames = np.arange(line.size)
    offsets = []
    for first in range(0, grid.size - _WINDOW_BEATS + 1, _WINDOW_BEATS // 2):
        window = grid[first : first + _WINDOW_BEATS]
        places = (window[None, :] + reach[:, None]) / hop_s
        score = np.interp(places, frames, line).sum(axis=1)
        if score.max() > 0.15 * _WINDOW_BEATS * line.std():
            offsets.append(reach[int(np.argmax(score))])
    if len(offsets) < 2:
        return 0.0
    off = np.array(offsets)
    return float(np.quantile(np.abs(off - np.median(off)), 0.6))


def _attack_shift(found: Onsets, grid: F64) -> float:
    """How much later (or earlier) clear attacks are than the grid, the middle of them all."""
    if found.times_s.size == 0:
        return 0.0
    place = np.searchsorted(grid, found.times_s).clip(1, grid.size - 1)
    before, after = grid[place - 1], grid[place]
    nearest = np.where(found.times_s - before < after - found.times_s, before, after)
    off = found.times_s - nearest
    near = (np.abs(off) < _NEAR_S) & (found.strengths > 0.15)
    if near.sum() < 4:
        return 0.0
    order = np.argsort(off[near], kind="stable")
    running = np.cumsum(found.strengths[near][order])
    return float(off[near][order][int(np.searchsorted(running, running[-1] / 2.0))])


def _smoothed(beats: F64) -> F64:
    """Each beat on the line through its neighbours, so that a cut does not jump with one attack."""
    reach = 3
    out = np.array(beats)
    number = np.arange(-reach, reach + 1)
    for i in range(reach, beats.size - reach):
        window = beats[i - reach : i + reach + 1]
        slope = float((number * (window - window.mean())).sum() / (number * number).sum())
        line = window.mean() + slope * number
        trusted = np.abs(window - line) < 0.03
        out[i] = float((window - slope * number)[trusted].mean()) if trusted.any() else beats[i]
    return out


def _clarity(line: F64, grid: F64, hop_s: float) -> float:
    """How much stronger the pulse is near beats than on average, 0 (not at all) .. 1."""
    frames = np.clip(np.round(grid / hop_s).astype(int), 1, line.size - 2)
    near = np.maximum(np.maximum(line[frames - 1], line[frames]), line[frames + 1])
    spread = float(line.std())
    return float(np.clip(near.mean() / (2.5 * spread), 0.0, 1.0)) if spread > 0.0 else 0.0
