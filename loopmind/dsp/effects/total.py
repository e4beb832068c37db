"""Total: streams added up, as a bus does, each with a level of its own that glides."""

from __future__ import annotations

import math

import numpy as np

from loopmind.dsp.kernel import kernel
from loopmind.dsp.unit import Part, Unit

LANES = 8
GLIDE_S = 0.01


def _total(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = sum over lanes of g x, added in order; g follows params as in gain."""
    out = outputs[0]
    speed = params[LANES]
    if state[0] == 0.0:
        state[0] = 1.0
        for lane in range(LANES):
            state[1 + lane] = params[lane]
    for n in range(2 * frames):
        out[n] = np.float32(0.0)
    for lane in range(LANES):
        wanted, level = params[lane], state[1 + lane]
        if wanted == 0.0 and level == 0.0:
            continue
        source = inputs[lane]
        for n in range(frames):
            level += (wanted - level) * speed
            left, right = source[2 * n], source[2 * n + 1]
            if not (abs(left) < np.inf and abs(right) < np.inf):
                left, right = np.float32(0.0), np.float32(0.0)
            out[2 * n] = np.float32(out[2 * n] + left * level)
            out[2 * n + 1] = np.float32(out[2 * n + 1] + right * level)
        if abs(level - wanted) < 1e-12:
            level = wanted
        state[1 + lane] = level


def prepare(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: gain_db_1 .. gain_db_8, 0 dB where they are not given; None switches a lane off."""
    params = np.zeros(LANES + 1)
    for lane in range(LANES):
        gain_db = settings.get(f"gain_db_{lane + 1}", 0.0)
        params[lane] = 0.0 if gain_db is None else 10.0 ** (gain_db / 20.0)
    params[LANES] = 1.0 - math.exp(-1.0 / (GLIDE_S * rate_hz))
    return Part(params, state_words=1 + LANES, moving=tuple(range(LANES)))


TOTAL = Unit(kernel(_total), prepare, lanes=LANES)
