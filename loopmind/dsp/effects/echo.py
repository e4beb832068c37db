"""Echo: a delay with feedback, damped, straight or from side to side."""

from __future__ import annotations

import numpy as np

from loopmind.dsp.effects._common import GLIDE_S, amplitude, finite, speed
from loopmind.dsp.kernel import TINY, as_floats, kernel
from loopmind.dsp.unit import Part, Unit

LONGEST_S = 8.0
_HEADER = 8
_FADED = 2.0**-27
"""Repeats softer than this (-162 dB) end, so that silence is silence again."""


def _echo(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """w = x + f lowpass(w delayed), crossed over for ping-pong; y = dry x + wet (w delayed).

    params: frames of delay, feedback, damping, wet, dry, cross, glide.
    """
    source, out = inputs[0], outputs[0]
    length = int(params[0])
    damping, cross, pace = params[2], params[5], params[6]
    ring = as_floats(state)
    if state[0] == 0.0:
        state[0], state[2], state[3], state[4] = 1.0, params[1], params[3], params[4]
    place = int(state[1])
    feedback, wet, dry = state[2], state[3], state[4]
    low_left, low_right = state[5], state[6]
    for n in range(frames):
        feedback += (params[1] - feedback) * pace
        wet += (params[3] - wet) * pace
        dry += (params[4] - dry) * pace
        at = 2 * (_HEADER + place)
        a, b = finite(source[2 * n]), finite(source[2 * n + 1])
        late_left, late_right = np.float64(ring[at]), np.float64(ring[at + 1])
        low_left += (late_left - low_left + TINY) * damping
        low_right += (late_right - low_right + TINY) * damping
        back_left = low_left + (low_right - low_left) * cross
        back_right = low_right + (low_left - low_right) * cross
        into_left = a + (b - a) * 0.5 * cross
        into_right = b * (1.0 - cross)
        again_left = into_left + feedback * back_left
        again_right = into_right + feedback * back_right
        ring[at] = np.float32(again_left if abs(again_left) > _FADED else 0.0)
        ring[at + 1] = np.float32(again_right if abs(again_right) > _FADED else 0.0)
        out[2 * n] = np.float32(dry * a + wet * late_left)
        out[2 * n + 1] = np.float32(dry * b + wet * late_right)
        place += 1
        if place >= length:
            place = 0
    state[1] = place
    state[2], state[3], state[4] = feedback, wet, dry
    state[5], state[6] = low_left, low_right


def prepare(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: time_s, feedback 0...95, damping_hz, wet_db, dry_db, ping_pong."""
    length = max(round(min(settings["time_s"], LONGEST_S) * rate_hz), 1)
    feedback = min(max(settings["feedback"], 0.0), 0.95)
    damping = 1.0 - np.exp(-2.0 * np.pi * min(settings["damping_hz"], 0.45 * rate_hz) / rate_hz)
    params = np.array(
        [
            float(length), feedback, damping, amplitude(settings["wet_db"]),
            amplitude(settings["dry_db"]), float(bool(settings["ping_pong"])),
            speed(GLIDE_S, rate_hz),
        ]
    )  # fmt: skip
    return Part(params, state_words=_HEADER + length, moving=(1, 3, 4))


ECHO = Unit(kernel(_echo, forgets=_HEADER), prepare)
