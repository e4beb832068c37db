"""The pitch of a single voice over time: probabilistic YIN and a Viterbi path through it.

de Cheveigne and Kawahara, "YIN, a fundamental frequency estimator for speech and music" (JASA
2002); Mauch and Dixon, "pYIN" (ICASSP 2014): instead of one threshold on the normalised
difference function, a distribution of thresholds gives each period a probability, and the path
through periods and silence that is likeliest as a whole is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numba import njit
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

HOP = 256
LOWEST_MIDI, HIGHEST_MIDI = 36, 100
_WINDOW = 1024
_PER_SEMITONE = 5
_BINS = (HIGHEST_MIDI - LOWEST_MIDI) * _PER_SEMITONE
_CANDIDATES = 6
_BLOCK = 256
# How far the pitch may move in one hop (12 ms), in bins: a fast glide, not a leap.
_REACH = 10
_QUIET_DB = -48.0


@dataclass(frozen=True, eq=False)
class VoiceTrack:
    """Frames `hop_s` apart, frame i centred on its own hop.

    midi: pitch as fractional MIDI number, 0 where none. level_db: RMS level relative to the
    loudest frame. sure: probability (0..1) that the frame has the pitch.
    """

    midi: F64
    level_db: F64
    sure: F64
    hop_s: float

    @property
    def voiced(self) -> NDArray[np.bool_]:
        return self.midi > 0.0


def track_voice(mono: F32, rate_hz: int) -> VoiceTrack:
    """The pitch of `mono` (frames,), a single voice at the analysis rate."""
    longest = math.ceil(rate_hz / _hertz(LOWEST_MIDI))
    shortest = max(2, math.floor(rate_hz / _hertz(HIGHEST_MIDI)))
    size = _WINDOW + longest
    count = max(1, -(-mono.size // HOP))
    padded = np.zeros((count - 1) * HOP + size, np.float32)
    lead = (size - HOP) // 2
    kept = min(mono.size, padded.size - lead)
    padded[lead : lead + kept] = mono[:kept]
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[::HOP][:count]
    fft_size = scipy.fft.next_fast_len(size + _WINDOW, real=True)
    midi = np.zeros((count, _CANDIDATES))
    chance = np.zeros((count, _CANDIDATES))
    power = np.zeros(count)
    for first in range(0, count, _BLOCK):
        block = np.ascontiguousarray(windows[first : first + _BLOCK], dtype=np.float64)
        squares = np.cumsum(np.pad(block * block, ((0, 0), (1, 0))), axis=1)
        heads = scipy.fft.rfft(block[:, :_WINDOW], fft_size, axis=1)
        wholes = scipy.fft.rfft(block, fft_size, axis=1)
        product = scipy.fft.irfft(np.conj(heads) * wholes, fft_size, axis=1)[:, : longest + 1]
        energy = squares[:, _WINDOW:] - squares[:, : longest + 1]
        difference = np.maximum(energy[:, :1] + energy - 2.0 * product, 0.0)
        power[first : first + block.shape[0]] = (block[:, lead : lead + HOP] ** 2).mean(axis=1)
        _candidates(
            difference, shortest, float(rate_hz), _thresholds(),
            midi[first : first + _BLOCK], chance[first : first + _BLOCK],
        )  # fmt: skip
    level = 10.0 * np.log10(power / max(float(power.max(initial=0.0)), 1e-12) + 1e-12)
    chance[level < _QUIET_DB] = 0.0
    path = np.zeros(count, np.int64)
    _follow(midi, chance, path)
    pitch, sure = np.zeros(count), np.zeros(count)
    for i in np.flatnonzero(path >= 0).tolist():
        wanted = LOWEST_MIDI + (path[i] + 0.5) / _PER_SEMITONE
        off = np.where(chance[i] > 0.0, np.abs(midi[i] - wanted), np.inf)
        best = int(np.argmin(off))
        # A frame without a candidate of its own keeps the pitch of the path.
        pitch[i] = midi[i, best] if off[best] < 0.5 else wanted
        sure[i] = chance[i, best] if off[best] < 0.5 else 0.0
    return VoiceTrack(pitch, level, sure, HOP / rate_hz)


def _hertz(midi: float) -> float:
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


@lru_cache(maxsize=1)
def _thresholds() -> F64:
    """Weights of the thresholds .01 .. 1.0: a Beta(2, 18) distribution with mean .1."""
    x = (np.arange(100) + 0.5) / 100.0
    weights = x * (1.0 - x) ** 17
    return np.asarray(weights / weights.sum())


@njit("void(f8[:,:],i8,f8,f8[:],f8[:,:],f8[:,:])", cache=True, nogil=True)
def _candidates(difference, shortest, rate, weights, midi, chance):  # type: ignore[no-untyped-def]
    """Likely periods of each frame with their probabilities."""
    lags = difference.shape[1]
    normal = np.ones(lags)
    places = np.zeros(64, np.int64)
    for t in range(difference.shape[0]):
        row = difference[t]
        running = 0.0
        for lag in range(1, lags):
            running += row[lag]
            normal[lag] = row[lag] * lag / running if running > 1e-12 else 1.0
        found = 0
        for lag in range(max(shortest, 2), lags - 1):
            dip = normal[lag] < normal[lag - 1] and normal[lag] <= normal[lag + 1]
            if dip and normal[lag] < 0.9 and found < places.size:
                places[found] = lag
                found += 1
        if found == 0:
            continue
        share = np.zeros(found)
        lowest = 0
        for k in range(1, found):
            if normal[places[k]] < normal[places[lowest]]:
                lowest = k
        for s in range(weights.size):
            threshold = (s + 0.5) / weights.size
            first = -1
            for k in range(found):
                if normal[places[k]] < threshold:
                    first = k
                    break
            if first >= 0:
                share[first] += weights[s]
            else:
                share[lowest] += 0.01 * weights[s]
        for k in range(found):
            slot = -1
            for j in range(midi.shape[1]):
                if slot < 0 or chance[t, j] < chance[t, slot]:
                    slot = j
            if share[k] <= chance[t, slot]:
                continue
            lag = places[k]
            a, b, c = row[lag - 1], row[lag], row[lag + 1]
            bend = a - 2.0 * b + c
            shift = 0.5 * (a - c) / bend if bend > 1e-15 else 0.0
            shift = min(0.5, max(-0.5, shift))
            chance[t, slot] = share[k]
            midi[t, slot] = 69.0 + 12.0 * math.log2(rate / (lag + shift) / 440.0)


@njit("void(f8[:,:],f8[:,:],i8[:])", cache=True, nogil=True)
def _follow(midi, chance, path):  # type: ignore[no-untyped-def]
    """The likeliest path: bin of each frame, or -1 where nothing is sung (Viterbi)."""
    frames = midi.shape[0]
    bins = 320
    silent = bins
    score = np.full(bins + 1, -5.0)
    score[silent] = 0.0
    new = np.zeros(bins + 1)
    back = np.zeros((frames, bins + 1), np.int16)
    heard = np.zeros(bins)
    starts, stops, leaps = math.log(0.01), math.log(0.01), math.log(2e-5)
    for t in range(frames):
        heard[:] = 1e-4
        total = 0.0
        for j in range(midi.shape[1]):
            if chance[t, j] > 0.0:
                place = int((midi[t, j] - 36.0) * 5.0)
                if 0 <= place < bins:
                    heard[place] += chance[t, j]
                    if place > 0:
                        heard[place - 1] += 0.3 * chance[t, j]
                    if place < bins - 1:
                        heard[place + 1] += 0.3 * chance[t, j]
                    total += chance[t, j]
        total = min(total, 0.999)
        loudest = 0
        for b in range(1, bins):
            if score[b] > score[loudest]:
                loudest = b
        for b in range(bins):
            best = score[silent] + starts
            before = silent
            if score[loudest] + leaps > best:
                best = score[loudest] + leaps
                before = loudest
            for d in range(-10, 11):
                a = b + d
                if 0 <= a < bins:
                    reached = score[a] - 0.28 * abs(d) - 1.2
                    if reached > best:
                        best = reached
                        before = a
            new[b] = best + math.log(heard[b])
            back[t, b] = before
        best = score[silent] - 0.01
        before = silent
        if score[loudest] + stops > best:
            best = score[loudest] + stops
            before = loudest
        # Silence explains what has no likely period.
        new[silent] = best + math.log(max(1.0 - total, 1e-3) * 0.12)
        back[t, silent] = before
        top = new.max()
        for b in range(bins + 1):
            score[b] = new[b] - top
    at = 0
    for b in range(bins + 1):
        if score[b] > score[at]:
            at = b
    for t in range(frames - 1, -1, -1):
        path[t] = at if at < silent else -1
        at = back[t, at]
