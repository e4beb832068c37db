"""True-peak limiter with lookahead, for the master bus."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import as_floats, kernel
from loopmind.dsp.lanes import (
    highest8,
    larger,
    load8_singles,
    magnitude,
    splat8_singles,
    store8_singles,
)

TRUE_PEAK_TAPS = 24
RELEASE_S = 0.08
IN_HAND_DB = 0.03
"""Kept below the ceiling: a gain that moves bends the curve between samples a little."""
_HOLD = 64  # frames over which the gain glides down before a peak
_BOX = _HOLD // 2
_CENTRE = TRUE_PEAK_TAPS // 2
LATENCY = 2 * _BOX - 1 + _CENTRE
"""Frames by which `limit` delays."""

_CHUNK = 64
_RING = 128
_DELAY_RING = 256  # the latency and a chunk written ahead
_TAPS = 8  # parameter words: 24 taps of the phases 1/4, 1/2, 3/4
PARAM_WORDS = _TAPS + 3 * TRUE_PEAK_TAPS
# State words.
_DELAY = 16
_VALUES = _DELAY + 2 * _DELAY_RING
_FRAMES = _VALUES + _RING
_BOX_1 = _FRAMES + _RING
_BOX_2 = _BOX_1 + _RING
_SINGLES = _BOX_2 + _RING  # from here on float32: left, right, peaks
_LEFT = 2 * _SINGLES
_RIGHT = _LEFT + _CHUNK + TRUE_PEAK_TAPS
_PEAKS = _RIGHT + _CHUNK + TRUE_PEAK_TAPS
STATE_WORDS = _SINGLES + (2 * (_CHUNK + TRUE_PEAK_TAPS) + _CHUNK) // 2
_UNIT = 2.0**36


def true_peak_phases() -> NDArray[np.float64]:
    """Interpolation filters (3 phases, 24 taps): Kaiser-windowed sinc, each of DC gain 1.

    Tap k of phase p weighs frame k of 24; the result is the signal (p + 1)/4 of a frame after
    frame 11. With the samples themselves that is four times the rate, as BS.1770-4 asks.
    """
    distance = np.arange(TRUE_PEAK_TAPS) - (_CENTRE - 1 + np.array([[0.25], [0.5], [0.75]]))
    window = np.i0(6.0 * np.sqrt(np.maximum(1.0 - (distance / _CENTRE) ** 2, 0.0)))
    taps = np.sinc(distance) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True))


def limiter_params(
    rate_hz: float,
    *,
    gain_db: float = 0.0,
    ceiling_dbtp: float = -1.0,
    release_s: float = RELEASE_S,
) -> NDArray[np.float64]:
    """Parameters of `limit`: gain before it, and the true-peak ceiling it keeps."""
    params = np.zeros(PARAM_WORDS)
    params[0] = 10.0 ** (gain_db / 20.0)
    params[1] = 10.0 ** ((ceiling_dbtp - IN_HAND_DB) / 20.0)
    params[2] = 1.0 - math.exp(-1.0 / (release_s * rate_hz))
    phases = true_peak_phases()
    # No point between samples exceeds the largest sample near it by more than this factor.
    params[3] = float(np.abs(phases).sum(axis=1).max()) * 1.001
    params[_TAPS:] = phases.ravel()
    return params


def _limit(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Gain, true peak, least gain over the lookahead, release, two running means, delay.

    The least gain is held over 64 frames, the means together span 63: when a peak leaves the
    delay line, every gain in the means already was low enough. Gains are whole multiples of
    2**-36, so that the running sums are exact and never drift.
    """
    source, out = inputs[0], outputs[0]
    gain, ceiling, speed, reach = params[0], params[1], params[2], params[3]
    at = int(state[0])
    head, tail = int(state[1]), int(state[2])
    envelope, sum_1, sum_2 = state[3], state[4], state[5]
    if state[6] == 0.0:
        state[6] = 1.0
        envelope = 1.0
        sum_1 = float(_BOX) * _UNIT
        sum_2 = float(_BOX) * _UNIT
        for k in range(_RING):
            state[_BOX_1 + k] = _UNIT
            state[_BOX_2 + k] = _UNIT
    before = state[7]
    singles = as_floats(state)
    history = TRUE_PEAK_TAPS - 1
    done = 0
    while done < frames:
        n = min(_CHUNK, frames - done)
        for i in range(n):
            left, right = float(source[2 * (done + i)]), float(source[2 * (done + i) + 1])
            if not (abs(left) < 1e6 and abs(right) < 1e6):
                left, right = 0.0, 0.0
            left *= gain
            right *= gain
            place = _DELAY + 2 * ((at + i) & (_DELAY_RING - 1))
            state[place], state[place + 1] = left, right
            singles[_LEFT + history + i] = np.float32(left)
            singles[_RIGHT + history + i] = np.float32(right)
        for group in range(0, n, 8):
            # Lanes past the end of a short chunk hold old frames; their peaks are not used.
            loudest = splat8_singles(np.float32(0.0))
            for k in range(0, TRUE_PEAK_TAPS, 8):
                # 31 frames matter to a group of eight; 32 are looked at.
                here = magnitude(load8_singles(singles, _LEFT + group + k))
                loudest = larger(loudest, here)
                here = magnitude(load8_singles(singles, _RIGHT + group + k))
                loudest = larger(loudest, here)
            here = magnitude(load8_singles(singles, _LEFT + group + history))
            loudest = larger(loudest, here)
            here = magnitude(load8_singles(singles, _RIGHT + group + history))
            loudest = larger(loudest, here)
            if highest8(loudest) * reach <= ceiling:
                for i in range(8):
                    singles[_PEAKS + group + i] = np.float32(0.0)
                continue
            peak = larger(
                magnitude(load8_singles(singles, _LEFT + group + _CENTRE - 1)),
                magnitude(load8_singles(singles, _RIGHT + group + _CENTRE - 1)),
            )
            for side in range(2):
                base = (_LEFT if side == 0 else _RIGHT) + group
                first = splat8_singles(np.float32(0.0))
                second, third = first, first
                for k in range(TRUE_PEAK_TAPS):
                    x = load8_singles(singles, base + k)
                    first = first + x * np.float32(params[_TAPS + k])
                    second = second + x * np.float32(params[_TAPS + TRUE_PEAK_TAPS + k])
                    third = third + x * np.float32(params[_TAPS + 2 * TRUE_PEAK_TAPS + k])
                peak = larger(peak, larger(magnitude(first), magnitude(second)))
                peak = larger(peak, magnitude(third))
            store8_singles(singles, _PEAKS + group, peak)
        for i in range(history):
            singles[_LEFT + i] = singles[_LEFT + n + i]
            singles[_RIGHT + i] = singles[_RIGHT + n + i]
        for i in range(n):
            here = float(singles[_PEAKS + i])
            # Points between two frames hold both of them down.
            top = max(here, before)
            before = here
            wanted = 1.0 if top <= ceiling else ceiling / top
            # Monotone queue of the least gains within the last _HOLD frames.
            while tail > head and state[_VALUES + ((tail - 1) & (_RING - 1))] >= wanted:
                tail -= 1
            state[_VALUES + (tail & (_RING - 1))] = wanted
            state[_FRAMES + (tail & (_RING - 1))] = float(at)
            tail += 1
            if state[_FRAMES + (head & (_RING - 1))] <= float(at - _HOLD):
                head += 1
            least = state[_VALUES + (head & (_RING - 1))]
            envelope = least if least < envelope else envelope + speed * (least - envelope)
            whole = math.floor(envelope * _UNIT)
            sum_1 += whole - state[_BOX_1 + ((at - _BOX) & (_RING - 1))]
            state[_BOX_1 + (at & (_RING - 1))] = whole
            mean = math.floor(sum_1 * (1.0 / _BOX))
            sum_2 += mean - state[_BOX_2 + ((at - _BOX) & (_RING - 1))]
            state[_BOX_2 + (at & (_RING - 1))] = mean
            amount = sum_2 * (1.0 / (_BOX * _UNIT))
            past = _DELAY + 2 * ((at - LATENCY) & (_DELAY_RING - 1))
            out[2 * (done + i)] = np.float32(state[past] * amount)
            out[2 * (done + i) + 1] = np.float32(state[past + 1] * amount)
            at += 1
        done += n
    state[0], state[1], state[2] = float(at), float(head), float(tail)
    state[3], state[4], state[5], state[7] = envelope, sum_1, sum_2, before


limit = kernel(_limit)
