"""Who plays which note of a mix: each note's own evidence, and what its piece makes likely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched_decode import Found, Limits
from loopmind.analysis.listening.pitched_model import FAMILIES, FPS

F32 = NDArray[np.float32]

_NEAR_S = 1.5
_NEAR_KEYS = 7.0
_ROUNDS = 3
_FEWEST = 3


def players(
    found: Sequence[Found], limits: Limits, *, one: bool = False
) -> list[tuple[Found, str]]:
    """Each note with its instrument; twice where two families play it. `one`: all by the same."""
    if not found:
        return []
    own = opinions(found)
    if one:
        name = FAMILIES[int(np.argmax(np.log(own).mean(axis=0)))]
        return [(note, name) for note in found]
    return assigned(found, own, limits)


def opinions(found: Sequence[Found]) -> F32:
    """(notes, families): how likely each family plays each note, by what is known of it alone."""
    own = np.array([note.who for note in found], np.float32)
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
    also = own > np.maximum(limits.sure, limits.second * own.max(axis=1, keepdims=True))
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
