"""The third reader: a small network says in plain commands what a sentence asks for.

It generalises over wordings that no frame was written for ("the lady is swimming in the mix" ->
"less reverb on vocal"); what a command means is the frames' alone to say (commands.py). The
weights (models/translator.npz, card beside it) were made by learn/translator.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loopmind.assistant.translator_net import Floats, Net
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

MODEL = "translator.npz"
BEAMS = 4
FAR = 4.0
"""Answers that are less likely than the best by this much, as a logarithm, are left."""


@dataclass(frozen=True)
class Translation:
    """Commands in order, and how likely the network finds all of them together, 0 to 1."""

    commands: tuple[str, ...]
    chance: float


class Translator:
    """A network with the words it knows."""

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
        heads = int(arrays.pop("heads"))
        self.net = Net({n: a.astype(np.float32) for n, a in arrays.items()}, heads)

    def __call__(self, text: str, *, goes_on: bool, beams: int = BEAMS) -> list[Translation]:
        """The likeliest translations of a sentence, best first; none of an empty one.

        goes_on: whether something was said before.
        """
        said = words_of(text)[:LONGEST_SAID]
        if not said:
            return []
        seen = self._seen(said, goes_on)
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
                for i in np.argsort(-row)[: 2 * beams + 8].tolist():
                    word = self.command[i] if i < known else said[i - known]
                    chance, number = merged.get(word, (0.0, self.number.get(word, i)))
                    merged[word] = (chance + math.exp(float(row[i])), number)
                for word, (chance, number) in merged.items():
                    score = so_far + math.log(max(chance, 1e-30))
                    found.append((score, (*words, word), (*numbers, number)))
            found.sort(key=lambda item: -item[0])
            open_ = []
            for score, words, numbers in found[:beams]:
                if words[-1] == END:
                    closed.append((score, words[:-1]))
                else:
                    open_.append((score, words, numbers))
            best = max((score for score, _ in closed), default=-math.inf)
            open_ = [item for item in open_ if item[0] > best - FAR]
            if not open_:
                break
        closed.sort(key=lambda item: -item[0])
        ranked = [Translation(_commands(words), math.exp(score)) for score, words in closed]
        return [t for t in ranked if not _stammers(t.commands)]

    def _seen(self, said: Sequence[str], goes_on: bool) -> Floats:
        meanings = np.zeros((len(said), self.table.shape[1]), np.float32)
        for i, word in enumerate(said):
            if word in self.rows:
                meanings[i] = self.table[self.rows[word]] * self.scale
        words = [self.said.get(w, 0) for w in said]
        return self.net.read(meanings, words, [pieces_of(w) for w in said], goes_on)


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
    """The shipped network; None where it is missing, then nothing is translated."""
    try:
        return Translator(model_file(MODEL))
    except FileNotFoundError:
        return None
