"""The second look at mixes: which beginnings are notes, and which families play them.

As `pitched_second`, which does it for chords of one instrument, but among drums and many players:
each place where a note may begin is judged by what the first network says of it, by its harmonics
as they rise and fade, and by who seems to play what lies around it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched_model import FAMILIES, FOLD, FPS, Heard
from loopmind.analysis.listening.pitched_second import FEATURES as FEATURES_OF_ONE
from loopmind.analysis.listening.pitched_second import (
    Judged,
    Layers,
    candidates,
    features,
    levels,
    loudest_third,
)
from loopmind.analysis.listening.spectrogram import KEYS

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]

LEAST_OF_MANY = 0.03
"""Peaks of the onset curve below this are never looked at."""
OUTPUTS = 1 + len(FAMILIES)
"""How likely it is a note at all, and how likely each family plays it."""
# Steps after the onset between which who plays is averaged.
_HELD = ((0, 3), (3, 12))
_HARMONICS = (0, 12, 19, 24, 28, 31, 34, 36, 38, 40)
_FINE, _SHARP = (
    ((-6, -2), (1, 4), (5, 9), (12, 20), (26, 36)),
    ((-5, -2), (-2, 0), (0, 1), (1, 2), (2, 4), (4, 8), (10, 18)),
)
_BEATS = ((-6, -2), (-1, 2), (3, 8))
_BROAD = ((0, 24), (24, 56), (56, 104))
_AT_ONCE = 2
_REACH_S, _BLOCK = 16.0, 32
_AROUND = 5
_PLACE = 4
FEATURES = (
    FEATURES_OF_ONE + len(_HARMONICS) * (len(_FINE) + len(_SHARP)) + 6
    + (len(_HELD) + _AROUND) * len(FAMILIES) + len(_BEATS) * len(_BROAD) + _PLACE
)  # fmt: skip


def look_at_many(heard: Heard, many: Layers) -> Judged:
    """What is thought of every place where a note of a mix may begin, and of who plays it."""
    frames, keys = candidates(heard.onset.astype(np.float32), LEAST_OF_MANY)
    return Judged(frames, keys, many(features_of_many(heard, frames, keys)))


def features_of_many(heard: Heard, frames: Ints, keys: Ints) -> F32:
    """What tells of each candidate of a mix: float32 (candidates, FEATURES)."""
    own = _who(heard, frames, keys)
    peak = heard.onset[frames, keys].astype(np.float32)
    parts = [
        features(heard, frames, keys),
        levels(loudest_third(heard), _FINE, frames, keys, _HARMONICS),
        levels(heard.sharp, _SHARP, frames, keys, _HARMONICS),
        _between_thirds(heard, frames, keys),
        *(_logit(own[:, number]) for number in range(len(_HELD))),
        _logit(_around(frames, keys, peak[:, None] * own[:, 0], peak)),
        _struck(heard, frames),
        _place(frames, keys, peak),
    ]
    out: F32 = np.concatenate(parts, axis=1).astype(np.float32)
    return out


def _who(heard: Heard, frames: Ints, keys: Ints) -> F32:
    """(candidates, moments, families): who holds the key just after the onset, and later."""
    steps = heard.family.shape[1]
    sums = np.zeros((steps + 1, len(FAMILIES), KEYS), np.float32)
    np.cumsum(heard.family.transpose(1, 0, 2), axis=0, dtype=np.float32, out=sums[1:])
    first = frames // FOLD
    out = np.empty((frames.size, len(_HELD), len(FAMILIES)), np.float32)
    for number, (begin, end) in enumerate(_HELD):
        a = np.minimum(first + begin, steps - 1)
        b = np.maximum(np.minimum(first + end, steps), a + 1)
        out[:, number] = (sums[b, :, keys] - sums[a, :, keys]) / (b - a)[:, None]
    return out


def _around(frames: Ints, keys: Ints, weight: F32, sure: F32) -> F32:
    """(candidates, _AROUND * columns): means of `weight` over other candidates, by `sure`.

    Over what lies near in time and pitch (a line), on the same key, in the same register, in all
    the music of some seconds, and over what begins at the same time.
    """
    columns = weight.shape[1]
    out = np.zeros((frames.size, _AROUND, columns), np.float32)
    order = np.argsort(frames, kind="stable")
    seconds = (frames[order] / FPS).astype(np.float32)
    key = keys[order].astype(np.float32)
    given = np.concatenate([weight, sure[:, None]], axis=1)[order]
    first = np.searchsorted(seconds, seconds - _REACH_S)
    last = np.searchsorted(seconds, seconds + _REACH_S)
    for begin in range(0, frames.size, _BLOCK):
        rows = slice(begin, min(begin + _BLOCK, frames.size))
        a, b = int(first[rows].min()), int(last[rows].max())
        late2 = np.square(seconds[None, a:b] - seconds[rows, None])
        off2 = np.square(key[None, a:b] - key[rows, None])
        wide = np.exp(late2 * np.float32(-0.5 / 8.0**2))
        wide *= late2 <= np.float32(_REACH_S**2)
        kernels = np.stack([
            np.exp(late2 * np.float32(-0.5 / 1.5**2) + off2 * np.float32(-0.5 / 7.0**2)),
            wide * (off2 < 0.5),
            wide * np.exp(off2 * np.float32(-0.5 / 3.0**2)),
            wide,
            (late2 < np.float32(0.03**2)).astype(np.float32),
        ])  # fmt: skip
        own = np.arange(rows.start, rows.stop)
        kernels[:, own - rows.start, own - a] = 0.0
        sums = kernels @ given[a:b]
        means = sums[..., :columns] / (sums[..., columns:] + np.float32(0.05))
        out[order[rows]] = means.transpose(1, 0, 2)
    return out.reshape(frames.size, _AROUND * columns)


def _between_thirds(heard: Heard, frames: Ints, keys: Ints) -> F32:
    """(candidates, 6): how a key's level is spread over its thirds, at first and later, and how
    much louder they are than their mean: what wavers or is detuned."""
    count = heard.thirds.shape[0]
    out = []
    for begin, end in ((1, 5), (8, 18)):
        a = np.clip(frames + begin, 0, count - 1)
        b = np.clip(frames + (begin + end) // 2, 0, count - 1)
        both = heard.thirds[a, keys].astype(np.float32) + heard.thirds[b, keys]
        out.append(0.5 * both - 0.5 * both.max(axis=1, keepdims=True))
    found: F32 = np.concatenate(out, axis=1).astype(np.float32)
    return found


def _struck(heard: Heard, frames: Ints) -> F32:
    """How loud low, middle and high sounds are before, at and after: what a drum does is broad."""
    count = heard.sharp.shape[0]
    out = np.empty((frames.size, len(_BEATS) * len(_BROAD)), np.float32)
    for number, (low, high) in enumerate(_BROAD):
        level = heard.sharp[:, low:high].astype(np.float32).mean(axis=1)
        sums = np.concatenate([np.zeros(1, np.float64), np.cumsum(level, dtype=np.float64)])
        for moment, (begin, end) in enumerate(_BEATS):
            a = np.clip(frames + begin, 0, count - 1)
            b = np.maximum(np.clip(frames + end, 0, count), a + 1)
            out[:, len(_BEATS) * number + moment] = (sums[b] - sums[a]) / (b - a)
    return out


def _place(frames: Ints, keys: Ints, peak: F32) -> F32:
    """(candidates, _PLACE): how far from the lowest and the highest likely note that begins with
    it, in octaves, and how much begins below and above it."""
    grid = np.zeros((int(frames.max(initial=0)) + 1 + 2 * _AT_ONCE, KEYS), np.float32)
    for late in range(2 * _AT_ONCE + 1):
        np.maximum.at(grid, (frames + late, keys), peak)
    begins = grid[frames + _AT_ONCE]
    rows = np.arange(frames.size)
    likely = begins >= 0.2
    likely[rows, keys] = True
    lowest = np.argmax(likely, axis=1)
    highest = KEYS - 1 - np.argmax(likely[:, ::-1], axis=1)
    total = np.cumsum(begins, axis=1)
    below = np.maximum(total[rows, keys] - peak, 0.0)
    above = np.maximum(total[:, -1] - total[rows, keys], 0.0)
    out: F32 = np.stack(
        [(keys - lowest) / 12.0, (highest - keys) / 12.0, np.log1p(below), np.log1p(above)], axis=1
    ).astype(np.float32)
    return out


def _logit(p: F32) -> F32:
    p = np.clip(p, 0.0025, 0.9975)
    out: F32 = np.log(p / (1.0 - p))
    return out
