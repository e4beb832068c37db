"""The project file, song.loopmind: what a song was made from, every step of it, and what it became.

A project is msgpack: an outer map with format, version and the checksum of its head; the head with
the history tree, its branches, and which sounds, node versions and models were used; and packed
parts (snapshots.py): the song at each revision, graphs, what was heard of the sounds. Opening
unpacks the head; a part is unpacked, and checked, when it is asked for. Audio stays where the user
keeps it: it is known by content digest, so that a moved file is found again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import msgpack

from loopmind.errors import LoopMindError
from loopmind.files import project_format
from loopmind.files.atomic import atomic_path, atomic_write
from loopmind.files.digest import DIGEST_BYTES
from loopmind.files.project_value import Project as Project
from loopmind.files.project_value import Reference as Reference

FORMAT = "loopmind-project"
VERSION = 4
"""Of the file. 3: strips have effects, 4: edits set macros of the graph; 2 and 3 read as is."""
PROJECT_NAME = "song.loopmind"
BACKUP_SUFFIX = "~"
BUNDLE_SUFFIX = ".loopbundle"


class ProjectError(LoopMindError):
    """A project file cannot be read or written; the message names the file and the remedy."""


class ProjectDamagedError(ProjectError):
    """A project file is cut or corrupted; the message says whether its backup is whole."""


def backup_of(path: Path) -> Path:
    """Where the copy before the last save of a project lies."""
    return path.with_name(path.name + BACKUP_SUFFIX)


def write_project(path: Path, project: Project, *, backup: bool = False) -> Path:
    """Write `project` to `path`, whole or not at all. Raises OutputError where the disk refuses.

    backup: what lies at `path` is known to be whole, and is kept as its backup.
    """
    data = pack_project(project)
    if backup and path.is_file():
        _keep_backup(path)
    atomic_write(path, data)
    return path


def _keep_backup(path: Path) -> None:
    with atomic_path(backup_of(path)) as temporary:
        try:
            os.link(path, temporary)  # a new name for the old file, which is never written to
        except OSError:  # a file system without links
            shutil.copyfile(path, temporary)


def restore_backup(path: Path) -> Path | None:
    """Put the backup of a project in its place; what lay there is set aside, and its place given.

    Raises ProjectError where there is no whole backup.
    """
    backup = backup_of(path)
    data = _read_bytes(backup)
    _parsed(backup, data)
    aside = set_aside(path) if path.exists() else None
    atomic_write(path, data)
    return aside


def set_aside(path: Path) -> Path:
    """Rename what lies at `path` and cannot be read, so that nothing is lost; its new place."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.unreadable-{stamp}")
    os.replace(path, aside)  # noqa: PTH105 - over one that was set aside in the same second
    return aside


def read_project(path: Path) -> Project:
    """Read the project at `path`.

    Raises ProjectError where it is missing, no project or too new, and ProjectDamagedError where
    it is cut or corrupted.
    """
    data = _read_bytes(path)
    try:
        return _parsed(path, data)
    except ProjectDamagedError as error:
        raise ProjectDamagedError(f"{error}; {_backup_remedy(path)}") from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ProjectError(f"cannot read {path}: {reason}; check the path") from error


def _backup_remedy(path: Path) -> str:
    backup = backup_of(path)
    try:
        _parsed(backup, backup.read_bytes())
        saved = time.strftime("%Y-%m-%d %H:%M", time.localtime(backup.stat().st_mtime))
    except (OSError, ProjectError):
        return "there is no backup beside it; use an older copy of it"
    return (
        f"its backup {backup.name} of {saved} is whole: "
        f"'loopmind open {path} --backup' goes on from that"
    )


def _parsed(path: Path, data: bytes) -> Project:
    try:
        outer = msgpack.unpackb(data, strict_map_key=False)
    except (ValueError, TypeError) as error:
        if FORMAT.encode() not in data[:64] and data:
            raise _no_project(path) from error
        raise ProjectDamagedError(f"{path} is damaged: it is cut or was changed") from error
    if not isinstance(outer, dict) or outer.get("format") != FORMAT:
        raise _no_project(path)
    version = outer.get("version")
    if not isinstance(version, int) or version < 1:
        raise ProjectDamagedError(f"{path} is damaged: its version is not there")
    if version > VERSION:
        raise ProjectError(
            f"{path} was written by a newer LoopMind (project version {version}, "
            f"this one reads up to {VERSION}); update LoopMind to open it"
        )
    try:
        if version == 1:
            return project_format.from_version_1(outer)
        return project_format.from_outer(outer)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ProjectDamagedError(f"{path} is damaged ({error})") from error


def _no_project(path: Path) -> ProjectError:
    return ProjectError(f"{path} is no LoopMind project; choose a file ending in .loopmind")


def pack_project(project: Project) -> bytes:
    """The bytes of a project file. Equal projects give equal bytes."""
    head = project_format.head_of(project)
    used = {name for snapshot in project.snapshots.values() for name in snapshot.parts}
    used |= {*project.graphs.values(), *project.heard.values()}
    parts = {name: project.parts[name] for name in sorted(used) if name in project.parts}
    data: bytes = msgpack.packb(
        {
            "format": FORMAT,
            "version": VERSION,
            "check": hashlib.blake2b(head, digest_size=DIGEST_BYTES).digest(),
            "head": head,
            "parts": parts,
        }
    )
    return data
