"""A sound packed small, as a page holds it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SMALL_TYPES = {".ogg": "audio/ogg", ".mp3": "audio/mpeg"}
"""Media types of the files that are small as they are."""


def _nothing() -> NDArray[np.uint8]:
    return np.zeros(0, np.uint8)


@dataclass(frozen=True, eq=False)
class PackedSound:
    """The bytes of an encoded sound file and its media type, such as "audio/flac".

    No bytes: nothing was packed.
    """

    data: NDArray[np.uint8] = field(default_factory=_nothing)
    media_type: str = ""

    def __post_init__(self) -> None:
        self.data.setflags(write=False)
