"""A sound file read block by block, from its start and as often as wanted: of any length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from loopmind.files.decode import LOUDEST, AudioFileError, decode, open_sound, to_stereo

F32 = NDArray[np.float32]

BLOCK_FRAMES = 1 << 16
# What libsndfile logs of WAV, AIFF and AU: the size that the header tells, and the one there is.
_SIZES = re.compile(r"^ *(?:data|SSND|Data Size) *: *(\d+) \(should be (\d+)\)", re.MULTILINE)
_PIPE_BYTES = 1 << 13


@dataclass(frozen=True)
class Stream:
    """A sound that can be read from the start, again and again. channels: 1 or 2.

    notes: what is to be said of its damage, behind the name of the file.
    """

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
        sizes = _SIZES.search(sound.extra_info)
    if frames == 0:
        raise AudioFileError(path, "holds no samples", "copy it again from its source")
    notes = () if sizes is None else _cut_short(frames / rate_hz, int(sizes[1]), int(sizes[2]))
    return Stream(rate_hz, channels, frames, lambda: _blocks(path, frames), notes)


def _cut_short(seconds: float, told_bytes: int, there_bytes: int) -> tuple[str, ...]:
    # Who writes to a pipe cannot know the length, and tells about 2 or 4 GiB.
    if -told_bytes % (1 << 31) <= _PIPE_BYTES or there_bytes >= told_bytes * 0.99:
        return ()
    told_s = seconds * told_bytes / there_bytes
    return (f"is cut short: {seconds:.1f} s of {told_s:.1f} s are there",)


def saved_stream(path: Path) -> Stream:
    """What can be saved of a damaged file, all of it in memory. Raises AudioFileError."""
    decoded = decode(path)
    samples, rate_hz = decoded.audio.samples, decoded.audio.rate_hz
    notes = tuple(note.removeprefix("it ") for note in decoded.notes)

    def blocks() -> Iterator[F32]:
        for first in range(0, samples.shape[1], BLOCK_FRAMES):
            yield samples[:, first : first + BLOCK_FRAMES]

    return Stream(rate_hz, samples.shape[0], samples.shape[1], blocks, notes)


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
