"""What the drum transcriber sees: mel power a hundred times a second, fine in pitch and in time.

Low bands come from long frames, which tell a kick from a bass note; high ones from short frames,
which tell when a stick lands.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.music.audio import Audio

F32 = NDArray[np.float32]

DRUM_RATE_HZ = 44100
DRUM_HOP = 441
BANDS = 80
HOP_S = DRUM_HOP / DRUM_RATE_HZ
_LONG, _SHORT = 2048, 1024
_EDGES_HZ = (35.0, 16000.0)
_LOW_BANDS = 14
_LOUD_SHARE = 0.98
_SILENT = 1e-11
_FLOOR = 1e-5
_MIDDLE, _SPREAD = 2.0, 1.5
_BLOCK = 256


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(2595.0 * np.log10(1.0 + hertz / 700.0))


@lru_cache(maxsize=1)
def _filters() -> tuple[F32, F32]:
    """Triangular mel filters: (long bins, low bands) and (short bins, the other bands)."""
    low, high = _mel(np.array(_EDGES_HZ))
    # Bands are narrower below, where kicks and toms differ: a warped mel scale.
    steps = np.linspace(0.0, 1.0, BANDS + 2) ** 1.35
    edges = 700.0 * (10.0 ** ((low + steps * (high - low)) / 2595.0) - 1.0)
    found = []
    for size, first, last in ((_LONG, 0, _LOW_BANDS), (_SHORT, _LOW_BANDS, BANDS)):
        hertz = np.fft.rfftfreq(size, 1.0 / DRUM_RATE_HZ)
        width = 1.01 * DRUM_RATE_HZ / size
        centre = edges[1:-1][first:last]
        left = np.minimum(edges[:-2][first:last], centre - width)
        right = np.maximum(edges[2:][first:last], centre + width)
        rising = (hertz[:, None] - left) / (centre - left)
        falling = (right - hertz[:, None]) / (right - centre)
        weights = np.maximum(0.0, np.minimum(rising, falling))
        found.append((weights / weights.sum(axis=0)).astype(np.float32))
    return found[0], found[1]


def mono_at_rate(audio: Audio) -> F32:
    """The mean of the channels at DRUM_RATE_HZ, float32 (samples,); what is not finite is 0."""
    mono = audio.samples.mean(axis=0, dtype=np.float32)
    mono = np.nan_to_num(mono, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    if audio.rate_hz != DRUM_RATE_HZ and mono.size:
        import soxr

        mono = soxr.resample(mono, audio.rate_hz, DRUM_RATE_HZ)
    return np.ascontiguousarray(mono, np.float32)


def drum_power(mono: F32) -> F32:
    """Mel power of mono sound at DRUM_RATE_HZ, float32 (frames, BANDS).

    Frame i is centred on sample i * DRUM_HOP; a full-scale sine has a power of about 1 in its bin.
    """
    frames = 1 + mono.size // DRUM_HOP
    padded = np.zeros(_LONG + frames * DRUM_HOP, np.float32)
    padded[_LONG // 2 : _LONG // 2 + mono.size] = mono
    views = np.lib.stride_tricks.sliding_window_view(padded, _LONG)[::DRUM_HOP][:frames]
    out = np.empty((frames, BANDS), np.float32)
    middle = (_LONG - _SHORT) // 2
    low_bands, high_bands = _filters()
    top = int(np.flatnonzero(low_bands.any(axis=1))[-1]) + 1
    for first in range(0, frames, _BLOCK):
        part = views[first : first + _BLOCK]
        rows = slice(first, first + len(part))
        long = scipy.fft.rfft(part * _window(_LONG), axis=1)[:, :top]
        out[rows, :_LOW_BANDS] = (long.real**2 + long.imag**2) @ low_bands[:top]
        short = scipy.fft.rfft(part[:, middle : middle + _SHORT] * _window(_SHORT), axis=1)
        out[rows, _LOW_BANDS:] = (short.real**2 + short.imag**2) @ high_bands
    return out


@lru_cache(maxsize=2)
def _window(size: int) -> F32:
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    scaled: F32 = (window * (2.0 / window.sum())).astype(np.float32)
    return scaled


def loudness_reference(power: F32) -> float:
    """The level that loud frames of `power` (frames, BANDS) have; 0 for silence."""
    level = power.mean(axis=1)
    reference = float(np.quantile(level, _LOUD_SHARE)) if level.size else 0.0
    return reference if reference > _SILENT else 0.0


def drum_features(power: F32, reference: float) -> F32:
    """`power` on a logarithmic scale round zero, whatever the level of the recording."""
    scaled = np.log10(power * np.float32(1.0 / reference) + np.float32(_FLOOR))
    features: F32 = (scaled + np.float32(_MIDDLE)) * np.float32(1.0 / _SPREAD)
    return features
