"""Who plays which note of a mix: each note's own evidence, and what its piece makes likely.

The note network hears timbre, but neither how low a note lies nor what plays beside it. A small
second network, kept in the same file, judges each note by all of that together.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched_decode import Found, Limits
from loopmind.analysis.listening.pitched_model import FAMILIES, FPS, Heard
from loopmind.analysis.listening.spectrogram import KEYS, SEMITONES

F32 = NDArray[np.float32]

_NEAR_S = 1.5
_NEAR_KEYS = 7.0
_ROUNDS = 3
_FEWEST = 3
_HARMONICS = (0, 12, 19, 24, 28, 31, 34, 36)
# Frames behind the onset between which levels are taken: before it, attack, body, later.
_MOMENTS = ((-5, -2), (1, 4), (8, 13), (24, 31))
_REGISTERS = np.arange(0.0, KEYS, 8.0)
FEATURES = 3 * len(FAMILIES) + len(_HARMONICS) * len(_MOMENTS) + len(_REGISTERS) + 6


@dataclass(frozen=True, eq=False)
class Players:
    """The second network: layers of (inputs + 1, outputs), the last row being what is added."""

    layers: tuple[F32, ...]

    def __call__(self, features: F32) -> F32:
        """(notes, FEATURES) -> (notes, families), how likely each plays the note, 0..1."""
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
    def from_text(cls, text: str) -> Players:
        """Read back what `to_text` wrote. Raises ValueError for anything else."""
        layers = []
        for part in text.split():
            shape, _, data = part.partition(":")
            rows, _, columns = shape.partition("x")
            numbers = np.frombuffer(base64.b64decode(data, validate=True), "<f2")
            layers.append(numbers.reshape(int(rows), int(columns)).astype(np.float32))
        sizes = [FEATURES, *(layer.shape[1] for layer in layers)]
        if [layer.shape[0] - 1 for layer in layers] != sizes[:-1] or sizes[-1] != len(FAMILIES):
            raise ValueError("these are no weights of the second note network")
        return cls(tuple(layers))


def players(
    found: Sequence[Found], limits: Limits, *, heard: Heard | None = None,
    net: Players | None = None, one: bool = False,
) -> list[tuple[Found, str]]:  # fmt: skip
    """Each note with its instrument; twice where two families play it. `one`: all by the same.

    `net`: the second network, which needs `heard`; without, the first one's opinion is taken.
    """
    if not found:
        return []
    own = opinions(found, heard, net)
    if one:
        name = FAMILIES[int(np.argmax(np.log(own).mean(axis=0)))]
        return [(note, name) for note in found]
    return assigned(found, own, limits)


def opinions(found: Sequence[Found], heard: Heard | None, net: Players | None) -> F32:
    """(notes, families): how likely each family plays each note, by what is known of it alone."""
    own = np.array([note.who for note in found], np.float32)
    if net is not None and heard is not None:
        own = net(features(found, heard))
    clipped: F32 = np.clip(own, 1e-4, 1.0)
    return clipped


def assigned(found: Sequence[Found], own: F32, limits: Limits) -> list[tuple[Found, str]]:
    """Each note with its instrument, all notes considered.

    The families' shares in the piece weigh with each note's evidence `own`, as do its neighbours
    in time and pitch: a line does not change hands from note to note. A family with hardly a note
    is taken out, and its notes go to others.
    """
    allowed = np.ones(len(FAMILIES), bool)
    lines = np.log(np.clip(_lines(found, own), 1e-4, 1.0))
    best = np.argmax(own, axis=1)
    also = own > np.maximum(0.5, limits.second * own.max(axis=1, keepdims=True))
    for _ in range(_ROUNDS):
        plays = also | (np.arange(len(FAMILIES)) == best[:, None])
        share = plays.mean(axis=0)
        few = (share < limits.lone) | (plays.sum(axis=0) < _FEWEST)
        if not (few | ~allowed).all():
            allowed &= ~few
        score = np.log(own) + limits.lines * lines
        score += limits.shares * np.log(np.clip(share, 0.01, 1.0))
        score[:, ~allowed] = -1e9
        best = np.argmax(score, axis=1)
    named = []
    for number, note in enumerate(found):
        named.append((note, FAMILIES[best[number]]))
        rest = np.where(allowed & also[number], own[number], 0.0)
        rest[best[number]] = 0.0
        second = int(np.argmax(rest))
        if rest[second] > 0.0:
            named.append((note, FAMILIES[second]))
    return named


def features(found: Sequence[Found], heard: Heard) -> F32:
    """What tells who plays: float32 (notes, FEATURES) of notes in order of time.

    The first network's opinion of the note, of its neighbourhood and of all notes; levels of its
    harmonics before, at and after its onset; its pitch; how strong, how long, how clear it is,
    and how many notes sound below and above it.
    """
    who = np.clip(np.array([note.who for note in found], np.float32), 1e-3, 0.999)
    start = np.array([note.start for note in found])
    end = np.array([note.end for note in found])
    key = np.array([note.key for note in found])
    said = np.log(who / (1.0 - who))
    near = _lines(found, who)
    near = np.log(near / (1.0 - near))
    whole = np.broadcast_to(said.mean(axis=0), said.shape)
    levels = _levels(heard, np.round(start).astype(np.int64), key)
    register = np.exp(-0.5 * ((key[:, None] - _REGISTERS) / 6.0) ** 2)
    below, above = _beside(start, end, key)
    rest = np.stack(
        [
            np.array([note.velocity for note in found]), np.array([note.likely for note in found]),
            np.log((end - start) / FPS + 0.02), np.log1p(below), np.log1p(above), below == 0,
        ], axis=1,
    )  # fmt: skip
    parts = [said, near, whole, levels, register, rest]
    out: F32 = np.concatenate(parts, axis=1).astype(np.float32)
    return out


def _levels(heard: Heard, frame: NDArray[np.int64], key: NDArray[np.int64]) -> F32:
    """(notes, harmonics * moments): levels at a note's harmonics, 0 where none can be."""
    thirds = heard.thirds
    frames = thirds.shape[0]
    out = np.zeros((frame.size, len(_MOMENTS), len(_HARMONICS)), np.float32)
    for number, (first, last) in enumerate(_MOMENTS):
        for h, harmonic in enumerate(_HARMONICS):
            place = key + harmonic
            inside = place < SEMITONES
            total = np.zeros(frame.size, np.float32)
            for offset in range(first, last):
                at = np.clip(frame + offset, 0, frames - 1)
                total += thirds[at, np.minimum(place, SEMITONES - 1)].max(axis=1)
            out[:, number, h] = np.where(inside, total / (last - first), 0.0)
    return out.reshape(frame.size, -1)


