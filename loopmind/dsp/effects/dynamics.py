"""Dynamics of one stream: compressor (also keyed by another stream), gate, transient shaper.

Levels are peaks of both sides; detectors are one-pole followers with attack and release
(D. Giannoulis et al., "Digital Dynamic Range Compressor Design", JAES 60, 2012).
"""

from __future__ import annotations

import math

import numpy as np

from loopmind.dsp.effects.common import GLIDE_S, amplitude, finite, speed
from loopmind.dsp.kernel import kernel
from loopmind.dsp.unit import Part, Unit

_FLOOR = 1e-6


def _compress(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Gain in dB: -(1 - 1/ratio) of what exceeds the threshold, soft over the knee.

    params: threshold dB, slope, attack, release, knee dB, makeup, keyed, glide.
    """
    source, key, out = inputs[0], inputs[1], outputs[0]
    slope, attack, release, knee, pace = params[1], params[2], params[3], params[4], params[7]
    keyed = params[6] != 0.0
    if state[0] == 0.0:
        state[0], state[2], state[3] = 1.0, params[0], params[5]
    reduced, threshold, makeup = state[1], state[2], state[3]
    for n in range(frames):
        threshold += (params[0] - threshold) * pace
        makeup += (params[5] - makeup) * pace
        a, b = finite(source[2 * n]), finite(source[2 * n + 1])
        heard_a, heard_b = a, b
        if keyed:
            heard_a, heard_b = finite(key[2 * n]), finite(key[2 * n + 1])
        level = 20.0 * math.log10(max(abs(heard_a), abs(heard_b), _FLOOR))
        over = level - threshold
        wanted = 0.0
        if over > 0.5 * knee:
            wanted = slope * over
        elif over > -0.5 * knee:
            wanted = slope * (over + 0.5 * knee) ** 2 / (2.0 * knee)
        reduced += (wanted - reduced) * (attack if wanted > reduced else release)
        gain = makeup * 10.0 ** (-reduced / 20.0)
        out[2 * n], out[2 * n + 1] = np.float32(a * gain), np.float32(b * gain)
    state[1], state[2], state[3] = reduced, threshold, makeup


def prepare_compressor(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: threshold_db, ratio, attack_ms, release_ms, knee_db, makeup_db, keyed."""
    params = np.array(
        [
            settings["threshold_db"], 1.0 - 1.0 / max(settings["ratio"], 1.0),
            speed(settings["attack_ms"] * 0.001, rate_hz),
            speed(settings["release_ms"] * 0.001, rate_hz), max(settings["knee_db"], 0.01),
            amplitude(settings["makeup_db"]), float(bool(settings["keyed"])),
            speed(GLIDE_S, rate_hz),
        ]
    )  # fmt: skip
    return Part(params, state_words=4, moving=(0, 5))


def _gate(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Opens above the threshold, closes below it less the hysteresis, after the hold.

    params: open level, close level, attack, release, hold frames, floor gain.
    """
    source, out = inputs[0], outputs[0]
    attack, release, hold, floor = params[2], params[3], params[4], params[5]
    if state[0] == 0.0:
        state[0], state[1] = 1.0, floor
    gain, left = state[1], state[2]
    for n in range(frames):
        a, b = finite(source[2 * n]), finite(source[2 * n + 1])
        level = max(abs(a), abs(b))
        if level >= params[0] or (left > 0.0 and level >= params[1]):
            left = hold
        elif left > 0.0:
            left -= 1.0
        wanted = 1.0 if left > 0.0 else floor
        gain += (wanted - gain) * (attack if wanted > gain else release)
        out[2 * n], out[2 * n + 1] = np.float32(a * gain), np.float32(b * gain)
    state[1], state[2] = gain, left


def prepare_gate(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: threshold_db, hysteresis_db, attack_ms, hold_ms, release_ms, range_db."""
    params = np.array(
        [
            amplitude(settings["threshold_db"]),
            amplitude(settings["threshold_db"] - settings["hysteresis_db"]),
            speed(settings["attack_ms"] * 0.001, rate_hz),
            speed(settings["release_ms"] * 0.001, rate_hz),
            max(settings["hold_ms"] * 0.001 * rate_hz, 1.0), amplitude(-settings["range_db"]),
        ]
    )  # fmt: skip
    return Part(params, state_words=3, moving=(0, 1, 5))


def _shape(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Gain in dB: attack times (fast less slow rise) plus sustain times (slow less fast fall).

    params: attack dB, sustain dB, fast up, slow up, fast down, slow down, glide.
    """
    source, out = inputs[0], outputs[0]
    pace = params[6]
    if state[0] == 0.0:
        state[0], state[5], state[6] = 1.0, params[0], params[1]
        for word in range(1, 5):
            state[word] = _FLOOR
    fast, slow, short, long_ = state[1], state[2], state[3], state[4]
    attack, sustain = state[5], state[6]
    for n in range(frames):
        attack += (params[0] - attack) * pace
        sustain += (params[1] - sustain) * pace
        a, b = finite(source[2 * n]), finite(source[2 * n + 1])
        level = max(abs(a), abs(b), _FLOOR)
        fast += (level - fast) * (params[2] if level > fast else params[4])
        slow += (level - slow) * (params[3] if level > slow else params[4])
        short += (level - short) * (params[2] if level > short else params[4])
        long_ += (level - long_) * (params[2] if level > long_ else params[5])
        rise = min(max(math.log(fast / slow), 0.0), 1.0)
        fall = min(max(math.log(long_ / short), 0.0), 1.0)
        gain = 10.0 ** ((attack * rise + sustain * fall) / 20.0)
        out[2 * n], out[2 * n + 1] = np.float32(a * gain), np.float32(b * gain)
    state[1], state[2], state[3], state[4] = fast, slow, short, long_
    state[5], state[6] = attack, sustain


def prepare_shaper(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: attack_db, sustain_db, each -15..15."""
    params = np.array(
        [
            settings["attack_db"], settings["sustain_db"], speed(0.0008, rate_hz),
            speed(0.015, rate_hz), speed(0.03, rate_hz), speed(0.25, rate_hz),
            speed(GLIDE_S, rate_hz),
        ]
    )  # fmt: skip
    return Part(params, state_words=7, moving=(0, 1))


COMPRESSOR = Unit(kernel(_compress), prepare_compressor, lanes=2)
GATE = Unit(kernel(_gate), prepare_gate)
SHAPER = Unit(kernel(_shape), prepare_shaper)
