"""The node that brings back a song that was kept in a project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from loopmind.files.project import ProjectError, read_project
from loopmind.files.snapshots import PartError
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song


class Recalled(NamedTuple):
    """A song with every decision behind it, whole and in its parts."""

    draft: Draft
    brief: Brief
    palette: Palette
    song: Song
    mix: Mix


def _content(controls: Mapping[str, Any]) -> str:
    """The names of the parts that make the draft, so that it is read again when it changed."""
    if not controls.get("project"):
        return "missing"
    project = read_project(Path(controls["project"]))
    revision = controls.get("revision")
    number = project.history.head.id if revision is None else revision
    snapshot = project.snapshots.get(number)
    if snapshot is None:
        return "missing"
    told = "\x1f".join(project.told(number))
    return b"".join(snapshot.parts).hex() + told


@node(
    id="loopmind.recall_draft",
    category="Sources",
    cache="none",
    touches_files=True,
    fingerprint=_content,
)
def recall_draft(
    project: Annotated[Path, "A project file, song.loopmind."],
    revision: Annotated[
        int | None, Range(0, 1_000_000_000), "Number in its history; empty: as it is now."
    ] = None,
) -> Recalled:
    """Bring back the song as it was at a revision of a project: nothing is made anew.

    Errors: a file that is missing or damaged, a revision that was not kept.
    """
    opened = read_project(project)
    try:
        draft = opened.draft(revision)
    except PartError as error:
        raise ProjectError(f"{project}: {error}; recall another revision") from error
    return Recalled(draft, draft.brief, draft.palette, draft.song, draft.mix)
