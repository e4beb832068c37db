"""How likely a sentence holds each kind of wish: a small transformer, run in numpy.

The weights (models/reader.npz, card beside it) were made by loopmind/learn/reader.py. A sentence
takes a few milliseconds; the weights are read once, when the first sentence is weighed.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.files.places import model_file

Floats = NDArray[np.float32]
MODEL = "reader.npz"
HEADS = 12
LONGEST = 48


@dataclass(frozen=True)
class Weights:
    """The network: word pieces by text, names of kinds, and arrays by name."""

    pieces: Mapping[str, int]
    kinds: tuple[str, ...]
    arrays: Mapping[str, Any]
    layers: int


@functools.cache
def weights(name: str = MODEL) -> Weights | None:
    """The shipped weights, or None where they are missing: then nothing is weighed."""
    try:
        path = model_file(name)
    except FileNotFoundError:
        return None
    with np.load(path) as held:
        arrays: dict[str, Any] = {}
        for key in held.files:
            if key.endswith(".int8"):
                plain = key.removesuffix(".int8")
                table = held[key]
                scale = held[f"{plain}.scale"]
                # Word vectors are looked up row by row and can stay small.
                big = plain == "word.weight"
                arrays[plain] = (table, scale) if big else table.astype(np.float32) * scale
            elif not key.endswith(".scale") and key not in ("pieces", "kinds"):
                arrays[key] = held[key]
        pieces = {piece: n for n, piece in enumerate(str(held["pieces"]).split("\n"))}
        kinds = tuple(str(held["kinds"]).split("\n"))
    layers = 1 + max(int(k.split(".")[1]) for k in arrays if k.startswith("layers."))
    return Weights(pieces, kinds, arrays, layers)


@functools.lru_cache(maxsize=256)
def likely(text: str) -> Mapping[str, float] | None:
    """Kind of wish -> how likely the sentence holds it, 0 to 1; None without weights."""
    held = weights()
    if held is None:
        return None
    logits = _run(held, _numbers(held.pieces, text))
    chances = 1.0 / (1.0 + np.exp(-logits))
    return dict(zip(held.kinds, (round(float(c), 4) for c in chances), strict=True))


def _run(held: Weights, numbers: list[int]) -> Floats:
    a = held.arrays
    table, scale = a["word.weight"]
    words: Floats = table[numbers].astype(np.float32) * scale[numbers]
    x: Floats = _normed(words + a["place"][: len(numbers)], a["norm.weight"], a["norm.bias"])
    for n in range(held.layers):
        at = f"layers.{n}."
        width = x.shape[1]
        qkv = x @ a[f"{at}qkv.weight"].T + a[f"{at}qkv.bias"]
        q, k, v = qkv.reshape(len(x), 3, HEADS, width // HEADS).transpose(1, 2, 0, 3)
        scores = q @ k.transpose(0, 2, 1) / np.float32((width // HEADS) ** 0.5)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True)) @ v
        flat = mixed.transpose(1, 0, 2).reshape(len(x), width)
        told = flat @ a[f"{at}out.weight"].T + a[f"{at}out.bias"]
        x = _normed(x + told, a[f"{at}norm1.weight"], a[f"{at}norm1.bias"])
        inner = _gelu(x @ a[f"{at}up.weight"].T + a[f"{at}up.bias"])
        deep = inner @ a[f"{at}down.weight"].T + a[f"{at}down.bias"]
        x = _normed(x + deep, a[f"{at}norm2.weight"], a[f"{at}norm2.bias"])
    out: Floats = x.mean(0) @ a["head.weight"].T + a["head.bias"]
    return out


def _normed(x: Floats, weight: Floats, bias: Floats) -> Floats:
    middle = x - x.mean(-1, keepdims=True)
    spread = np.sqrt((middle * middle).mean(-1, keepdims=True) + 1e-12)
    found: Floats = middle / spread * weight + bias
    return found


def _gelu(x: Floats) -> Floats:
    """Gaussian error linear unit by tanh (Hendrycks and Gimpel 2016): within .001 of the exact."""
    inner = 0.7978845608 * (x + 0.044715 * x * x * x)
    return np.asarray(0.5 * x * (1.0 + np.tanh(inner)), np.float32)


def _numbers(pieces: Mapping[str, int], text: str) -> list[int]:
    """Word pieces of a text, the longest known ones first, between signs of start and end."""
    found = [pieces["[CLS]"]]
    for word in _words(text):
        found += _cut(pieces, word)
    return [*found[: LONGEST - 1], pieces["[SEP]"]]


def _cut(pieces: Mapping[str, int], word: str) -> list[int]:
    found, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in pieces:
                found.append(pieces[piece])
                start = end
                break
        else:
            return [pieces["[UNK]"]]
    return found


def _words(text: str) -> list[str]:
    found: list[str] = []
    for part in text.lower().split():
        word = ""
        for sign in part:
            if sign.isalnum():
                word += sign
                continue
            if word:
                found.append(word)
            found.append(sign)
            word = ""
        if word:
            found.append(word)
    return found
