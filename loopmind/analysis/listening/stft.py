"""Short-time spectra and back, and the loudness that the separator's network expects of a mix.

A Hann window of WINDOW samples every HOP, both ways; overlap-add divides by the sum of squared
windows, so that `signal(spectra(x))` is x wherever WINDOW / HOP frames overlap.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

F32 = NDArray[np.float32]
C64 = NDArray[np.complex64]

RATE_HZ = 44_100
WINDOW, HOP = 4096, 1024
BINS = WINDOW // 2 + 1
LAP = WINDOW - HOP
_BLOCK_S = 1.5
_QUIETER = 0.1

_HANN = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
# White noise of power 1 has bins of power 1.
_SCALE = np.float32(1.0 / np.sqrt(np.sum(_HANN.astype(np.float64) ** 2)))
_FORWARD = _HANN * _SCALE
_BACK = _HANN / np.float32(_SCALE * np.sum(_HANN.astype(np.float64)[::HOP] ** 2))


def frames_of(samples: int) -> int:
    """How many whole windows `samples` hold."""
    return max(0, (samples - WINDOW) // HOP + 1)


def spectra(sound: F32) -> C64:
    """Spectra (..., frames, BINS) of `sound` (..., samples); the first window begins at 0."""
    view = np.lib.stride_tricks.sliding_window_view(sound, WINDOW, axis=-1)[..., ::HOP, :]
    made: C64 = scipy.fft.rfft(view * _FORWARD, overwrite_x=True)
    return made


def signal(made: C64) -> F32:
    """The sum of the windows that `spectra` (..., frames, BINS) stand for: (..., samples)."""
    parts = scipy.fft.irfft(made, n=WINDOW) * _BACK
    frames, overlap = parts.shape[-2], WINDOW // HOP
    out = np.zeros((*parts.shape[:-2], frames + overlap - 1, HOP), np.float32)
    blocks = parts.reshape(*parts.shape[:-1], overlap, HOP)
    for turn in range(overlap):
        out[..., turn : turn + frames, :] += blocks[..., turn, :]
    return out.reshape(*out.shape[:-2], -1)


class Loudness:
    """How loud a mix is where it plays: give it to `add` piece by piece, then ask for `gain`."""

    def __init__(self, rate_hz: int) -> None:
        self._block = max(1, round(_BLOCK_S * rate_hz))
        self._powers: list[float] = []
        self._sum, self._count = 0.0, 0

    def add(self, sound: F32) -> None:
        """Take `sound` (channels, samples) in."""
        first, power = 0, None
        while first < sound.shape[1]:
            take = min(self._block - self._count, sound.shape[1] - first)
            part = sound[:, first : first + take]
            power = float(np.mean(np.square(part, dtype=np.float32), dtype=np.float64))
            self._sum += power * take
            self._count += take
            first += take
            if self._count == self._block:
                self._close()

    def _close(self) -> None:
        if self._count:
            self._powers.append(self._sum / self._count)
        self._sum, self._count = 0.0, 0

    def gain(self) -> float:
        """What makes the blocks that are not far quieter than the loudest 1 in power; 0 of silence.

        "Far" is 20 dB: pauses and fades do not count.
        """
        powers = [*self._powers, *([self._sum / self._count] if self._count else [])]
        loudest = max(powers, default=0.0)
        if loudest < 1e-14:
            return 0.0
        heard = [power for power in powers if power > loudest * _QUIETER**2]
        return float(1.0 / np.sqrt(np.mean(heard)))
