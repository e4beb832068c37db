"""How likely a sentence holds each kind of wish: a logistic regression on its words.

Tracks, sections and figures are replaced by signs, known words also by what they stand for, so
that a wording that was learned with one track holds for all. The weights (models/reader.npz, card
beside it) were made by learn/reader/model.py; a sentence takes a fraction of a millisecond.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from loopmind.assistant import lexicon
from loopmind.assistant.senses import Token
from loopmind.files.places import model_file

Floats = NDArray[np.float32]
MODEL = "reader.npz"
_SIGNS = {"track": "T", "section": "S", "num": "N", "genre": "G", "key": "K", "ord": "O"}
_MEANT = frozenset(
    {"level", "quant", "too", "neg", "enough", "degree", "size", "energy", "tempo", "width", "dist",
     "tone", "tonadj", "fat", "mood", "moodnoun", "effect", "style", "side", "other", "only",
     "again", "same", "asis", "timefeel", "interval", "ratio", "height", "part", "rest", "song",
     "runner", "noun", "mode", "wh", "pron", "prep", "nopart"}
)  # fmt: skip


@dataclass(frozen=True)
class Weights:
    """table: (features, kinds); bias: (kinds,)."""

    kinds: tuple[str, ...]
    table: Floats
    bias: Floats


def features(tokens: Sequence[Token]) -> tuple[str, ...]:
    """What is weighed: runs of one to three words, as said and as meant."""
    said = ["<", *(w for t in tokens for w in _said(t)), ">"]
    meant = ["<", *(m for t in tokens if (m := _meant(t))), ">"]
    found = [f"s {' '.join(run)}" for n in (1, 2, 3) for run in _runs(said, n)]
    found += [f"m {' '.join(run)}" for n in (1, 2, 3) for run in _runs(meant, n)]
    apart = [m for m in meant if m not in "<>"]
    found += [f"p {a} {b}" for i, a in enumerate(apart) for b in apart[i + 2 : i + 6]]
    return tuple(dict.fromkeys(found))


def _runs(words: Sequence[str], size: int) -> list[Sequence[str]]:
    return [words[i : i + size] for i in range(len(words) - size + 1)]


def _said(token: Token) -> list[str]:
    if token.kind in _SIGNS:
        return [_SIGNS[token.kind]]
    if token.kind == "amount":
        return [f"N{token.value}"]
    if token.kind == "sep":
        return [token.text if token.text in ("but", "so", "?", "or") else ","]
    return token.text.split()


def _meant(token: Token) -> str:
    """What a token stands for; "" where it only fills."""
    if token.kind in _SIGNS:
        plural = token.kind == "section" and token.text in lexicon.SECTION_WORDS_PLURAL
        return "SS" if plural else _SIGNS[token.kind]
    if token.kind == "amount":
        return f"N{token.value}"
    if token.kind == "verb":
        return f"v:{lexicon.VERBS.get(token.value) or token.value}"
    if token.kind == "mood":
        return f"M:{token.value.split('|')[0]}"
    if token.kind in _MEANT:
        return f"{token.kind}:{token.value}"
    if token.kind == "det":
        return "a" if token.value == "indef" else ""
    if token.kind == "sep":
        return ","
    return f"u:{token.text}" if token.kind == "unknown" else ""


@functools.cache
def weights(name: str = MODEL) -> Weights | None:
    """The shipped weights, or None where they are missing: then nothing is weighed."""
    try:
        path = model_file(name)
    except FileNotFoundError:
        return None
    with np.load(path) as held:
        table = held["table"].astype(np.float32) * held["scale"]
        return Weights(tuple(str(held["kinds"]).split("\n")), table, held["bias"])


def likely(tokens: Sequence[Token]) -> Mapping[str, float] | None:
    """Kind of wish -> how likely the words hold it, 0 to 1; None without weights."""
    held = weights()
    if held is None:
        return None
    return _weighed(held, features(tokens))


def _weighed(held: Weights, found: Sequence[str]) -> Mapping[str, float]:
    places = sorted({place(f, len(held.table)) for f in found})
    logits = held.table[places].sum(0) * np.float32(len(places) ** -0.5) + held.bias
    chances = 1.0 / (1.0 + np.exp(-logits))
    return dict(zip(held.kinds, (round(float(c), 4) for c in chances), strict=True))


def place(feature: str, size: int) -> int:
    """The row of a feature in a table of `size` rows."""
    return crc32(feature.encode()) % size
