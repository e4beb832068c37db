"""Turns of phrase that say what a plainer one says: each is said again in the plain one.

Frames read words; many wishes are told by how a sentence is built ("the bridge could do with some
brass", "once hook 2 is over there should be a break"). What is told so is put into the words that
frames know, before anything else is read; what it is about stays as it was said. The turns of
phrase are in rewording_talk.txt (the talk itself), rewording.txt (the song) and rewording_form.txt
(its form, and who plays where).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from loopmind.assistant import lexicon
from loopmind.compose import genres
from loopmind.compose.vocabulary import INSTRUMENT_WORDS

RULES = tuple(
    Path(__file__).with_name(f"{name}.txt")
    for name in (
        "rewording_talk",
        "rewording_desk",
        "rewording",
        "rewording_sound",
        "rewording_form",
    )
)
SHORTEST_GENRE = 3
_PART = re.compile(r"<([A-Z_]+)>")
# Names are many, so a pattern is made of them only where one with any words in their place fits.
_NAMES = ("TRACK", "GENRE", "SECTION")
_ANY_WORDS = r"[\w&'#/-]+(?: [\w&'#/-]+){0,7}?"
_HERE = "\0"


def plainly(text: str) -> str:
    """`text` (tidied) in plainer words, where it has a turn of phrase that is known.

    >>> plainly("the bridge could do with some brass")
    'the bridge needs some brass'
    """
    for rule in rules():
        if rule.hint is None or rule.hint.search(text):
            text = _pattern(rule.pattern).sub(rule.put, text)
    return " ".join(text.split()).strip(" ,") or text


@dataclass(frozen=True)
class Rule:
    """A turn of phrase as it is written, and what is put in its place.

    hint: fits wherever the turn of phrase does, and a little more; None where only that tells.
    """

    pattern: str
    put: str
    hint: re.Pattern[str] | None


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Every turn of phrase with what is put in its place, in the order of the files."""
    loose = {**_parts(), **dict.fromkeys(_NAMES, _HERE)}
    for line in _lines():
        if line.startswith("@"):
            name, _, pattern = line[1:].partition(" ")
            if name not in _NAMES:
                loose[name] = _filled(pattern, loose)
    found = []
    for line in _lines():
        if line and line[0] not in "@#":
            pattern, _, put = line.partition(" =>")
            put = put.removeprefix(" ")
            put = f"{put[:-1]} " if put.endswith("_") else put
            found.append(Rule(pattern, put, _hint(_filled(pattern, loose))))
    return tuple(found)


def _hint(pattern: str) -> re.Pattern[str] | None:
    for match in re.finditer(r"\(\?<?!", pattern):
        depth, at = 1, match.end()
        while depth and at < len(pattern):
            depth += (pattern[at] == "(") - (pattern[at] == ")")
            at += 1
        if _HERE in pattern[match.end() : at]:
            return None  # what must not stand there cannot be guessed
    return re.compile(pattern.replace(_HERE, _ANY_WORDS), re.IGNORECASE)


@functools.cache
def _pattern(written: str) -> re.Pattern[str]:
    return re.compile(_filled(written, _parts()), re.IGNORECASE)


@functools.cache
def _lines() -> tuple[str, ...]:
    return tuple(x for file in RULES for x in file.read_text(encoding="utf-8").splitlines())


@functools.cache
def _parts() -> dict[str, str]:
    """What <NAME> stands for."""
    parts = {"TRACK": _any_of(_tracks()), "GENRE": _any_of(_genres())}
    for line in _lines():
        if line.startswith("@"):
            name, _, pattern = line[1:].partition(" ")
            parts[name] = _filled(pattern, parts)
    return parts


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    return _PART.sub(lambda match: parts[match[1]], pattern)


def _any_of(words: Iterable[str]) -> str:
    """A pattern that fits any of `words`, the longest first."""
    return "|".join(re.escape(w) for w in sorted(set(words), key=lambda w: (-len(w), w)))


def _tracks() -> list[str]:
    return [w for w in (*lexicon.TRACK_WORDS, *INSTRUMENT_WORDS) if len(w) > 1]


def _genres() -> list[str]:
    names = {*genres.names(), *genres.aliases()} - set(lexicon.NO_GENRES)
    return [n for n in names if len(n) >= SHORTEST_GENRE]
