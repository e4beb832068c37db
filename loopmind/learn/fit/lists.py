"""Lists to choose from: one loop that belongs to another, among strangers of its role.

Strangers come from other pieces, at the same number of beats, on the song's beats and transposed
into the piece's key as selection would do it, so that neither tempo nor key tells them apart. For
training some candidates are the right loop itself, moved in time or in pitch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loopmind.compose.compatibility import (
    MAX_SEMITONES,
    UNPITCHED_ROLES,
    beat_chroma,
    key_fit,
    pair_scores,
    tonality,
)
from loopmind.compose.learned_fit import FitModel
from loopmind.compose.learned_fit_features import Sides, sides
from loopmind.compose.traits import Floats, Traits, traits
from loopmind.learn.fit.data import Sample
from loopmind.music.key import Key

Ints = NDArray[np.int64]

CANDIDATES = 10
_SAME = 0.9
_PITCH_SHIFTS = (1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5)
_TIME_STEPS = (1, 2, 3, 4, 6, 8, 12)


@dataclass(frozen=True, eq=False)
class Stock:
    """Samples with all that lists and scores need of them.

    shift: (n, 24) semitones that bring each loop into each key, major keys first.
    """

    samples: tuple[Sample, ...]
    traits: Traits
    sides: Sides
    tonal: NDArray[np.bool_]
    shift: Ints
    key: Ints


@dataclass(frozen=True, eq=False)
class Lists:
    """L lists: anchor (L,), and candidates (L, K) with how they are moved; the first is right.

    question: (L,) lists of one question share their candidates; only the anchors differ.
    """

    anchor: Ints
    candidate: Ints
    semitones: Ints
    steps: Ints
    question: Ints

    def part(self, chosen: NDArray[np.integer]) -> Lists:
        """The lists with these numbers."""
        return Lists(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def stock(samples: Sequence[Sample]) -> Stock:
    """Everything about `samples` that was heard as loops; what was heard as one hit is left out."""
    kept = tuple(s for s in samples if s.loop.kind == "loop" and s.loop.rhythm)
    t = traits([s.loop for s in kept])
    trust = tonality(t)
    tonal = np.array(
        [s.role not in UNPITCHED_ROLES and bool(t.chroma[i].any()) for i, s in enumerate(kept)],
        dtype=bool,
    )
    chroma = np.array([beat_chroma(s.loop, s.beats, 0) for s in kept])
    both = sides(
        t, np.arange(len(kept)), [s.role for s in kept], [float(s.beats) for s in kept],
        [s.bpm for s in kept], [s.start_s for s in kept], chroma, np.where(tonal, trust, 0.0),
    )  # fmt: skip
    keys = [Key(tonic, mode) for mode in ("major", "minor") for tonic in range(12)]
    shift = np.stack(
        [key_fit(t, key).argmax(axis=1) - MAX_SEMITONES for key in keys], axis=1
    ).astype(np.int64)
    shift[~tonal] = 0
    return Stock(kept, t, both, tonal, shift, _keys(kept, t, tonal))


def _keys(samples: Sequence[Sample], t: Traits, tonal: NDArray[np.bool_]) -> Ints:
    """(n,) the key that each sample's cut is heard in as a whole."""
    by_cut: dict[str, Floats] = {}
    for i, sample in enumerate(samples):
        weight = t.keys[i] * t.pitched[i] * tonal[i]
        by_cut[sample.cut] = by_cut.get(sample.cut, np.zeros(24)) + weight
    return np.array([int(by_cut[s.cut].argmax()) for s in samples], dtype=np.int64)


def lists_of(
    held: Stock, rng: np.random.Generator, *, moved: int = 0, strangers: int = CANDIDATES - 1,
    other_roles: bool = False,
) -> Lists:  # fmt: skip
    """One question for every sample that has mates, and a list for each mate.

    other_roles: loops of one role in one cut are no mates but take each other's turns.
    moved: so many candidates are the right loop moved in time or pitch, behind the strangers.
    """
    cuts: dict[str, list[int]] = {}
    for i, sample in enumerate(held.samples):
        cuts.setdefault(sample.cut, []).append(i)
    by_role: dict[tuple[str, int], list[int]] = {}
    for i, sample in enumerate(held.samples):
        by_role.setdefault((sample.role, sample.beats), []).append(i)
    rows: list[tuple[int, list[int], list[int], list[int], int]] = []
    for right, sample in enumerate(held.samples):
        mates = [i for i in cuts[sample.cut] if i != right]
        mates = [
            i for i in mates
            if not (held.samples[i].role == sample.role and other_roles)
            and not _doubles(held, right, i)
        ]  # fmt: skip
        others = _strangers(held, right, by_role, rng, strangers) if mates else []
        if len(others) < strangers:
            continue
        key = int(held.key[right])
        moves = [_move(held, right, rng) for _ in range(moved)]
        candidates = [right, *others, *[right] * moved]
        semitones = [0, *[int(held.shift[i, key]) for i in others], *[m[0] for m in moves]]
        steps = [0] * (1 + len(others)) + [m[1] for m in moves]
        rows += [(mate, candidates, semitones, steps, right) for mate in mates]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), (), ()]
    anchor, candidate, semitone, step, question = (np.array(c, np.int64) for c in columns)
    shape = (len(rows), 1 + strangers + moved)
    return Lists(
        anchor, candidate.reshape(shape), semitone.reshape(shape), step.reshape(shape), question
    )


