"""What speaks for or against a tempo: candidates and the evidence for each, as numbers.

Nothing is believed here; `tempo_model` weighs the evidence. All of it is free of the file's level
and (but for the length) of where the file begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.analysis.frontend import Spectra
from loopmind.analysis.metre import (
    BACKBEAT,
    COMPOUND,
    FIT,
    ON_BEAT,
    ON_EIGHTH,
    ON_SIXTEENTH,
    read_metre,
)
from loopmind.analysis.onsets import Novelty, Onsets, onset_mel

F64 = NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM = 45.0, 220.0
SAME_TEMPO = 0.012
WINDOW_S = 24.0
_WINDOWS = 5
_LAGS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0)
_BAND_LAGS = (0.5, 1.0, 2.0, 4.0)
_ALIKE_LAGS = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0)
_ALIKE_STRIDE = 4
_RATES = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
_BAND_RATES = (0.25, 0.5, 1.0, 2.0, 4.0)
_DIVISIONS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
_WHOLE_S = 0.012
_METRE = [FIT, ON_BEAT, ON_EIGHTH, ON_SIXTEENTH, BACKBEAT, COMPOUND]
_GRID_FIRST = (
    len(_LAGS) + len(_ALIKE_LAGS) + 2 * len(_BAND_LAGS) + len(_RATES) + 3 * len(_BAND_RATES) + 6
)
GRID_COLUMNS = slice(_GRID_FIRST, _GRID_FIRST + len(_METRE) + 1)
"""Columns of the evidence: fit, on beat, on eighth, on sixteenth, backbeat, compound, sure fit."""


@dataclass(frozen=True, eq=False)
class Periods:
    """How the novelty repeats, rows total, low, middle, high.

    again: (4, lags), autocorrelation by lag in frames, 1 at lag 0. alike: (lags,), how alike the
    colour of moments is by their distance, _ALIKE_STRIDE frames a lag, 1 at lag 0. spectrum:
    complex (windows, 4, rates), Fourier transform of each window over the novelty's sum, `step_hz`
    apart.
    """

    again: F64
    alike: F64
    spectrum: NDArray[np.complex128]
    step_hz: float
    hop_s: float
    span_s: float

    def lag(self, row: int, seconds: F64) -> F64:
        """Autocorrelation at lags of `seconds`; 0 where the sound is too short to tell."""
        at = seconds / self.hop_s
        values: F64 = np.interp(at, np.arange(self.again.shape[1]), self.again[row], right=0.0)
        return values * (seconds < 0.85 * self.span_s)

    def likeness(self, seconds: F64) -> F64:
        """How alike moments `seconds` apart are; 0 where the sound is too short to tell."""
        at = seconds / (self.hop_s * _ALIKE_STRIDE)
        values: F64 = np.interp(at, np.arange(self.alike.size), self.alike, right=0.0)
        return values * (seconds < 0.85 * self.span_s)

    def rate(self, rows: slice, hertz: F64) -> NDArray[np.complex128]:
        """Fourier coefficients (windows, rows, ...) at `hertz` (...), nearest of a fine grid."""
        at = np.minimum(np.rint(hertz / self.step_hz).astype(np.int64), self.spectrum.shape[2] - 1)
        return self.spectrum[:, rows, :][:, :, at]


def periods(heard: Novelty, spectra: Spectra) -> Periods:
    """Repetition of the novelty; of files longer than WINDOW_S, the mean over a few windows."""
    rows = np.vstack([heard.total[None, :], heard.bands]).astype(np.float64)
    rows = np.sqrt(rows)
    frames = rows.shape[1]
    size = frames
    starts = [0]
    window = round(WINDOW_S / heard.hop_s)
    if frames > 2 * window:
        size = window
        count = min(_WINDOWS, frames // window)
        starts = np.linspace(0, frames - window, count + 2)[1:-1].astype(int).tolist()
    kernel = np.array([0.25, 0.6, 0.9, 1.0, 0.9, 0.6, 0.25])
    kernel /= kernel.sum()
    parts = np.stack([rows[:, s : s + size] for s in starts])
    padded = scipy.fft.next_fast_len(4 * size, real=True)
    mass = np.maximum(parts.sum(axis=2, keepdims=True), 1e-9)
    mean_free = parts - parts.mean(axis=2, keepdims=True)
    coarse = scipy.fft.rfft(mean_free, padded, axis=2)
    response = np.abs(scipy.fft.rfft(kernel, padded))
    spectrum = coarse / mass
    power = (np.abs(coarse) * response) ** 2
    again = scipy.fft.irfft(power.sum(axis=0), padded, axis=1)[:, :size]
    again /= np.maximum(again[:, :1], 1e-12)
    again *= size / np.maximum(size - np.arange(size), size // 8 + 1)
    step_hz = 1.0 / (padded * heard.hop_s)
    kept = min(spectrum.shape[2], int(32.0 / step_hz) + 1)
    alike = _alike(spectra, starts, size)
    return Periods(again, alike, spectrum[:, :, :kept], step_hz, heard.hop_s, size * heard.hop_s)


def _alike(spectra: Spectra, starts: list[int], size: int) -> F64:
    """Autocorrelation of the log mel spectrum over time, bands summed, 1 at lag 0."""
    total = np.zeros(0)
    for start in starts:
        mel = onset_mel(spectra.power[start : start + size : _ALIKE_STRIDE], spectra.rate_hz)
        level = np.log1p(mel * np.float32(1e4 / max(float(mel.max(initial=0.0)), 1e-12)))
        level -= level.mean(axis=0)
        frames = len(level)
        padded = scipy.fft.next_fast_len(2 * frames, real=True)
        parts = scipy.fft.rfft(level.T, padded, axis=1)
        power = (parts.real**2 + parts.imag**2).sum(axis=0)
        again = scipy.fft.irfft(power, padded)[:frames].astype(np.float64)
        again *= frames / np.maximum(frames - np.arange(frames), frames // 8 + 1)
        total = again if total.size == 0 else total + again
    return total / max(float(total[0]), 1e-12)


def candidates(duration_s: float, found: Periods, use_length: bool) -> F64:
    """Tempi worth a look: whole numbers of beats in the file, and what the rhythm's repeats imply,
    measured on its longest clear repeats; near a whole number, also that number.
    """
    out: list[F64] = []
    if use_length:
        first = max(1, int(np.ceil(SLOWEST_BPM * duration_s / 60.0)))
        last = min(int(FASTEST_BPM * duration_s / 60.0), 130)
        out.append(60.0 * np.arange(first, last + 1, dtype=np.float64) / duration_s)
    row = found.again[0]
    end = int(0.85 * row.size)
    lags = np.arange(8, max(9, end - 1))
    lags = lags[lags + 1 < row.size]
    middle = row[lags]
    peaks = lags[(middle > row[lags - 1]) & (middle >= row[lags + 1]) & (middle > 0.04)]
    strongest = peaks[np.argsort(-row[peaks], kind="stable")[:20]]
    if strongest.size:
        left, top, right = row[strongest - 1], row[strongest], row[strongest + 1]
        bend = np.minimum(left - 2.0 * top + right, -1e-9)
        period = (strongest + 0.5 * (left - right) / bend) * found.hop_s
        implied = (60.0 * np.array(_DIVISIONS)[None, :] / period[:, None]).ravel()
        implied = implied[(implied >= SLOWEST_BPM) & (implied <= FASTEST_BPM)]
        implied = _distinct(implied, 0.006)
        implied = _sharpen(implied, found)
        whole = np.rint(implied)
        near = np.abs(whole / implied - 1.0) < 0.004
        out += [implied, whole[near]]
    return np.unique(np.round(np.concatenate(out), 4)) if out else np.zeros(0)


def _distinct(values: F64, closeness: float) -> F64:
    """The first 60 of `values` that are not close to an earlier one."""
    places = np.log(values) / closeness
    taken: dict[int, float] = {}
    kept: list[float] = []
    for value, place in zip(values.tolist(), places.tolist(), strict=True):
        cell = int(place)
        # What is close lies in the same cell or in one beside it.
        if (
            cell not in taken
            and abs(place - taken.get(cell - 1, -1e9)) > 1.0
            and abs(place - taken.get(cell + 1, -1e9)) > 1.0
        ):
            taken[cell] = place
            kept.append(value)
            if len(kept) == 60:
                break
    return np.array(kept)


def _sharpen(bpm: F64, found: Periods) -> F64:
    """Each tempo moved by up to 1 % to where the rhythm repeats best after many beats."""
    moves = np.linspace(-0.01, 0.01, 21)
    tried = bpm[:, None] * (1.0 + moves[None, :])
    score = np.zeros(tried.shape)
    for beats in (1.0, 2.0, 4.0, 8.0, 16.0):
        lag = beats * 60.0 / tried
        score += found.lag(0, lag) * np.minimum(1.0, beats / 4.0)
    score -= 1e-3 * np.abs(moves)
    best: F64 = tried[np.arange(bpm.size), np.argmax(score, axis=1)]
    return best


@dataclass(frozen=True)
class Edges:
    """How a file begins and ends, which tells whether its length means anything.

    lead_s: before the first onset. tail_db: level of the last 30 ms over the file's mean level.
    quiet_s: from the last sound above -45 dB to the end.
    """

    lead_s: float
    tail_db: float
    quiet_s: float


def edges(mono: NDArray[np.float32], rate_hz: int, found: Onsets) -> Edges:
    """Edges of `mono`; levels are held within -60..20 dB."""
    if mono.size == 0:
        return Edges(0.0, -60.0, 0.0)
    step = max(1, rate_hz // 100)
    n = max(1, mono.size // step)
    parts = mono[: n * step].reshape(n, -1) if mono.size >= step else mono[None, :]
    power = np.einsum("ij,ij->i", parts, parts).astype(np.float64) / parts.shape[1]
    mean = float(power.mean()) + 1e-14
    level = 10.0 * np.log10(power / mean + 1e-6)
    tail = 10.0 * np.log10(float(power[-3:].mean()) / mean + 1e-6)
    sounding = np.flatnonzero(level > -45.0)
    quiet = (n - 1 - int(sounding[-1])) * step / rate_hz if sounding.size else 0.0
    lead = float(found.times_s[0]) if found.times_s.size else 0.0
    return Edges(lead, float(np.clip(tail, -60.0, 20.0)), quiet)


def features(
    bpm: F64, found: Periods, onsets: Onsets, duration_s: float, border: Edges, use_length: bool
) -> F64:
    """Evidence for each tempo of `bpm`, float64 (candidates, evidence).

    How novelty and colour repeat after shares and multiples of a beat, strength and phase of the
    novelty at rates of the beat by band (a Fourier tempogram), onsets a beat, how they fit a
    metrical grid, whether a person would type the number, where it lies among usual tempi, and
    what the file's length says, which is nothing unless `use_length`.
    """
    beat = 60.0 / bpm
    columns: list[F64] = [*found.lag(0, np.multiply.outer(_LAGS, beat))]
    columns += [*found.likeness(np.multiply.outer(_ALIKE_LAGS, beat))]
    for row in (1, 3):
        columns += [*found.lag(row, np.multiply.outer(_BAND_LAGS, beat))]
    total = found.rate(slice(0, 1), np.divide.outer(_RATES, beat))
    columns += [*(3.0 * np.abs(total).mean(axis=0)[0])]
    bands = found.rate(slice(1, 4), np.divide.outer(_BAND_RATES, beat))
    size = np.abs(bands).mean(axis=0)
    # Low and high together (1) or by turns (-1), as kick and snare are.
    turn = (bands[:, 0] * np.conj(bands[:, 2])).real.mean(axis=0)
    turn /= size[0] * size[2] + 1e-4
    for low, high, turned in zip(3.0 * size[0], 3.0 * size[2], turn, strict=True):
        columns += [low, high, turned]
    columns += _by_onsets(onsets, beat, duration_s)
    whole = use_length & (np.abs(bpm * duration_s / 60.0 % 1.0 - 0.5) > 0.5 - _WHOLE_S / beat)
    columns += _by_grid(onsets, beat, whole & (border.lead_s < 0.05), duration_s)
    columns += _by_number(bpm)
    columns += _by_habit(bpm)
    columns += _by_length(bpm, duration_s, border, use_length)
    return np.stack(columns, axis=1)


def _by_onsets(onsets: Onsets, beat: F64, duration_s: float) -> list[F64]:
    strong = onsets.strengths > 0.25
    low = (onsets.lowness > 0.5) & strong
    span = max(duration_s, 0.3)
    return [
        np.log2((which + 0.5) / span * beat) / 2.0
        for which in (float(onsets.times_s.size), float(strong.sum()), float(low.sum()))
    ]


def _by_grid(onsets: Onsets, beat: F64, fixed: NDArray[np.bool_], duration_s: float) -> list[F64]:
    """How onsets cluster on grids of 4, 3 and 2 to the beat, and how they fill a metre.

    Of long files the mean over a few windows: no tempo is known so closely, nor played so evenly,
    that one grid would hold for minutes.
    """
    spans = [(0.0, duration_s)]
    if duration_s > 2.0 * WINDOW_S:
        fixed = np.zeros(beat.size, dtype=np.bool_)
        spans = [
            (start, WINDOW_S)
            for start in np.linspace(0.0, duration_s - WINDOW_S, _WINDOWS + 2)[1:-1].tolist()
        ]
    columns = np.zeros((3 + len(_METRE) + 1, beat.size))
    for start, length in spans:
        inside = (onsets.times_s >= start) & (onsets.times_s < start + length)
        part = Onsets(
            onsets.times_s[inside] - start, onsets.strengths[inside], onsets.lowness[inside]
        )
        total = max(float(part.strengths.sum()), 1e-9)
        turn = np.exp(2j * np.pi * (part.times_s[None, :] / beat[:, None]))
        twice = turn * turn
        for row, turns in enumerate((twice * twice, twice * turn, twice)):
            columns[row] += np.abs(turns @ part.strengths) / total
        metre = read_metre(part, beat, fixed, length)
        columns[3:-1] += metre[:, _METRE].T
        # The fit of few onsets says little.
        columns[-1] += metre[:, FIT] * min(1.0, part.times_s.size / 32.0)
    return list(columns / len(spans))


def _by_number(bpm: F64) -> list[F64]:
    """A tempo that a person would type: whole, half; even or a multiple of five."""
    off = np.abs(bpm - np.rint(bpm)) / bpm
    half = np.abs(bpm - np.rint(bpm * 2.0) / 2.0) / bpm
    whole = (off < 2.5e-4).astype(np.float64)
    return [
        whole,
        ((half < 2.5e-4) & (off >= 2.5e-4)).astype(np.float64),
        whole * (np.rint(bpm) % 5 == 0),
    ]


def _by_habit(bpm: F64) -> list[F64]:
    place = np.log2(bpm / 100.0)
    return [np.exp(-0.5 * ((place - c) / 0.22) ** 2) for c in np.linspace(-1.1, 1.1, 8)]


def _by_length(bpm: F64, duration_s: float, border: Edges, use_length: bool) -> list[F64]:
    size = bpm.size
    if not use_length:
        return [np.zeros(size)] * 15 + [np.zeros(size)]
    beats = bpm * duration_s / 60.0
    whole = np.rint(beats)
    off_s = np.abs(beats - whole) * 60.0 / bpm
    is_whole = (off_s <= _WHOLE_S).astype(np.float64)
    usual = [is_whole * (whole == n) for n in (2, 4, 8, 16, 32, 64)]
    bars = is_whole * (whole % 4 == 0)
    power = np.isin(whole, (1, 2, 4, 8, 16, 32, 64, 128))
    cut = min(1.0, border.quiet_s) + min(1.0, border.lead_s)
    return [
        is_whole, *usual, bars, bars * power,
        is_whole * (whole % 2 == 0), is_whole * (whole % 3 == 0), is_whole * (whole < 4),
        is_whole * (1.0 if border.lead_s < 0.03 else 0.0),
        is_whole * max(-1.5, min(0.5, border.tail_db / 20.0)),
        is_whole * cut,
        np.ones(size),
    ]  # fmt: skip
