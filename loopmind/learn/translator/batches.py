"""Pairs as arrays of numbers for the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from loopmind.assistant.wording import BEGIN, END, MOST_PIECES, pieces_of
from loopmind.learn.translator.data import Pair, Variations, Words


@dataclass(frozen=True)
class Meanings:
    """Static vectors of words; a row of zeros stands for what is not known."""

    rows: Mapping[str, int]
    table: NDArray[np.float32]

    @classmethod
    def load(cls, file: Path) -> Meanings:
        with np.load(file) as held:
            table = held["vectors"].astype(np.float32) * held["scale"]
            words = held["words"].tolist()
        rows = {w: n + 1 for n, w in enumerate(words)}
        return cls(rows, np.concatenate([np.zeros((1, table.shape[1]), np.float32), table]))


@dataclass(frozen=True)
class Batch:
    """Inputs of `net.Translator`, and what is to come: `wanted` (batch, places) numbers of words,
    -1 where it can only be copied; `copies` (batch, places, said): 1 where the word stands;
    `counts` (batch, places)."""

    vectors: Tensor
    words: Tensor
    pieces: Tensor
    there: Tensor
    goes_on: Tensor
    answer: Tensor
    wanted: Tensor
    copies: Tensor
    counts: Tensor


class Maker:
    """Makes batches of pairs; backwards: the last word of the commands comes first."""

    def __init__(self, words: Words, meanings: Meanings, backwards: bool = False) -> None:
        self.said = {w: n for n, w in enumerate(words.said)}
        self.command = {w: n for n, w in enumerate(words.command)}
        self.meanings = meanings
        self.known = len(words.command)
        self.way = -1 if backwards else 1

    def __call__(self, pairs: Sequence[Pair], forget: float = 0.0,
                 chance: np.random.Generator | None = None) -> Batch:  # fmt: skip
        """forget: share of the words whose own embedding is not shown, so that what they mean
        and how they are written must do."""
        count = len(pairs)
        said = max(len(p.said) for p in pairs)
        long = max(len(p.command) for p in pairs) + 1
        words = np.zeros((count, said), np.int64)
        rows = np.zeros((count, said), np.int64)
        pieces = np.zeros((count, said, MOST_PIECES), np.int64)
        there = np.zeros((count, said), np.float32)
        answer = np.zeros((count, long), np.int64)
        wanted = np.full((count, long), -1, np.int64)
        copies = np.zeros((count, long, said), np.float32)
        counts = np.zeros((count, long), np.float32)
        for n, pair in enumerate(pairs):
            there[n, : len(pair.said)] = 1.0
            for i, word in enumerate(pair.said):
                words[n, i] = self.said.get(word, 0)
                rows[n, i] = self.meanings.rows.get(word, 0)
                found = pieces_of(word)
                pieces[n, i, : len(found)] = found
            answer[n, 0] = self.command[BEGIN]
            for i, word in enumerate((*pair.command[:: self.way], END)):
                at = [k for k, w in enumerate(pair.said) if w == word]
                copies[n, i, at] = 1.0
                wanted[n, i] = self.command.get(word, -1)
                counts[n, i] = float(bool(at) or wanted[n, i] >= 0)
                if i + 1 < long:
                    place = self.known + at[0] if at else 0
                    answer[n, i + 1] = wanted[n, i] if wanted[n, i] >= 0 else place
        if forget and chance is not None:
            words[chance.random(words.shape) < forget] = 0
        return Batch(
            torch.from_numpy(self.meanings.table[rows]), torch.from_numpy(words),
            torch.from_numpy(pieces), torch.from_numpy(there),
            torch.tensor([[int(p.goes_on)] for p in pairs]), torch.from_numpy(answer),
            torch.from_numpy(wanted), torch.from_numpy(copies), torch.from_numpy(counts),
        )  # fmt: skip


def rounds(pairs: Sequence[Pair], make: Maker, size: int, seed: int,
           forget: float) -> Iterator[Batch]:  # fmt: skip
    """Batches without end: every pair once a round, varied, pairs of like length together."""
    vary = Variations(pairs, seed)
    chance = np.random.default_rng(seed)
    while True:
        drawn = [vary(pairs[i]) for i in chance.permutation(len(pairs))]
        for start in range(0, len(drawn), size * 20):
            near = sorted(drawn[start : start + size * 20], key=lambda p: len(p.said))
            cuts = [near[i : i + size] for i in range(0, len(near), size)]
            for i in chance.permutation(len(cuts)):
                yield make(cuts[i], forget, chance)
