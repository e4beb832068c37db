"""Outside: hands a stream to a worker beside the callback and takes back what it made, later."""

from __future__ import annotations

import numpy as np

from loopmind.dsp.effects.common import finite
from loopmind.dsp.kernel import floats_at, kernel, words_at
from loopmind.dsp.unit import Part

RING = 1 << 15
GENERATION, SENT, MADE, MADE_OF, MISSED = 0, 1, 2, 3, 4
"""Control words: runs begun, frames sent in this one, frames made, of which run, frames missed."""
_RAMP = 1.0 / 64.0


def _outside(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y[n] = made[n - latency], counted from a fresh start; a dying hold where it is not made yet.

    params: latency, control, sent ring, made ring (addresses). state: started, run, frames,
    level, last left and right.
    """
    source, out = inputs[0], outputs[0]
    latency = int(params[0])
    control = words_at(int(params[1]))
    sent, made = floats_at(int(params[2])), floats_at(int(params[3]))
    if state[0] == 0.0:
        control[1] = 0
        control[0] += 1
        state[0], state[1], state[2], state[3] = 1.0, control[0], 0.0, 1.0
    count = int(state[2])
    mine = control[0] == int(state[1])
    ready = control[2] if control[3] == int(state[1]) else 0
    level, left, right = state[3], state[4], state[5]
    for n in range(frames):
        place = 2 * ((count + n) % RING)
        if mine:
            sent[place] = np.float32(finite(source[2 * n]))
            sent[place + 1] = np.float32(finite(source[2 * n + 1]))
        wanted = count + n - latency
        if wanted < 0:
            out[2 * n], out[2 * n + 1] = np.float32(0.0), np.float32(0.0)
            continue
        if mine and wanted < ready:
            place = 2 * (wanted % RING)
            left, right = level * finite(made[place]), level * finite(made[place + 1])
            level = min(level + _RAMP, 1.0)
        else:
            if mine:
                control[4] += 1
            left *= 0.98
            right *= 0.98
            if abs(left) + abs(right) < 1e-9:
                left, right = 0.0, 0.0
            level = 0.0
        out[2 * n], out[2 * n + 1] = np.float32(left), np.float32(right)
    state[2], state[3], state[4], state[5] = count + frames, level, left, right
    if mine:
        control[1] = count + frames


def prepare(latency: int, control: np.ndarray, sent: np.ndarray, made: np.ndarray) -> Part:
    """control: int64 words; sent, made: float32 (RING, 2)."""
    params = np.array([float(latency), 0.0, 0.0, 0.0])
    tables = ((1, control), (2, sent), (3, made))
    return Part(params, state_words=6, latency=latency, tables=tables)


OUTSIDE = kernel(_outside)
