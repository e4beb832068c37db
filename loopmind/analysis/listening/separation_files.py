"""A sound file of any length taken apart into one file per stem, read and written block by block.

The stems appear together, whole, when the file is done; a run that fails or is stopped leaves
those of the files before it and nothing of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from loopmind.analysis.listening.separation import (
    Level,
    Separator,
    checked_stems,
    separate_stream,
)
from loopmind.files.atomic import check_folder
from loopmind.files.decode import AudioFileError, decode, open_sound, to_stereo
from loopmind.files.encode import AudioWriter, OutputError

F32 = NDArray[np.float32]

_BLOCK_FRAMES = 1 << 16
_LOUDEST = 1e4
_WAV_BYTES = 4_000_000_000

FileProgress = Callable[[int, int, str], None]
"""Called as progress(seconds done, seconds in all, what); where it raises, the work stops."""


@dataclass(frozen=True)
class SeparatedFile:
    """One file's stems: stem name -> file, how long it is, and what is to be said of it."""

    path: Path
    stems: dict[str, Path]
    seconds: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Sound:
    """A sound that can be read from the start, twice. channels: 1 or 2."""

    rate_hz: int
    channels: int
    frames: int
    blocks: Callable[[], Iterator[F32]]
    notes: tuple[str, ...] = ()


class _DamagedError(Exception):
    """A file cannot be read block by block to its end."""


def separate_file(
    path: Path,
    folder: Path,
    separator: Separator,
    stems: Sequence[str] = (),
    progress: FileProgress | None = None,
) -> SeparatedFile:
    """Write the stems of `path` (all, or those named) as `folder`/STEM.wav, 32-bit float.

    They have the rate and length of the file, its channels (more than two as LoopMind mixes them
    down everywhere), and add up to it. What would not fit into a WAV file becomes FLAC. Raises
    AudioFileError, OutputError, UsageError for an unknown stem, ModelError, and what `progress`
    raises.
    """
    wanted = checked_stems(stems, separator)
    check_folder(folder)
    try:
        return _separated(path, _open(path), folder, separator, wanted, progress)
    except _DamagedError:
        # What can be saved of a damaged file is only known when all of it is in memory.
        return _separated(path, _saved(path), folder, separator, wanted, progress)


def _separated(
    path: Path, sound: _Sound, folder: Path, separator: Separator, wanted: Sequence[str],
    progress: FileProgress | None,
) -> SeparatedFile:  # fmt: skip
    seconds = sound.frames / sound.rate_hz

    def report(done: int, what: str) -> None:
        if progress is not None:
            progress(int(done / sound.rate_hz), max(1, round(seconds)), what)

    level = Level.of(sound.blocks(), sound.rate_hz, lambda: report(0, "listening"))
    count_bytes = sound.frames * sound.channels * 4
    suffix = ".wav" if count_bytes < _WAV_BYTES else ".flac"
    _check_room(folder, count_bytes * len(wanted))
    files = {name: folder / f"{name}{suffix}" for name in wanted}
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(
                AudioWriter(file, sound.rate_hz, sound.channels, _subtype(suffix))
            )
            for name, file in files.items()
        }
        for part in separate_stream(
            sound.blocks(), sound.rate_hz, sound.frames, separator, wanted, level,
            lambda done, total: report(done, "separating"),
        ):  # fmt: skip
            for name, block in part.items():
                writers[name].write(block)
    silent = ("is silent, and so are its stems",) if level.gain == 0.0 else ()
    return SeparatedFile(path, files, seconds, (*sound.notes, *silent))


def _subtype(suffix: str) -> str:
    # A stem may be louder than the full scale of the mix it was taken from.
    return "FLOAT" if suffix == ".wav" else "PCM_24"


def _check_room(folder: Path, needed: int) -> None:
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OutputError(
            folder,
            f"the stems take {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free",
            "free some space, choose another folder, or fewer stems",
        )


def _open(path: Path) -> _Sound:
    with open_sound(path) as sound:
        rate_hz, channels, frames = sound.samplerate, min(2, sound.channels), sound.frames
    if frames == 0:
        raise AudioFileError(path, "holds no samples", "copy it again from its source")
    return _Sound(rate_hz, channels, frames, lambda: _blocks(path, frames))


def _blocks(path: Path, frames: int) -> Iterator[F32]:
    """The file's blocks (1 or 2 channels, n). Raises _DamagedError where they end too early."""
    got = 0
    with open_sound(path) as sound:
        while got < frames:
            try:
                block = sound.read(min(_BLOCK_FRAMES, frames - got), "float32", always_2d=True)
            except (soundfile.LibsndfileError, RuntimeError):
                raise _DamagedError from None
            if len(block) == 0:
                raise _DamagedError
            got += len(block)
            samples = to_stereo(block.T)
            loudest = float(np.abs(samples).max())
            if not loudest <= _LOUDEST:  # neither is NaN
                raise _DamagedError  # `decode` says what is wrong with it
            yield samples


def _saved(path: Path) -> _Sound:
    decoded = decode(path)
    samples, rate_hz = decoded.audio.samples, decoded.audio.rate_hz

    def blocks() -> Iterator[F32]:
        for first in range(0, samples.shape[1], _BLOCK_FRAMES):
            yield samples[:, first : first + _BLOCK_FRAMES]

    return _Sound(rate_hz, samples.shape[0], samples.shape[1], blocks, decoded.notes)
