"""A sound file read block by block, from its start and as often as wanted: of any length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from loopmind.files.decode import (
    LOUDEST,
    AudioFileError,
    cut_or_grown,
    decode,
    open_sound,
    to_stereo,
)

F32 = NDArray[np.float32]

BLOCK_FRAMES = 1 << 16


@dataclass(frozen=True)
class Stream:
    """A sound that can be read from the start, again and again. channels: 1 or 2."""

    rate_hz: int
    channels: int
    frames: int
    blocks: Callable[[], Iterator[F32]]
    notes: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz


class DamagedError(Exception):
    """A file cannot be read block by block to its end; `saved_stream` reads what can be saved."""


def open_stream(path: Path) -> Stream:
    """The sound in `path`; its blocks raise DamagedError. Raises AudioFileError."""
    with open_sound(path) as sound:
        rate_hz, channels, frames = sound.samplerate, min(2, sound.channels), sound.frames
        notes = tuple(cut_or_grown(sound))
    if frames == 0:
        raise AudioFileError(path, "holds no samples", "copy it again from its source")
    return Stream(rate_hz, channels, frames, lambda: _blocks(path, frames), notes)


def saved_stream(path: Path) -> Stream:
    """What can be saved of a damaged file, all of it in memory. Raises AudioFileError."""
    decoded = decode(path)
    samples, rate_hz = decoded.audio.samples, decoded.audio.rate_hz

    def blocks() -> Iterator[F32]:
        for first in range(0, samples.shape[1], BLOCK_FRAMES):
            yield samples[:, first : first + BLOCK_FRAMES]

    return Stream(rate_hz, samples.shape[0], samples.shape[1], blocks, decoded.notes)


def _blocks(path: Path, frames: int) -> Iterator[F32]:
    """The file's blocks (1 or 2 channels, n). Raises DamagedError where they end too early."""
    got = 0
    with open_sound(path) as sound:
        while got < frames:
            try:
                block = sound.read(min(BLOCK_FRAMES, frames - got), "float32", always_2d=True)
            except (soundfile.LibsndfileError, RuntimeError):
                raise DamagedError from None
            if len(block) == 0:
                raise DamagedError
            got += len(block)
            samples = to_stereo(block.T)
            loudest = float(np.abs(samples).max())
            if not loudest <= LOUDEST:  # neither is NaN
                raise DamagedError  # `decode` says what is wrong with it
            yield samples
