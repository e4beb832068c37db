"""What all hearing shares, computed once per file: a mono signal and its power spectra."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.analysis.pitch import squared
from loopmind.music.audio import Audio

F32 = NDArray[np.float32]

ANALYSIS_RATE = 22050
FFT_SIZE = 1024
HOP = 256
_BLOCK = 64


@dataclass(frozen=True, eq=False)
class Spectra:
    """One file as the hearing functions see it.

    mono: float32 (samples,), mean of the channels at `rate_hz` (ANALYSIS_RATE).
    power: float32 (frames, FFT_SIZE // 2 + 1), squared magnitude of Hann-windowed frames; frame i
    is centred on sample i * hop, and a full-scale sine has a peak of 1.
    hop: samples between frames. duration_s: of the file itself, not rounded to samples of `mono`.
    """

    mono: F32
    power: F32
    rate_hz: int
    hop: int
    duration_s: float


@lru_cache(maxsize=1)
def _window() -> F32:
    """Periodic Hann window, scaled so that a full-scale sine's spectral peak is 1."""
    n = np.arange(FFT_SIZE)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / FFT_SIZE)
    scaled: F32 = (window * (2.0 / window.sum())).astype(np.float32)
    return scaled


def frontend(audio: Audio) -> Spectra:
    """Mix to mono, bring to ANALYSIS_RATE (libsoxr) and transform.

    Samples that are not finite count as silence. Sound above 11 kHz is not heard.
    """
    mono = audio.samples[0]
    with np.errstate(invalid="ignore", over="ignore"):
        if audio.channels > 1:
            mono = np.add.reduce(audio.samples, axis=0)
            mono *= np.float32(1.0 / audio.channels)
        # One sum finds what is not finite, without a mask as long as the file.
        finite = math.isfinite(float(mono.sum(dtype=np.float32)))
    if not finite:
        mono = np.nan_to_num(mono, nan=0.0, posinf=0.0, neginf=0.0)
    if audio.rate_hz != ANALYSIS_RATE and mono.size:
        import soxr

        mono = soxr.resample(mono, audio.rate_hz, ANALYSIS_RATE, quality="LQ")
    # Compiled kernels refuse the read-only samples of a value, so `mono` is always its own array.
    mono = np.require(mono, np.float32, ["C", "W"])
    return Spectra(mono, _power(mono), ANALYSIS_RATE, HOP, audio.duration_s)


def _power(mono: F32) -> F32:
    frames = 1 + mono.size // HOP
    padded = np.zeros(FFT_SIZE + frames * HOP, np.float32)
    padded[FFT_SIZE // 2 : FFT_SIZE // 2 + mono.size] = mono
    views = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::HOP][:frames]
    power = np.empty((frames, FFT_SIZE // 2 + 1), np.float32)
    window = _window()
    # Block by block, so that what lies between is still in the processor's cache.
    windowed = np.empty((_BLOCK, FFT_SIZE), np.float32)
    for first in range(0, frames, _BLOCK):
        count = min(_BLOCK, frames - first)
        np.multiply(views[first : first + count], window, out=windowed[:count])
        parts = scipy.fft.rfft(windowed[:count], axis=1)
        squared(parts, power[first : first + count])
    return power
