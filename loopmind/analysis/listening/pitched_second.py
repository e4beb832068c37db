"""The second look at every place where a note of chords may begin: is it one?

The note network hears each key by itself and its harmonics. A small second network, kept in the
same file, judges each candidate by what else begins and sounds then: an octave that a lower note
explains is no note, a key that is struck while it still rings is one.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched_model import Heard
from loopmind.analysis.listening.spectrogram import KEYS, SEMITONES

F32 = NDArray[np.float32]
Ints = NDArray[np.int64]

LEAST = 0.03
"""Peaks of the onset curve below this are never looked at."""
_HARMONICS = (0, 12, 19, 24, 28, 31, 36)
_INTERVALS = (-36, -31, -28, -24, -19, -12, -7, -5, -2, -1, 1, 2, 5, 7, 12, 19, 24)
# Frames round the onset between which what is heard is averaged.
_SOUNDING = ((-9, -3), (-2, 0), (2, 5), (6, 12), (14, 26))
_LEVELS = ((-6, -2), (1, 4), (8, 13))
_SHARP = ((-8, -4), (-3, 0), (1, 3), (4, 8))
_REGISTERS = np.arange(0.0, KEYS, 8.0)
_EARLIER = 64
_PAD = 64
FEATURES = (
    6 + len(_SOUNDING) + 2 * len(_INTERVALS) + len(_HARMONICS) * (len(_LEVELS) + len(_SHARP))
    + len(_REGISTERS)
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Layers:
    """A small network: layers of (inputs + 1, outputs), the last row being what is added."""

    layers: tuple[F32, ...]

    def __call__(self, features: F32) -> F32:
        """(candidates, inputs) -> (candidates, outputs), each 0..1."""
        x = features
        for number, layer in enumerate(self.layers):
            x = np.asarray(x @ layer[:-1] + layer[-1], np.float32)
            if number + 1 < len(self.layers):
                x = np.maximum(x, np.float32(0.0))
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))), np.float32)

    def to_text(self) -> str:
        """As kept in the file of the note network: shapes, and half-precise numbers in base 64."""
        parts = []
        for layer in self.layers:
            data = base64.b64encode(layer.astype("<f2").tobytes()).decode()
            parts.append(f"{layer.shape[0]}x{layer.shape[1]}:{data}")
        return " ".join(parts)

    @classmethod
    def from_text(cls, text: str, inputs: int, outputs: int = 1) -> Layers:
        """Read back what `to_text` wrote. Raises ValueError for anything else."""
        layers = []
        for part in text.split():
            shape, _, data = part.partition(":")
            rows, _, columns = shape.partition("x")
            numbers = np.frombuffer(base64.b64decode(data, validate=True), "<f2")
            layers.append(numbers.reshape(int(rows), int(columns)).astype(np.float32))
        sizes = [inputs, *(layer.shape[1] for layer in layers)]
        if [layer.shape[0] - 1 for layer in layers] != sizes[:-1] or sizes[-1] != outputs:
            raise ValueError("these are no weights of the second note network")
        return cls(tuple(layers))


@dataclass(frozen=True, eq=False)
class Judged:
    """Where notes may begin, in order of key and time: `frames`, `keys`, and what is thought.

    likely: (candidates, 1) how likely each is a note, or (candidates, 1 + families), where the
    others say how likely each family plays it; all in 0..1. ends: the network to be asked where
    they end (pitched_ends.py), if there is one.
    """

    frames: Ints
    keys: Ints
    likely: F32
    ends: Layers | None = None

    @property
    def named(self) -> bool:
        """Whether it says who plays."""
        return bool(self.likely.shape[1] > 1)

    def numbers(self, frames: int) -> Ints:
        """(frames, 88): the number of the candidate at each place, -1 where there is none."""
        out = np.full((frames, KEYS), -1, np.int64)
        out[self.frames, self.keys] = np.arange(self.frames.size)
        return out


def look_again(heard: Heard, second: Layers) -> Judged:
    """What the second network thinks of every place where a note of chords may begin."""
    frames, keys = candidates(heard.onset.astype(np.float32))
    return Judged(frames, keys, second(features(heard, frames, keys)))


def candidates(onset: F32, least: float = LEAST) -> tuple[Ints, Ints]:
    """(frames, keys) of all peaks of the onset curves (frames, 88), in order of key and time."""
    padded = np.pad(onset, ((1, 1), (0, 0)))
    peaks = (onset >= least) & (onset >= padded[:-2]) & (onset > padded[2:])
    keys, frames = np.nonzero(peaks.T)
    return frames, keys


def features(heard: Heard, frames: Ints, keys: Ints) -> F32:
    """What tells of each candidate: float32 (candidates, FEATURES)."""
    onset = np.pad(heard.onset.astype(np.float32), ((_PAD, _PAD), (0, 0)))
    frame = np.pad(heard.frame.astype(np.float32), ((_PAD, _PAD), (0, 0)))
    at = frames + _PAD
    peak = onset[at, keys]
    near = np.max([onset[at + d] for d in (-2, -1, 0, 1, 2)], axis=0)
    sums = np.concatenate([np.zeros((1, KEYS), np.float32), np.cumsum(frame, 0, np.float64)])
    parts: list[F32] = [
        np.stack([
            logit(peak), logit(onset[at - 1, keys]), logit(onset[at + 1, keys]),
            np.log1p(near.sum(axis=1)), logit(near.max(axis=1)),
            logit(onset[at[:, None] - np.arange(4, _EARLIER)[None, :], keys[:, None]].max(axis=1)),
        ], axis=1),
    ]  # fmt: skip
    for first, last in _SOUNDING:
        mean = (sums[at + last, keys] - sums[at + first, keys]) / (last - first)
        parts.append(logit(mean.astype(np.float32))[:, None])
    held = ((sums[at + 8] - sums[at + 1]) / 7.0).astype(np.float32)
    rows = np.arange(frames.size)
    for interval in _INTERVALS:
        place = keys + interval
        inside = (place >= 0) & (place < KEYS)
        place = np.clip(place, 0, KEYS - 1)
        for values in (near, held):
            parts.append(np.where(inside, logit(values[rows, place]), -6.0)[:, None])
    parts.append(levels(loudest_third(heard), _LEVELS, frames, keys))
    parts.append(levels(heard.sharp, _SHARP, frames, keys))
    parts.append(np.exp(-0.5 * ((keys[:, None] - _REGISTERS) / 6.0) ** 2))
    out: F32 = np.concatenate(parts, axis=1).astype(np.float32)
    return out


def logit(p: F32) -> F32:
    p = np.clip(p, 0.0025, 0.9975)
    out: F32 = np.log(p / (1.0 - p))
    return out


def loudest_third(heard: Heard) -> F32:
    """(frames, SEMITONES): the level of each semitone's loudest third."""
    # Much faster than the maximum along an axis of three.
    one, two, three = (heard.thirds[..., i].astype(np.float32) for i in range(3))
    out: F32 = np.maximum(np.maximum(one, two), three)
    return out


def levels(
    picture: NDArray[np.floating], moments: Sequence[tuple[int, int]], frames: Ints, keys: Ints,
    harmonics: Sequence[int] = _HARMONICS,
) -> F32:  # fmt: skip
    """(candidates, moments * harmonics) of a picture (frames, SEMITONES); 0 where none can be."""
    count = picture.shape[0]
    sums = np.concatenate([np.zeros((1, SEMITONES)), np.cumsum(picture, 0, np.float64)])
    place = keys[:, None] + np.array(harmonics)
    inside = place < SEMITONES
    place = np.minimum(place, SEMITONES - 1)
    out = []
    for first, last in moments:
        a = np.clip(frames + first, 0, count - 1)
        b = np.maximum(np.clip(frames + last, 0, count), a + 1)
        mean = (sums[b[:, None], place] - sums[a[:, None], place]) / (b - a)[:, None]
        out.append(np.where(inside, mean, 0.0))
    found: F32 = np.concatenate(out, axis=1).astype(np.float32)
    return found
