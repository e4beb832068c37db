"""The third reader: two small networks say in plain commands what a sentence asks for.

They generalise over wordings that no frame was written for ("the lady is swimming in the mix" ->
"less reverb on vocal"); what a command means is the frames' alone to say (commands.py). One writes
the commands from their first word on, the other from their last, so that they err in different
ways (as in Liu et al., "Agreement on target-bidirectional neural machine translation", 2016). The
weights (models/translator*.npz, cards beside them) were made by learn/translator.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import logsumexp

from loopmind.assistant.translator_net import Floats, Net, unpacked
from loopmind.assistant.wording import (
    BEGIN,
    END,
    LONGEST_COMMAND,
    LONGEST_SAID,
    SEPARATOR,
    pieces_of,
    text_of,
    words_of,
)
from loopmind.files.places import model_file

MODELS = ("translator.npz", "translator_back.npz")
BEAMS = 4
FAR = 4.0
"""Answers that are less likely than the best by this much, as a logarithm, are left."""
NEVER = -30.0
"""The logarithm of the chance of a word that a network cannot say."""


@dataclass(frozen=True)
class Translation:
    """Commands in order, and how likely each network finds all of them together, 0 to 1."""

    commands: tuple[str, ...]
    by_each: tuple[float, ...]

    @property
    def chance(self) -> float:
        return math.fsum(self.by_each) / len(self.by_each)


class Network:
    """A network with the words it knows; one that is `backwards` writes the last word first."""

    def __init__(self, file: Path) -> None:
        with np.load(file) as held:
            arrays = {name: held[name] for name in held.files}
        texts = {n: str(arrays.pop(n)).split() for n in ("command", "said", "meanings")}
        self.command = tuple(texts["command"])
        self.said = {w: n for n, w in enumerate(texts["said"])}
        self.rows = {w: n for n, w in enumerate(texts["meanings"])}
        self.number = {w: n for n, w in enumerate(self.command)}
        self.table = arrays.pop("table")
        self.scale = np.float32(arrays.pop("scale"))
        self.way = -1 if arrays.pop("backwards", False) else 1
        heads = int(arrays.pop("heads"))
        self.net = Net(unpacked(arrays), heads)

    def read(self, said: Sequence[str], goes_on: bool) -> Floats:
        """A sentence as the network sees it, for the methods below."""
        meanings = np.zeros((len(said), self.table.shape[1]), np.float32)
        for i, word in enumerate(said):
            if word in self.rows:
                meanings[i] = self.table[self.rows[word]] * self.scale
        words = [self.said.get(w, 0) for w in said]
        return self.net.read(meanings, words, [pieces_of(w) for w in said], goes_on)

    def likeliest(self, said: Sequence[str], seen: Floats) -> list[tuple[str, ...]]:
        """The words of the likeliest answers, by a beam search."""
        known = len(self.command)
        open_: list[tuple[float, tuple[str, ...], tuple[int, ...]]] = [
            (0.0, (), (self.number[BEGIN],))
        ]
        closed: list[tuple[float, tuple[str, ...]]] = []
        for _ in range(LONGEST_COMMAND + 1):
            chances = self.net.next(seen, np.array([n for _, _, n in open_], np.int64))
            found: list[tuple[float, tuple[str, ...], tuple[int, ...]]] = []
            for (so_far, words, numbers), row in zip(open_, chances, strict=True):
                merged: dict[str, tuple[float, int]] = {}
                for i in np.argsort(-row)[: 2 * BEAMS + 8].tolist():
                    word = self.command[i] if i < known else said[i - known]
                    chance, number = merged.get(word, (0.0, self.number.get(word, i)))
                    merged[word] = (chance + math.exp(float(row[i])), number)
                for word, (chance, number) in merged.items():
                    score = so_far + math.log(max(chance, 1e-30))
                    found.append((score, (*words, word), (*numbers, number)))
            found.sort(key=lambda item: -item[0])
            open_ = []
            for score, words, numbers in found[:BEAMS]:
                if words[-1] == END:
                    closed.append((score, words[:-1][:: self.way]))
                else:
                    open_.append((score, words, numbers))
            best = max((score for score, _ in closed), default=-math.inf)
            open_ = [item for item in open_ if item[0] > best - FAR]
            if not open_:
                break
        return [words for _, words in closed]

    def chances(self, said: Sequence[str], seen: Floats,
                answers: Sequence[tuple[str, ...]]) -> Floats:  # fmt: skip
        """How likely each answer is, as a logarithm."""
        known = len(self.command)
        places: dict[str, list[int]] = {}
        for i, word in enumerate(said):
            places.setdefault(word, []).append(known + i)
        longest = 1 + max(map(len, answers))
        numbers = np.zeros((len(answers), longest), np.int64)
        ways: list[list[list[int]]] = []
        for row, answer in zip(numbers, answers, strict=True):
            words = answer[:: self.way]
            own = [[self.number[w]] if w in self.number else [] for w in words]
            ways.append([[*o, *places.get(w, [])] for o, w in zip(own, words, strict=True)])
            first = [way[0] if way else self.number[BEGIN] for way in ways[-1]]
            row[: len(first) + 1] = [self.number[BEGIN], *first]
            ways[-1].append([self.number[END]])
        every = self.net.every(seen, numbers)
        sums = [
            sum(
                float(logsumexp(at[way])) if way else NEVER
                for at, way in zip(row, all_ways, strict=False)
            )  # rows are as long as the longest
            for row, all_ways in zip(every, ways, strict=True)
        ]
        return np.array(sums, np.float32)


class Translator:
    """Networks that are asked together: what each finds likeliest is weighed by all."""

    def __init__(self, *files: Path) -> None:
        self.networks = tuple(Network(file) for file in files)

    def __call__(self, text: str, *, goes_on: bool) -> list[Translation]:
        """The likeliest translations of a sentence, best first; none of an empty one.

        goes_on: whether something was said before.
        """
        said = words_of(text)[:LONGEST_SAID]
        if not said:
            return []
        seen = [network.read(said, goes_on) for network in self.networks]
        answers: dict[tuple[str, ...], None] = {}
        for network, view in zip(self.networks, seen, strict=True):
            answers.update(dict.fromkeys(network.likeliest(said, view)))
        if not answers:
            return []  # none of them came to an end
        by_each = [
            np.exp(network.chances(said, view, list(answers))).tolist()
            for network, view in zip(self.networks, seen, strict=True)
        ]
        ranked = [Translation(_commands(words), tuple(chances))
                  for words, *chances in zip(answers, *by_each, strict=True)]  # fmt: skip
        ranked.sort(key=lambda t: -t.chance)
        return [t for t in ranked if not _stammers(t.commands)]


def _commands(words: Sequence[str]) -> tuple[str, ...]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == SEPARATOR:
            parts.append([])
        else:
            parts[-1].append(word)
    return tuple(text_of(p) for p in parts if p)


_TWICE = re.compile(r"\b(\w+) (?:and|to|for) \1$|\b(\w+) and \2\b")


def _stammers(commands: Sequence[str]) -> bool:
    """Whether something is said twice over: "only pad and pad", "swap organ for organ"."""
    return len(set(commands)) < len(commands) or any(map(_TWICE.search, commands))


@functools.cache
def translator() -> Translator | None:
    """The shipped networks; None where one is missing, then nothing is translated."""
    try:
        return Translator(*map(model_file, MODELS))
    except FileNotFoundError:
        return None
