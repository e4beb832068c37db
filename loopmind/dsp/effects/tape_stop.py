"""Tape stop: the stream slows down to a halt, stays silent, and comes back."""

from __future__ import annotations

import numpy as np

from loopmind.dsp.effects.common import finite
from loopmind.dsp.kernel import as_floats, kernel
from loopmind.dsp.unit import Part, Unit

LONGEST_S = 8.0
EDGE_S = 0.004


def _tape_stop(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Between params[0] and params[0] + params[1] the stream is read ever more slowly.

    Speed falls as (1 - t)^params[3], so after t of the length L the tape has moved
    L (1 - (1 - t)^(p + 1)) / (p + 1). Then silence until params[2], faded at the edges.
    """
    source, out = inputs[0], outputs[0]
    first, length, back, power = int(params[0]), int(params[1]), int(params[2]), params[3]
    edge = params[4]
    ring = as_floats(state)
    for n in range(frames):
        at = start + n
        a, b = finite(source[2 * n]), finite(source[2 * n + 1])
        if first <= at < first + length:
            place = at - first
            ring[2 * place], ring[2 * place + 1] = np.float32(a), np.float32(b)
            t = place / length
            moved = length * (1.0 - (1.0 - t) ** (power + 1.0)) / (power + 1.0)
            whole = min(int(moved), place)
            share = moved - whole
            following = min(whole + 1, place)
            level = min((length - place) / edge, 1.0)
            left = ring[2 * whole] + (ring[2 * following] - ring[2 * whole]) * share
            right = ring[2 * whole + 1] + (ring[2 * following + 1] - ring[2 * whole + 1]) * share
            out[2 * n], out[2 * n + 1] = np.float32(left * level), np.float32(right * level)
        elif first + length <= at < back:
            out[2 * n], out[2 * n + 1] = np.float32(0.0), np.float32(0.0)
        else:
            level = 1.0
            if at >= back > first:
                level = min((at - back + 1.0) / edge, 1.0)
            out[2 * n], out[2 * n + 1] = np.float32(a * level), np.float32(b * level)


def prepare(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: at_s, length_s (at most 8), silence_s (after it), curve .3..3."""
    length = max(round(min(settings["length_s"], LONGEST_S) * rate_hz), 1)
    first = round(settings["at_s"] * rate_hz)
    back = first + length + round(settings["silence_s"] * rate_hz)
    edge = max(EDGE_S * rate_hz, 1.0)
    params = np.array([float(first), float(length), float(back), settings["curve"], edge])
    return Part(params, state_words=length + 1)


TAPE_STOP = Unit(kernel(_tape_stop), prepare)
