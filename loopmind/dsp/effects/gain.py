"""Gain: a stream louder or softer, gliding to a new level."""

from __future__ import annotations

import math

import numpy as np

from loopmind.dsp.kernel import kernel
from loopmind.dsp.unit import Part, Unit

GLIDE_S = 0.01


def _gain(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = g x; g follows params[0] by g += (params[0] - g) params[1] each frame."""
    source, out = inputs[0], outputs[0]
    wanted, speed = params[0], params[1]
    if state[0] == 0.0:
        state[0], state[1] = 1.0, wanted
    level = state[1]
    for n in range(frames):
        level += (wanted - level) * speed
        left, right = source[2 * n], source[2 * n + 1]
        if not (abs(left) < np.inf and abs(right) < np.inf):
            left, right = np.float32(0.0), np.float32(0.0)
        out[2 * n] = np.float32(left * level)
        out[2 * n + 1] = np.float32(right * level)
    state[1] = level


def prepare(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: gain_db."""
    params = np.array(
        [10.0 ** (settings["gain_db"] / 20.0), 1.0 - math.exp(-1.0 / (GLIDE_S * rate_hz))]
    )
    return Part(params, state_words=2, moving=(0,))


GAIN = Unit(kernel(_gain), prepare)
