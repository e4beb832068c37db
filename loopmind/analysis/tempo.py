"""How fast: tempo candidates from a loop's length and its rhythm, weighed together.

Each candidate's log score is a sum of evidence: how many beats the file would hold (a seamless
loop holds a whole number of them), whether that makes a tempo that a person would type, how well
the rhythm repeats, how the attacks lie on the candidate's metrical grid, and how usual the tempo
and the number of attacks per beat are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.analysis.metre import (
    BACKBEAT,
    COLUMNS,
    COMPOUND,
    FIT,
    ON_BEAT,
    ON_EIGHTH,
    ON_SIXTEENTH,
    read_metre,
)
from loopmind.analysis.onsets import Novelty, Onsets
from loopmind.music.belief import Belief

F64 = NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM = 45.0, 220.0
USUAL_BPM, FAST_BPM = 108.0, 150.0
USUAL_ONSETS = (1.0, 4.2)
_WHOLE_TOLERANCE_S = 0.012
_FULL_SAY_ONSETS = 32
_LONG_S, _WINDOW_S, _WINDOWS = 40.0, 16.0, 7
_KEPT = 8


@dataclass(frozen=True)
class Weights:
    """How much each kind of evidence counts, in nats.

    Fitted as a conditional logit (McFadden 1974) over the candidates of recorded loops, their
    copies at other speeds and with silence around them, and rendered MIDI, of which only the tempo
    up to an octave counted. How usual a tempo, an attack rate or a compound metre is was set by
    hand, wider than the fit, which knew few genres.
    """

    length: float = 0.85
    typed: float = 3.2
    not_whole: float = -3.3
    repeats: tuple[float, float, float] = (1.05, 0.1, 2.15)
    fit: float = 1.6
    sure_fit: float = 1.4
    on_beat: float = 1.7
    on_eighth: float = 0.45
    on_sixteenth: float = -1.4
    backbeat: float = 1.15
    compound: float = -0.6
    unusual: float = -2.8
    fast: float = -8.0
    sparse: float = -0.8
    dense: float = -0.3


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
    """How usual a loop of so many beats is, rounded to whole ones, in nats."""
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


def hear_tempo(
    heard: Novelty,
    onsets: Onsets,
    duration_s: float,
    *,
    seamless: float = 1.0,
    repeats: Pulse | None = None,
    weights: Weights | None = None,
) -> tuple[Belief[float], ...]:
    """Tempo candidates, best first; empty where fewer than two onsets were heard.

    seamless: 0..1, how much the file's length is trusted to be a whole number of beats.
    repeats: `pulse(heard)`, where it is known already.
    Weights are the softmax of the summed evidence. Half, double and other related readings stay
    in the list, so that selection can choose the reading that makes a set of loops cohere.
    """
    given = weights or Weights()
    if onsets.times_s.size < 2 or duration_s < 0.25:
        return ()
    rhythm = repeats if repeats is not None else pulse(heard)
    use_length = seamless > 0.0
    bpms = _candidates(duration_s, rhythm, use_length)
    if bpms.size == 0:
        return ()
    beat_s = 60.0 / bpms
    beats = duration_s / beat_s
    whole = np.abs(beats - np.round(beats)) * beat_s <= _WHOLE_TOLERANCE_S
    whole &= use_length
    typed = typed_tempo(bpms) * whole
    metre = _read_in_windows(onsets, beat_s, whole, duration_s)
    score = _on_grid(metre, onsets.times_s.size, given)
    score += _repeats(rhythm, beat_s, duration_s, given)
    # Beats that divide in three go slower: how fast their parts go is what is usual.
    pace = bpms * (1.0 + 0.5 * metre[:, COMPOUND])
    score += given.unusual * np.log2(pace / USUAL_BPM) ** 2
    score += given.fast * np.maximum(0.0, np.log2(bpms / FAST_BPM)) ** 2
    rate = np.maximum(onsets.times_s.size / duration_s * beat_s, 0.05)
    score += given.sparse * np.maximum(0.0, np.log2(USUAL_ONSETS[0] / rate)) ** 2
    score += given.dense * np.maximum(0.0, np.log2(rate / USUAL_ONSETS[1])) ** 2
    if use_length:
        by_length = given.length * length_score(beats) + given.typed * typed
        score += seamless * np.where(whole, by_length, given.not_whole)
    return _believe(np.where(typed > 0.0, np.round(bpms * 2.0) / 2.0, bpms), score)


def _repeats(rhythm: Pulse, beat_s: F64, duration_s: float, given: Weights) -> F64:
    """How well the rhythm repeats after one, two and four beats.

    Lags near the file's length compare too little to tell anything: there the next shorter tells.
    """
    score = np.zeros(beat_s.size)
    repeated = np.zeros(beat_s.size)
    for multiple, weight in zip((1.0, 2.0, 4.0), given.repeats, strict=True):
        lag = multiple * beat_s
        repeated = np.where(lag < 0.8 * duration_s, rhythm.at(lag), repeated)
        score += weight * repeated
    return score


def _on_grid(metre: F64, attacks: int, given: Weights) -> F64:
    """How the attacks lie on each candidate's beats, eighths and sixteenths."""
    count = min(attacks, _FULL_SAY_ONSETS)
    by_column = {
        FIT: given.fit + given.sure_fit * count / 16.0,
        ON_BEAT: given.on_beat,
        ON_EIGHTH: given.on_eighth,
        ON_SIXTEENTH: given.on_sixteenth,
        BACKBEAT: given.backbeat,
        COMPOUND: given.compound,
    }
    score: F64 = metre[:, list(by_column)] @ np.array(list(by_column.values()))
    return score


def _read_in_windows(
    onsets: Onsets, beat_s: F64, whole: NDArray[np.bool_], duration_s: float
) -> F64:
    """`read_metre`; of a long sound the mean over a few windows, as no tempo is known so closely
    that one grid would hold for minutes.
    """
    if duration_s <= _LONG_S:
        return read_metre(onsets, beat_s, whole, duration_s)
    anywhere = np.zeros(beat_s.size, dtype=np.bool_)
    total, weight = np.zeros((beat_s.size, COLUMNS)), 1e-12
    for start in np.linspace(0.0, duration_s - _WINDOW_S, _WINDOWS):
        inside = (onsets.times_s >= start) & (onsets.times_s < start + _WINDOW_S)
        part = Onsets(
            onsets.times_s[inside] - start, onsets.strengths[inside], onsets.lowness[inside]
        )
        count = min(_FULL_SAY_ONSETS, int(inside.sum()))
        total += count * read_metre(part, beat_s, anywhere, _WINDOW_S)
        weight += count
    mean: F64 = total / weight
    return mean


def typed_tempo(bpms: F64) -> F64:
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
