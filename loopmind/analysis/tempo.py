"""How fast: tempo candidates from a loop's length and its rhythm, weighed together.

Each candidate's log score is a sum of evidence: how many beats the file would hold (a seamless
loop holds a whole number of them), how well onsets repeat after one, two and four beats, how many
onsets a beat would have, how usual the tempo is, and whether it is a number a person would type.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.analysis.onsets import Novelty, Onsets
from loopmind.music.belief import Belief

F64 = NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM = 45.0, 220.0
USUAL_BPM = (72.0, 150.0)
_UNUSUAL_OCTAVES = 0.18
_CENTRE_BPM, _CENTRE_OCTAVES = 108.0, 0.7
USUAL_ONSETS = (1.0, 4.2)
_WHOLE_TOLERANCE_S = 0.012
_KEPT = 8


@dataclass(frozen=True)
class Weights:
    """How much each kind of evidence counts, in nats. Judged on loops from other sources."""

    length: float = 1.0
    repeats: float = 5.0
    grid: float = 4.0
    density: float = 1.5
    usual: float = 1.0
    typed: float = 2.6


@dataclass(frozen=True, eq=False)
class Pulse:
    """Periodicity of the novelty: `bands` (3, lags) and `total` (lags,) autocorrelations."""

    total: F64
    bands: F64
    hop_s: float

    def at(self, seconds: F64 | float, *, band: int | None = None) -> F64:
        """Autocorrelation at a lag, interpolated; 0 beyond the file."""
        row = self.total if band is None else self.bands[band]
        lag = np.asarray(seconds, dtype=np.float64) / self.hop_s
        found: F64 = np.interp(lag, np.arange(row.size), row, right=0.0)
        return found


def pulse(heard: Novelty) -> Pulse:
    """Autocorrelation of the smoothed, mean-free novelty, unbiased, 1 at lag 0."""
    rows = np.vstack([heard.total[None, :], heard.bands]).astype(np.float64)
    kernel = np.array([0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25])
    smooth = np.stack([np.convolve(np.sqrt(row), kernel, mode="same") for row in rows])
    smooth -= smooth.mean(axis=1, keepdims=True)
    frames = smooth.shape[1]
    size = scipy.fft.next_fast_len(2 * frames, real=True)
    spectrum = scipy.fft.rfft(smooth, size, axis=1)
    raw = scipy.fft.irfft(np.abs(spectrum) ** 2, size, axis=1)[:, :frames]
    unbiased = raw * (frames / np.maximum(frames - np.arange(frames), frames // 8 + 1))
    zero = np.maximum(raw[:, :1], 1e-12)
    scaled = unbiased / zero
    return Pulse(scaled[0], scaled[1:], heard.hop_s)


def length_score(beats: F64) -> F64:
    """How usual a loop of so many whole beats is, in nats; -6 where it is not whole."""
    whole = np.round(beats)
    scores = np.full(beats.shape, -3.4)
    scores[whole % 2 == 0] = -2.6
    for period, score in ((3, -2.2), (5, -3.0), (7, -3.0)):
        scores[(whole % (2 * period) == 0) & (whole <= 8 * period)] = score
    scores[np.isin(whole, (12, 24, 48))] = -1.2
    scores[whole % 4 == 0] = np.maximum(scores[whole % 4 == 0], -1.8)
    for whole_beats, score in ((1, -3.5), (2, -2.0), (4, -0.7), (8, -0.15), (16, 0.0), (32, -0.3),
                               (64, -0.8), (128, -1.5)):  # fmt: skip
        scores[whole == whole_beats] = score
    return scores


def _candidates(duration_s: float, rhythm: Pulse, use_length: bool) -> F64:
    found: list[float] = []
    if use_length:
        first = max(1, int(np.ceil(SLOWEST_BPM * duration_s / 60.0)))
        last = int(FASTEST_BPM * duration_s / 60.0)
        found += [60.0 * n / duration_s for n in range(first, min(last, 160) + 1)]
    row = rhythm.total
    lags = np.arange(1, row.size - 1)
    peaks = lags[(row[1:-1] > row[:-2]) & (row[1:-1] >= row[2:]) & (row[1:-1] > 0.05)]
    strongest = peaks[np.argsort(-row[peaks], kind="stable")[:24]]
    for lag in strongest:
        left, middle, right = row[lag - 1], row[lag], row[lag + 1]
        bend = left - 2.0 * middle + right
        shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
        period = (lag + shift) * rhythm.hop_s
        for division in (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0, 16.0):
            bpm = 60.0 * division / period
            if SLOWEST_BPM <= bpm <= FASTEST_BPM:
                found.append(bpm)
    return np.unique(np.round(found, 6))


def grid_fit(times_s: F64, strengths: F64, beat_s: F64, division: int) -> F64:
    """How strongly onsets cluster on a grid of 1/division beats, at its best phase: 0..1.

    The resultant length of the onsets as phases on the grid, weighted by strength.
    """
    if times_s.size == 0:
        return np.zeros(beat_s.shape)
    phase = np.exp(2j * np.pi * division * times_s[None, :] / beat_s[:, None])
    total = max(float(strengths.sum()), 1e-12)
    fit: F64 = np.abs((phase * strengths).sum(axis=1)) / total
    return fit


def hear_tempo(
    heard: Novelty,
    onsets: Onsets,
    duration_s: float,
    *,
    seamless: float = 1.0,
    weights: Weights | None = None,
) -> tuple[Belief[float], ...]:
    """Tempo candidates, best first; empty where fewer than two onsets were heard.

    seamless: 0..1, how much the file's length is trusted to be a whole number of beats.
    Weights are the softmax of the summed evidence. Half, double and other related readings stay
    in the list, so that selection can choose the reading that makes a set of loops cohere.
    """
    given = weights or Weights()
    if onsets.times_s.size < 2 or duration_s < 0.25:
        return ()
    rhythm = pulse(heard)
    use_length = seamless > 0.0
    bpms = _candidates(duration_s, rhythm, use_length)
    if bpms.size == 0:
        return ()
    score = np.zeros(bpms.size)
    beats = bpms * duration_s / 60.0
    beat_s = 60.0 / bpms
    if use_length:
        off_s = np.abs(beats - np.round(beats)) * beat_s
        whole = off_s <= _WHOLE_TOLERANCE_S
        score += given.length * seamless * np.where(whole, length_score(beats), -6.0)
    score += given.repeats * _repeats(rhythm, beat_s, duration_s)
    score += given.grid * _grid(onsets, beat_s)
    rate = np.maximum(onsets.times_s.size / duration_s * beat_s, 0.05)
    score -= given.density * _outside(rate, *USUAL_ONSETS) ** 2
    score -= given.usual * 0.5 * (_outside(bpms, *USUAL_BPM) / _UNUSUAL_OCTAVES) ** 2
    score -= given.usual * 0.5 * (np.log2(bpms / _CENTRE_BPM) / _CENTRE_OCTAVES) ** 2
    typed = _typed(bpms)
    score += given.typed * typed
    return _believe(np.where(typed > 0.0, np.round(bpms * 2.0) / 2.0, bpms), score)


def _repeats(rhythm: Pulse, beat_s: F64, duration_s: float) -> F64:
    """How well the rhythm repeats after one beat and after larger groups of beats, about 0..1."""
    total = np.zeros(beat_s.size)
    known = np.zeros(beat_s.size)
    for multiple, share in ((1.0, 0.5), (2.0, 0.25), (4.0, 0.25)):
        lag = multiple * beat_s
        # Lags near the file's length compare too little to tell anything.
        weight = np.where((lag < 0.8 * duration_s) | (multiple == 1.0), share, 0.0)
        total += weight * np.maximum(rhythm.at(lag), 0.0)
        known += weight
    return total / known


def _grid(onsets: Onsets, beat_s: F64) -> F64:
    """Onsets on sixteenths (or on triplets) beyond what chance gives so many onsets."""
    chance = 1.0 / np.sqrt(max(1, onsets.times_s.size))
    straight = grid_fit(onsets.times_s, onsets.strengths, beat_s, 4)
    triplet = grid_fit(onsets.times_s, onsets.strengths, beat_s, 3) * 0.8
    return np.maximum(0.0, np.maximum(straight, triplet) - chance)


def _outside(values: F64, low: float, high: float) -> F64:
    """How many octaves `values` lie outside low..high."""
    return np.maximum(0.0, np.maximum(np.log2(low / values), np.log2(values / high)))


def _typed(bpms: F64) -> F64:
    """1 where a tempo is a whole number within .03 %, .35 at half numbers, else 0."""
    off = np.abs(bpms - np.round(bpms)) / bpms
    half = np.abs(bpms - np.round(bpms * 2.0) / 2.0) / bpms
    return np.where(off < 3e-4, 1.0, np.where(half < 3e-4, 0.35, 0.0))


def _believe(bpms: F64, score: F64) -> tuple[Belief[float], ...]:
    order = np.argsort(-score, kind="stable")
    kept: list[int] = []
    for i in order:
        # Within one percent two candidates are one reading; the better one stands for both.
        if all(abs(bpms[i] / bpms[j] - 1.0) > 0.01 for j in kept):
            kept.append(int(i))
        if len(kept) == _KEPT:
            break
    best = score[kept] - score[kept[0]]
    weight = np.exp(best)
    weight /= weight.sum()
    return tuple(
        Belief(float(round(bpms[i], 3)), float(w)) for i, w in zip(kept, weight, strict=True)
    )
