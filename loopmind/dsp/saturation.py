"""Tape-like saturation at twice the rate, so that its harmonics do not fold back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import FLOOR, as_floats, kernel
from loopmind.dsp.lanes import (
    choose,
    highest8,
    larger,
    load8_singles,
    magnitude,
    splat8_singles,
    store8_singles,
)

_TAPS = 16  # even-numbered taps of the half-band filter; the odd ones are 0 but for the centre
LATENCY = _TAPS - 1
"""Frames by which `saturate` delays: half of the two 31-tap filters at twice the rate."""

_FILTER = 8 + 3 * 8  # parameter words: the filter's taps as float32
SATURATOR_PARAM_WORDS = _FILTER + _TAPS // 4
_CHUNK = 64
_PAST = 16  # frames before a chunk that the filters still reach
_LINE = 2 * (_PAST + _CHUNK)  # float32 places: sound, and its even and odd points bent
_SINGLES = 8  # the state's float32 part begins at this word
SATURATOR_STATE_WORDS = _SINGLES + 4 * 3 * _LINE // 2


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
    params[0] = len(drives)
    for place, drive in enumerate(drives):
        if not 0.0 <= drive <= 1.0:
            raise ValueError(f"drive lies between 0 and 1, got {drive}")
        push = 0.25 * 10.0 ** (drive * 24.0 / 20.0)
        params[8 + 2 * place : 10 + 2 * place] = push
        params[16 + 2 * place : 18 + 2 * place] = 1.0 / push
        params[24 + 2 * place : 26 + 2 * place] = 1.0 if drive > 0.0 else 0.0
    params[_FILTER:].view(np.float32)[:] = _H
    return params


def _saturate(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = f(p x) / p at twice the rate, f(x) = x (27 + x^2) / (27 + 9 x^2), flat beyond +-3.

    f is Lambert's continued fraction of tanh. Up and down go through one 31-tap half-band
    filter; blocks with drive 0 are only delayed. There is no recursion: four frames of a block
    go side by side, and a block that is silent for as long as the filters reach is passed over.
    """
    singles, taps = as_floats(state), as_floats(params)
    zero = splat8_singles(np.float32(0.0))
    top, bottom = splat8_singles(np.float32(3.0)), splat8_singles(np.float32(-3.0))
    for place in range(int(params[0])):
        source, out = inputs[place], outputs[place]
        push, pull = np.float32(params[8 + 2 * place]), np.float32(params[16 + 2 * place])
        wet = np.float32(params[24 + 2 * place])
        dry = 2 * _SINGLES + 3 * _LINE * place
        even, odd = dry + _LINE, dry + 2 * _LINE
        new = 2 * _PAST
        done = 0
        while done < frames:
            n = min(_CHUNK, frames - done)
            loudest = zero
            # Also false for NaN; what is far below hearing must not slow the squares down.
            for i in range(0, 2 * n - 7, 8):
                x = load8_singles(source, 2 * done + i)
                x = choose(magnitude(x) < np.float32(1e6), x, zero)
                x = choose(magnitude(x) > np.float32(FLOOR), x, zero)
                store8_singles(singles, dry + new + i, x)
                loudest = larger(loudest, magnitude(x))
            silent = highest8(loudest) == np.float32(0.0)
            for i in range(2 * n // 8 * 8, 2 * n):
                one = source[2 * done + i]
                one = one if np.float32(FLOOR) < abs(one) < np.float32(1e6) else np.float32(0.0)
                singles[dry + new + i] = one
                silent = silent and one == np.float32(0.0)
            rest = state[place]
            state[place] = min(rest + n, 2.0 * _PAST) if silent else 0.0
            if silent and rest >= 2.0 * _PAST:
                for i in range(2 * n):
                    out[2 * done + i] = np.float32(0.0)
                done += n
                continue
            for at in range(new, new + 2 * n, 8):
                up = zero
                for k in range(_TAPS // 2):
                    late = load8_singles(singles, dry + at - 2 * k)
                    early = load8_singles(singles, dry + at - 2 * (_TAPS - 1 - k))
                    up = up + taps[2 * _FILTER + k] * (late + early)
                u = up * (push + push)
                u = choose(u > top, top, u)
                u = choose(u < bottom, bottom, u)
                q = u * u
                bent = pull * (
                    u * (np.float32(27.0) + q) / (np.float32(27.0) + np.float32(9.0) * q)
                )
                store8_singles(singles, even + at, bent)
                u = load8_singles(singles, dry + at - 2 * (_TAPS // 2 - 1)) * push
                u = choose(u > top, top, u)
                u = choose(u < bottom, bottom, u)
                q = u * u
                bent = pull * (
                    u * (np.float32(27.0) + q) / (np.float32(27.0) + np.float32(9.0) * q)
                )
                store8_singles(singles, odd + at, bent)
            for at in range(new, new + 2 * n, 8):
                y = np.float32(0.5) * load8_singles(singles, odd + at - 2 * (_TAPS // 2))
                for k in range(_TAPS // 2):
                    late = load8_singles(singles, even + at - 2 * k)
                    early = load8_singles(singles, even + at - 2 * (_TAPS - 1 - k))
                    y = y + taps[2 * _FILTER + k] * (late + early)
                delayed = load8_singles(singles, dry + at - 2 * (_TAPS - 1))
                y = delayed + wet * (y - delayed)
                if at + 8 <= new + 2 * n:
                    store8_singles(out, 2 * done + at - new, y)
                else:
                    # The last frames of the block alone, by way of the line's end.
                    spare = odd + _LINE - 8
                    held = load8_singles(singles, spare)
                    store8_singles(singles, spare, y)
                    for i in range(new + 2 * n - at):
                        out[2 * done + at - new + i] = singles[spare + i]
                    store8_singles(singles, spare, held)
            for line in range(dry, dry + 3 * _LINE, _LINE):
                for i in range(new):
                    singles[line + i] = singles[line + 2 * n + i]
            done += n


saturate = kernel(_saturate)
