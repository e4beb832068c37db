"""Loudness, peak and power of a whole sound at once, weighed in eight places side by side.

What is measured is in `loudness`; this is for sound that lies there as a whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import TINY, compiled, doubles_at, floats_at, words_at
from loopmind.dsp.lanes import (
    larger,
    load8_singles,
    load8_widened,
    magnitude,
    splat8,
    splat8_singles,
    store8,
    store8_singles,
    turn8_singles,
)
from loopmind.dsp.loudness import (
    STEP_S,
    checked,
    gated_lufs,
    integrated_lufs,
    k_weighting,
    windows,
)

_BLOCK = 64
_SETTLING = 2


@compiled("void(int64, int64, int64, int64, int64, int64)")
def _weigh_lanes(starts_at, size, steps, k_at, work_at, told_at):  # type: ignore[no-untyped-def]
    """`_weigh` of `steps` steps of `size` samples of eight channels or places, each from rest.

    starts (8), addresses; told (steps, 3, 8): K-weighted energies, energies and peaks of steps.
    """
    starts, k, told = words_at(starts_at), doubles_at(k_at), doubles_at(told_at)
    rows, columns = floats_at(work_at), 8 * _BLOCK
    b0, b1, b2, a1, a2 = k[0], k[1], k[2], k[3], k[4]
    c1, c2 = k[8], k[9]
    s1, s2, t1, t2 = splat8(0.0), splat8(0.0), splat8(0.0), splat8(0.0)
    for step in range(steps):
        total, power = splat8(0.0), splat8(0.0)
        top = splat8_singles(np.float32(0.0))
        for first in range(step * size, (step + 1) * size, _BLOCK):
            count = min(_BLOCK, (step + 1) * size - first)
            for lane in range(8):
                source = floats_at(starts[lane])
                if count == _BLOCK:
                    for i in range(0, _BLOCK, 8):
                        store8_singles(rows, _BLOCK * lane + i, load8_singles(source, first + i))
                else:
                    for i in range(count):
                        rows[_BLOCK * lane + i] = source[first + i]
            for i in range(0, count, 8):
                turn8_singles(rows, i, _BLOCK, columns + 8 * i, 8)
            for i in range(columns, columns + 8 * count, 8):
                top = larger(top, magnitude(load8_singles(rows, i)))
                x = load8_widened(rows, i) + TINY
                power = power + x * x
                y = x * b0 + s1
                s1 = (x * b1 + s2) - y * a1
                s2 = x * b2 - y * a2
                z = y + t1
                t1 = (t2 - y * 2.0) - z * c1
                t2 = y - z * c2
                total = total + z * z
        store8(told, 24 * step, total)
        store8(told, 24 * step + 8, power)
        store8_singles(rows, 0, top)
        store8(told, 24 * step + 16, load8_widened(rows, 0))


def levels(samples: NDArray[np.float32], rate_hz: float) -> tuple[float, float, float]:
    """(integrated loudness in LUFS, peak, mean square) of one or two channels, all at once.

    The loudness is that of `integrated_lufs` to about 1e-12: eight places of the sound are
    weighed side by side, each from _SETTLING steps earlier, when what came before is forgotten.
    """
    samples = checked(samples, rate_hz)
    channels, frames = samples.shape
    size, share = round(rate_hz * STEP_S), 8 // channels
    whole = frames // max(size, 1)
    steps = -(-(whole + (share - 1) * _SETTLING) // share)
    if channels > 2 or size != rate_hz * STEP_S or size < 256 or steps < 2 * _SETTLING:
        peak = float(np.abs(samples).max(initial=0.0))
        square = float(np.square(samples, dtype=np.float64).sum()) / max(samples.size, 1)
        return integrated_lufs(samples, rate_hz), peak, square
    samples = np.ascontiguousarray(samples)
    begins = np.minimum(np.arange(share) * (steps - _SETTLING), whole - steps)
    starts = (begins * size + np.arange(channels)[:, None] * frames) * 4 + samples.ctypes.data
    told, work = np.empty((steps, 3, channels, share)), np.empty(8 * _BLOCK)
    weights = k_weighting(rate_hz)
    _weigh_lanes(
        starts.ctypes.data, size, steps, weights.ctypes.data, work.ctypes.data, told.ctypes.data
    )
    energy, rest = np.empty((2, whole)), samples[:, whole * size :]
    for place, begin in enumerate(begins.tolist()):
        skipped = _SETTLING if place else 0
        energy[:, begin + skipped : begin + steps] = told[skipped:, :2, :, place].sum(axis=2).T
    peak = max(float(told[:, 2].max()), float(np.abs(rest).max(initial=0.0)))
    square = float(energy[1].sum()) + float(np.square(rest, dtype=np.float64).sum())
    blocks = windows(energy[0], np.full(whole, size), 4, rate_hz)
    return gated_lufs(blocks), peak, square / samples.size
