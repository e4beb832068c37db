"""Faders, sums and taps: where blocks are scaled, panned, added and copied out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import FLOOR, doubles_at, floats_at, kernel
from loopmind.dsp.lanes import (
    choose,
    gather8,
    load4,
    load8,
    scatter8,
    splat8,
    store8,
    swap_pairs,
    to_pairs,
)

FADER_PARAM_WORDS = 40
FADER_STATE_WORDS = 40
SMOOTHING_S = 0.01
"""Time constant with which faders glide to a new setting."""


def fader_matrix(gain_db: float, pan: float, width: float) -> NDArray[np.float64]:
    """2x2 matrix of a channel strip's width, pan and gain, applied in this order.

    Width scales the side signal (0 mono, 1 unchanged). Pan is a balance of constant power: with
    theta = (pan + 1) pi / 4 left is scaled by sqrt(2) cos theta, right by sqrt(2) sin theta; the
    centre is unity gain, and a mono sound has the same power at every position.

    >>> fader_matrix(0.0, 0.0, 1.0).round(12).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    gain = 10.0 ** (gain_db / 20.0)
    theta = (min(max(pan, -1.0), 1.0) + 1.0) * math.pi / 4.0
    same, other = (1.0 + width) / 2.0, (1.0 - width) / 2.0
    sides = np.array([[same, other], [other, same]])
    balance = np.sqrt(2.0) * np.array([math.cos(theta), math.sin(theta)])
    # cos(pi/4) is not exactly 1/sqrt(2): keep the centre exact.
    if pan == 0.0:
        balance[:] = 1.0
    matrix: NDArray[np.float64] = gain * balance[:, None] * sides
    return matrix


def fader_params(
    matrices: Sequence[NDArray[np.float64]],
    curves: Sequence[int],
    rows: int,
    rate_hz: float,
    delay: int = 0,
) -> NDArray[np.float64]:
    """Parameters of `fade` for up to four stereo blocks.

    matrices: from `fader_matrix`. curves: addresses of gain tables (float64, linear amplitude, one
    value for every GRID frames), 0 for none; `rows` is their length.
    """
    params = np.zeros(FADER_PARAM_WORDS)
    params[0] = rows
    params[1] = delay
    params[2] = 1.0 - math.exp(-1.0 / (SMOOTHING_S * rate_hz))
    for place, (matrix, curve) in enumerate(zip(matrices, curves, strict=True)):
        params[8 + place] = curve
        params[16 + 2 * place], params[17 + 2 * place] = matrix[0, 0], matrix[1, 1]
        params[24 + 2 * place], params[25 + 2 * place] = matrix[0, 1], matrix[1, 0]
    return params


