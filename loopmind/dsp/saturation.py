"""Tape-like saturation at twice the rate, so that its harmonics do not fold back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import TINY, kernel
from loopmind.dsp.lanes import choose, gather8, load8, scatter8, splat8, store8

_TAPS = 16  # even-numbered taps of the half-band filter; the odd ones are 0 but for the centre
LATENCY = _TAPS - 1
"""Frames by which `saturate` delays: half of the two 31-tap filters at twice the rate."""

SATURATOR_PARAM_WORDS = 8 + 3 * 8
_RING = 2 * _TAPS * 8
SATURATOR_STATE_WORDS = 8 + 3 * _RING


def _half_band() -> tuple[float, ...]:
    """Even-numbered taps of a 31-tap half-band low-pass: Kaiser-windowed sinc, DC gain 1."""
    n = np.arange(2 * _TAPS - 1) - (_TAPS - 1)
    taps = 0.5 * np.sinc(n / 2.0) * np.kaiser(len(n), 7.0)
    taps = taps[::2]
    return tuple((0.5 * taps / taps.sum()).tolist())


# Symmetric: only the first half is kept. Rounded so that every NumPy gives the same bits.
_H = tuple(round(h, 12) for h in _half_band()[: _TAPS // 2])


def saturator_params(drives: Sequence[float]) -> NDArray[np.float64]:
    """Parameters of `saturate` for up to four stereo blocks; `drives` are 0 .. 1.

    Quiet sound passes at unity gain; drive lowers the level at which peaks bend: -0.1 dBFS
    full scale at drive 0+, about -12 dBFS at drive 1.
    """
    params = np.zeros(SATURATOR_PARAM_WORDS)
    for place, drive in enumerate(drives):
        if not 0.0 <= drive <= 1.0:
            raise ValueError(f"drive lies between 0 and 1, got {drive}")
        push = 0.25 * 10.0 ** (drive * 24.0 / 20.0)
        params[8 + 2 * place : 10 + 2 * place] = push
        params[16 + 2 * place : 18 + 2 * place] = 1.0 / push
        params[24 + 2 * place : 26 + 2 * place] = 1.0 if drive > 0.0 else 0.0
    params[8 + 2 * len(drives) : 16] = 1.0
    return params


def _saturate(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = f(p x) / p at twice the rate, f(x) = x (27 + x^2) / (27 + 9 x^2), flat beyond +-3.

    f is Lambert's continued fraction of tanh. Up and down go through one 31-tap half-band
    filter; blocks with drive 0 are only delayed.
    """
    a, b, c, d = inputs[0], inputs[1], inputs[2], inputs[3]
    e, f, g, h = outputs[0], outputs[1], outputs[2], outputs[3]
    push, pull, wet = load8(params, 8), load8(params, 16), load8(params, 24)
    ring = 8 * _TAPS
    dry_at, even_at, odd_at = 8, 8 + _RING, 8 + 2 * _RING
    at = int(state[0])
    limit, bottom = splat8(3.0), splat8(-3.0)
    for i in range(frames):
        x = gather8(a, b, c, d, i) + TINY
        # Each ring is written twice, so that the last 16 frames always lie in one piece.
        store8(state, dry_at + 8 * at, x)
        store8(state, dry_at + 8 * at + ring, x)
        new = dry_at + 8 * at + ring
        up = splat8(0.0)
        for k in range(_TAPS // 2):
            pair = load8(state, new - 8 * k) + load8(state, new - 8 * (_TAPS - 1 - k))
            up = up + (2.0 * _H[k]) * pair
        u = up * push
        u = choose(u > limit, limit, u)
        u = choose(u < bottom, bottom, u)
        q = u * u
        even = pull * (u * (27.0 + q) / (27.0 + 9.0 * q))
        u = load8(state, new - 8 * (_TAPS // 2 - 1)) * push
        u = choose(u > limit, limit, u)
        u = choose(u < bottom, bottom, u)
        q = u * u
        odd = pull * (u * (27.0 + q) / (27.0 + 9.0 * q))
        store8(state, even_at + 8 * at, even)
        store8(state, even_at + 8 * at + ring, even)
        store8(state, odd_at + 8 * at, odd)
        store8(state, odd_at + 8 * at + ring, odd)
        new = even_at + 8 * at + ring
        y = 0.5 * load8(state, odd_at + 8 * at + ring - 8 * (_TAPS // 2))
        for k in range(_TAPS // 2):
            pair = load8(state, new - 8 * k) + load8(state, new - 8 * (_TAPS - 1 - k))
            y = y + _H[k] * pair
        delayed = load8(state, dry_at + 8 * at + ring - 8 * (_TAPS - 1))
        scatter8(e, f, g, h, i, delayed + wet * (y - delayed))
        at += 1
        if at == _TAPS:
            at = 0
    state[0] = float(at)


saturate = kernel(_saturate)