def _beside(
    start: NDArray[np.float64], end: NDArray[np.float64], key: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many other notes sound below and above each when it has begun."""
    below, above = np.zeros(start.size), np.zeros(start.size)
    longest = float((end - start).max(initial=0.0))
    for i in range(start.size):
        a, b = np.searchsorted(start, (start[i] - longest - 4.0, start[i] + 4.0))
        sounding = end[a:b] > start[i] + 2.0
        below[i] = np.count_nonzero(sounding & (key[a:b] < key[i]))
        above[i] = np.count_nonzero(sounding & (key[a:b] > key[i]))
    return below, above


def _lines(found: Sequence[Found], own: F32) -> F32:
    """What each note's neighbours in time and pitch say, as `own` (notes, families) has it."""
    start = np.array([note.start for note in found]) / FPS
    key = np.array([note.key for note in found], np.float64)
    first = np.searchsorted(start, start - 2.0 * _NEAR_S)
    last = np.searchsorted(start, start + 2.0 * _NEAR_S)
    said = np.empty_like(own)
    for i, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        apart = (start[a:b] - start[i]) / _NEAR_S
        off = (key[a:b] - key[i]) / _NEAR_KEYS
        weight = np.exp(-0.5 * (apart**2 + off**2))
        said[i] = weight @ own[a:b] / weight.sum()
    return said
