"""Stems and embeddings as values: one song's separate sounds, and a sound as a point in space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.music.audio import Audio


@dataclass(frozen=True)
class Stems:
    """Named sounds that belong together; `names` and `sounds` are equally long."""

    names: tuple[str, ...]
    sounds: tuple[Audio, ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.sounds):
            raise ValueError(f"{len(self.names)} names for {len(self.sounds)} stems")
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"stem names must differ, got {self.names}")

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Embedding:
    """A float32 `vector` of one dimension, comparable with others of the same `space` only."""

    vector: NDArray[np.float32]
    space: str

    def __post_init__(self) -> None:
        if self.vector.dtype != np.float32 or self.vector.ndim != 1:
            raise ValueError(
                "an embedding must be a float32 vector, "
                f"got {self.vector.dtype} of shape {self.vector.shape}"
            )
        self.vector.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Embedding):
            return NotImplemented
        return self.space == other.space and np.array_equal(self.vector, other.vector)

    __hash__ = None  # type: ignore[assignment]
