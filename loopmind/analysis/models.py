"""The trained models that hearing uses: their file names, and how their arrays are read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.files.places import model_file

INSTRUMENTS_MODEL = "instruments.npz"
KEY_MODEL = "key.npz"
TEMPO_MODEL = "tempo.npz"
MODELS = (INSTRUMENTS_MODEL, KEY_MODEL, TEMPO_MODEL)


def read_arrays(name: str) -> dict[str, NDArray[np.float32]]:
    """The arrays of the shipped model file `name` as float32, by name; nothing is unpickled.

    Raises FileNotFoundError where the file is missing.
    """
    with np.load(model_file(name), allow_pickle=False) as file:
        return {key: file[key].astype(np.float32) for key in file.files}
