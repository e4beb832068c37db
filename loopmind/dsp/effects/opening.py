"""Opening: nothing is heard before a song's first frame, not even what rings ahead of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import kernel

STATE_WORDS = 1


def opening_params(late: int) -> NDArray[np.float64]:
    """Parameters of `opening`. late: frames by which the stream comes late."""
    return np.array([float(late)])


def _opening(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y[n] = 0 for 0 <= n < late, in place, where playing began afresh; all else is left alone.

    A linear-phase filter that delays by so many frames sounds before the stream's first frame.
    An export leaves that out, so what follows must not hear it live either. What rings on from
    before a jump to the start is no such thing: state[0] is 1 once something was let through.
    """
    block = outputs[0]
    late = int(params[0])
    if state[0] != 0.0:
        return
    for n in range(2 * frames):
        if 0 <= 2 * start + n < 2 * late:
            block[n] = np.float32(0.0)
    if start + frames >= late:
        state[0] = 1.0


opening = kernel(_opening)
