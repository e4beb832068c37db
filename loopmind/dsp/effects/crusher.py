"""Bit crusher: fewer bits and a lower sample rate, as early samplers had."""

from __future__ import annotations

import math

import numpy as np

from loopmind.dsp.effects.common import GLIDE_S, finite, speed
from loopmind.dsp.kernel import kernel
from loopmind.dsp.unit import Part, Unit


def _crush(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Held values of x, rounded to steps of params[0]; a new one every params[1] absolute frames.

    So a passage is held in the same places wherever playing began.
    """
    source, out = inputs[0], outputs[0]
    step, hold, pace = params[0], params[1], params[3]
    fresh = state[0] == 0.0
    if fresh:
        state[0], state[3] = 1.0, params[2]
    left, right, mix = state[1], state[2], state[3]
    for n in range(frames):
        mix += (params[2] - mix) * pace
        a, b = finite(source[2 * n]), finite(source[2 * n + 1])
        at = start + n
        if fresh or math.floor(at / hold) != math.floor((at - 1) / hold):
            fresh = False
            left = math.floor(a / step + 0.5) * step
            right = math.floor(b / step + 0.5) * step
        out[2 * n] = np.float32(a + (left - a) * mix)
        out[2 * n + 1] = np.float32(b + (right - b) * mix)
    state[1], state[2], state[3] = left, right, mix


def prepare(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: bits 1..24, rate_hz (of the held values), mix 0..1."""
    step = 2.0 ** (1.0 - settings["bits"])
    hold = max(rate_hz / max(settings["rate_hz"], 1.0), 1.0)
    params = np.array([step, hold, settings["mix"], speed(GLIDE_S, rate_hz)])
    return Part(params, state_words=4, moving=(2,))


CRUSHER = Unit(kernel(_crush), prepare)
