"""Is it a copy? How much of a sound lies in another one, sample by sample.

copied: a stretch of 250 ms counts as copied where its normalised cross-correlation with some place
of a source is .8 or more (below 2.7 kHz, at any level, either polarity); neighbouring stretches at
the same distance in both sounds join. The longest such run is what is reported, in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.analysis.frontend import Spectra

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

WINDOW_S, HOP_S = 0.25, 0.125
COPIED = 0.8
_STEP = 4
_BLOCK = 16


@dataclass(frozen=True)
class Copying:
    """longest_s: longest copied stretch. highest: largest correlation of any window with any
    place of any source. share: of the windows that are copied."""

    longest_s: float
    highest: float
    share: float


def copying(made: Spectra, sources: list[Spectra]) -> Copying:
    """How much of `made` is copied from `sources`. Silence is no copy."""
    rate = made.rate_hz / _STEP
    size, hop = round(WINDOW_S * rate), round(HOP_S * rate)
    sound = _thinned(made.mono)
    if sound.size < size:
        return Copying(0.0, 0.0, 0.0)
    windows = np.lib.stride_tricks.sliding_window_view(sound, size)[::hop].astype(np.float64)
    energy = (windows**2).sum(axis=1)
    loud = energy > 1e-4 * max(float(energy.max()), 1e-12)
    best = np.zeros(len(windows))
    longest = 0
    for source in sources:
        values, places = _best_places(windows, energy, _thinned(source.mono), size)
        values[~loud] = 0.0
        best = np.maximum(best, values)
        run = 0
        for i in range(len(values)):
            if values[i] < COPIED:
                run = 0
                continue
            goes_on = run > 0 and abs(places[i] - places[i - 1] - hop) <= 3
            run = run + 1 if goes_on else 1
            longest = max(longest, run)
    seconds = WINDOW_S + (longest - 1) * HOP_S if longest else 0.0
    share = float((best[loud] >= COPIED).mean()) if loud.any() else 0.0
    return Copying(round(seconds, 3), round(float(best.max(initial=0.0)), 4), round(share, 4))


def _thinned(mono: F32) -> F64:
    """Every fourth sample of the sound below 2.7 kHz (a brick wall in frequency)."""
    spectrum = scipy.fft.rfft(mono.astype(np.float64))
    kept = mono.size // _STEP
    return np.asarray(scipy.fft.irfft(spectrum[: kept // 2 + 1], kept) / _STEP if kept else mono)


def _best_places(
    windows: F64, energy: F64, source: F64, size: int
) -> tuple[F64, NDArray[np.int64]]:
    """(highest normalised correlation of each window with the source, and its place there)."""
    values, places = np.zeros(len(windows)), np.zeros(len(windows), np.int64)
    if source.size < size:
        return values, places
    count = scipy.fft.next_fast_len(source.size + size, real=True)
    spectrum = scipy.fft.rfft(source, count)
    squares = np.cumsum(np.pad(source**2, (1, 0)))
    local = squares[size:] - squares[:-size]
    scale = np.sqrt(np.maximum(local, 1e-6 * max(float(local.max()), 1e-12)))
    for first in range(0, len(windows), _BLOCK):
        block = windows[first : first + _BLOCK]
        product = np.conj(scipy.fft.rfft(block, count, axis=1)) * spectrum
        found = scipy.fft.irfft(product, count, axis=1)[:, : local.size]
        norm = np.sqrt(np.maximum(energy[first : first + _BLOCK], 1e-12))
        alike = np.abs(found) / scale / norm[:, None]
        at = alike.argmax(axis=1)
        values[first : first + _BLOCK] = alike[np.arange(len(block)), at]
        places[first : first + _BLOCK] = at
    return values, places
