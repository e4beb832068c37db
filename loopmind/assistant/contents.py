"""What edits hold: the names and the figures in them, as words of a request may show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from loopmind.music.edit import Edit


def touched_by(edits: Iterable[Edit]) -> set[str]:
    """The names of all tracks and sections that edits change."""
    return {word for edit in edits for word in words_in(edit)}


def words_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield from value.lower().split()
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from words_in(item)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name != "parameter":
                yield from words_in(getattr(value, field.name))


def figures_in(value: object) -> Iterator[float]:
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        yield float(value)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from figures_in(item)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name != "seed":
                yield from figures_in(getattr(value, field.name))


def near(a: float, b: float) -> bool:
    return abs(abs(a) - abs(b)) < 1e-3 * max(1.0, abs(a))


def stems(word: str) -> set[str]:
    """The forms that a name may have: "chopped" vocals are chops."""
    found = {word, word.rstrip("s")}
    if word.endswith("ed"):
        stem = word[:-2]
        found |= {stem, f"{stem}e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem}
    return found
