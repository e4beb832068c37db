"""Equalisers and swept filters: RBJ biquad cascades and a state-variable filter that moves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import TINY, doubles_at, helper, kernel
from loopmind.dsp.lanes import gather8, load4, load8, scatter8, splat8, store8, to_pairs

BIQUAD_KINDS = ("lowcut", "lowshelf", "peak", "highshelf", "highcut")


def biquad(
    kind: str, freq_hz: float, rate_hz: float, gain_db: float = 0.0, q: float = 0.707
) -> NDArray[np.float64]:
    """Coefficients (b0, b1, b2, a1, a2), a0 = 1, of one second-order equaliser band.

    Source: Robert Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".
    Shelves use `q` as the cookbook's Q. The frequency is kept below .49 of the rate.

    >>> [float(round(c, 3)) for c in biquad("peak", 1000, 48000, 0.0)]
    [1.0, -1.815, 0.831, -1.815, 0.831]
    """
    if kind not in BIQUAD_KINDS:
        raise ValueError(f"unknown equaliser band {kind!r}; choose from {BIQUAD_KINDS}")
    if not (freq_hz > 0 and q > 0 and rate_hz > 0):
        raise ValueError(f"{kind}: frequency, q and rate must be positive, got {freq_hz}, {q}")
    w = 2.0 * math.pi * min(freq_hz, 0.49 * rate_hz) / rate_hz
    cos, alpha = math.cos(w), math.sin(w) / (2.0 * q)
    a = 10.0 ** (gain_db / 40.0)
    if kind == "lowcut":
        b, d = (
            ((1 + cos) / 2, -(1 + cos), (1 + cos) / 2),
            (1 + alpha, -2 * cos, 1 - alpha),
        )
    elif kind == "highcut":
        b, d = (
            ((1 - cos) / 2, 1 - cos, (1 - cos) / 2),
            (1 + alpha, -2 * cos, 1 - alpha),
        )
    elif kind == "peak":
        b = (1 + alpha * a, -2 * cos, 1 - alpha * a)
        d = (1 + alpha / a, -2 * cos, 1 - alpha / a)
    else:
        s = 1.0 if kind == "lowshelf" else -1.0
        root = 2 * math.sqrt(a) * alpha
        b = (
            a * ((a + 1) - s * (a - 1) * cos + root),
            s * 2 * a * ((a - 1) - s * (a + 1) * cos),
            a * ((a + 1) - s * (a - 1) * cos - root),
        )
        d = (
            (a + 1) + s * (a - 1) * cos + root,
            -s * 2 * ((a - 1) + s * (a + 1) * cos),
            (a + 1) + s * (a - 1) * cos - root,
        )
    return np.array([b[0], b[1], b[2], d[1], d[2]]) / d[0]


BIQUAD_IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0)


def biquad_params(cascades: Sequence[Sequence[NDArray[np.float64]]]) -> NDArray[np.float64]:
    """Parameters of `equalise` for up to four stereo blocks, each with its list of bands.

    Layout: eight words, the first the number of sections; then per section five rows
    (b0 b1 b2 a1 a2) of eight lanes. Shorter cascades are filled with the identity, which passes
    samples unchanged.
    """
    sections = max((len(c) for c in cascades), default=0)
    table = np.tile(np.array(BIQUAD_IDENTITY), (sections, 8, 1))
    for place, cascade in enumerate(cascades):
        for section, coefficients in enumerate(cascade):
            table[section, 2 * place : 2 * place + 2] = coefficients
    header = np.zeros(8)
    header[0] = sections
    return np.concatenate([header, table.transpose(0, 2, 1).ravel()])


def biquad_state_words(sections: int) -> int:
    """Length of the state of `equalise`."""
    return 16 * sections


@helper(inline=True)
def _section(x, k, s1, s2):  # type: ignore[no-untyped-def]
    """One biquad with coefficients `k`, one frame: the result and the next state."""
    y = k[0] * x + s1
    return y, (k[1] * x + s2) - k[3] * y, k[2] * x - k[4] * y


@helper(inline=True)
def _coefficients(params, at):  # type: ignore[no-untyped-def]
    return (
        load8(params, at),
        load8(params, at + 8),
        load8(params, at + 16),
        load8(params, at + 24),
        load8(params, at + 32),
    )


def _equalise(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Biquad cascades, transposed direct form II, float64.

    TINY also goes out: a low cut would pass a fading denormal on. Up to three sections share one
    pass, so that a block is read and written only once for them; each works one frame behind the
    one before it, so that none waits for another.
    """
    sections = int(params[0])
    a, b, c, d = inputs[0], inputs[1], inputs[2], inputs[3]
    e, f, g, h = outputs[0], outputs[1], outputs[2], outputs[3]
    tiny = splat8(TINY)
    section = 0
    while section < sections:
        p = 8 + 40 * section
        s = 16 * section
        left = sections - section
        one = _coefficients(params, p)
        s1, s2 = load8(state, s), load8(state, s + 8)
        if left == 1:
            for i in range(frames):
                y, s1, s2 = _section(gather8(a, b, c, d, i) + tiny, one, s1, s2)
                scatter8(e, f, g, h, i, y + tiny)
            section += 1
        else:
            two = _coefficients(params, p + 40)
            t1, t2 = load8(state, s + 16), load8(state, s + 24)
            if left == 2:
                y, s1, s2 = _section(gather8(a, b, c, d, 0) + tiny, one, s1, s2)
                for i in range(1, frames):
                    z, t1, t2 = _section(y, two, t1, t2)
                    scatter8(e, f, g, h, i - 1, z + tiny)
                    y, s1, s2 = _section(gather8(a, b, c, d, i) + tiny, one, s1, s2)
                z, t1, t2 = _section(y, two, t1, t2)
                scatter8(e, f, g, h, frames - 1, z + tiny)
                section += 2
            else:
                three = _coefficients(params, p + 80)
                u1, u2 = load8(state, s + 32), load8(state, s + 40)
                if frames == 1:
                    y, s1, s2 = _section(gather8(a, b, c, d, 0) + tiny, one, s1, s2)
                    z, t1, t2 = _section(y, two, t1, t2)
                    w, u1, u2 = _section(z, three, u1, u2)
                    scatter8(e, f, g, h, 0, w + tiny)
                else:
                    y, s1, s2 = _section(gather8(a, b, c, d, 0) + tiny, one, s1, s2)
                    z, t1, t2 = _section(y, two, t1, t2)
                    y, s1, s2 = _section(gather8(a, b, c, d, 1) + tiny, one, s1, s2)
                    for i in range(2, frames):
                        w, u1, u2 = _section(z, three, u1, u2)
                        scatter8(e, f, g, h, i - 2, w + tiny)
                        z, t1, t2 = _section(y, two, t1, t2)
                        y, s1, s2 = _section(gather8(a, b, c, d, i) + tiny, one, s1, s2)
                    w, u1, u2 = _section(z, three, u1, u2)
                    scatter8(e, f, g, h, frames - 2, w + tiny)
                    z, t1, t2 = _section(y, two, t1, t2)
                    w, u1, u2 = _section(z, three, u1, u2)
                    scatter8(e, f, g, h, frames - 1, w + tiny)
                section += 3
                store8(state, s + 32, u1)
                store8(state, s + 40, u2)
            store8(state, s + 16, t1)
            store8(state, s + 24, t2)
        store8(state, s, s1)
        store8(state, s + 8, s2)
        a, b, c, d = e, f, g, h


