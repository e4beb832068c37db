"""Compressor and ducker: gains that follow levels. Four stereo blocks share one recursion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import TINY, kernel
from loopmind.dsp.lanes import (
    choose,
    exp2_lanes,
    gather8,
    larger,
    load4,
    log2_lanes,
    peak_of_pairs,
    scatter8,
    splat4,
    store4,
    to_pairs,
)

DB_PER_OCTAVE = 20.0 * math.log10(2.0)
"""Decibels in a doubling of amplitude: levels are kept as binary logarithms inside."""

STRIDE = 8
"""Levels are judged every eighth frame (the peak of eight); the gain runs straight in between."""

_STRIDES = 8
_TOPS = 24
COMPRESSOR_STATE_WORDS = _TOPS + 4 * _STRIDES
DUCKER_STATE_WORDS = 24


@dataclass(frozen=True)
class CompressorSettings:
    """A feed-forward compressor; `knee_db` is the width of its soft knee."""

    threshold_db: float = 0.0
    ratio: float = 1.0
    attack_s: float = 0.01
    release_s: float = 0.1
    makeup_db: float = 0.0
    knee_db: float = 6.0


def _decay(seconds: float, rate_hz: float) -> float:
    """Factor over STRIDE frames of an exponential with time constant `seconds`."""
    return math.exp(-STRIDE / (max(seconds, 1e-5) * rate_hz))


def static_gain_db(level_db: float, settings: CompressorSettings) -> float:
    """Gain that the compressor settles on for a steady peak level (makeup included).

    >>> static_gain_db(-10.0, CompressorSettings(threshold_db=-20.0, ratio=2.0, knee_db=0.0))
    -5.0
    """
    over, knee = level_db - settings.threshold_db, max(settings.knee_db, 1e-9)
    bend = min(max(over + knee / 2, 0.0), knee)
    amount = bend * bend / (2 * knee) + max(over - knee / 2, 0.0)
    return settings.makeup_db - (1.0 - 1.0 / settings.ratio) * amount


def compressor_params(
    settings: Sequence[CompressorSettings | None], rate_hz: float
) -> NDArray[np.float64]:
    """Parameters of `compress` for up to four stereo blocks; None leaves a block unchanged.

    Rows of four: threshold, slope, knee, release, attack, makeup (levels as binary logarithms).
    """
    rows = np.zeros((6, 4))
    rows[2] = 1.0
    for place, one in enumerate(settings):
        if one is None:
            continue
        if one.ratio < 1.0:
            raise ValueError(f"a compressor's ratio is at least 1, got {one.ratio}")
        rows[:, place] = (
            one.threshold_db / DB_PER_OCTAVE,
            1.0 - 1.0 / one.ratio,
            max(one.knee_db, 1e-3) / DB_PER_OCTAVE,
            _decay(one.release_s, rate_hz),
            _decay(one.attack_s, rate_hz),
            one.makeup_db / DB_PER_OCTAVE,
        )
    return rows.ravel()


def _compress(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Feed-forward compression, stereo linked by the louder side.

    Log-domain level, soft knee, then the smooth decoupled peak detector on the gain reduction:
    Giannoulis, Massberg, Reiss, "Digital dynamic range compressor design", JAES 60 (2012), eq. 4
    and 17.
    """
    a, b, c, d = inputs[0], inputs[1], inputs[2], inputs[3]
    e, f, g, h = outputs[0], outputs[1], outputs[2], outputs[3]
    threshold, slope, knee = load4(params, 0), load4(params, 4), load4(params, 8)
    release, attack, makeup = load4(params, 12), load4(params, 16), load4(params, 20)
    half = 0.5 * knee
    bend = slope / (2.0 * knee)
    if state[0] == 0.0:
        state[0] = 1.0
        store4(state, 16, exp2_lanes(makeup))
    phase = int(state[1])
    held, smooth, top = load4(state, 4), load4(state, 8), load4(state, 12)
    gain, step = load4(state, 16), load4(state, 20)
    zero = splat4(0.0)
    done = 0
    while done < frames:
        # Three passes over up to eight strides: levels, then gains, then the sound. In one pass
        # every stride would wait for the logarithm and the exponential of the one before it.
        strides = 0
        end, at = done, phase
        while end < frames and strides < _STRIDES:
            n = min(frames - end, STRIDE - at)
            for i in range(end, end + n):
                top = larger(top, peak_of_pairs(gather8(a, b, c, d, i)))
            end += n
            at += n
            if at == STRIDE:
                at = 0
                store4(state, _TOPS + 4 * strides, top)
                strides += 1
                top = zero
        for k in range(strides):
            over = log2_lanes(load4(state, _TOPS + 4 * k) + 1e-8) - threshold
            q = larger(over + half, zero)
            q = choose(q < knee, q, knee)
            store4(state, _TOPS + 4 * k, bend * (q * q) + slope * larger(over - half, zero))
        for k in range(strides):
            wanted = load4(state, _TOPS + 4 * k)
            held = (wanted + larger(release * (held - wanted), zero)) + TINY
            smooth = held + attack * (smooth - held)
            store4(state, _TOPS + 4 * k, smooth)
        for k in range(strides):
            store4(state, _TOPS + 4 * k, exp2_lanes(makeup - load4(state, _TOPS + 4 * k)))
        k = 0
        while done < end:
            n = min(end - done, STRIDE - phase)
            for i in range(done, done + n):
                gain = gain + step
                scatter8(e, f, g, h, i, gather8(a, b, c, d, i) * to_pairs(gain))
            done += n
            phase += n
            if phase == STRIDE:
                phase = 0
                # Towards the gain that the last eight frames ask for, reached in eight frames.
                step = (load4(state, _TOPS + 4 * k) - gain) * (1.0 / STRIDE)
                k += 1
    state[1] = float(phase)
    store4(state, 4, held)
    store4(state, 8, smooth)
    store4(state, 12, top)
    store4(state, 16, gain)
    store4(state, 20, step)


