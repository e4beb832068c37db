"""Mean power in octave bands at the sound's own rate, for comparing finished tracks."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

_SIZE = 8192
_BLOCK = 32


def octave_levels(
    samples: NDArray[np.float32], rate_hz: int, centres_hz: tuple[float, ...]
) -> NDArray[np.float64]:
    """Power of `samples` (channels, frames) in octaves round `centres_hz`, dB of their sum.

    Channels are added as powers; frames of 8192 samples overlap by half, Hann-windowed. A band
    above half the rate, and every band of silence, is -120 dB.
    """
    window = np.hanning(_SIZE + 1)[:-1].astype(np.float32)
    total = np.zeros(_SIZE // 2 + 1)
    for channel in samples:
        padded = np.zeros(max(channel.size, _SIZE) + _SIZE, np.float32)
        padded[: channel.size] = channel
        views = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[:: _SIZE // 2]
        for start in range(0, len(views), _BLOCK):
            spectra = scipy.fft.rfft(views[start : start + _BLOCK] * window, axis=1)
            total += (spectra.real**2 + spectra.imag**2).sum(axis=0, dtype=np.float64)
    freqs = np.arange(len(total)) * rate_hz / _SIZE
    powers = np.zeros(len(centres_hz))
    for i, centre in enumerate(centres_hz):
        inside = (freqs >= centre / np.sqrt(2.0)) & (freqs < centre * np.sqrt(2.0))
        powers[i] = float(total[inside].sum())
    whole = float(powers.sum())
    if whole <= 0.0:
        return np.full(len(centres_hz), -120.0)
    return np.asarray(10.0 * np.log10(np.maximum(powers / whole, 1e-12)))
