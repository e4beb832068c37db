"""What effect kernels share: glide speeds, what is no sound, and what changes from a frame on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from loopmind.dsp.kernel import DOUBLES, helper

GLIDE_S = 0.02


@helper("float64(float64)")
def finite(x):  # type: ignore[no-untyped-def]
    """x, or 0 where it is infinite or no number."""
    if abs(x) < np.inf:
        return x
    return 0.0


@helper(f"int64({DOUBLES}, int64, int64, int64, int64)")
def row_at(params, first, rows, words, at):  # type: ignore[no-untyped-def]
    """The last of `rows` rows of `words` words, from word `first` on, that begins by frame `at`.

    A row begins with its first frame; before all of them the first one holds.
    """
    row = 0
    while row + 1 < rows and params[first + words * (row + 1)] <= float(at):
        row += 1
    return row


SWAY_WORDS = 3
Turns = Sequence[tuple[int, float, float]]
"""From a frame on: (frame, turns that are done by then, turns a second)."""


def sway_rows(rate_hz: float, speed_hz: float, changes: Turns) -> list[float]:
    """Rows (frame, angle, radians a frame) of a sway that may change its speed, how many first.

    The angle at a frame is that of its row and the frames since, times the row's step.
    """
    rows = [(0, 0.0, speed_hz), *changes]
    words = [
        (float(frame), 2.0 * math.pi * turns, 2.0 * math.pi * hz / rate_hz)
        for frame, turns, hz in rows
    ]
    return [float(len(rows)), *(word for row in words for word in row)]


def speed(seconds: float, rate_hz: float) -> float:
    """Share of the way that a one-pole glide with this time constant goes in a frame."""
    return 1.0 - math.exp(-1.0 / (max(seconds, 1e-5) * rate_hz))


def amplitude(level_db: float) -> float:
    """Linear amplitude of a level in dB; below -120 dB it is nothing."""
    return 0.0 if level_db <= -120.0 else float(10.0 ** (level_db / 20.0))
