"""The translator's network in NumPy: what learn/translator/net.py computes, from its weights.

A sentence has a dozen words, so plain matrix products take milliseconds and nothing has to be
loaded for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit, log_softmax, ndtr, softmax

Floats = NDArray[np.float32]
_EPSILON = 1e-5
_FAR = np.float32(-1e4)
_PER_ROW = ".per_row"


def packed(weights: Mapping[str, Floats]) -> dict[str, NDArray[Any]]:
    """Weights as they are shipped: matrices as 8 bit integers times one number a row (rounding is
    within .4 % of a row's largest weight), all else in half precision."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, weight in weights.items():
        if weight.ndim < 2:
            arrays[name] = weight.astype(np.float16)
            continue
        most = np.abs(weight).max(1, keepdims=True)
        per_row = np.where(most > 0.0, most / 127.0, 1.0).astype(np.float32)
        arrays[name] = np.rint(weight / per_row).astype(np.int8)
        arrays[name + _PER_ROW] = per_row
    return arrays


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
    """The weights that `packed` was given, as rounded."""
    return {
        name: array.astype(np.float32) * arrays.get(name + _PER_ROW, np.float32(1.0))
        for name, array in arrays.items() if not name.endswith(_PER_ROW)
    }  # fmt: skip


class Net:
    """weights: as `learn.translator.model.export` names them; heads: of every attention."""

    def __init__(self, weights: Mapping[str, Floats], heads: int) -> None:
        self.weights = weights
        self.heads = heads
        self.encoder, self.decoder = (
            1 + max(int(n.split(".")[1]) for n in weights if n.startswith(f"{part}."))
            for part in ("encoder", "decoder")
        )

    def read(self, meanings: Floats, words: Sequence[int], pieces: Sequence[Sequence[int]],
             goes_on: bool) -> Floats:  # fmt: skip
        """(said, width): the sentence, place by place.

        meanings (said, vector); words: numbers, 0 for unknown ones; pieces: of each word.
        """
        w = self.weights
        letters = np.stack([w["pieces.weight"][list(p)].mean(0) for p in pieces])
        x = self._linear("meaning", meanings) + w["said.weight"][list(words)] + letters
        x = x + w["place.weight"][: len(words)] + w["context.weight"][int(goes_on)]
        x = x[None]
        for n in range(self.encoder):
            x = self._layer(f"encoder.{n}", x, None, None)
        out: Floats = self._norm("norms.0", x)[0]
        return out

    def next(self, seen: Floats, answers: NDArray[np.int64]) -> Floats:
        """Log chances of the next word of each answer: (answers, command words + said words).

        answers (answers, places): numbers of commands' words, or their count + a place of the
        sentence for a word that was copied.
        """
        return self._chances(self._written(seen, answers)[:, -1], seen)

    def every(self, seen: Floats, answers: NDArray[np.int64]) -> Floats:
        """Log chances of the word behind every place: (answers, places, as of `next`)."""
        return self._chances(self._written(seen, answers), seen)

    def _written(self, seen: Floats, answers: NDArray[np.int64]) -> Floats:
        w = self.weights
        table = w["command.weight"]
        known = len(table)
        own = answers < known
        x = np.where(
            own[..., None],
            table[np.where(own, answers, 0)],
            seen[np.where(own, 0, answers - known)],
        )
        places = answers.shape[1]
        x = x + w["step.weight"][:places]
        later = np.triu(np.ones((places, places), bool), 1)
        shown = np.broadcast_to(seen, (len(answers), *seen.shape))
        for n in range(self.decoder):
            x = self._layer(f"decoder.{n}", x, later, shown)
        return x

    def _chances(self, x: Floats, seen: Floats) -> Floats:
        last = self._norm("norms.1", x)
        words = log_softmax(last @ self.weights["command.weight"].T, axis=-1)
        point = self._linear("point_from", last)
        point = point @ self._linear("point_to", self._norm("norms.2", seen)).T
        copies = log_softmax(point * np.float32(x.shape[-1] ** -0.5), axis=-1)
        gate = self._linear("gate", last)
        out = np.concatenate([words + log_expit(gate), copies + log_expit(-gate)], axis=-1)
        return out.astype(np.float32)

    def _layer(self, name: str, x: Floats, later: NDArray[np.bool_] | None,
               seen: Floats | None) -> Floats:  # fmt: skip
        normed = self._norm(f"{name}.norms.0", x)
        x = x + self._attention(f"{name}.own", normed, normed, later)
        if seen is not None:
            x = x + self._attention(
                f"{name}.look", self._norm(f"{name}.norms.1", x), seen, None
            )  # fmt: skip
        inner = self._linear(f"{name}.up", self._norm(f"{name}.norms.2", x))
        out: Floats = x + self._linear(f"{name}.down", inner * ndtr(inner))
        return out

    def _attention(self, name: str, x: Floats, y: Floats,
                   hidden: NDArray[np.bool_] | None) -> Floats:  # fmt: skip
        batch, here, width = x.shape
        there, each = y.shape[1], width // self.heads
        q = self._linear(f"{name}.ask", x).reshape(batch, here, self.heads, each)
        both = self._linear(f"{name}.keep", y).reshape(batch, there, 2, self.heads, each)
        q, k, v = (a.transpose(0, 2, 1, 3) for a in (q, both[:, :, 0], both[:, :, 1]))
        weights = q @ k.swapaxes(2, 3) * np.float32(each**-0.5)
        if hidden is not None:
            weights = np.where(hidden, _FAR, weights)
        out = (softmax(weights, axis=-1) @ v).transpose(0, 2, 1, 3).reshape(batch, here, width)
        return self._linear(f"{name}.give", out)

    def _linear(self, name: str, x: Floats) -> Floats:
        out: Floats = x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return out

    def _norm(self, name: str, x: Floats) -> Floats:
        mean = x.mean(-1, keepdims=True)
        spread = np.sqrt(x.var(-1, keepdims=True) + np.float32(_EPSILON))
        out: Floats = (x - mean) / spread
        return out * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
