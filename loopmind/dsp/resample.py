"""Sample-rate conversion of whole sounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


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
    made = soxr.resample(np.ascontiguousarray(samples.T), rate_in, rate_out, quality="HQ")
    if len(made) == frames:
        return np.ascontiguousarray(np.asarray(made, dtype=np.float32).T)
    out = np.zeros((samples.shape[0], frames), np.float32)
    n = min(frames, len(made))
    out[:, :n] = made.T[:, :n]
    return out
