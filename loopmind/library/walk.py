"""Walking folders for sound files, quickly and in a fixed order.

Hidden files and folders are left out, as are `__MACOSX` folders. Linked folders are followed,
each folder once, so a loop of links ends. What is not sound is not mentioned.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loopmind.files.decode import AUDIO_SUFFIXES, MIDI_SUFFIXES
from loopmind.files.project import PROJECT_NAME

_CANDIDATES = AUDIO_SUFFIXES | MIDI_SUFFIXES | {""}
_SKIPPED_FOLDERS = frozenset({"__MACOSX", "node_modules"})


@dataclass(frozen=True)
class Found:
    """A file that may hold sound: absolute path, size and time of last change."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Trouble:
    """A folder or file that could not be looked at."""

    path: str
    reason: str
    remedy: str


def may_hold_sound(name: str) -> bool:
    """Whether a file of this name is looked into: by its extension, or for having none."""
    if name.startswith("."):
        return False
    return os.path.splitext(name)[1].lower() in _CANDIDATES  # noqa: PTH122 - 20,000 times


def walk(folder: Path, tick: Callable[[], None]) -> Iterator[Found | Trouble]:
    """Everything under `folder` that may hold sound. `tick` is called once a folder.

    Folders below it that hold a song of LoopMind's own are left out: its stems are no new loops.
    """
    seen: set[tuple[int, int]] = set()
    root = os.fspath(folder)
    waiting: list[str] = [root]
    while waiting:
        tick()
        place = waiting.pop()
        try:
            status = os.stat(place)  # noqa: PTH116
            if (status.st_dev, status.st_ino) in seen:
                continue
            if status.st_ino:
                seen.add((status.st_dev, status.st_ino))
            with os.scandir(place) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Trouble(place, _words(error), "allow reading the folder")
            continue
        if place != root and any(entry.name == PROJECT_NAME for entry in entries):
            continue
        folders: list[tuple[bool, str]] = []
        for entry in entries:
            name = entry.name
            if name[0] == ".":
                continue
            try:
                if entry.is_dir():
                    if name not in _SKIPPED_FOLDERS:
                        folders.append((entry.is_symlink(), entry.path))
                elif may_hold_sound(name):
                    found = _found(entry)
                    if found is not None:
                        yield found
            except OSError as error:
                if may_hold_sound(name) and os.path.splitext(name)[1]:  # noqa: PTH122
                    yield Trouble(entry.path, _words(error), "check the file or link")
        # Real folders before linked ones, so that a file is known by its own place.
        waiting.extend(path for _, path in sorted(folders, reverse=True))


def _found(entry: os.DirEntry[str]) -> Found | Trouble | None:
    try:
        entry.name.encode("utf-8")
    except UnicodeEncodeError:
        shown = entry.path.encode("utf-8", "backslashreplace").decode("utf-8")
        return Trouble(shown, "has a name that is no text", "rename it")
    if not entry.is_file():
        if entry.is_symlink() and os.path.splitext(entry.name)[1]:  # noqa: PTH122
            return Trouble(
                entry.path, "is a link to a file that does not exist", "remove or mend the link"
            )
        return None
    status = entry.stat()
    return Found(entry.path, status.st_size, status.st_mtime_ns)


def _words(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or str(error)).lower()}"
