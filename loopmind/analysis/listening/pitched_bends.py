"""How a note's pitch moves: from the thirds of semitones round it and round its harmonics."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_HARMONICS = (0, 12, 19, 24)
_REACH = 4
_STEP = 4
_LEAST = 0.3
_CLEAR = 0.06


def bends_of(
    thirds: NDArray[np.floating[Any]], key: int, start: float, end: float
) -> tuple[tuple[float, float], ...]:
    """(frame, semitones off `key`) where the pitch of a note moves; () where it holds.

    thirds: (frames, semitones, 3) as `Heard` has them. Steps of _STEP frames (46 ms), rounded to a
    twentieth of a semitone; offsets are measured from the note's own middle unless that lies more
    than .3 semitones off the key.
    """
    first, last = int(np.ceil(start)) + 2, int(end) - 1
    if last - first < 2 * _STEP:
        return ()
    levels = thirds.reshape(thirds.shape[0], -1)
    width = levels.shape[1]
    away = np.arange(-_REACH - 1, _REACH + 2)
    total = np.zeros((last - first, away.size), np.float32)
    for number, harmonic in enumerate(_HARMONICS):
        places = (key + harmonic) * 3 + 1 + away
        if places[0] < 0 or places[-1] >= width:
            continue
        part = levels[first:last, places].astype(np.float32)
        total += part * part / (1.0 + number)
    count = total.shape[0] // _STEP
    blocks = total[: count * _STEP].reshape(count, _STEP, -1).mean(axis=1)
    best = 1 + np.argmax(blocks[:, 1:-1], axis=1)
    rows = np.arange(count)
    before, top, after = blocks[rows, best - 1], blocks[rows, best], blocks[rows, best + 1]
    curve = before - 2.0 * top + after
    shift = np.where(curve < -1e-6, 0.5 * (before - after) / np.minimum(curve, -1e-6), 0.0)
    track = (away[best] + np.clip(shift, -0.5, 0.5)) / 3.0
    clear = top - blocks.mean(axis=1) > _CLEAR * top.max(initial=1e-9)
    if clear.sum() < 2:
        return ()
    middle = float(np.median(track[clear]))
    if abs(middle) < _LEAST:
        track = track - middle
    # A single stray step is noise; a bend lasts.
    if count >= 3:
        padded = np.pad(track, 1, mode="edge")
        track = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0)
    if float(track.max() - track.min()) < _LEAST and abs(middle) < _LEAST:
        return ()
    steps = np.round(track * 20.0) / 20.0
    bends: list[tuple[float, float]] = []
    for number, value in enumerate(steps.tolist()):
        if not bends or bends[-1][1] != value:
            at = start if not bends else float(first + number * _STEP)
            bends.append((at, value))
    return tuple(bends)
