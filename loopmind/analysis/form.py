"""The form of a finished track: where something new begins, found by novelty.

Each second is described by loudness, colour and harmony; a checkerboard kernel along the diagonal
of the self-similarity matrix is high where what came before agrees with itself, what comes after
too, and both differ (Foote 2000, "Automatic audio segmentation using a measure of audio novelty").
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.frontend import FFT_SIZE, Spectra

F64 = NDArray[np.float64]

KERNEL_S = 12
SHORTEST_S = 7
_LEAST_NOVELTY = 0.25
_BANDS_HZ = (60.0, 120.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 11025.0)


def boundaries(spectra: Spectra) -> tuple[float, ...]:
    """Seconds at which parts of the track begin, the start and the end included."""
    features = _features(spectra)
    seconds = len(features)
    if seconds < 2 * SHORTEST_S:
        return (0.0, spectra.duration_s)
    novelty = _novelty(features)
    found = [0]
    ranked = np.argsort(-novelty, kind="stable")
    least = max(float(novelty.mean() + 0.3 * novelty.std()), _LEAST_NOVELTY * float(novelty.max()))
    for at in ranked.tolist():
        if novelty[at] < least or novelty[at] <= 0.0:
            break
        if all(abs(at - other) >= SHORTEST_S for other in (*found, seconds)):
            found.append(at)
    return (*(float(at) for at in sorted(found)), spectra.duration_s)


def _features(spectra: Spectra) -> F64:
    """(seconds, features) of unit length: level, octave colour, chroma, each weighed as a group."""
    per = spectra.rate_hz / spectra.hop
    seconds = max(int(len(spectra.power) / per), 1)
    edges = np.round(np.arange(seconds + 1) * per).astype(int)
    power = np.add.reduceat(spectra.power, edges[:-1], axis=0).astype(np.float64)
    freqs = np.arange(power.shape[1]) * spectra.rate_hz / FFT_SIZE
    bands = np.stack(
        [
            power[:, (freqs >= low) & (freqs < high)].sum(axis=1)
            for low, high in pairwise(_BANDS_HZ)
        ],
        axis=1,
    )
    colour = 10.0 * np.log10(bands + 1e-9)
    level = colour.max(axis=1, keepdims=True)
    tonal = (freqs >= 110.0) & (freqs < 2000.0)
    pitch = np.round(12.0 * np.log2(freqs[tonal] / 440.0)).astype(int) % 12
    chroma = np.stack([power[:, tonal][:, pitch == p].sum(axis=1) for p in range(12)], axis=1)
    chroma = np.sqrt(chroma / np.maximum(chroma.sum(axis=1, keepdims=True), 1e-12))
    groups = [(_spread(level), 1.2), (_spread(colour), 1.0), (_spread(_smooth(chroma)), 0.6)]
    return np.concatenate([w * g / np.sqrt(g.shape[1]) for g, w in groups], axis=1)


def _spread(values: F64) -> F64:
    """Each column with mean 0 and deviation 1; a column that does not move stays 0."""
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 1e-9, spread, np.inf))


def _smooth(values: F64, width: int = 4) -> F64:
    kernel = np.ones(width) / width
    columns = [np.convolve(column, kernel, mode="same") for column in values.T]
    return np.stack(columns, axis=1)


def _novelty(features: F64) -> F64:
    """Foote's novelty for every second, 0 within a kernel's half of the ends where it is short."""
    gaps = ((features[:, None, :] - features[None, :, :]) ** 2).sum(axis=2)
    alike = np.exp(-gaps / max(float(np.median(gaps)), 1e-9))
    at = np.arange(-KERNEL_S, KERNEL_S) + 0.5
    sign = np.sign(at)[:, None] * np.sign(at)[None, :]
    taper = np.exp(-0.5 * (at / (0.5 * KERNEL_S)) ** 2)
    kernel = sign * taper[:, None] * taper[None, :]
    n = len(features)
    padded = np.pad(alike, KERNEL_S, mode="edge")
    found = np.array(
        [
            float((padded[i : i + 2 * KERNEL_S, i : i + 2 * KERNEL_S] * kernel).sum())
            for i in range(n)
        ]
    )
    return np.asarray(np.maximum(found / np.abs(kernel).sum(), 0.0))
