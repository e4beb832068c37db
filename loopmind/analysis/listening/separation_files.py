"""A sound file of any length taken apart into one file per stem, read and written block by block.

The stems appear together, whole, when the file is done; a run that fails or is stopped leaves
those of the files before it and nothing of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from loopmind.analysis.listening.separation import (
    Level,
    Separator,
    checked_stems,
    separate_stream,
)
from loopmind.errors import LoopMindError
from loopmind.files.atomic import check_folder
from loopmind.files.encode import AudioWriter, OutputError
from loopmind.files.stream import DamagedError, Stream, open_stream, saved_stream

NOT_OWN = "LoopMind did not write what is there"
_WAV_BYTES = 4_000_000_000
_NAMES = ("drums", "bass", "vocals", "other", "guitar", "keys")

FileProgress = Callable[[int, int, str], None]
"""Called as progress(seconds done, seconds in all, what); where it raises, the work stops."""


@dataclass(frozen=True)
class SeparatedFile:
    """One file's stems: stem name -> file, how long it is, and what is to be said of it."""

    path: Path
    stems: dict[str, Path]
    seconds: float
    notes: tuple[str, ...]


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
    AudioFileError, OutputError, also where a stem would replace the recording itself, UsageError
    for an unknown stem, ModelError, and what `progress` raises.
    """
    wanted = checked_stems(stems, separator)
    check_folder(folder)
    if path.resolve() in stem_places(folder, wanted):
        raise OutputError(path, "would be replaced by its own stem", "choose another folder")
    try:
        try:
            return _separated(path, open_stream(path), folder, separator, wanted, progress)
        except DamagedError:
            # What can be saved of a damaged file is only known when all of it is in memory.
            return _separated(path, saved_stream(path), folder, separator, wanted, progress)
    except BaseException:
        with suppress(OSError):
            folder.rmdir()  # only where it is empty
        raise


def stem_places(folder: Path, stems: Sequence[str]) -> set[Path]:
    """Every file that `stems` might be written to in `folder`, resolved."""
    whole = folder.resolve()
    return {(whole / f"{name}{suffix}").resolve() for name in stems for suffix in (".wav", ".flac")}


def stem_files(folder: Path) -> dict[str, Path]:
    """The stems that `separate_file` wrote into `folder`: stem -> file. Raises LoopMindError."""
    found = {
        name: file
        for name in _NAMES
        for file in (folder / f"{name}.wav", folder / f"{name}.flac")
        if file.is_file()
    }
    if not found:
        raise LoopMindError(
            f"{folder} holds no stems; name a folder with {', '.join(_NAMES[:4])} as WAV or FLAC"
        )
    return found


def _separated(
    path: Path, sound: Stream, folder: Path, separator: Separator, wanted: Sequence[str],
    progress: FileProgress | None,
) -> SeparatedFile:  # fmt: skip
    seconds = sound.duration_s

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
            f"the stems take {_size(needed)} and {_size(free)} are free",
            "free some space, choose another folder, or fewer stems",
        )


def _size(count_bytes: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if count_bytes >= unit:
            return f"{count_bytes / unit:.1f} {name}"
    return f"{count_bytes / 1e3:.0f} kB"
