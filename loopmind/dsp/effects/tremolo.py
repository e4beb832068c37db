"""Tremolo: loudness that sways in time, up to a chopped gate; the sides may sway apart."""

from __future__ import annotations

import math

import numpy as np

from loopmind.dsp.effects.common import (
    GLIDE_S,
    SWAY_WORDS,
    Turns,
    finite,
    row_at,
    speed,
    sway_rows,
)
from loopmind.dsp.kernel import kernel
from loopmind.dsp.unit import Part, Unit


def _tremolo(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = x (1 - depth (1 - s)), s a sine of the absolute frame pressed towards a square.

    params: frames by which all comes late, depth, drive of the shape, phase between the sides,
    glide, rows of the sway, these rows.
    """
    source, out = inputs[0], outputs[0]
    late, drive, apart, pace = int(params[0]), params[2], params[3], params[4]
    rows = int(params[5])
    row = row_at(params, 6, rows, SWAY_WORDS, start - late)
    if state[0] == 0.0:
        state[0], state[1] = 1.0, params[1]
    depth = state[1]
    for n in range(frames):
        depth += (params[1] - depth) * pace
        at = float(start - late + n)
        while row + 1 < rows and params[6 + SWAY_WORDS * (row + 1)] <= at:
            row += 1
        here = 6 + SWAY_WORDS * row
        angle = params[here + 1] + params[here + 2] * (at - params[here])
        for side in range(2):
            wave = math.tanh(drive * math.cos(angle + apart * side)) / math.tanh(drive)
            level = 1.0 - depth * (0.5 - 0.5 * wave)
            out[2 * n + side] = np.float32(finite(source[2 * n + side]) * level)
    state[1] = depth


def prepare(rate_hz: float, settings: dict[str, float], changes: Turns = (), late: int = 0) -> Part:
    """Settings: speed_hz, depth 0..1, shape 0 (sine) .. 1 (chopped), spread 0..1.

    changes: other speeds from a frame on. late: frames by which the stream comes late.
    """
    params = np.array(
        [
            float(late), settings["depth"], 0.1 + 12.0 * settings["shape"] ** 2,
            math.pi * settings["spread"], speed(GLIDE_S, rate_hz),
            *sway_rows(rate_hz, settings["speed_hz"], changes),
        ]
    )  # fmt: skip
    return Part(params, state_words=2, moving=(1,))


TREMOLO = Unit(kernel(_tremolo), prepare)
