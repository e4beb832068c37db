"""The small network that weighs the evidence for each tempo, and the beliefs made of scores.

`loopmind.learn.tempo_key.tempos` trains it on loops of known tempo; here it runs in plain numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.models import TEMPO_MODEL, read_arrays
from loopmind.analysis.tempo_features import SAME_TEMPO
from loopmind.music.belief import Belief

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_KEPT = 8
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, eq=False)
class Scorer:
    """Networks side by side, averaged: each scores one candidate tempo by its evidence.

    mean, scale: (features,). first: (features, hidden), second: (members, hidden / members,
    hidden / members), last: (hidden,), direct: (features,), with biases. temperature: divides the
    scores, so that weights tell how often the belief is right.
    """

    mean: F32
    scale: F32
    first: F32
    first_bias: F32
    second: F32
    second_bias: F32
    last: F32
    direct: F32
    temperature: F32

    def scores(self, features: F64) -> F64:
        """Log scores (candidates,) of `features` (candidates, features)."""
        x = ((features - self.mean) / self.scale).astype(np.float32)
        members, width, _ = self.second.shape
        hidden = np.maximum(x @ self.first + self.first_bias, 0.0)
        parts = hidden.reshape(len(x), members, width).transpose(1, 0, 2)
        parts = np.maximum(parts @ self.second + self.second_bias[:, None, :], 0.0)
        joined = parts.transpose(1, 0, 2).reshape(len(x), members * width)
        total: F64 = (joined @ self.last + x @ self.direct).astype(np.float64)
        return total / float(self.temperature)


@lru_cache(maxsize=1)
def scorer() -> Scorer:
    """The shipped scorer. Raises FileNotFoundError where the model file is missing."""
    arrays = read_arrays(TEMPO_MODEL)
    return Scorer(**{name: arrays[name] for name in Scorer.__dataclass_fields__})


def believe(bpm: F64, score: F64) -> tuple[Belief[float], ...]:
    """Softmax of the scores; of candidates within SAME_TEMPO the best stands for all."""
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    kept: list[list[float]] = []
    order = np.argsort(-weight, kind="stable")
    for i in order[weight[order] > _LEAST_WEIGHT / 100.0]:
        value, share = float(bpm[i]), float(weight[i])
        for reading in kept:
            if abs(value / reading[0] - 1.0) < SAME_TEMPO:
                reading[1] += share
                break
        else:
            kept.append([value, share])
    kept.sort(key=lambda reading: -reading[1])
    kept = [reading for reading in kept[:_KEPT] if reading[1] >= _LEAST_WEIGHT]
    total = sum(share for _, share in kept)
    return tuple(Belief(round(value, 3), share / total) for value, share in kept)