compress = kernel(_compress, forgets=True)


@dataclass(frozen=True)
class DuckerSettings:
    """Lowering by at most `depth_db` while the key sounds.

    reference_db: the key's usual peak. From 24 dB below it the ducker begins, at 6 dB below it
    it is fully down.
    """

    depth_db: float
    attack_s: float
    release_s: float
    reference_db: float = 0.0


def ducker_params(settings: Sequence[DuckerSettings | None], rate_hz: float) -> NDArray[np.float64]:
    """Parameters of `duck` for up to four stereo blocks; None leaves a block unchanged."""
    rows = np.zeros((4, 4))
    for place, one in enumerate(settings):
        if one is not None:
            rows[:, place] = (
                abs(one.depth_db) / DB_PER_OCTAVE,
                _decay(one.attack_s, rate_hz),
                _decay(one.release_s, rate_hz),
                (one.reference_db - 24.0) / DB_PER_OCTAVE,
            )
    return rows.ravel()


def _duck(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Blocks 0..3 are lowered while their keys, blocks 4..7, are loud."""
    a, b, c, d = inputs[0], inputs[1], inputs[2], inputs[3]
    j, k, m, o = inputs[4], inputs[5], inputs[6], inputs[7]
    e, f, g, h = outputs[0], outputs[1], outputs[2], outputs[3]
    depth, attack = load4(params, 0), load4(params, 4)
    release, floor = load4(params, 8), load4(params, 12)
    zero, one = splat4(0.0), splat4(1.0)
    if state[0] == 0.0:
        state[0] = 1.0
        store4(state, 16, one)
    phase = int(state[1])
    amount, top = load4(state, 4), load4(state, 12)
    gain, step = load4(state, 16), load4(state, 20)
    scale = DB_PER_OCTAVE / 18.0
    done = 0
    while done < frames:
        n = min(frames - done, STRIDE - phase)
        for i in range(done, done + n):
            top = larger(top, peak_of_pairs(gather8(j, k, m, o, i)))
            gain = gain + step
            scatter8(e, f, g, h, i, gather8(a, b, c, d, i) * to_pairs(gain))
        done += n
        phase += n
        if phase == STRIDE:
            phase = 0
            wanted = larger((log2_lanes(top + 1e-8) - floor) * scale, zero)
            wanted = choose(wanted < one, wanted, one)
            top = zero
            speed = choose(wanted > amount, attack, release)
            amount = (wanted + speed * (amount - wanted)) + TINY
            step = (exp2_lanes(zero - depth * amount) - gain) * (1.0 / STRIDE)
    state[1] = float(phase)
    store4(state, 4, amount)
    store4(state, 12, top)
    store4(state, 16, gain)
    store4(state, 20, step)


duck = kernel(_duck, forgets=True)
