"""What a project file holds, as a value: the history, the songs at its revisions, and references.

How it is written and read is in project.py, how it is packed in project_format.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from loopmind.files import snapshots
from loopmind.files.snapshots import PartError, Snapshot
from loopmind.music.draft import Draft
from loopmind.music.history import MADE, History
from loopmind.music.loop import Loop

_KEEP_EVERY = 10
_KEEP_LATEST = 200


@dataclass(frozen=True)
class Reference:
    """One sound that the song uses: its content digest and where it was last seen."""

    digest: str
    path: str


@dataclass(frozen=True, eq=False)
class Project:
    """Everything needed to make the song again, or to go on working on it.

    snapshots: the song at revisions, by their ids; where there is none, it is made again from the
    nearest one above by replaying edits. graphs: by the id of a revision that a graph made
    (`base`), the part that holds its graph document. heard: by sound digest, the part that holds
    what was heard of it. node_versions: version by node type. model_digests: content digest by
    model file name. place: the folder in which the project was last saved.
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
        """The revision from which `revision` goes on with the same graph."""
        return next(step.id for step in reversed(self.history.line(revision)) if step.kind in MADE)

    def graph(self, revision: int | None = None) -> dict[str, Any]:
        """The graph document of the song at `revision`. Raises PartError."""
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
        """With the graph document of `revision` and of what goes on from it."""
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

        Kept are those that no edit makes (generated, merged, remade), of branches, of the latest
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
