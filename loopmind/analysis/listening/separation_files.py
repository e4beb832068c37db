"""A sound file of any length taken apart into one file per stem, read and written block by block.

The stems appear together, whole, when the file is done; a run that fails or is stopped leaves
those of the files before it and nothing of its own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
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
from loopmind.files.folders import no_empty_folder
from loopmind.files.stream import DamagedError, Stream, open_stream, saved_stream

_WAV_BYTES = 4_000_000_000
_HEAD_BYTES = 4096
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
    AudioFileError, OutputError, also where something is `in_the_way`, UsageError for an unknown
    stem, ModelError, and what `progress` raises.
    """
    wanted = checked_stems(stems, separator)
    check_folder(folder)
    met = in_the_way(folder, wanted, (path,))
    if met is not None:
        reason = "LoopMind did not write what is there"
        if _same_file(met, path):
            reason = "would be replaced by its own stem"
        raise OutputError(met, reason, "choose another folder")
    with no_empty_folder(folder):
        try:
            return _separated(path, open_stream(path), folder, separator, wanted, progress)
        except DamagedError:
            # What can be saved of a damaged file is only known when all of it is in memory.
            return _separated(path, saved_stream(path), folder, separator, wanted, progress)


def in_the_way(
    folder: Path, stems: Sequence[str] = _NAMES, recordings: Iterable[Path] = ()
) -> Path | None:
    """What is not to be replaced where `stems` go to in `folder`; None: nothing.

    That is one of `recordings`, and whatever is no stem that LoopMind wrote before.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        return folder
    for place in (folder / f"{name}{suffix}" for name in stems for suffix in (".wav", ".flac")):
        kept = any(_same_file(place, recording) for recording in recordings)
        if os.path.lexists(place) and (kept or not _is_stem(place)):
            return place
    return None


def _is_stem(file: Path) -> bool:
    """Whether `file` is a float WAV as `AudioWriter` makes them: no time in its PEAK chunk.

    Other programs stamp one there or write no such chunk, and so does what is saved again by
    hand. A FLAC file does not tell who wrote it, so none counts as a stem.
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return False
    at = head.find(b"PEAK")
    return head[:4] == b"RIFF" and 0 < at < head.find(b"data") and not any(head[at + 12 : at + 16])


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


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
