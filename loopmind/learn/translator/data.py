"""Sentences with the plain commands they mean, read from files and varied while learning.

A line of a file is `SAID<TAB>COMMANDS`; commands are joined by " ; ", and what was said before
stands in front of " >> ".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from loopmind.assistant.commands import WISHLESS
from loopmind.assistant.lexer import spelled
from loopmind.assistant.normalise import tidy
from loopmind.assistant.wording import (
    BEGIN,
    END,
    LONGEST_COMMAND,
    LONGEST_SAID,
    SEPARATOR,
    words_of,
)

PAD = "<pad>"
SPECIAL = (PAD, BEGIN, END)

_TRACKS = (
    "drums", "kick", "hats", "percussion", "bass", "chords", "pad", "lead", "vocal", "effects",
    "guitar", "piano", "rhodes", "keys", "organ", "strings", "violin", "brass", "trumpet",
    "sax", "flute", "synth", "shaker", "snare", "clap", "tambourine", "bongos", "bells", "harp",
    "choir", "vocals", "808", "sub", "melody", "riff", "arp", "plucks", "cello", "banjo",
    "ukulele", "marimba", "accordion", "congas", "hihat", "hat", "pads", "voice", "singer",
)  # fmt: skip
_MOODS = (
    "darker", "brighter", "warmer", "colder", "calmer", "sadder", "happier", "softer",
    "dreamier", "punchier", "dirtier", "harder", "cleaner", "crisper",
)  # fmt: skip
_ORDINALS = {"first": "1", "second": "2", "third": "3"}
_JOINTS = (("and",), (",",), ("then",), (".",), (",", "and"), ("also",), (".", "also"), ("plus",))


@dataclass(frozen=True)
class Pair:
    """A sentence and its commands, word by word; goes_on: whether something was said before."""

    said: tuple[str, ...]
    command: tuple[str, ...]
    goes_on: bool = False
    source: str = ""


def read_folder(folder: Path) -> list[Pair]:
    """All pairs of a folder's *.tsv; a file holds what one hand wrote, and is their source."""
    found = []
    for file in sorted(folder.rglob("*.tsv")):
        found += read_file(file)
    return found


