"""What edits hold: the names and the figures in them, as words of a request may show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from loopmind.music.edit import Edit


def touched_by(edits: Iterable[Edit]) -> set[str]:
    """The names of all tracks and sections that edits change."""
    return {word for edit in edits for word in words_in(edit)}


def words_in(value: object) -> Iterator[str]:
    """The texts in a value, whole and word by word; not which parameter is meant."""
    for held in _held(value, "parameter"):
        if isinstance(held, str):
            yield held
            yield from held.lower().split()


def figures_in(value: object) -> Iterator[float]:
    """The numbers in a value; not the seed, which nobody says."""
    for held in _held(value, "seed"):
        if isinstance(held, (int, float)) and not isinstance(held, bool):
            yield float(held)


def _held(value: object, left_out: str) -> Iterator[object]:
    """What a value holds at last, its lists and its fields but one gone through."""
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from _held(item, left_out)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name != left_out:
                yield from _held(getattr(value, field.name), left_out)
    else:
        yield value


def near(a: float, b: float) -> bool:
    return abs(abs(a) - abs(b)) < 1e-3 * max(1.0, abs(a))


def stems(word: str) -> set[str]:
    """The forms that a name may have: "chopped" vocals are chops."""
    found = {word, word.rstrip("s")}
    if word.endswith("ed"):
        stem = word[:-2]
        found |= {stem, f"{stem}e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem}
    return found
