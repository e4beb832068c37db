"""The clip player: places pieces of material on absolute frames, with fades and wrapping.

What is played, where and how it is cut is decided by the planner (runtime); here the events of
one track become one stereo block. The player keeps no state: its output is a function of the
absolute frame alone, so seeking costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import doubles_at, floats_at, kernel, words_at

EVENT_WORDS = 16
PLAYER_PARAM_WORDS = 8


@dataclass(frozen=True)
class Event:
    """Material from `offset` on, sounding on absolute frames `start` to `end` (not included).

    samples: float32 (1 or 2 channels, frames), any strides; it wraps at its end. fade_in and
    fade_out are short linear-amplitude fades at the event's own edges. velocity: the part of gain
    with which a sound was struck. swell (from frame, length)
    and ebb (until frame, length) are a clip's musical fades of equal power; they may span several
    events of the clip.
    """

    start: int
    end: int
    samples: NDArray[np.float32]
    offset: int = 0
    gain: float = 1.0
    fade_in: int = 0
    fade_out: int = 0
    swell: tuple[int, int] = (0, 0)
    ebb: tuple[int, int] = (2**60, 0)
    velocity: float = 1.0


def event_table(events: Sequence[Event]) -> NDArray[np.int64]:
    """Rows for `play`, in order of start. The caller keeps each event's samples alive.

    Raises ValueError for material that is not float32 (1 or 2, frames), is empty, or for an
    event that ends before it starts.
    """
    ordered = sorted(events, key=lambda event: event.start)
    table = np.zeros((len(ordered), EVENT_WORDS), np.int64)
    latest = -(2**62)
    for row, event in zip(table, ordered, strict=True):
        samples = event.samples
        if samples.dtype != np.float32 or samples.ndim != 2 or samples.shape[0] not in (1, 2):
            raise ValueError(
                "a player needs float32 material of shape (1 or 2, frames), "
                f"got {samples.dtype} of shape {samples.shape}; mix it down first"
            )
        frames = samples.shape[1]
        if frames == 0 or event.end < event.start or event.start < 0:
            raise ValueError(f"event {event.start}..{event.end} of {frames} frames cannot play")
        latest = max(latest, event.end)
        channel = samples.strides[0] // 4 if samples.shape[0] == 2 else 0
        row[:] = (
            event.start, event.end, samples.ctypes.data, channel, samples.strides[1] // 4,
            frames, event.offset % frames, event.fade_in, event.fade_out,
            event.swell[0], event.swell[1], event.ebb[0], event.ebb[1], latest, 0, 0,
        )  # fmt: skip
        row.view(np.float64)[14] = event.gain
    return table


def player_params(table: NDArray[np.int64], delay: int = 0) -> NDArray[np.float64]:
    """Parameters of `play`: `delay` plays everything that many frames later."""
    params = np.zeros(PLAYER_PARAM_WORDS)
    params[0] = len(table)
    params[1] = table.ctypes.data
    params[2] = delay
    return params


def _play(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """Sum of all events that sound in this block, added in order of their start."""
    count = int(params[0])
    table = words_at(int(params[1]))
    out = outputs[0]
    begin = start - int(params[2])
    for i in range(2 * frames):
        out[i] = 0.0
    # First event that may still sound: word 13 holds the latest end so far and never falls.
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if table[middle * EVENT_WORDS + 13] > begin:
            high = middle
        else:
            low = middle + 1
    for index in range(low, count):
        row = index * EVENT_WORDS
        first = table[row]
        if first >= begin + frames:
            break
        last = table[row + 1]
        here = max(first, begin)
        there = min(last, begin + frames)
        if here >= there:
            continue
        source = floats_at(table[row + 2])
        channel = table[row + 3]
        stride = table[row + 4]
        length = table[row + 5]
        fade_in = table[row + 7]
        fade_out = table[row + 8]
        swell_from = table[row + 9]
        swell = table[row + 10]
        ebb_until = table[row + 11]
        ebb = table[row + 12]
        level = doubles_at(int(params[1]))[row + 14]
        # Between these two frames no fade is at work.
        open_from = max(first + fade_in, swell_from + swell)
        open_until = min(last - fade_out, ebb_until - ebb)
        place = (table[row + 6] + (here - first)) % length
        frame = here
        while frame < there:
            if open_from <= frame < open_until:
                n = min(min(there, open_until) - frame, length - place)
                at = 2 * (frame - begin)
                read = place * stride
                for _ in range(n):
                    out[at] = np.float32(out[at] + np.float32(source[read] * level))
                    out[at + 1] = np.float32(
                        out[at + 1] + np.float32(source[read + channel] * level)
                    )
                    at += 2
                    read += stride
                frame += n
                place += n
            else:
                envelope = level
                if frame < first + fade_in:
                    envelope *= (frame - first + 0.5) / fade_in
                if frame >= last - fade_out:
                    envelope *= (last - frame - 0.5) / fade_out
                if swell > 0 and frame < swell_from + swell:
                    t = max((frame - swell_from + 0.5) / swell, 0.0)
                    envelope *= math.sqrt(t * t * (3.0 - 2.0 * t))
                if ebb > 0 and frame >= ebb_until - ebb:
                    t = max((ebb_until - frame - 0.5) / ebb, 0.0)
                    envelope *= math.sqrt(t * t * (3.0 - 2.0 * t))
                at = 2 * (frame - begin)
                read = place * stride
                out[at] = np.float32(out[at] + np.float32(source[read] * envelope))
                out[at + 1] = np.float32(
                    out[at + 1] + np.float32(source[read + channel] * envelope)
                )
                frame += 1
                place += 1
            if place >= length:
                place = 0


play = kernel(_play)
