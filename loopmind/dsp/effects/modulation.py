"""Modulation: chorus and flanger (delays that sway) and phaser (all-passes that sway).

The sway is a sine of the absolute frame, so a passage sounds the same wherever playing began.
"""

from __future__ import annotations

import math

import numpy as np

from loopmind.dsp.effects.common import (
    GLIDE_S,
    SWAY_WORDS,
    Turns,
    finite,
    row_at,
    speed,
    sway_rows,
)
from loopmind.dsp.kernel import TINY, as_floats, kernel
from loopmind.dsp.unit import Part, Unit

RING = 4096
"""Frames that a swaying delay remembers: 43 ms at 96 kHz."""
STAGES = 6


def _sway(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = x (1 - mix / 2) + mix d, d the stream params[0] + params[1] sin(..) frames late.

    params: centre, depth, frames by which all comes late, feedback, mix, phase between the sides,
    glide, rows of the sway, these rows.
    """
    source, out = inputs[0], outputs[0]
    centre, depth, late, apart, pace = params[0], params[1], int(params[2]), params[5], params[6]
    rows = int(params[7])
    row = row_at(params, 8, rows, SWAY_WORDS, start - late)
    ring = as_floats(state)
    if state[0] == 0.0:
        state[0], state[2], state[3] = 1.0, params[3], params[4]
    place, feedback, mix = int(state[1]), state[2], state[3]
    for n in range(frames):
        feedback += (params[3] - feedback) * pace
        mix += (params[4] - mix) * pace
        at = float(start - late + n)
        while row + 1 < rows and params[8 + SWAY_WORDS * (row + 1)] <= at:
            row += 1
        here = 8 + SWAY_WORDS * row
        angle = params[here + 1] + params[here + 2] * (at - params[here])
        for side in range(2):
            x = finite(source[2 * n + side])
            behind = centre + depth * math.sin(angle + apart * side)
            whole = int(behind)
            share = behind - whole
            near = 2 * (8 + (place - whole + RING) % RING) + side
            far = 2 * (8 + (place - whole - 1 + RING) % RING) + side
            held = ring[near] + (ring[far] - ring[near]) * share
            ring[2 * (8 + place) + side] = np.float32(x + feedback * held + TINY)
            out[2 * n + side] = np.float32(x * (1.0 - 0.5 * mix) + mix * held)
        place = (place + 1) % RING
    state[1], state[2], state[3] = place, feedback, mix


def prepare_sway(
    rate_hz: float, settings: dict[str, float], changes: Turns = (), late: int = 0
) -> Part:
    """Settings: delay_ms, depth_ms (at most the delay), speed_hz, feedback -.9...9, mix 0..1,
    spread 0..1 (how far apart the sides sway).

    changes: other speeds from a frame on. late: frames by which the stream comes late.
    """
    most = (RING - 4) / 2.0
    centre = min(max(settings["delay_ms"] * 0.001 * rate_hz, 2.0), most)
    depth = min(settings["depth_ms"] * 0.001 * rate_hz, centre - 1.0)
    params = np.array(
        [
            centre, depth, float(late), min(max(settings["feedback"], -0.9), 0.9),
            settings["mix"], math.pi * settings["spread"], speed(GLIDE_S, rate_hz),
            *sway_rows(rate_hz, settings["speed_hz"], changes),
        ]
    )  # fmt: skip
    return Part(params, state_words=8 + RING, moving=(3, 4))


def _phase(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = x (1 - mix / 2) + mix / 2 allpasses(x + feedback y'); their corner sways in octaves.

    params: low corner (radians), octaves, frames by which all comes late, feedback, mix, spread,
    glide, rows of the sway, these rows.
    """
    source, out = inputs[0], outputs[0]
    low, octaves, late, apart, pace = params[0], params[1], int(params[2]), params[5], params[6]
    rows = int(params[7])
    row = row_at(params, 8, rows, SWAY_WORDS, start - late)
    if state[0] == 0.0:
        state[0], state[1], state[2] = 1.0, params[3], params[4]
    feedback, mix = state[1], state[2]
    for n in range(frames):
        feedback += (params[3] - feedback) * pace
        mix += (params[4] - mix) * pace
        at = float(start - late + n)
        while row + 1 < rows and params[8 + SWAY_WORDS * (row + 1)] <= at:
            row += 1
        here = 8 + SWAY_WORDS * row
        angle = params[here + 1] + params[here + 2] * (at - params[here])
        for side in range(2):
            x = finite(source[2 * n + side])
            corner = low * 2.0 ** (octaves * (0.5 - 0.5 * math.cos(angle + apart * side)))
            tangent = math.tan(0.5 * min(corner, 3.0))
            a = (tangent - 1.0) / (tangent + 1.0)
            y = x + feedback * state[4 + side] + TINY
            for stage in range(STAGES):
                memory = 8 + 2 * (2 * stage + side)
                made = a * y + state[memory] - a * state[memory + 1]
                state[memory], state[memory + 1] = y, made
                y = made
            state[4 + side] = y
            out[2 * n + side] = np.float32(x * (1.0 - 0.5 * mix) + 0.5 * mix * y)
    state[1], state[2] = feedback, mix


def prepare_phase(
    rate_hz: float, settings: dict[str, float], changes: Turns = (), late: int = 0
) -> Part:
    """Settings: low_hz, octaves, speed_hz, feedback 0...9, mix 0..1, spread 0..1.

    changes: other speeds from a frame on. late: frames by which the stream comes late.
    """
    params = np.array(
        [
            2.0 * math.pi * settings["low_hz"] / rate_hz, settings["octaves"], float(late),
            min(max(settings["feedback"], 0.0), 0.9), settings["mix"],
            math.pi * settings["spread"], speed(GLIDE_S, rate_hz),
            *sway_rows(rate_hz, settings["speed_hz"], changes),
        ]
    )  # fmt: skip
    return Part(params, state_words=8 + 4 * STAGES, moving=(3, 4))


SWAY = Unit(kernel(_sway, forgets=8), prepare_sway)
PHASER = Unit(kernel(_phase, forgets=True), prepare_phase)
