"""The picture of sound that note transcription reads: log-frequency, three bins a semitone.

Long windows below, short ones above (as a constant-Q transform has them), and beside them rows of
shorter windows alone, which tell when something begins and when the same key is struck again.
Nothing is decided here.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.analysis.pitch import DECIMATION, decimate

F32 = NDArray[np.float32]

RATE_HZ = 22050
HOP = 256
LOWEST_MIDI = 21
KEYS = 88
SEMITONES = 104
CHANNELS = 6
_PER_SEMITONE = 3
_BLOCK = 128
_FLOOR_DB = -80.0
_REFERENCE = 0.08

# (highest MIDI pitch, samples of the window, from the decimated signal?): a semitone is about one
# bin wide at each band's bottom, but for the lowest, where no usable window is long enough.
_BANDS: tuple[tuple[float, int, bool], ...] = (
    (57.0, 2048, True),
    (72.0, 1024, True),
    (84.0, 2048, False),
    (128.0, 1024, False),
)
_SHARP = 512
# Bands whose spectra are also read by whole semitones from bottom to top, in this order.
_WHOLE = (3, 2)


def frames_of(samples: int) -> int:
    """How many frames `samples` at RATE_HZ have; frame i is centred on sample i * HOP."""
    return 1 + samples // HOP


def loudness_gain(mono: F32) -> float:
    """The factor that brings sound to the level the network learned at (quiet parts left out)."""
    if mono.size == 0:
        return 1.0
    size = 4096
    whole = mono[: mono.size // size * size].reshape(-1, size) if mono.size >= size else mono[None]
    power = np.einsum("ij,ij->i", whole, whole) / whole.shape[1]
    loud = float(np.sqrt(np.mean(np.sort(power)[power.size // 2 :], dtype=np.float64)))
    return _REFERENCE / loud if loud > 1e-7 else 1.0


def note_spectrogram(mono: F32) -> F32:
    """Float32 (CHANNELS, frames, SEMITONES) of `mono` (samples,) at RATE_HZ; 0 = silent, 1 = 0 dB.

    Channels 0..2 are the thirds of each semitone from MIDI pitch LOWEST_MIDI upwards (1 is its
    middle); channels 3, 4 and 5 are whole semitones in windows of 23, 46 and 93 ms. Levels are in
    dB above -80, over 80, for `mono` as it is: bring it to the usual level with `loudness_gain`
    before.
    """
    frames = frames_of(mono.size)
    out = np.empty((frames, SEMITONES * _PER_SEMITONE), np.float32)
    picture = np.empty((CHANNELS, frames, SEMITONES), np.float32)
    low = decimate(mono) if mono.size else np.zeros(0, np.float32)
    for number, (_, size, decimated) in enumerate(_BANDS):
        first, last, weights = _band(number)
        power = np.empty((frames, weights.shape[1]), np.float32)
        _project(low if decimated else mono, size, HOP // DECIMATION if decimated else HOP,
                 weights, power)  # fmt: skip
        out[:, first:last] = power[:, : last - first]
        if number in _WHOLE:
            picture[4 + _WHOLE.index(number)] = _scaled(power[:, last - first :])
    sharp = np.empty((frames, SEMITONES), np.float32)
    _project(mono, _SHARP, HOP, _semitones(_SHARP), sharp)
    thirds = out.reshape(frames, SEMITONES, _PER_SEMITONE)
    for third in range(_PER_SEMITONE):
        picture[third] = _scaled(thirds[:, :, third])
    picture[3] = _scaled(sharp)
    return picture


def _scaled(power: F32) -> F32:
    level = np.log10(np.maximum(power, np.float32(10.0 ** (_FLOOR_DB / 10.0))))
    level *= np.float32(-10.0 / _FLOOR_DB)
    level += np.float32(1.0)
    # The logarithm of the floor itself may come out a rounding error below it.
    scaled: F32 = np.maximum(level, np.float32(0.0), out=level)
    return scaled


def _project(signal: F32, size: int, hop: int, weights: F32, out: F32) -> None:
    """Power in each band of `weights` (bins, bands), frame by frame, into `out`."""
    frames = out.shape[0]
    padded = np.zeros(size + frames * hop, np.float32)
    padded[size // 2 : size // 2 + signal.size] = signal
    views = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:frames]
    window = _window(size)
    low, high = _reach(weights)
    part = np.ascontiguousarray(weights[low:high])
    windowed = np.empty((_BLOCK, size), np.float32)
    for first in range(0, frames, _BLOCK):
        count = min(_BLOCK, frames - first)
        np.multiply(views[first : first + count], window, out=windowed[:count])
        spectrum = scipy.fft.rfft(windowed[:count], axis=1)[:, low:high]
        power = spectrum.real**2
        power += spectrum.imag**2
        np.matmul(power, part, out=out[first : first + count])


def _reach(weights: F32) -> tuple[int, int]:
    used = np.flatnonzero(weights.any(axis=1))
    return int(used[0]), int(used[-1]) + 1


@lru_cache(maxsize=8)
def _window(size: int) -> F32:
    """Periodic Hann window, scaled so that a full-scale sine's spectral peak is 1."""
    n = np.arange(size)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / size)
    scaled: F32 = (window * (2.0 / window.sum())).astype(np.float32)
    return scaled


@lru_cache(maxsize=8)
def _band(number: int) -> tuple[int, int, F32]:
    """First and last column of a band of _BANDS, and what each FFT bin gives to them.

    Bands of _WHOLE have SEMITONES columns more behind their own.
    """
    top, size, decimated = _BANDS[number]
    bottom = _BANDS[number - 1][0] if number else float(LOWEST_MIDI)
    first = round((bottom - LOWEST_MIDI) * _PER_SEMITONE)
    last = min(round((top - LOWEST_MIDI) * _PER_SEMITONE), SEMITONES * _PER_SEMITONE)
    centres = LOWEST_MIDI + (np.arange(first, last) - 1) / _PER_SEMITONE
    rate_hz = RATE_HZ / DECIMATION if decimated else RATE_HZ
    weights = _triangles(centres, 1.0 / _PER_SEMITONE, size, rate_hz)
    if number in _WHOLE:
        weights = np.hstack([weights, _semitones(size)])
    return first, last, weights


@lru_cache(maxsize=4)
def _semitones(size: int) -> F32:
    return _triangles(LOWEST_MIDI + np.arange(float(SEMITONES)), 1.0, size, RATE_HZ)


def _triangles(centres: NDArray[np.float64], width: float, size: int, rate_hz: float) -> F32:
    """Weights (bins, bands): triangles `width` semitones to each side, at least one bin wide."""
    hertz = 440.0 * 2.0 ** ((centres - 69.0) / 12.0)
    low = 440.0 * 2.0 ** ((centres - width - 69.0) / 12.0)
    high = 440.0 * 2.0 ** ((centres + width - 69.0) / 12.0)
    bin_hz = rate_hz / size
    reach_low = np.maximum(hertz - low, bin_hz)
    reach_high = np.maximum(high - hertz, bin_hz)
    bins = np.arange(size // 2 + 1)[:, None] * bin_hz
    away = np.where(bins < hertz, (hertz - bins) / reach_low, (bins - hertz) / reach_high)
    weights: F32 = np.maximum(0.0, 1.0 - away).astype(np.float32)
    return weights
