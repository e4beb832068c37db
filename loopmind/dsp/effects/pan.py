"""Pan: place and width of a stereo stream."""

from __future__ import annotations

import numpy as np

from loopmind.dsp.effects.common import GLIDE_S, finite, speed
from loopmind.dsp.kernel import kernel
from loopmind.dsp.strip import fader_matrix
from loopmind.dsp.unit import Part, Unit


def _pan(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """(l, r) = M (l, r); the four numbers of M follow params[0..3] at params[4] a frame."""
    source, out = inputs[0], outputs[0]
    if state[0] == 0.0:
        state[0] = 1.0
        for word in range(4):
            state[1 + word] = params[word]
    a, b, c, d = state[1], state[2], state[3], state[4]
    for n in range(frames):
        a += (params[0] - a) * params[4]
        b += (params[1] - b) * params[4]
        c += (params[2] - c) * params[4]
        d += (params[3] - d) * params[4]
        left, right = finite(source[2 * n]), finite(source[2 * n + 1])
        out[2 * n] = np.float32(a * left + b * right)
        out[2 * n + 1] = np.float32(c * left + d * right)
    state[1], state[2], state[3], state[4] = a, b, c, d


def prepare(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: pan -1..1 (a balance of constant power), width 0 mono .. 1 as is .. 2 wide."""
    matrix = fader_matrix(0.0, settings["pan"], settings["width"])
    params = np.array([*matrix.ravel(), speed(GLIDE_S, rate_hz)])
    return Part(params, state_words=5, moving=(0, 1, 2, 3))


PAN = Unit(kernel(_pan), prepare)
