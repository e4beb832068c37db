"""Wait: a stream a fixed number of frames later; what keeps parallel paths aligned."""

from __future__ import annotations

import numpy as np

from loopmind.dsp.kernel import as_floats, kernel
from loopmind.dsp.unit import Part, Unit


def _wait(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y[n] = x[n - params[0]]; state[0] is the place in the ring of as many frames."""
    source, out = inputs[0], outputs[0]
    length = int(params[0])
    place = int(state[0])
    ring = as_floats(state)
    for n in range(frames):
        at = 2 * (1 + place)
        left, right = source[2 * n], source[2 * n + 1]
        out[2 * n], out[2 * n + 1] = ring[at], ring[at + 1]
        ring[at], ring[at + 1] = left, right
        place += 1
        if place == length:
            place = 0
    state[0] = place


def prepare(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: frames, at least 1."""
    frames = int(settings["frames"])
    return Part(np.array([float(frames)]), state_words=1 + frames)


WAIT = Unit(kernel(_wait), prepare)
