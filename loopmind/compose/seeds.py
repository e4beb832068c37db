"""Chance, made repeatable: each decision draws from its own stream, named by seed and words.

A stream depends on nothing but its name, so redoing one section or adding one file to the crate
leaves every other decision as it was.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np


def _hash(seed: int, words: tuple[object, ...]) -> int:
    text = "\x1f".join([str(seed), *map(str, words)])
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")


def stream(seed: int, *words: object) -> np.random.Generator:
    """A random generator for the decision that `words` name."""
    return np.random.Generator(np.random.PCG64(_hash(seed, words)))


def chance(seed: int, *words: object) -> float:
    """One number in 0..1 for the decision that `words` name."""
    return _hash(seed, words) / 2.0**64


def gumbel(seed: int, *words: object) -> float:
    """Gumbel noise: adding it, scaled by t, to scores picks as a softmax of temperature t would."""
    return -math.log(-math.log(min(max(chance(seed, *words), 1e-12), 1.0 - 1e-12)))
