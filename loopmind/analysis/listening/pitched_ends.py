"""The second look at where notes end: is what began there still held?

The note network's frame curve tells whether a key sounds; a piano or a bell rings on when its key
is let go, and each instrument does so for another while. A small network, kept in the same file,
is asked at every frame behind an onset whether the note is still held, by how its key and the
harmonics of it have fallen since it was struck, and by what begins then.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched_model import Heard
from loopmind.analysis.listening.pitched_second import Layers, logit, loudest_third
from loopmind.analysis.listening.spectrogram import KEYS, SEMITONES

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Ints = NDArray[np.int64]

LONGEST = 900
"""Frames behind its onset within which a note is held at most, 10.4 s."""
_CURVE = (-6, -3, -1, 0, 1, 3, 6, 12)
# Harmonics; when they are compared, (first, last) frame from the one that is asked about; with
# their levels shortly after the onset, likewise.
_HELD = ((0, 12, 19, 24), ((-6, -3), (-2, 0), (1, 3), (4, 8), (10, 16)), (2, 6))
_SHARP = ((0, 12, 19), ((-4, -2), (-1, 0), (1, 2), (3, 5), (6, 9)), (1, 4))
_REGISTERS = np.arange(0.0, KEYS, 12.0)
_PAD = 24
_STRIDE = 32
FEATURES = (
    1 + len(_CURVE) + 3 + sum(len(h) * (1 + len(m)) for h, m, _ in (_HELD, _SHARP))
    + len(_REGISTERS)
)  # fmt: skip


class Ringing:
    """What was heard, made ready to be asked about many moments of many notes."""

    def __init__(self, heard: Heard) -> None:
        self.frames = heard.onset.shape[0]
        onset = heard.onset.astype(np.float32)
        ends = ((_PAD, _PAD), (0, 0))
        self.curve = np.pad(logit(heard.frame.astype(np.float32)), ends, constant_values=-6.0)
        self.onset = np.pad(onset, ends)
        self.most = np.pad(onset.max(axis=1), _PAD)
        self.sum = np.pad(onset.sum(axis=1), _PAD)
        self.held, self.sharp = (
            np.concatenate([
                np.zeros((1, SEMITONES)),
                np.cumsum(np.pad(picture.astype(np.float64), ends, mode="edge"), axis=0),
            ])
            for picture in (loudest_third(heard), heard.sharp)
        )  # fmt: skip

    def features(self, struck: Ints, keys: Ints, asked: Ints) -> F32:
        """(questions, FEATURES): is the note of `keys` that began at frame `struck` still held at
        frame `asked`?"""
        at = np.clip(asked + _PAD, 2, self.frames + 2 * _PAD - 3)
        last = self.curve.shape[0] - 1
        parts = [
            np.log1p(asked - struck).astype(np.float32),
            *(self.curve[np.clip(at + by, 0, last), keys] for by in _CURVE),
            np.max([self.most[at + by] for by in (-2, -1, 0, 1, 2)], axis=0),
            np.max([self.sum[at + by] for by in (-1, 0, 1)], axis=0),
            np.max([self.onset[at + by, keys] for by in (-2, -1, 0, 1, 2)], axis=0),
        ]
        for sums, (harmonics, moments, first) in ((self.held, _HELD), (self.sharp, _SHARP)):
            for interval in harmonics:
                place = np.minimum(keys + interval, SEMITONES - 1)
                began = self._mean(sums, place, struck, first)
                parts.append(began)
                parts += [self._mean(sums, place, asked, moment) - began for moment in moments]
        near = np.exp(-0.5 * ((keys[:, None] - _REGISTERS) / 9.0) ** 2)
        out: F32 = np.concatenate([np.stack(parts, axis=1), near], axis=1).astype(np.float32)
        return out

    def _mean(self, sums: F64, place: Ints, frames: Ints, moment: tuple[int, int]) -> F32:
        last = self.frames + 2 * _PAD
        a = np.clip(frames + moment[0] + _PAD, 0, last - 1)
        b = np.clip(frames + moment[1] + _PAD + 1, a + 1, last)
        mean: F32 = ((sums[b, place] - sums[a, place]) / (b - a)).astype(np.float32)
        return mean


def ends_of(
    heard: Heard, ends: Layers, struck: Ints, keys: Ints, stops: Ints, least: float
) -> F64:  # fmt: skip
    """Where notes end, in frames (fractions count).

    struck, keys: frame and key (0..87) of each note's onset; stops: a frame that it does not
    outlast, such as the next onset of its key; least: how likely it must be held to go on.
    """
    ringing = Ringing(heard)
    stops = np.minimum(stops, struck + LONGEST)
    found = np.maximum(stops, struck + 1).astype(np.float64)
    before = np.ones(struck.size, np.float64)
    open_ = np.flatnonzero(struck + 1 < stops)
    first = struck + 1
    while open_.size:
        asked = first[open_, None] + np.arange(_STRIDE)
        inside = asked < stops[open_, None]
        rows = np.broadcast_to(open_[:, None], asked.shape)[inside]
        likely = np.ones(asked.shape)
        likely[inside] = ends(ringing.features(struck[rows], keys[rows], asked[inside]))[:, 0]
        gone = likely < least
        over = gone.any(axis=1)
        at = gone.argmax(axis=1)[over]
        last = likely[over, at]
        earlier = np.where(at > 0, likely[over, np.maximum(at - 1, 0)], before[open_[over]])
        # Half a frame, as a note sounds up to the middle between the last held and the next.
        step = (earlier - least) / np.maximum(earlier - last, 1e-4)
        found[open_[over]] = asked[over, at] - 0.5 + step
        before[open_] = likely[:, -1]
        first[open_] += _STRIDE
        open_ = open_[~over]
        open_ = open_[first[open_] < stops[open_]]
    return found
