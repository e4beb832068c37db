"""The learned fit: how likely two loops belong together, by a small network over their features.

`loopmind.learn.fit_model` trains it on tracks of the same pieces; here it runs in plain numpy over
whole tables of candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.compose.learned_fit_features import Sides, own_features, pair_features
from loopmind.errors import LoopMindError
from loopmind.files.places import model_file

F32 = NDArray[np.float32]

MODEL = "fit.npz"


@dataclass(frozen=True, eq=False)
class FitModel:
    """score = last . relu(middle . relu(pairs . pair + join . relu(own . tower) of both loops)).

    own_mean, own_scale: (own,). pair_mean, pair_scale: (pairs,). tower: (own, hidden), join:
    (hidden, hidden), pair: (pairs, hidden), middle: (hidden, hidden / 2), last: (hidden / 2,), with
    biases. centre, spread: of the scores of loops that were strangers, by which they are scaled.
    """

    own_mean: F32
    own_scale: F32
    pair_mean: F32
    pair_scale: F32
    tower: F32
    tower_bias: F32
    join: F32
    pair: F32
    pair_bias: F32
    middle: F32
    middle_bias: F32
    last: F32
    centre: F32
    spread: F32

    def towers(self, one: Sides) -> F32:
        """(..., n, hidden) what each loop alone adds to all of its pairs."""
        own = np.clip((own_features(one) - self.own_mean) * self.own_scale, -4.0, 4.0)
        found: F32 = np.maximum(own @ self.tower + self.tower_bias, 0.0) @ self.join
        return found

    def scores(self, a: Sides, b: Sides) -> F32:
        """(..., n, m) the higher the likelier the pairs belong together; log odds of a kind."""
        pairs = np.clip((pair_features(a, b) - self.pair_mean) * self.pair_scale, -4.0, 4.0)
        hidden = pairs @ self.pair
        hidden += self.towers(a)[..., :, None, :]
        hidden += self.towers(b)[..., None, :, :]
        hidden += self.pair_bias
        np.maximum(hidden, 0.0, out=hidden)
        found: F32 = np.maximum(hidden @ self.middle + self.middle_bias, 0.0) @ self.last
        return found

    def fits(self, one: Sides) -> NDArray[np.float64]:
        """(m, m) how well the loops of one table fit each other, 0..1, .5 for usual strangers."""
        scores = (self.scores(one, one) - self.centre) / self.spread
        found: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-scores.astype(np.float64)))
        return found


def read_model(path: Path) -> FitModel:
    """The model in a file. Raises LoopMindError for a file that holds none."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
        return FitModel(**arrays)
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise LoopMindError(
            f"the model {path} cannot be used ({error}); install LoopMind again, or "
            "`loopmind learn fit --use shipped`"
        ) from error


@lru_cache(maxsize=2)
def _held(path: Path, size: int, mtime_ns: int) -> FitModel:
    return read_model(path)


def fit_model() -> FitModel | None:
    """The model in use: the user's own or the shipped one; None where none is shipped."""
    try:
        path = model_file(MODEL)
    except FileNotFoundError:
        return None
    state = path.stat()
    return _held(path, state.st_size, state.st_mtime_ns)
