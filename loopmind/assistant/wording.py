"""Words of sentences and commands as the translator counts them, and back to text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zlib import crc32

LONGEST_SAID = 48
LONGEST_COMMAND = 40
BEGIN, END = "<begin>", "<end>"
SEPARATOR = ";"
"""Between the commands of one answer."""
PIECES = 4096
MOST_PIECES = 12

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:\.\d+)?|[^\w\s]")
_SIGN = re.compile(r"(?<![\w#])([-+]) (?=\d)")


def words_of(text: str) -> list[str]:
    """Lower-case words, figures and marks.

    >>> words_of("Hi-hats up 2.5dB, F# minor")
    ['hi', '-', 'hats', 'up', '2.5', 'db', ',', 'f', '#', 'minor']
    """
    return _WORD.findall(text.lower())


def text_of(words: Sequence[str]) -> str:
    """Words of a command as text that the frames read.

    >>> text_of(["bass", "to", "-", "6", "db"]), text_of(["key", "f", "#", "minor"])
    ('bass to -6 db', 'key f# minor')
    >>> text_of(["song", "more", "lo", "-", "fi"]), text_of(["1", "/", "8", "echo", "on", "lead"])
    ('song more lo-fi', '1/8 echo on lead')
    >>> text_of(["swap", "guitar's", "for", "flute"])
    'swap guitar for flute'
    """
    joined = _SIGN.sub(r" \1", " ".join(words)).replace("  ", " ")
    out = re.sub(r"(?<=\w) - (?=[a-z])", "-", joined)
    out = re.sub(r" ?([/:]) ?", r"\1", out)
    out = re.sub(r"'s\b", "", out)
    return re.sub(r" #", "#", out).strip()


def pieces_of(word: str) -> list[int]:
    """Places of a word's runs of three letters in a table of `PIECES`, 1 or more; 0 is none."""
    if word[0].isdigit():
        return [1 + crc32(b"<figure>") % (PIECES - 1)]
    marked = f"<{word}>"
    runs = [marked[i : i + 3] for i in range(max(1, len(marked) - 2))][:MOST_PIECES]
    return [1 + crc32(run.encode()) % (PIECES - 1) for run in runs]
