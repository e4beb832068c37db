"""Sends: the sum of streams whose levels can be moved; steady, it is `add_up` to the bit."""

from __future__ import annotations

import math

import numpy as np

from loopmind.dsp.kernel import doubles_at, kernel

GLIDE_S = 0.01
_SPEED = 3
MOST = 64


def moving_sum_params(params: np.ndarray, rate_hz: float) -> np.ndarray:
    """Parameters of `add_moving` from those of `add_up`: the levels glide to what they are set to.

    Levels are words 8, 10, 12 ...; a level with a curve does not move.
    """
    made: np.ndarray = params.copy()
    made[_SPEED] = 1.0 - math.exp(-1.0 / (GLIDE_S * rate_hz))
    return made


def state_words(inputs: int) -> int:
    """Words of state for so many inputs."""
    return 1 + inputs


def _add_moving(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Out = sum of level * in, one input after the other in float32, as `add_up` has it."""
    out = outputs[0]
    count = int(params[0])
    last = int(params[1]) - 1
    begin = start - int(params[2])
    speed = params[3]
    if state[0] == 0.0:
        state[0] = 1.0
        for index in range(count):
            state[1 + index] = params[8 + 2 * index]
    for i in range(2 * frames):
        out[i] = 0.0
    for index in range(count):
        source = inputs[index]
        gain = params[8 + 2 * index]
        address = int(params[9 + 2 * index])
        if address != 0:
            table = doubles_at(address)
            for i in range(frames):
                at = begin + i
                g0 = table[min(max(at >> 6, 0), last)]
                g1 = table[min(max((at >> 6) + 1, 0), last)]
                scale = np.float32(gain * (g0 + (g1 - g0) / 64.0 * (at & 63)))
                out[2 * i] = out[2 * i] + source[2 * i] * scale
                out[2 * i + 1] = out[2 * i + 1] + source[2 * i + 1] * scale
        elif state[1 + index] == gain:
            scale = np.float32(gain)
            for i in range(2 * frames):
                out[i] = out[i] + source[i] * scale
        else:
            level = state[1 + index]
            for i in range(frames):
                level += (gain - level) * speed
                scale = np.float32(level)
                out[2 * i] = out[2 * i] + source[2 * i] * scale
                out[2 * i + 1] = out[2 * i + 1] + source[2 * i + 1] * scale
            # Near enough is there, so that it settles.
            state[1 + index] = gain if abs(level - gain) < 1e-7 else level


add_moving = kernel(_add_moving)
