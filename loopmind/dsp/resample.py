"""Sample-rate conversion and channel mixdown of whole sounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def resample(samples: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """`samples` (channels, frames) at another rate; the length is round(frames * to / from).

    By the soxr library at its "high quality" setting (linear phase, no delay). Equal rates give
    the very same array. Raises ValueError for rates that are not positive.
    """
    if from_hz <= 0 or to_hz <= 0:
        raise ValueError(f"rates must be positive, got {from_hz} and {to_hz}")
    if from_hz == to_hz:
        return samples
    import soxr

    frames = round(samples.shape[1] * to_hz / from_hz)
    made = soxr.resample(np.ascontiguousarray(samples.T), from_hz, to_hz, quality="HQ")
    out = np.zeros((samples.shape[0], frames), np.float32)
    n = min(frames, len(made))
    out[:, :n] = made.T[:, :n]
    return out


def to_stereo(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """At most two channels: mono and stereo as they are, more folded down.

    5.1-like order (left, right, centre, bass, surrounds): centre and surrounds at -3 dB, the bass
    channel left out, as in ITU-R BS.775. Other counts: even channels left, odd ones right.

    >>> to_stereo(np.ones((4, 2), np.float32)).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    channels = samples.shape[0]
    if channels <= 2:
        return samples
    if channels in (5, 6):
        centre = samples[2] * np.float32(0.5**0.5)
        surround = samples[-2:] * np.float32(0.5**0.5)
        return np.ascontiguousarray(samples[:2] + centre + surround)
    return np.stack([samples[0::2].mean(axis=0), samples[1::2].mean(axis=0)])
