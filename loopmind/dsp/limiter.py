"""True-peak limiter with lookahead, for the master bus."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import kernel
from loopmind.dsp.lanes import load8, peak_of_pairs, splat8, splat_pair8, store4

TRUE_PEAK_TAPS = 12
_HOLD = 64  # frames over which the gain glides down before a peak
_BOX = _HOLD // 2
LATENCY = 2 * _BOX - 1 + TRUE_PEAK_TAPS // 2
"""Frames by which `limit` delays."""

_RING = 128
_ROWS = 8
PARAM_WORDS = _ROWS + 8 * TRUE_PEAK_TAPS
# State words: 0 at, 1 head, 2 tail, 3 envelope, 4 first box sum, 5 second box sum, 6 fresh
_DELAY = 16
_VALUES = _DELAY + 2 * _RING
_FRAMES = _VALUES + _RING
_BOX_1 = _FRAMES + _RING
_BOX_2 = _BOX_1 + _RING
_HISTORY = _BOX_2 + _RING
STATE_WORDS = _HISTORY + 4 * TRUE_PEAK_TAPS + 8
_UNIT = 2.0**36


def true_peak_phases() -> NDArray[np.float64]:
    """Interpolation filters (4 phases, 12 taps): Kaiser-windowed sinc, each of DC gain 1.

    Phase p gives the signal p/4 of a frame after the frame that is six taps back. BS.1770-4 asks
    for at least four times the rate; phase 0 is the samples themselves.
    """
    centre = TRUE_PEAK_TAPS // 2
    phases = np.zeros((4, TRUE_PEAK_TAPS))
    for p in range(4):
        # Tap k weighs the sample k frames ago; the wanted point lies `centre` - p/4 frames ago.
        distance = np.arange(TRUE_PEAK_TAPS) - (centre - p / 4.0)
        window = np.i0(4.0 * np.sqrt(np.maximum(1.0 - (distance / (centre + 0.25)) ** 2, 0.0)))
        taps = np.sinc(distance) * window
        phases[p] = taps / taps.sum()
    return phases


def limiter_params(
    rate_hz: float, *, gain_db: float = 0.0, ceiling_dbtp: float = -1.0, release_s: float = 0.08
) -> NDArray[np.float64]:
    """Parameters of `limit`: gain before it, and the true-peak ceiling it keeps."""
    params = np.zeros(PARAM_WORDS)
    params[0] = 10.0 ** (gain_db / 20.0)
    # A gain that moves bends the curve between samples a little: keep .03 dB in hand.
    params[1] = 10.0 ** ((ceiling_dbtp - 0.03) / 20.0)
    params[2] = 1.0 - math.exp(-1.0 / (release_s * rate_hz))
    phases = true_peak_phases()
    table = params[_ROWS:].reshape(TRUE_PEAK_TAPS, 4, 2)
    table[:] = phases.T[:, :, None]
    return params


def _limit(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Gain, true peak, least gain over the lookahead, release, two running means, delay.

    The least gain is held over 64 frames, the means together span 63: when a peak leaves the
    delay line, every gain in the means already was low enough. Gains are whole multiples of
    2**-36, so that the running sums are exact and never drift.
    """
    source, out = inputs[0], outputs[0]
    gain, ceiling, speed = params[0], params[1], params[2]
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
    taps = 2 * TRUE_PEAK_TAPS
    before = state[7]
    for i in range(frames):
        left, right = float(source[2 * i]), float(source[2 * i + 1])
        if not (abs(left) < 1e6 and abs(right) < 1e6):
            left, right = 0.0, 0.0
        left *= gain
        right *= gain
        place = at & (_RING - 1)
        state[_DELAY + 2 * place], state[_DELAY + 2 * place + 1] = left, right
        # The history is written twice, so that the last twelve frames lie in one piece.
        step = 2 * (at % TRUE_PEAK_TAPS)
        state[_HISTORY + step], state[_HISTORY + step + 1] = left, right
        state[_HISTORY + taps + step], state[_HISTORY + taps + step + 1] = left, right
        new = _HISTORY + taps + step
        acc = splat8(0.0)
        for k in range(TRUE_PEAK_TAPS):
            pair = splat_pair8(state, new - 2 * k)
            acc = acc + pair * load8(params, _ROWS + 8 * k)
        store4(state, 8, peak_of_pairs(acc))
        here = max(max(state[8], state[9]), max(state[10], state[11]))
        # Points between two frames hold both of them down.
        peak = max(here, before)
        before = here
        wanted = 1.0 if peak <= ceiling else ceiling / peak
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
        slot = _BOX_1 + place
        sum_1 += whole - state[_BOX_1 + ((at - _BOX) & (_RING - 1))]
        state[slot] = whole
        mean = math.floor(sum_1 / _BOX)
        sum_2 += mean - state[_BOX_2 + ((at - _BOX) & (_RING - 1))]
        state[_BOX_2 + place] = mean
        amount = sum_2 / (_BOX * _UNIT)
        past = _DELAY + 2 * ((at - LATENCY) & (_RING - 1))
        out[2 * i] = np.float32(state[past] * amount)
        out[2 * i + 1] = np.float32(state[past + 1] * amount)
        at += 1
    state[0], state[1], state[2] = float(at), float(head), float(tail)
    state[3], state[4], state[5], state[7] = envelope, sum_1, sum_2, before


limit = kernel(_limit)
