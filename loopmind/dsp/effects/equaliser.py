"""Equaliser: up to eight second-order bands whose settings glide, so they can be swept live.

Trapezoidal state-variable filters (A. Simper, "Linear Trapezoidal Integrated State Variable Filter
With Low Noise", Cytomic 2014) keep stable and quiet while their coefficients move.
"""

from __future__ import annotations

import math

import numpy as np

from loopmind.dsp.effects.common import GLIDE_S, finite, speed
from loopmind.dsp.kernel import TINY, kernel
from loopmind.dsp.unit import Part, Unit

MAX_BANDS = 8
KINDS = ("lowcut", "highcut", "bandpass", "notch", "peak", "lowshelf", "highshelf")
_BAND_WORDS = 5  # g, k, m0, m1, m2
_BAND_STATE = 4 + _BAND_WORDS


def _equalise(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = m0 x + m1 band + m2 low for each band in turn; g, k, m glide to their words."""
    source, out = inputs[0], outputs[0]
    bands, pace = int(params[0]), params[1]
    for n in range(frames):
        out[2 * n] = np.float32(finite(source[2 * n]))
        out[2 * n + 1] = np.float32(finite(source[2 * n + 1]))
    fresh = state[0] == 0.0
    state[0] = 1.0
    for band in range(bands):
        words, memory = 2 + 5 * band, 1 + 9 * band
        if fresh:
            for word in range(5):
                state[memory + 4 + word] = params[words + word]
        g, k = state[memory + 4], state[memory + 5]
        m0, m1, m2 = state[memory + 6], state[memory + 7], state[memory + 8]
        for side in range(2):
            # Both sides glide alike: the second starts again from where the first did.
            g, k = state[memory + 4], state[memory + 5]
            m0, m1, m2 = state[memory + 6], state[memory + 7], state[memory + 8]
            first, second = state[memory + 2 * side], state[memory + 2 * side + 1]
            for n in range(frames):
                g += (params[words] - g) * pace
                k += (params[words + 1] - k) * pace
                m0 += (params[words + 2] - m0) * pace
                m1 += (params[words + 3] - m1) * pace
                m2 += (params[words + 4] - m2) * pace
                a1 = 1.0 / (1.0 + g * (g + k))
                x = out[2 * n + side] + TINY
                v3 = x - second
                v1 = a1 * first + g * a1 * v3
                v2 = second + g * v1
                first = 2.0 * v1 - first
                second = 2.0 * v2 - second
                out[2 * n + side] = np.float32(m0 * x + m1 * v1 + m2 * v2)
            state[memory + 2 * side], state[memory + 2 * side + 1] = first, second
        state[memory + 4], state[memory + 5] = g, k
        state[memory + 6], state[memory + 7], state[memory + 8] = m0, m1, m2


def band_words(
    kind: str, freq_hz: float, gain_db: float, q: float, rate_hz: float
) -> tuple[float, float, float, float, float]:
    """g, k, m0, m1, m2 of one band. Raises ValueError for an unknown kind."""
    freq = min(max(freq_hz, 10.0), 0.49 * rate_hz)
    g, k = math.tan(math.pi * freq / rate_hz), 1.0 / max(q, 0.05)
    a = 10.0 ** (gain_db / 40.0)
    if kind == "lowcut":
        return g, k, 1.0, -k, -1.0
    if kind == "highcut":
        return g, k, 0.0, 0.0, 1.0
    if kind == "bandpass":
        return g, k, 0.0, k, 0.0
    if kind == "notch":
        return g, k, 1.0, -k, 0.0
    if kind == "peak":
        k = 1.0 / (max(q, 0.05) * a)
        return g, k, 1.0, k * (a * a - 1.0), 0.0
    if kind == "lowshelf":
        return g / math.sqrt(a), k, 1.0, k * (a - 1.0), a * a - 1.0
    if kind == "highshelf":
        return g * math.sqrt(a), k, a * a, k * (1.0 - a) * a, 1.0 - a * a
    raise ValueError(f"{kind!r} is no band; choose from {', '.join(KINDS)}")


def prepare(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings for each band n from 1 on: kind_n, freq_hz_n, gain_db_n, q_n; no kind ends it."""
    words: list[float] = []
    bands = 0
    while bands < MAX_BANDS and settings.get(f"kind_{bands + 1}"):
        n = bands + 1
        words += band_words(
            str(settings[f"kind_{n}"]), settings[f"freq_hz_{n}"],
            settings.get(f"gain_db_{n}", 0.0), settings.get(f"q_{n}", 0.707), rate_hz,
        )  # fmt: skip
        bands = n
    params = np.array([float(bands), speed(GLIDE_S, rate_hz), *words])
    moving = tuple(range(2, len(params)))
    return Part(params, state_words=1 + _BAND_STATE * max(bands, 1), moving=moving)


EQUALISER = Unit(kernel(_equalise), prepare)