def _doubles(held: Stock, one: int, other: int) -> bool:
    """Whether two tracks play the same notes, so that it would be too easy to tell they belong."""
    a, b = held.sides.pick(np.array([one])), held.sides.pick(np.array([other]))

    def alike(x: NDArray[np.float32], y: NDArray[np.float32]) -> float:
        size = float(np.sqrt((x * x).sum() * (y * y).sum()))
        return float((x * y).sum()) / size if size > 0.0 else 0.0

    notes = alike(a.chroma, b.chroma) if held.tonal[one] and held.tonal[other] else 0.0
    return alike(a.grid, b.grid) > _SAME and notes > _SAME


def _strangers(
    held: Stock, right: int, by_role: dict[tuple[str, int], list[int]], rng: np.random.Generator,
    count: int,
) -> list[int]:  # fmt: skip
    """Loops of the same role and length from other pieces, first those by the same player."""
    own = held.samples[right]
    pool = [i for i in by_role[own.role, own.beats] if held.samples[i].piece != own.piece]
    if len(pool) < count:
        pool += [
            i for (role, beats), rows in by_role.items() for i in rows
            if role == own.role and beats != own.beats and held.samples[i].piece != own.piece
        ]  # fmt: skip
    order = [pool[k] for k in rng.permutation(len(pool)).tolist()]
    order.sort(key=lambda i: held.samples[i].source != own.source)
    chosen: list[int] = []
    pieces: set[str] = set()
    for again in (False, True):
        for i in order:
            if len(chosen) < count and i not in chosen:
                if not again and held.samples[i].piece in pieces:
                    continue
                chosen.append(i)
                pieces.add(held.samples[i].piece)
    return chosen


def _move(held: Stock, right: int, rng: np.random.Generator) -> tuple[int, int]:
    """A transposition, or a shift by something else than whole bars; where it is no loop of one."""
    if held.tonal[right] and rng.random() < 0.5:
        return int(rng.choice(_PITCH_SHIFTS)), 0
    return 0, int(rng.choice(_TIME_STEPS)) * (1 if rng.random() < 0.5 else -1)


def learned_scores(model: FitModel, held: Stock, lists: Lists) -> Floats:
    """(L, K) what the learned fit says of each candidate beside the anchor."""
    found = []
    for first in range(0, len(lists.anchor), 512):
        part = lists.part(np.arange(first, min(first + 512, len(lists.anchor))))
        a, b = list_sides(held, part)
        found.append(model.scores(a, b)[:, 0, :].astype(np.float64))
    return np.concatenate(found) if found else np.zeros(lists.candidate.shape)


def list_sides(held: Stock, lists: Lists) -> tuple[Sides, Sides]:
    """The anchors (L, 1, ...) and their candidates (L, K, ...), moved."""
    length, width = lists.candidate.shape
    flat = held.sides.pick(lists.candidate.ravel())
    flat = flat.moved(lists.semitones.ravel(), lists.steps.ravel())
    names = Sides.__dataclass_fields__
    b = Sides(
        *(getattr(flat, n).reshape(length, width, *getattr(flat, n).shape[1:]) for n in names)
    )
    a = held.sides.pick(lists.anchor)
    return Sides(*(getattr(a, n)[:, None] for n in names)), b


def handmade_scores(held: Stock, lists: Lists) -> Floats:
    """(L, K) the hand-made pair score, with names and home tempi that tell nothing."""
    t = held.traits
    blank = tuple(replace(loop, path="") for loop in t.loops)
    roles = [s.role for s in held.samples]
    found = np.zeros(lists.candidate.shape)
    for row in range(len(found)):
        index = np.concatenate([lists.anchor[row : row + 1], lists.candidate[row]])
        semitones = np.concatenate([[0], lists.semitones[row]])
        steps = np.concatenate([[0], lists.steps[row]])
        one = t.only(index)
        moved = replace(
            one,
            loops=tuple(blank[i] for i in index.tolist()),
            readings=np.full_like(one.readings, 100.0),
            keys=np.stack([_in_key(k, s) for k, s in zip(one.keys, semitones, strict=True)]),
            rhythm=np.stack([np.roll(r, s) for r, s in zip(one.rhythm, steps, strict=True)]),
        )
        chroma = np.stack([
            np.roll(beat_chroma(t.loops[i], held.samples[i].beats, int(s)), round(step / 4), axis=0)
            for i, s, step in zip(index.tolist(), semitones, steps, strict=True)
        ])  # fmt: skip
        scores = pair_scores(
            moved, np.arange(len(index)), [roles[i] for i in index.tolist()], chroma,
            held.tonal[index],
        )  # fmt: skip
        found[row] = scores.total[0, 1:]
    return found


def _in_key(keys: Floats, semitones: int) -> Floats:
    return np.concatenate([np.roll(keys[:12], semitones), np.roll(keys[12:], semitones)])


def embedding_scores(held: Stock, lists: Lists) -> Floats:
    """(L, K) cosine of the embeddings."""
    table = np.array([s.loop.embedding for s in held.samples])
    scores: Floats = np.einsum("ld,lkd->lk", table[lists.anchor], table[lists.candidate])
    return scores


def top1(scores: Floats, lists: Lists) -> tuple[float, float]:
    """(beside one other loop, beside all mates): how often the right candidate comes first.

    A tie counts in part.
    """
    single = _right(scores)
    questions = np.unique(lists.question)
    together = np.stack([scores[lists.question == q].mean(axis=0) for q in questions])
    return float(single.mean()), float(_right(together).mean())


def _right(scores: Floats) -> Floats:
    best = scores.max(axis=1, keepdims=True)
    ties = (scores >= best - 1e-12).sum(axis=1)
    right: Floats = (scores[:, 0] >= best[:, 0] - 1e-12) / ties
    return right