def _fade(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Out = matrix * in * curve; the matrix glides, the curve is a function of absolute frames."""
    a, b, c, d = inputs[0], inputs[1], inputs[2], inputs[3]
    e, f, g, h = outputs[0], outputs[1], outputs[2], outputs[3]
    last = int(params[0]) - 1
    begin = start - int(params[1])
    speed = params[2]
    straight, crossed = load8(params, 16), load8(params, 24)
    if state[0] == 0.0:
        state[0] = 1.0
        store8(state, 8, straight)
        store8(state, 16, crossed)
    now_straight, now_crossed = load8(state, 8), load8(state, 16)
    floor, zero = splat8(FLOOR * FLOOR), splat8(0.0)
    steady = True
    for lane in range(16):
        steady = steady and state[8 + lane] == params[16 + lane]
    for lane in range(4):
        steady = steady and params[8 + lane] == 0.0
    done = 0
    if steady:
        # Nothing moves: the same sums without the gliding.
        for i in range(frames):
            x = gather8(a, b, c, d, i)
            y = straight * x + crossed * swap_pairs(x)
            scatter8(e, f, g, h, i, choose(y * y < floor, zero, y))
        done = frames
    while done < frames:
        at = begin + done
        n = min(frames - done, 64 - (at & 63))
        row = min(max(at >> 6, 0), last)
        following = min(max((at >> 6) + 1, 0), last)
        for lane in range(4):
            address = int(params[8 + lane])
            g0, g1 = 1.0, 1.0
            if address != 0:
                table = doubles_at(address)
                g0, g1 = table[row], table[following]
            state[24 + lane] = g0
            state[28 + lane] = (g1 - g0) / 64.0
        level, step = load4(state, 24), load4(state, 28)
        for i in range(done, done + n):
            now_straight = now_straight + (straight - now_straight) * speed
            now_crossed = now_crossed + (crossed - now_crossed) * speed
            x = gather8(a, b, c, d, i)
            y = now_straight * x + now_crossed * swap_pairs(x)
            y = y * to_pairs(level + step * float((begin + i) & 63))
            scatter8(e, f, g, h, i, choose(y * y < floor, zero, y))
        done += n
    store8(state, 8, now_straight)
    store8(state, 16, now_crossed)
    for word in range(24, 32):  # nothing beyond this call
        state[word] = 0.0


fade = kernel(_fade)


def sum_params(
    gains: Sequence[float],
    curves: Sequence[int] | None = None,
    rows: int = 0,
    delay: int = 0,
) -> NDArray[np.float64]:
    """Parameters of `add_up`: a gain and a gain table (address, 0 for none) for each input."""
    params = np.zeros(8 + 2 * len(gains))
    params[0] = len(gains)
    params[1] = rows
    params[2] = delay
    for place, gain in enumerate(gains):
        params[8 + 2 * place] = gain
        params[9 + 2 * place] = 0 if curves is None else curves[place]
    return params


def _add_up(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Out = sum of gain * in, added one input after the other in float32: a fixed order."""
    out = outputs[0]
    last = int(params[1]) - 1
    begin = start - int(params[2])
    for i in range(2 * frames):
        out[i] = 0.0
    for index in range(int(params[0])):
        source = inputs[index]
        gain = params[8 + 2 * index]
        address = int(params[9 + 2 * index])
        if address == 0:
            scale = np.float32(gain)
            for i in range(2 * frames):
                out[i] = out[i] + source[i] * scale
        else:
            table = doubles_at(address)
            for i in range(frames):
                at = begin + i
                g0 = table[min(max(at >> 6, 0), last)]
                g1 = table[min(max((at >> 6) + 1, 0), last)]
                scale = np.float32(gain * (g0 + (g1 - g0) / 64.0 * (at & 63)))
                out[2 * i] = out[2 * i] + source[2 * i] * scale
                out[2 * i + 1] = out[2 * i + 1] + source[2 * i + 1] * scale


add_up = kernel(_add_up)


def tap_params(target: NDArray[np.float32], origin: int, ring: bool) -> NDArray[np.float64]:
    """Parameters of `tap` and `feed`: frame `origin` is kept at the start of `target`.

    target: float32 (frames, 2), C order. A ring wraps; otherwise frames outside are left out.
    """
    params = np.zeros(8)
    params[:4] = target.ctypes.data, len(target), origin, float(ring)
    return params


def _tap(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Copy the input block to memory at its absolute frames."""
    source = inputs[0]
    target = floats_at(int(params[0]))
    length = int(params[1])
    at = start - int(params[2])
    if params[3] != 0.0:
        at %= length
    i = 0
    while i < frames:
        if at >= length:
            if params[3] == 0.0:
                break
            at = 0
        if at < 0:
            skip = min(-at, frames - i)
            i += skip
            at += skip
            continue
        n = min(frames - i, length - at)
        for k in range(2 * n):
            target[2 * at + k] = source[2 * i + k]
        i += n
        at += n


tap = kernel(_tap)


def _feed(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """The reverse of `tap`: memory at absolute frames becomes a block, silence outside."""
    out = outputs[0]
    source = floats_at(int(params[0]))
    length = int(params[1])
    at = start - int(params[2])
    ring = params[3] != 0.0
    if ring:
        at %= length
    i = 0
    while i < frames:
        if ring and at >= length:
            at = 0
        n = frames - i
        if 0 <= at < length:
            n = min(n, length - at)
            for k in range(2 * n):
                out[2 * i + k] = source[2 * at + k]
        else:
            if at < 0:
                n = min(n, -at)
            for k in range(2 * n):
                out[2 * i + k] = 0.0
        i += n
        at += n


feed = kernel(_feed)
