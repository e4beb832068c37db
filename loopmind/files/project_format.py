"""The head of a project file as plain data and back, and how version 1 becomes the present one."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import msgpack

from loopmind.files.digest import DIGEST_BYTES
from loopmind.files.project_value import Project, Reference
from loopmind.files.snapshots import Snapshot
from loopmind.music.codec import from_plain
from loopmind.music.draft import Draft
from loopmind.music.edit import edit_from_plain, edit_to_plain
from loopmind.music.history import MAIN, History, Revision
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song

_KINDS = ("generated", "edited", "merged", "remade")
_LARGEST_HEAD_BYTES = 1 << 28


def head_of(project: Project) -> bytes:
    """The packed head of a project file."""
    history = project.history
    plain = {
        "revisions": [_plain_revision(revision) for revision in history.revisions],
        "branches": dict(history.branches),
        "current": history.current,
        "redo": {name: list(map(list, steps.items())) for name, steps in history.redo.items()},
        "snapshots": [[n, *snapshot.parts] for n, snapshot in sorted(project.snapshots.items())],
        "graphs": [list(item) for item in sorted(project.graphs.items())],
        "references": [[r.digest, r.path, project.heard.get(r.digest)] for r in project.references],
        "node_versions": dict(sorted(project.node_versions.items())),
        "model_digests": dict(sorted(project.model_digests.items())),
        "place": project.place,
    }
    return zlib.compress(msgpack.packb(plain), 6)


def from_outer(outer: dict[str, Any]) -> Project:
    """The project in an outer map. Raises ValueError, KeyError or TypeError where it is damaged."""
    head, parts = outer["head"], outer["parts"]
    if hashlib.blake2b(head, digest_size=DIGEST_BYTES).digest() != outer["check"]:
        raise ValueError("its checksum differs")
    try:
        data = zlib.decompressobj().decompress(head, _LARGEST_HEAD_BYTES)
    except zlib.error as error:
        raise ValueError("its head cannot be unpacked") from error
    plain = msgpack.unpackb(data, strict_map_key=False)
    if not isinstance(parts, dict):
        raise ValueError("its parts are missing")
    references = plain["references"]
    return Project(
        history=History(
            revisions=tuple(_revision(n, item) for n, item in enumerate(plain["revisions"])),
            branches=dict(plain["branches"]),
            current=plain["current"],
            redo={name: dict(steps) for name, steps in plain["redo"].items()},
        ),
        snapshots={item[0]: Snapshot(*item[1:]) for item in plain["snapshots"]},
        graphs=dict(plain["graphs"]),
        references=tuple(Reference(digest, path) for digest, path, _ in references),
        heard={digest: part for digest, _, part in references if part is not None},
        node_versions=dict(plain["node_versions"]),
        model_digests=dict(plain["model_digests"]),
        place=plain["place"],
        parts=parts,
    )


def _plain_revision(revision: Revision) -> list[Any]:
    return [
        revision.parent,
        _KINDS.index(revision.kind),
        revision.branch,
        [edit_to_plain(edit) for edit in revision.edits],
        revision.words,
        list(revision.told),
        revision.time_s,
        list(revision.merged) if revision.merged is not None else None,
    ]


def _revision(number: int, data: list[Any]) -> Revision:
    parent, kind, branch, edits, words, told, time_s, merged = data
    return Revision(
        id=number,
        parent=parent,
        kind=_KINDS[kind],  # type: ignore[arg-type]
        branch=branch,
        edits=tuple(edit_from_plain(edit) for edit in edits),
        words=words,
        told=tuple(told),
        time_s=time_s,
        merged=None if merged is None else (merged[0], merged[1]),
    )


def from_version_1(data: dict[str, Any]) -> Project:
    """A project of version 1, which held one song and no history: it becomes revision 0."""
    song = from_plain(Song, data["song"])
    draft = Draft(
        brief=song.brief,
        palette=from_plain(Palette, data["palette"]),
        song=song,
        mix=from_plain(Mix, data["mix"]),
    )
    history = History().add("generated", words=song.brief.prompt)
    assert history.current == MAIN
    project = Project(
        history=history,
        snapshots={},
        graphs={},
        references=tuple(from_plain(Reference, item) for item in data["references"]),
        node_versions=dict(data["node_versions"]),
        model_digests=dict(data["model_digests"]),
    )
    return project.with_snapshot(0, draft).with_graph(0, data["graph"])
