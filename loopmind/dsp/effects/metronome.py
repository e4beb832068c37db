"""Metronome: clicks on beats as a function of the absolute frame, over a stream or in its place."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import kernel, words_at

LEVEL, HUSH_UNTIL = 4, 5
STATE_WORDS = 2
EARLIEST = -(1 << 40)
"""No beat lies before: long before the song the engine rests."""
_CLICK_S = 0.03
_GLIDE_S = 0.005


def beat_table(frames: NDArray[np.int64], accents: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows (frame, accent) for `metronome`. Raises ValueError for less than two beats."""
    if len(frames) < 2 or (np.diff(frames) <= 0).any():
        raise ValueError("a metronome needs two beats or more, in order of time")
    return np.ascontiguousarray(np.stack([frames, accents.astype(np.int64)], axis=1))


def metronome_params(
    table: NDArray[np.int64], beats_per_bar: int, rate_hz: float, delay: int = 0
) -> NDArray[np.float64]:
    """Parameters of `metronome`; the caller keeps `table`.

    Word LEVEL is the clicks' amplitude (0: none), HUSH_UNTIL the frame until which the stream is
    silent and clicks are heard at any level: a count-in. Before the table's first beat and behind
    its last one beats go on at the distance that they have there.
    """
    params = np.zeros(12)
    params[0] = len(table)
    params[1] = table.ctypes.data
    params[2] = delay
    params[3] = beats_per_bar
    params[HUSH_UNTIL] = -(2.0**52)
    params[6] = rate_hz
    params[7] = _CLICK_S * rate_hz
    params[8] = 1.0 - math.exp(-1.0 / (_GLIDE_S * rate_hz))
    return params


def _metronome(inputs, outputs, state, params, start, frames):  # type: ignore[no-untyped-def]
    """y = x + level e^(-t / 6 ms) sin(2 pi f t), t since the last beat; f is 1500 Hz on the one."""
    source, out = inputs[0], outputs[0]
    count = int(params[0])
    table = words_at(int(params[1]))
    begin = start - int(params[2])
    bar = max(int(params[3]), 1)
    wanted, hush = params[4], params[5]
    rate, length, speed = params[6], params[7], params[8]
    level = state[0]
    counting = hush > float(EARLIEST)
    if level == wanted and wanted == 0.0 and (not counting or float(begin) >= hush + 64.0):
        for i in range(2 * frames):
            out[i] = source[i]
        return
    first, last = table[0], table[2 * (count - 1)]
    first_gap = table[2] - first
    last_gap = last - table[2 * (count - 2)]
    row = -1
    if begin >= first:
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            if table[2 * middle] > begin:
                high = middle
            else:
                low = middle + 1
        row = low - 1
    for i in range(frames):
        at = begin + i
        level += (wanted - level) * speed
        click = 0.0
        since, accent = 0, 0
        if at < first:
            number = -((first - at + first_gap - 1) // first_gap)
            since = at - (first + number * first_gap)
            accent = 1 if number % bar == 0 else 0
        else:
            while row + 1 < count and table[2 * (row + 1)] <= at:
                row += 1
            if row == count - 1:
                number = (at - last) // last_gap
                since = at - (last + number * last_gap)
                accent = table[2 * row + 1] if number == 0 else 0
            else:
                since = at - table[2 * row]
                accent = table[2 * row + 1]
        loud = level
        silent = counting and float(at) < hush
        if silent:
            loud = max(level, 0.35)
        if since < length and at > EARLIEST and loud > 1e-5:
            t = since / rate
            hz = 1500.0 if accent != 0 else 1000.0
            fade = 1.0 - since / length
            click = loud * fade * math.exp(-t / 0.006) * math.sin(2.0 * math.pi * hz * t)
        share = 1.0
        if silent:
            share = 0.0
        elif counting and float(at) < hush + 64.0:
            share = (float(at) - hush + 0.5) / 64.0
        out[2 * i] = np.float32(source[2 * i] * np.float32(share) + np.float32(click))
        out[2 * i + 1] = np.float32(source[2 * i + 1] * np.float32(share) + np.float32(click))
    state[0] = wanted if abs(level - wanted) < 1e-7 else level


metronome = kernel(_metronome)
