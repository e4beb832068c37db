"""The learned fit: how likely two loops belong together, by a small network over their features.

`loopmind.learn.fit.model` trains it on tracks of the same pieces; here it runs in plain numpy over
whole tables of candidates.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.compose.compatibility import source_start_s, tonality
from loopmind.compose.learned_fit_features import Sides, own_features, pair_features, sides
from loopmind.compose.traits import Bools, Floats, Ints, Traits
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

    def fits(self, one: Sides) -> Floats:
        """(m, m) how well the loops of one table fit each other, 0..1, .5 for usual strangers."""
        scores = (self.scores(one, one) - self.centre) / self.spread
        found: Floats = 1.0 / (1.0 + np.exp(-scores.astype(np.float64)))
        return found


def fits_of(
    fit: FitModel, t: Traits, index: Ints, roles: Sequence[str],
    readings: Sequence[tuple[float, float]], chroma: Floats, tonal: Bools,
) -> Floats:  # fmt: skip
    """(m, m) fits of the loops `index` of `t`, in their roles and readings (bpm, beats).

    chroma: (m, HARMONY_BEATS, 12) as they will sound; it counts where `tonal`.
    """
    bpm, beats = [r[0] for r in readings], [r[1] for r in readings]
    starts = [source_start_s(t.loops[i], b) for i, b in zip(index.tolist(), bpm, strict=True)]
    trust = np.where(tonal, tonality(t)[index], 0.0)
    return fit.fits(sides(t, index, roles, beats, bpm, starts, chroma, trust))


def read_model(path: Path) -> FitModel:
    """The model in a file. Raises LoopMindError for a file that holds none."""
    try:
        # A damaged file would stay open if numpy opened it.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
        return FitModel(**arrays)
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
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
