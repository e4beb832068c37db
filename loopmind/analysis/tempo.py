"""How fast: tempo candidates, weighed together by a trained network and by plain musical habits.

The plain judge's log score is a sum of evidence: how many beats the file would hold (a seamless
loop holds a whole number of them), whether that makes a tempo that a person would type, how well
the rhythm repeats, how the attacks lie on the candidate's metrical grid, and how usual the tempo
and the number of attacks per beat are. The network (`tempo_model`) weighs more of the evidence
(`tempo_features`) than can be weighed by hand. The score of a candidate is the mean of both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.analysis import tempo_features as evidence
from loopmind.analysis.frontend import Spectra
from loopmind.analysis.onsets import Novelty, Onsets
from loopmind.analysis.tempo_model import Scorer, believe, scorer
from loopmind.music.belief import Belief

F64 = NDArray[np.float64]

USUAL_BPM, FAST_BPM = 108.0, 150.0
USUAL_ONSETS = (1.0, 4.2)
_WHOLE_TOLERANCE_S = 0.012
_SHORTEST_S = 0.25
_LEAD_S = 0.06
# The two judges, one trained and one plain, err apart; each counts half.
_TRAINED_SHARE = 0.5
_READ_CLOSELY = 56


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


def typed_tempo(bpms: F64) -> F64:
    """1 where a tempo is a whole number within .03 %, .35 at half numbers, else 0."""
    off = np.abs(bpms - np.round(bpms)) / bpms
    half = np.abs(bpms - np.round(bpms * 2.0) / 2.0) / bpms
    return np.where(off < 3e-4, 1.0, np.where(half < 3e-4, 0.35, 0.0))


def hear_tempo(
    spectra: Spectra,
    heard: Novelty,
    onsets: Onsets,
    *,
    use_length: bool = True,
    model: Scorer | None = None,
    weights: Weights | None = None,
) -> tuple[Belief[float], ...]:
    """Tempo candidates in BPM, best first; empty where fewer than two onsets were heard.

    use_length: the file may be a loop, which holds a whole number of beats. Weights are the
    softmax of the mean score of both judges. Half, double and other related readings stay in the
    list, so that selection can choose the reading that makes a set of loops cohere.
    """
    duration_s = spectra.duration_s
    if onsets.times_s.size < 2 or duration_s < _SHORTEST_S:
        return ()
    found = evidence.periods(heard, spectra)
    bpm = evidence.candidates(duration_s, found, use_length)
    if bpm.size == 0:
        return ()
    border = evidence.edges(spectra.mono, spectra.rate_hz, onsets)
    by_length = use_length and border.lead_s < _LEAD_S
    onset_rate = onsets.times_s.size / duration_s
    usual = habit_score(bpm, found, onset_rate, duration_s, by_length, weights)
    # The grid is costly to read: candidates far behind by habit alone never come first by it.
    kept = np.sort(np.argsort(-usual, kind="stable")[:_READ_CLOSELY])
    bpm, usual = bpm[kept], usual[kept]
    table = evidence.features(bpm, found, onsets, duration_s, border, use_length)
    trained = (model or scorer()).scores(table)
    plain = usual + grid_score(bpm, table, weights)
    return believe(bpm, _TRAINED_SHARE * trained + (1.0 - _TRAINED_SHARE) * plain)


def grid_score(bpm: F64, table: F64, weights: Weights | None = None) -> F64:
    """Log scores, in nats, of how attacks lie on each grid; `table` as of `features`."""
    given = weights or Weights()
    grid = table[:, evidence.GRID_COLUMNS]
    score: F64 = grid @ np.array([
        given.fit, given.on_beat, given.on_eighth, given.on_sixteenth, given.backbeat,
        given.compound, 2.0 * given.sure_fit,
    ])  # fmt: skip
    # Beats that divide in three go slower: how fast their parts go is what is usual.
    pace = np.log2(bpm * (1.0 + 0.5 * grid[:, 5]) / USUAL_BPM)
    score += given.unusual * (pace**2 - np.log2(bpm / USUAL_BPM) ** 2)
    return score


def habit_score(
    bpm: F64,
    found: evidence.Periods,
    onset_rate: float,
    duration_s: float,
    use_length: bool,
    weights: Weights | None = None,
) -> F64:
    """Log scores, in nats, of how the rhythm repeats and how usual each tempo of `bpm` is."""
    given = weights or Weights()
    beat_s = 60.0 / bpm
    score = given.unusual * np.log2(bpm / USUAL_BPM) ** 2
    # Lags near the file's length compare too little to tell anything: there the shorter tells.
    repeated = np.zeros(bpm.size)
    for multiple, weight in zip((1.0, 2.0, 4.0), given.repeats, strict=True):
        lag = multiple * beat_s
        repeated = np.where(lag < 0.8 * duration_s, found.lag(0, lag), repeated)
        score += weight * repeated
    score += given.fast * np.maximum(0.0, np.log2(bpm / FAST_BPM)) ** 2
    rate = np.maximum(onset_rate * beat_s, 0.05)
    score += given.sparse * np.maximum(0.0, np.log2(USUAL_ONSETS[0] / rate)) ** 2
    score += given.dense * np.maximum(0.0, np.log2(rate / USUAL_ONSETS[1])) ** 2
    if use_length:
        beats = duration_s / beat_s
        whole = np.abs(beats - np.round(beats)) * beat_s <= _WHOLE_TOLERANCE_S
        by_length = given.length * length_score(beats) + given.typed * typed_tempo(bpm)
        score += np.where(whole, by_length, given.not_whole)
    return score
