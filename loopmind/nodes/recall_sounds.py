"""The node that finds the sounds of a project again, wherever they are now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from loopmind.files.digest import file_digest
from loopmind.files.project import Project, read_project
from loopmind.files.references import candidate_paths
from loopmind.files.snapshots import PartError
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.library.library import Library
from loopmind.music.loop import Crate, Loop


@node(id="loopmind.recall_sounds", category="Sources", output="crate", touches_files=True)
def recall_sounds(
    project: Annotated[Path, "A project file, song.loopmind."],
    context: Context,
    crate: Crate | None = None,
    revision: Annotated[
        int | None, Range(0, 1_000_000_000), "Number in its history; empty: as it is now."
    ] = None,
    folders: Annotated[tuple[Path, ...], "Where to look for files that were moved."] = (),
    library: Annotated[
        Path | None, "Folder of the library that remembers; empty: the default one."
    ] = None,
) -> Crate:
    """The crate, and with it every sound that the project refers to.

    A sound that is not in the crate is looked for by its content: where it was last seen, beside
    the project, where the library knows it, and in `folders`. One that is nowhere, but plays in
    the song, stays as a placeholder: what was heard of it, at the path where it was last seen.
    """
    opened = read_project(project)
    have = set() if crate is None else {loop.digest for loop in crate.loops}
    wanted = {r.digest: r.path for r in opened.references if r.digest not in have}
    if not wanted:
        return crate or Crate(())
    with Library(library) as remembered:
        seen = remembered.where(wanted)
        found: dict[str, str] = {}
        for digest, last in wanted.items():
            context.check_cancelled()
            places = candidate_paths(last, opened.place, project.parent, seen.get(digest, ()))
            for place in places:
                if _holds(place, digest):
                    found[digest] = str(place)
                    break
        left = wanted.keys() - found.keys()
        if left and folders:
            for loop in remembered.scan(folders, cancelled=context.cancelled).loops:
                if loop.digest in left:
                    found.setdefault(loop.digest, loop.path)
        heard = opened.heard_loops(wanted)
        unheard = [path for digest, path in found.items() if digest not in heard]
        if unheard:
            scanned = remembered.scan(unheard, cancelled=context.cancelled)
            heard.update({loop.digest: loop for loop in scanned.loops})
    played = _played(opened, revision) if len(found) < len(wanted) else set()
    added: list[Loop] = [
        replace(heard[digest], path=found.get(digest, wanted[digest]))
        for digest in wanted
        if digest in heard and (digest in found or digest in played)
    ]
    loops = [*(crate.loops if crate is not None else ()), *added]
    loops.sort(key=lambda loop: loop.path)
    return Crate(tuple(loops), crate.unusable if crate is not None else ())


def _played(project: Project, revision: int | None) -> set[str]:
    with suppress(PartError):
        song = project.draft(revision).song
        return {c.digest for c in song.clips} | {h.digest for c in song.clips for h in c.hits}
    return set()  # the song itself cannot be read, which is told elsewhere


def _holds(path: Path, digest: str) -> bool:
    try:
        return path.is_file() and file_digest(path) == digest
    except OSError:  # it may not be read: as good as not there
        return False