equalise = kernel(_equalise, forgets=True)

GRID = 64
"""Automation is tabled on every 64th absolute frame and runs in straight lines between."""

_QS = (0.5411961001461969, 1.3065629648763764)  # two Butterworth sections: 24 dB an octave
OPEN_LOWPASS_HZ = 20000.0
OPEN_HIGHPASS_HZ = 20.0
WARM_ROWS = 150
"""Rows (.2 s) for which a filter runs before it is heard."""

_SCRATCH = 32  # state words from here on hold nothing beyond a call
SWEEP_STATE_WORDS = 56
SWEEP_PARAM_WORDS = 32


def sweep_table(mode: str, cutoff_hz: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Rows (g, wet, on) of a filter sweep for `sweep`, one for every GRID frames of the song.

    g = tan(pi f / rate) is the filter's integrator gain. `wet` fades the filter out where it is
    open (above 16 to 20 kHz for a low-pass, below 25 to 20 Hz for a high-pass), so that an open
    filter changes nothing at all. `on` is 0 where it is open long enough to be left out; it
    begins afresh, from rest, .2 s before it is heard again.
    """
    cutoff = np.clip(cutoff_hz, 5.0, min(OPEN_LOWPASS_HZ, 0.45 * rate_hz))
    wet = sweep_wet(mode, cutoff_hz, rate_hz)
    heard = np.flatnonzero(wet > 0.0)
    # A row is also heard in the one before it, from which values run towards it.
    place = np.searchsorted(heard, np.arange(len(wet)) - 1)
    following = np.append(heard, 2 * len(wet) + WARM_ROWS)[place]
    on = following <= np.arange(len(wet)) + WARM_ROWS
    return np.ascontiguousarray(np.stack([np.tan(np.pi * cutoff / rate_hz), wet, on], axis=1))


def sweep_wet(mode: str, cutoff_hz: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """How far a filter is faded in at each cutoff: 0 where it is open, 1 where it is all heard."""
    top = min(OPEN_LOWPASS_HZ, 0.45 * rate_hz)
    cutoff = np.clip(cutoff_hz, 5.0, top)
    if mode == "lowpass":
        wet = np.log(top / cutoff) / math.log(1.25)
    elif mode == "highpass":
        wet = np.log(cutoff / OPEN_HIGHPASS_HZ) / math.log(1.25)
    else:
        raise ValueError(f"a sweep is 'lowpass' or 'highpass', not {mode!r}")
    # A cutoff that came through a logarithm misses the open end by a rounding error.
    return np.where(wet < 1e-9, 0.0, np.minimum(wet, 1.0))


def sweep_params(
    modes: Sequence[str | None],
    tables: Sequence[int],
    rows: int,
    delays: Sequence[int],
    *,
    in_place: bool = False,
) -> NDArray[np.float64]:
    """Parameters of `sweep` for up to four stereo blocks; `tables` are addresses, 0 for none.

    `delays`: frames by which the program runs ahead of the song at this place, per block.
    `in_place`: the outputs are the inputs, so that an open filter costs nothing.
    """
    params = np.zeros(SWEEP_PARAM_WORDS)
    params[0] = rows
    params[1] = float(in_place)
    for place, (mode, table, delay) in enumerate(zip(modes, tables, delays, strict=True)):
        params[8 + place] = table
        params[16 + place] = delay
        if mode == "highpass":
            params[24 + 2 * place : 26 + 2 * place] = 1.0
    return params


def _sweep(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Two state-variable filters in a row with a moving cutoff (Simper, trapezoidal, 2013)."""
    last = int(params[0]) - 1
    a, b, c, d = inputs[0], inputs[1], inputs[2], inputs[3]
    e, f, g_, h = outputs[0], outputs[1], outputs[2], outputs[3]
    high = load8(params, 24)
    low = 1.0 - high
    k = 1.0 / _QS[0]
    j = 1.0 / _QS[1]
    in_place = params[1] != 0.0
    done = 0
    if in_place and params[8] + params[9] + params[10] + params[11] == 0.0:
        done = frames
    while done < frames:
        # All lanes share the longest stretch in which none crosses its next table row.
        n = frames - done
        for lane in range(4):
            at = start + done - int(params[16 + lane])
            n = min(n, 64 - (at & 63))
        off = 0
        for lane in range(4):
            at = start + done - int(params[16 + lane])
            row = min(max(at >> 6, 0), last)
            following = min(max((at >> 6) + 1, 0), last)
            address = int(params[8 + lane])
            # Without a table: any stable filter, fully dry.
            g0, g1, w0, w1, on = 1.0, 1.0, 0.0, 0.0, 0.0
            if address != 0:
                table = doubles_at(address)
                g0, g1 = table[3 * row], table[3 * following]
                w0, w1 = table[3 * row + 1], table[3 * following + 1]
                on = table[3 * row + 2]
            state[52 + lane] = on
            off += on == 0.0
            state[32 + lane] = (g1 - g0) / 64.0
            state[36 + lane] = (w1 - w0) / 64.0
            state[40 + lane] = g0
            state[44 + lane] = w0
            state[48 + lane] = float(at & 63)
        if off == 4:
            if not in_place:
                for i in range(done, done + n):
                    scatter8(e, f, g_, h, i, gather8(a, b, c, d, i))
            for lane in range(32):
                state[lane] = 0.0
            done += n
            continue
        p1, p2 = load8(state, 0), load8(state, 8)
        q1, q2 = load8(state, 16), load8(state, 24)
        g_step, w_step = load4(state, 32), load4(state, 36)
        g_from, w_from = load4(state, 40), load4(state, 44)
        phase = load4(state, 48)
        # The gains that need a division are exact on the table's rows and straight in between.
        g = to_pairs(g_from)
        first, second = 1.0 / (g * (g + k) + 1.0), 1.0 / (g * (g + j) + 1.0)
        g = to_pairs(g_from + g_step * 64.0)
        first_step = (1.0 / (g * (g + k) + 1.0) - first) * (1.0 / 64.0)
        second_step = (1.0 / (g * (g + j) + 1.0) - second) * (1.0 / 64.0)
        for i in range(done, done + n):
            x = gather8(a, b, c, d, i)
            t = phase + float(i - done)
            g = to_pairs(g_from + g_step * t)
            wet = to_pairs(w_from + w_step * t)
            t8 = to_pairs(t)
            u = x + TINY
            v3 = u - p2
            v1 = (first + first_step * t8) * (p1 + g * v3)
            v2 = p2 + g * v1
            p1 = v1 + v1 - p1
            p2 = v2 + v2 - p2
            u = high * ((u - k * v1) - v2) + low * v2
            v3 = u - q2
            v1 = (second + second_step * t8) * (q1 + g * v3)
            v2 = q2 + g * v1
            q1 = v1 + v1 - q1
            q2 = v2 + v2 - q2
            u = high * ((u - j * v1) - v2) + low * v2
            scatter8(e, f, g_, h, i, x + wet * (u - x))
        done += n
        store8(state, 0, p1)
        store8(state, 8, p2)
        store8(state, 16, q1)
        store8(state, 24, q2)
        for lane in range(8):
            # A filter that is left out stays at rest, wherever blocks begin and end.
            if state[52 + lane // 2] == 0.0:
                for word in range(lane, 32, 8):
                    state[word] = 0.0
    for word in range(_SCRATCH, SWEEP_STATE_WORDS):
        state[word] = 0.0


sweep = kernel(_sweep, forgets=True)
