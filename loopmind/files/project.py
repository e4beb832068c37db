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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgpack

from loopmind.errors import LoopMindError
from loopmind.files import snapshots
from loopmind.files.atomic import atomic_path, atomic_write
from loopmind.files.digest import DIGEST_BYTES
from loopmind.files.snapshots import PartError, Snapshot
from loopmind.music.draft import Draft
from loopmind.music.history import History
from loopmind.music.loop import Loop

FORMAT = "loopmind-project"
VERSION = 3
"""Of the file. 3: strips have effects, and there are edits of them; 2 reads as it is."""
PROJECT_NAME = "song.loopmind"
BACKUP_SUFFIX = "~"
BUNDLE_SUFFIX = ".loopbundle"
_KEEP_EVERY = 10
_KEEP_LATEST = 200


class ProjectError(LoopMindError):
    """A project file cannot be read or written; the message names the file and the remedy."""


class ProjectDamagedError(ProjectError):
    """A project file is cut or corrupted; the message says whether its backup is whole."""


@dataclass(frozen=True)
class Reference:
    """One sound that the song uses: its content digest and where it was last seen."""

    digest: str
    path: str


@dataclass(frozen=True, eq=False)
class Project:
    """Everything needed to make the song again, or to go on working on it.

    snapshots: the song at revisions, by their ids; where there is none, it is made again from the
    nearest one above by replaying edits. graphs: by the id of a generated revision, the part that
    holds its graph document. heard: by sound digest, the part that holds what was heard of it.
    node_versions: version by node type. model_digests: content digest by model file name.
    place: the folder in which the project was last saved.
    """

    history: History
    snapshots: Mapping[int, Snapshot]
    graphs: Mapping[int, bytes]
    references: tuple[Reference, ...] = ()
    heard: Mapping[str, bytes] = field(default_factory=dict)
    node_versions: Mapping[str, int] = field(default_factory=dict)
    model_digests: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    parts: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)

    # Looking

    def draft(self, revision: int | None = None) -> Draft:
        """The song at a revision (by default the head) that has a snapshot.

        Raises PartError where there is none, or it is damaged.
        """
        number = self.history.head.id if revision is None else revision
        snapshot = self.snapshots.get(number)
        if snapshot is None:
            raise PartError(f"revision {number} has no snapshot")
        return snapshots.unpack_draft(snapshot, self.parts, self.told(number))

    def told(self, revision: int) -> tuple[str, ...]:
        """What was done since the song was generated, one entry an edit."""
        line = self.history.line(revision)
        since = max((n for n, step in enumerate(line) if step.kind == "generated"), default=0)
        return tuple(text for step in line[since:] for text in step.told)

    def base(self, revision: int | None = None) -> int:
        """The generated revision that `revision` comes from."""
        return next(
            step.id for step in reversed(self.history.line(revision)) if step.kind == "generated"
        )

    def graph(self, revision: int | None = None) -> dict[str, Any]:
        """The graph document that generated the song of `revision`. Raises PartError."""
        data = snapshots.unpack_plain(self.graphs[self.base(revision)], self.parts)
        if not isinstance(data, dict):
            raise PartError("its graph is no document")
        return data

    def heard_loops(self, digests: Iterable[str] | None = None) -> dict[str, Loop]:
        """What is remembered of sounds, by digest; a part that is damaged is left out."""
        found = {}
        for digest in self.heard if digests is None else digests:
            if digest in self.heard:
                try:
                    found[digest] = snapshots.unpack(Loop, self.heard[digest], self.parts)
                except PartError:  # it can be heard again
                    continue
        return found

    # Going on

    def with_snapshot(self, revision: int, draft: Draft) -> Project:
        """With the song at `revision` kept."""
        parts = dict(self.parts)
        kept = {**self.snapshots, revision: snapshots.pack_draft(draft, parts)}
        return replace(self, snapshots=kept, parts=parts)

    def with_graph(self, revision: int, graph: Mapping[str, Any]) -> Project:
        """With the graph document that generated `revision`."""
        parts = dict(self.parts)
        return replace(
            self, graphs={**self.graphs, revision: snapshots.pack(dict(graph), parts)}, parts=parts
        )

    def with_sounds(self, loops: Iterable[Loop]) -> Project:
        """With references to `loops`, where they are now, and what was heard of them."""
        parts, heard = dict(self.parts), dict(self.heard)
        paths = {reference.digest: reference.path for reference in self.references}
        for loop in loops:
            paths[loop.digest] = loop.path
            heard[loop.digest] = snapshots.pack(loop, parts)
        found = tuple(Reference(digest, paths[digest]) for digest in sorted(paths))
        return replace(self, references=found, heard=heard, parts=parts)

    def thinned(self) -> Project:
        """Without the snapshots that a few edits make again, so that long histories stay small.

        Kept are those that no edit makes (generated, merged), of branches, of the latest
        revisions, and of every tenth of the others.
        """
        revisions, heads = self.history.revisions, set(self.history.branches.values())
        newest = len(revisions) - _KEEP_LATEST

        def needed(number: int) -> bool:
            if number >= newest or number % _KEEP_EVERY == 0 or number in heads:
                return True
            return revisions[number].kind != "edited"

        kept = {number: s for number, s in self.snapshots.items() if needed(number)}
        return self if len(kept) == len(self.snapshots) else replace(self, snapshots=kept)


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
    from loopmind.files import project_format

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
    from loopmind.files import project_format

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
