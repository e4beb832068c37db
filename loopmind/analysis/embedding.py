"""One unit vector per sound whose dot product says how alike two sounds are.

The tagger learned it: sounds of one class, and alterations of one sound, lie close together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.tagger import EMBEDDING

F32 = NDArray[np.float32]

SIZE = EMBEDDING
STEPS = 1024
"""Every number is a whole multiple of 1 / STEPS, so that libraries keep it exactly in 16 bits."""


def embed(place: F32) -> tuple[float, ...]:
    """`place`, what the tagger tells (SIZE,), as the numbers of a Loop."""
    steps = np.rint(place.astype(np.float64) * STEPS).astype(np.int64)
    return tuple((steps / STEPS).tolist())
