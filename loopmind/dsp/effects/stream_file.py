"""A long sound from disk: pages that a thread has read ahead, silence where one is not there yet.

Memory is bounded: a window of pages that moves with the playhead, and a few pages kept where
playing last jumped back to.
"""

from __future__ import annotations

import numpy as np

from loopmind.dsp.effects.common import GLIDE_S, amplitude, finite, speed
from loopmind.dsp.kernel import floats_at, kernel, words_at
from loopmind.dsp.unit import Part

WANTED = 0
"""Word that the kernel writes: frame of the file that it is at."""
MISSED = 1
"""Word that the kernel adds to: frames that were not there in time."""
BEHIND = 24
AHEAD = 40
PLACES = BEHIND + AHEAD
PINNED = 8
_DIE = 0.98


def _stream_file(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y[n] = g x[start + n - first]; a missing page is a dying hold of the last sample.

    params: first, frames of the file, frames of a page, pages (address), samples (address),
    control (address), gain, glide, frame of the file that comes first. state: started, gain, last
    left and right.
    """
    out = outputs[0]
    begin = start - int(params[0])
    length, page, low = int(params[1]), int(params[2]), int(params[8])
    pages, samples = words_at(int(params[3])), floats_at(int(params[4]))
    control = words_at(int(params[5]))
    if state[0] == 0.0:
        state[0], state[1] = 1.0, params[6]
    level, left, right = state[1], state[2], state[3]
    control[0] = min(max(begin, low), length)
    n = 0
    while n < frames:
        here = begin + n
        level_before = level
        if here < low or here >= length:
            stop = frames if here >= length else min(frames, n + low - here)
            while n < stop:
                level += (params[6] - level) * params[7]
                out[2 * n], out[2 * n + 1] = np.float32(0.0), np.float32(0.0)
                n += 1
            left, right = 0.0, 0.0
            continue
        number = here // page
        stop = min(min(frames, n + page - here % page), n + length - here)
        place = number % 64
        if pages[place] != number:
            place = 64 + number % 8
        there = pages[place] == number
        first = n
        if there:
            at = 2 * (place * page + here % page)
            while n < stop:
                level += (params[6] - level) * params[7]
                out[2 * n] = np.float32(finite(samples[at]) * level)
                out[2 * n + 1] = np.float32(finite(samples[at + 1]) * level)
                at += 2
                n += 1
            there = pages[place] == number  # written over meanwhile, by a jump?
        if there:
            left, right = out[2 * n - 2], out[2 * n - 1]
        else:
            n, level = first, level_before
            control[1] += stop - first
            while n < stop:
                level += (params[6] - level) * params[7]
                left *= 0.98
                right *= 0.98
                if abs(left) + abs(right) < 1e-9:
                    left, right = 0.0, 0.0
                out[2 * n], out[2 * n + 1] = np.float32(left), np.float32(right)
                n += 1
    state[1], state[2], state[3] = level, left, right


def prepare(
    rate_hz: float, settings: dict[str, float], frames: int, page: int,
    pages: np.ndarray, samples: np.ndarray, control: np.ndarray,
) -> Part:  # fmt: skip
    """Settings: start_s in the song, offset_s in the file, gain_db. pages: int64 number of the
    page at each of PLACES + PINNED places of samples (places, page, 2) float32."""
    offset = round(settings["offset_s"] * rate_hz)
    first = round(settings["start_s"] * rate_hz) - offset
    params = np.array(
        [
            float(first), float(frames), float(page), 0.0, 0.0, 0.0,
            amplitude(settings["gain_db"]), speed(GLIDE_S, rate_hz), float(offset),
        ]
    )  # fmt: skip
    tables = ((3, pages), (4, samples), (5, control))
    return Part(params, state_words=4, tables=tables, moving=(6,))


STREAM_FILE = kernel(_stream_file)
