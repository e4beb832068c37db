"""One unit vector per sound whose dot product says how alike two sounds are.

Four blocks, each scaled to unit length and then weighted, so that no block can drown another:

| block | numbers | says | share of the squared length |
|---|---|---|---|
| kind | 18 | square roots of the instrument probabilities (Hellinger geometry) | .45 |
| timbre | 44 | shape of the mean and attack spectra, envelope | .35 |
| rhythm | 18 | onset strength on the 16 steps of a bar, density, evenness | .08 |
| harmony | 10 | intervals present (autocorrelation of the chroma), polyphony, steadiness | .12 |

The harmony block knows intervals, not pitch classes, so transposing a sound leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.features import MEL_BANDS, MEL_ROWS
from loopmind.analysis.tone import Tone

F32 = NDArray[np.float32]

KIND_SHARE, TIMBRE_SHARE, RHYTHM_SHARE, HARMONY_SHARE = 0.45, 0.35, 0.08, 0.12
SIZE = 18 + 44 + 18 + 10
_COEFFICIENTS = 14
_ENVELOPE = 16


@lru_cache(maxsize=1)
def _cosines() -> F32:
    """Orthonormal DCT-II without its constant, (MEL_BANDS, _COEFFICIENTS)."""
    n = np.arange(MEL_BANDS)[:, None]
    k = np.arange(1, _COEFFICIENTS + 1)[None, :]
    basis = np.sqrt(2.0 / MEL_BANDS) * np.cos(np.pi * (n + 0.5) * k / MEL_BANDS)
    return np.asarray(basis, np.float32)


def embed(
    probabilities: F32,
    standard: F32,
    tone: Tone,
    rhythm: Sequence[float],
    onset_rate: float,
) -> tuple[float, ...]:
    """Unit vector (SIZE,) of one sound.

    `probabilities`: instrument classes. `standard`: the classifier's standardised features.
    `rhythm`: onset strength on 16 steps. `onset_rate`: events per second.
    """
    rows = standard[: MEL_ROWS * MEL_BANDS].reshape(MEL_ROWS, MEL_BANDS)
    cosines = _cosines()
    after = MEL_ROWS * MEL_BANDS + 11
    timbre = np.concatenate(
        [rows[0] @ cosines, rows[3] @ cosines, standard[after : after + _ENVELOPE]]
    )
    steps = np.asarray(rhythm, np.float32)
    if steps.size != 16:
        steps = np.zeros(16, np.float32)
    pulse = np.concatenate([steps, [np.log2(1.0 + onset_rate), float(steps.std())]])
    blocks = (
        (KIND_SHARE, np.sqrt(np.maximum(probabilities, 0.0))),
        (TIMBRE_SHARE, timbre),
        (RHYTHM_SHARE, pulse),
        (HARMONY_SHARE, _harmony(tone)),
    )
    parts = [np.sqrt(share) * _unit(block) for share, block in blocks]
    whole = _unit(np.concatenate(parts))
    return tuple(round(float(value), 6) for value in whole)


def _harmony(tone: Tone) -> F32:
    """Which intervals sound (from semitone to tritone) and how: invariant to transposition."""
    chroma = np.asarray(tone.chroma, np.float64)
    total = float((chroma**2).sum())
    intervals = [
        float((chroma * np.roll(chroma, lag)).sum() / total) if total > 0.0 else 0.0
        for lag in range(1, 7)
    ]
    how = [tone.pitched, min(1.0, tone.voices / 4.0), tone.steadiness, tone.harmonic]
    return np.array(intervals + how, np.float32)


def _unit(vector: NDArray[np.floating]) -> F32:
    length = float(np.sqrt((vector.astype(np.float64) ** 2).sum()))
    if length <= 1e-12:
        return np.zeros(vector.shape, np.float32)
    return (vector / length).astype(np.float32)
