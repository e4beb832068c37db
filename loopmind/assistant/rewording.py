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
from collections.abc import Iterable
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


def plainly(text: str) -> str:
    """`text` (tidied) in plainer words, where it has a turn of phrase that is known.

    >>> plainly("the bridge could do with some brass")
    'the bridge needs some brass'
    """
    for pattern, put in rules():
        text = pattern.sub(put, text)
    return " ".join(text.split()).strip(" ,") or text


@functools.cache
def rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every turn of phrase with what is put in its place, in the order of the files."""
    parts = {"TRACK": _any_of(_tracks()), "GENRE": _any_of(_genres())}
    found = []
    lines = [x for file in RULES for x in file.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line.startswith("@"):
            name, _, pattern = line[1:].partition(" ")
            parts[name] = _filled(pattern, parts)
    for line in lines:
        if line and line[0] not in "@#":
            pattern, _, put = line.partition(" =>")
            put = put.removeprefix(" ")
            put = f"{put[:-1]} " if put.endswith("_") else put
            found.append((re.compile(_filled(pattern, parts), re.IGNORECASE), put))
    return tuple(found)


def _filled(pattern: str, parts: dict[str, str]) -> str:
    return _PART.sub(lambda match: parts[match[1]], pattern)


def _any_of(words: Iterable[str]) -> str:
    """A pattern that fits any of `words`, the longest first."""
    return "|".join(re.escape(w) for w in sorted(set(words), key=lambda w: (-len(w), w)))


def _tracks() -> list[str]:
    return [w for w in (*lexicon.TRACK_WORDS, *INSTRUMENT_WORDS) if len(w) > 1]


def _genres() -> list[str]:
    names = {*genres.names(), *genres.aliases()} - set(lexicon.NO_GENRES)
    return [n for n in names if len(n) >= SHORTEST_GENRE]