def read_file(file: Path) -> list[Pair]:
    """Pairs of one file. Raises ValueError where a line is not SAID<TAB>COMMANDS."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        said, tab, commands = line.partition("\t")
        if not tab or not said.strip() or not commands.strip():
            raise ValueError(f"{file.name}, line {number}: not SAID<TAB>COMMANDS: {line!r}")
        _, goes_on, last = said.rpartition(">>")
        pair = Pair(
            tuple(words_of(spelled(tidy(last.strip())))),
            tuple(words_of(commands)),
            bool(goes_on),
            file.stem,
        )
        if 0 < len(pair.said) <= LONGEST_SAID and len(pair.command) <= LONGEST_COMMAND:
            found.append(pair)
    return found


@dataclass(frozen=True)
class Words:
    """What is known by number: words of sentences, and words of commands."""

    said: tuple[str, ...]
    command: tuple[str, ...]

    @classmethod
    def of(cls, pairs: Iterable[Pair], least_said: int = 3, least_command: int = 3) -> Words:
        """Those that come often enough."""
        said: Counter[str] = Counter()
        command: Counter[str] = Counter()
        for pair in pairs:
            said.update(pair.said)
            command.update(pair.command)
        return cls(
            (PAD, *sorted(w for w, n in said.items() if n >= least_said)),
            (*SPECIAL, *sorted(w for w, n in command.items() if n >= least_command)),
        )

    def behind(self, first: Words) -> Words:
        """The words of `first`, which keep their numbers, then those that it lacks."""
        return Words(
            (*first.said, *(w for w in self.said if w not in set(first.said))),
            (*first.command, *(w for w in self.command if w not in set(first.command))),
        )


class Variations:
    """The same wishes of other tracks, sections, figures and moods, joined and misspelt."""

    def __init__(self, pairs: Sequence[Pair], seed: int) -> None:
        self.pairs = pairs
        self.chance = np.random.default_rng(seed)

    def __call__(self, pair: Pair) -> Pair:
        chance = self.chance
        if chance.random() < 0.5:
            pair = self._other(pair, _TRACKS)
        if chance.random() < 0.2:
            pair = self._other(pair, _MOODS)
        if chance.random() < 0.4:
            pair = self._figures(pair)
        if chance.random() < 0.3:
            pair = self._ordinals(pair)
        if chance.random() < 0.15:
            pair = self._joined(pair)
        if chance.random() < 0.15:
            pair = self._misspelt(pair)
        if chance.random() < 0.2:
            pair = replace(pair, goes_on=True)
        return pair

    def _swapped(self, pair: Pair, new: dict[str, str]) -> Pair:
        return replace(
            pair,
            said=tuple(new.get(w, w) for w in pair.said),
            command=tuple(new.get(w, w) for w in pair.command),
        )

    def _other(self, pair: Pair, words: Sequence[str]) -> Pair:
        """Words of a list that stand in both become others of it."""
        both = [w for w in words if w in pair.said and w in pair.command]
        free = [w for w in words if w not in pair.said and w not in pair.command]
        named = {w for w in pair.command if w in words}
        if not both or named - set(both):
            return pair
        drawn = self.chance.choice(len(free), len(both), replace=False)
        return self._swapped(pair, {w: free[i] for w, i in zip(both, drawn, strict=True)})

    def _figures(self, pair: Pair) -> Pair:
        both = {w for w in pair.said if w[0].isdigit() and w in pair.command and w != "808"}
        new = {}
        for figure in sorted(both):
            value = float(figure)
            if value > 3 or "." in figure:
                drawn = max(1, round(value * 2.0 ** self.chance.uniform(-1, 1)))
                new[figure] = str(drawn)
        return self._swapped(pair, new) if len(set(new.values())) == len(new) else pair

    def _ordinals(self, pair: Pair) -> Pair:
        """ "The first hook" (hook 1) becomes the second or third, where one alone is named."""
        found = [w for w in pair.said if w in _ORDINALS]
        if len(found) != 1 or "half" in pair.said:
            return pair
        old = found[0]
        digits = [w for w in pair.command if w in _ORDINALS.values()]
        if digits != [_ORDINALS[old]] or digits[0] in pair.said:
            return pair
        new = str(self.chance.choice([w for w in _ORDINALS if w != old]))
        return replace(
            pair,
            said=tuple(new if w == old else w for w in pair.said),
            command=tuple(_ORDINALS[new] if w == _ORDINALS[old] else w for w in pair.command),
        )

    def _joined(self, pair: Pair) -> Pair:
        other = self.pairs[int(self.chance.integers(len(self.pairs)))]
        if other.goes_on or pair.goes_on or "it" in other.command:
            return pair
        joint = _JOINTS[int(self.chance.integers(len(_JOINTS)))]
        said = (*_without_end(pair.said), *joint, *other.said)
        both = [p.command for p in (pair, other) if not set(p.command) & {"nothing"}]
        if any(set(c) & WISHLESS for c in both) or not both:
            return pair
        command = both[0] if len(both) == 1 else (*both[0], SEPARATOR, *both[1])
        if len(said) > LONGEST_SAID or len(command) > LONGEST_COMMAND:
            return pair
        return replace(pair, said=said, command=command)

    def _misspelt(self, pair: Pair) -> Pair:
        places = [
            i for i, w in enumerate(pair.said)
            if len(w) > 3 and w.isalpha() and w not in pair.command
        ]  # fmt: skip
        if not places:
            return pair
        at = places[int(self.chance.integers(len(places)))]
        word = pair.said[at]
        i = int(self.chance.integers(1, len(word) - 1))
        way = int(self.chance.integers(3))
        if way == 0:
            word = word[:i] + word[i + 1 :]
        elif way == 1:
            word = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        else:
            word = word[:i] + word[i] + word[i:]
        return replace(pair, said=(*pair.said[:at], word, *pair.said[at + 1 :]))


def _without_end(words: tuple[str, ...]) -> tuple[str, ...]:
    while len(words) > 1 and words[-1] in (".", "!", "?", ","):
        words = words[:-1]
    return words
