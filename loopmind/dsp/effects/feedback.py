"""Feedback: what is sent comes back later, at least as long as the longest block."""

from __future__ import annotations

import numpy as np

from loopmind.dsp.effects.common import GLIDE_S, amplitude, finite, speed
from loopmind.dsp.kernel import as_floats, kernel
from loopmind.dsp.unit import Part, Unit

SHORTEST = 1024
"""Frames: no block may be longer, so that all that is to come back is there at its start."""
LONGEST_S = 8.0
HIGHEST = 8.0
"""What goes round is held below this (18 dB), however loud other effects make it."""
_HEADER = 4


def _return(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y[n] = x[n - params[0]]; the input still holds what the block before has sent.

    state: started, frames of the block before, place, places; then the ring.
    """
    sent, out = inputs[0], outputs[0]
    length = int(params[0])
    ring = as_floats(state)
    place, places = int(state[2]), int(params[1])
    if state[0] != 0.0:
        for n in range(int(state[1])):
            at = 2 * (4 + place)
            ring[at], ring[at + 1] = sent[2 * n], sent[2 * n + 1]
            place += 1
            if place >= places:
                place = 0
    state[0], state[1], state[2] = 1.0, frames, place
    behind = place - length
    if behind < 0:
        behind += places
    for n in range(frames):
        at = 2 * (4 + behind)
        out[2 * n], out[2 * n + 1] = ring[at], ring[at + 1]
        behind += 1
        if behind >= places:
            behind = 0


def _send(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """out = x; back = g x, held between -8 and 8; g follows params[0]."""
    source, out, back = inputs[0], outputs[0], outputs[1]
    if state[0] == 0.0:
        state[0], state[1] = 1.0, params[0]
    level = state[1]
    for n in range(frames):
        level += (params[0] - level) * params[1]
        left, right = finite(source[2 * n]), finite(source[2 * n + 1])
        out[2 * n], out[2 * n + 1] = np.float32(left), np.float32(right)
        left, right = left * level, right * level
        if abs(left) < 1e-12:  # so that it dies out instead of in denormal numbers
            left = 0.0
        if abs(right) < 1e-12:
            right = 0.0
        back[2 * n] = np.float32(min(max(left, -8.0), 8.0))
        back[2 * n + 1] = np.float32(min(max(right, -8.0), 8.0))
    state[1] = level


def prepare_return(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: time_s, at least SHORTEST frames."""
    frames = max(round(min(settings["time_s"], LONGEST_S) * rate_hz), SHORTEST)
    places = frames + SHORTEST
    return Part(np.array([float(frames), float(places)]), state_words=_HEADER + places)


def prepare_send(rate_hz: float, settings: dict[str, float]) -> Part:
    """Settings: gain_db, below 0. Raises ValueError for a gain of 1 or more."""
    if not settings["gain_db"] < 0.0:
        raise ValueError(
            f"feedback of {settings['gain_db']:g} dB would grow without end; choose less than 0 dB"
        )
    return Part(np.array([amplitude(settings["gain_db"]), speed(GLIDE_S, rate_hz)]), 2, moving=(0,))


RETURN = Unit(kernel(_return), prepare_return)
SEND = Unit(kernel(_send), prepare_send)
