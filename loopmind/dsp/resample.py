"""Sample-rate conversion of whole sounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_QUALITY = "HQ"


def resample(samples: NDArray[np.float32], rate_in: float, rate_out: float) -> NDArray[np.float32]:
    """`samples` (channels, frames) at another rate; frames out = round(frames * out / in).

    By the soxr library at its "high quality" setting (linear phase, no delay). Rates need not be
    whole numbers, so this is also varispeed (pitch and tempo together). Equal rates give the very
    same array. Raises ValueError for rates that are not positive.
    """
    if rate_in <= 0 or rate_out <= 0:
        raise ValueError(f"rates must be positive, got {rate_in} and {rate_out}")
    if rate_in == rate_out or samples.shape[1] == 0:
        return samples
    import soxr

    frames = round(samples.shape[1] * rate_out / rate_in)
    made = soxr.resample(_interleaved(samples), rate_in, rate_out, quality=_QUALITY)
    if len(made) == frames:
        return np.ascontiguousarray(np.asarray(made, dtype=np.float32).T)
    out = np.zeros((samples.shape[0], frames), np.float32)
    n = min(frames, len(made))
    out[:, :n] = made.T[:, :n]
    return out


def _interleaved(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(frames, channels) in one piece. A single frame is copied: by its old strides, which NumPy
    keeps where an axis is 1 long, soxr takes it for split channels, and some builds refuse it.
    """
    turned = samples.T
    return turned.copy() if len(turned) == 1 else np.ascontiguousarray(turned)


class Resampling:
    """`resample` piece by piece: the pieces that it gives are together the same samples."""

    def __init__(self, rate_in: int, rate_out: int, channels: int) -> None:
        self._rates, self._channels = (rate_in, rate_out), channels
        self._taken = self._given = 0
        self._stream = None
        if rate_in != rate_out:
            import soxr

            self._stream = soxr.ResampleStream(rate_in, rate_out, channels, quality=_QUALITY)

    def write(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is known of the sound once the next `samples` (channels, n) are."""
        self._taken += samples.shape[1]
        return self._next(samples, False) if samples.shape[1] else samples

    def finish(self) -> NDArray[np.float32]:
        """The rest."""
        empty = np.zeros((self._channels, 0), np.float32)
        if self._stream is None or self._taken == 0:
            return empty
        made = self._next(empty, True)
        missing = round(self._taken * self._rates[1] / self._rates[0]) - self._given
        return made if missing <= 0 else np.pad(made, ((0, 0), (0, missing)))

    def _next(self, samples: NDArray[np.float32], is_last: bool) -> NDArray[np.float32]:
        if self._stream is None:
            return samples
        made = self._stream.resample_chunk(_interleaved(samples), last=is_last)
        whole = round(self._taken * self._rates[1] / self._rates[0])
        made = made[: max(whole - self._given, 0)] if is_last else made
        self._given += len(made)
        return np.asarray(made.T, np.float32)
