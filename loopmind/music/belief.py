"""Weighted candidates: how LoopMind says what it believes without pretending to be sure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Belief(Generic[T]):
    """One candidate `value` held with `weight` in 0..1."""

    value: T
    weight: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.weight <= 1.0 + 1e-9:
            raise ValueError(f"belief weight must lie in 0..1, got {self.weight}")


def rank(pairs: Iterable[tuple[T, float]], *, keep: int = 8) -> tuple[Belief[T], ...]:
    """Rank (value, score) pairs, best first, weights scaled to sum to one.

    Non-positive scores are dropped; ties keep their given order, so the result is deterministic.

    >>> [(b.value, round(b.weight, 2)) for b in rank([("a", 1.0), ("b", 3.0), ("c", 0.0)])]
    [('b', 0.75), ('a', 0.25)]
    """
    kept = sorted(((v, s) for v, s in pairs if s > 0.0), key=lambda pair: -pair[1])[:keep]
    total = sum(score for _, score in kept)
    return tuple(Belief(value, score / total) for value, score in kept)


def best(beliefs: tuple[Belief[T], ...]) -> T | None:
    """The strongest candidate's value, or None where nothing is believed."""
    return beliefs[0].value if beliefs else None
