"""Stutter: for a while the stream repeats its first moment over and over."""

from __future__ import annotations

import numpy as np

from loopmind.dsp.effects.common import finite
from loopmind.dsp.kernel import as_floats, kernel
from loopmind.dsp.unit import Part, Unit

LONGEST_SLICE_S = 2.0
EDGE_S = 0.002


def _stutter(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """From frame params[0] to params[1] slices of params[2] frames repeat the first one.

    Each repetition fades in and out over params[3] frames, so that it does not click.
    """
    source, out = inputs[0], outputs[0]
    first, last, slice_, edge = int(params[0]), int(params[1]), int(params[2]), params[3]
    ring = as_floats(state)
    for n in range(frames):
        at = start + n
        a, b = finite(source[2 * n]), finite(source[2 * n + 1])
        if first <= at < last:
            place = (at - first) % slice_
            if at - first < slice_:
                ring[2 * place], ring[2 * place + 1] = np.float32(a), np.float32(b)
            level = min((slice_ - place) / edge, 1.0)
            if at - first >= slice_:
                level = min(level, (place + 1.0) / edge)
            out[2 * n] = np.float32(ring[2 * place] * level)
            out[2 * n + 1] = np.float32(ring[2 * place + 1] * level)
        else:
            level = 1.0
            if at >= last:
                level = min((at - last + 1.0) / edge, 1.0)
            out[2 * n], out[2 * n + 1] = np.float32(a * level), np.float32(b * level)


def prepare(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: at_s, length_s, slice_s (at most 2)."""
    slice_ = max(round(min(settings["slice_s"], LONGEST_SLICE_S) * rate_hz), 16)
    first = round(settings["at_s"] * rate_hz)
    edge = min(max(EDGE_S * rate_hz, 1.0), slice_ / 4.0)
    last = first + round(settings["length_s"] * rate_hz)
    return Part(np.array([float(first), float(last), float(slice_), edge]), state_words=slice_ + 1)


STUTTER = Unit(kernel(_stutter), prepare)
