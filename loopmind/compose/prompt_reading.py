"""The text of a prompt while it is read: which letters are taken and what was found so far."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from loopmind.compose.vocabulary import INSTRUMENT_WORDS


@dataclass
class Reading:
    """The text being read, which of its letters are taken, and the fields found so far."""

    text: str
    taken: list[bool] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    understood: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.low = self.text.lower()
        self.taken = [False] * len(self.text)

    def matches(self, pattern: str, *, cased: bool = False) -> list[re.Match[str]]:
        """Matches of `pattern` that touch no taken letter, in order."""
        found = re.finditer(pattern, self.text if cased else self.low)
        return [m for m in found if not any(self.taken[m.start() : m.end()])]

    def take(self, match: re.Match[str], group: int | str = 0) -> None:
        start, end = match.span(group)
        self.taken[start:end] = [True] * (end - start)

    def free(self, match: re.Match[str]) -> bool:
        return not any(self.taken[match.start() : match.end()])


def any_of(words: Any) -> str:
    """A pattern that matches any of `words`, the longest first, as whole words."""
    ordered = sorted(words, key=lambda w: (-len(w), w))
    options = "|".join(re.escape(w).replace(r"\ ", r"[\s-]+") for w in ordered)
    return rf"(?<![\w#])(?:{options})(?![\w#])"


def clock(seconds: float) -> str:
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d}"


def spaced(word: str) -> str:
    return word if word in INSTRUMENT_WORDS else re.sub(r"[\s-]+", " ", word)
