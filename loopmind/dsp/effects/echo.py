"""Echo: a delay with feedback, damped, straight or from side to side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loopmind.dsp.effects.common import GLIDE_S, amplitude, finite, row_at, speed
from loopmind.dsp.kernel import TINY, as_floats, kernel
from loopmind.dsp.unit import Part, Unit

LONGEST_S = 8.0
CHANGE_S = 0.03
"""Time of the crossfade from one delay to another."""
_HEADER = 8
_ROWS = 10
_ROOM = 1 << 14
"""Rings are whole multiples of it: with another tempo most are as long as before, and ring on."""
_FADED = 2.0**-27
"""Repeats softer than this (-162 dB) end, so that silence is silence again."""
_NEVER = 1 << 60
_PLAYING = -(1 << 40)
"""No song is played before: the engine rests, and the last delay holds on."""


def _echo(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """w = x + f lowpass(w delayed), crossed over for ping-pong; y = dry x + wet (w delayed).

    params: places in the ring, feedback, damping, wet, dry, cross, glide, frames of a crossfade,
    frames by which all comes late, rows; then rows (from a frame on, frames of delay). Repeats of
    what was heard before a change come at the new distance too: their pitch stays.
    """
    source, out = inputs[0], outputs[0]
    places = int(params[0])
    damping, cross, pace, change = params[2], params[5], params[6], params[7]
    begin, rows = start - int(params[8]), int(params[9])
    ring = as_floats(state)
    if state[0] == 0.0:
        state[0], state[2], state[3], state[4] = 1.0, params[1], params[3], params[4]
    place = int(state[1])
    feedback, wet, dry = state[2], state[3], state[4]
    low_left, low_right = state[5], state[6]
    row = min(int(state[7]), rows - 1)
    if begin >= _PLAYING:
        row = row_at(params, _ROWS, rows, 2, begin)
    row -= 1
    following = begin  # the frame with which the next row begins
    first, late, before = 0, 0, 0
    for n in range(frames):
        feedback += (params[1] - feedback) * pace
        wet += (params[3] - wet) * pace
        dry += (params[4] - dry) * pace
        if begin + n >= following:
            row += 1
            first, late = int(params[_ROWS + 2 * row]), int(params[_ROWS + 2 * row + 1])
            before = int(params[_ROWS + 2 * row - 1]) if row > 0 else late
            following = int(params[_ROWS + 2 * row + 2]) if row + 1 < rows else _NEVER
        at = 2 * (_HEADER + place)
        behind = place - late
        if behind < 0:
            behind += places
        behind = 2 * (_HEADER + behind)
        late_left, late_right = np.float64(ring[behind]), np.float64(ring[behind + 1])
        if before != late and 0 <= begin + n - first < change:
            behind = place - before
            if behind < 0:
                behind += places
            behind = 2 * (_HEADER + behind)
            rest = 1.0 - (begin + n - first + 0.5) / change
            late_left += (ring[behind] - late_left) * rest
            late_right += (ring[behind + 1] - late_right) * rest
        a, b = finite(source[2 * n]), finite(source[2 * n + 1])
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
        if place >= places:
            place = 0
    state[1] = place
    state[2], state[3], state[4] = feedback, wet, dry
    state[5], state[6], state[7] = low_left, low_right, row


def prepare(
    rate_hz: float,
    settings: dict[str, float],
    changes: Sequence[tuple[int, float]] = (),
    late: int = 0,
) -> Part:
    """Settings: time_s, feedback 0...95, damping_hz, wet_db, dry_db, ping_pong.

    changes: (frame, time_s), other times from a frame on. late: frames by which the stream comes
    late.
    """
    rows = [
        (float(frame), float(max(round(min(time_s, LONGEST_S) * rate_hz), 1)))
        for frame, time_s in [(0, settings["time_s"]), *changes]
    ]
    places = -(-int(max(length for _, length in rows)) // _ROOM) * _ROOM
    feedback = min(max(settings["feedback"], 0.0), 0.95)
    damping = 1.0 - np.exp(-2.0 * np.pi * min(settings["damping_hz"], 0.45 * rate_hz) / rate_hz)
    params = np.array(
        [
            float(places), feedback, damping, amplitude(settings["wet_db"]),
            amplitude(settings["dry_db"]), float(bool(settings["ping_pong"])),
            speed(GLIDE_S, rate_hz), CHANGE_S * rate_hz, float(late), float(len(rows)),
            *(word for row in rows for word in row),
        ]
    )  # fmt: skip
    return Part(params, state_words=_HEADER + places, moving=(1, 3, 4))


ECHO = Unit(kernel(_echo, forgets=_HEADER), prepare)
