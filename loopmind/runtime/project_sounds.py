"""The sounds of a project: which it uses, which lie elsewhere or nowhere, and how that is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from loopmind.files.project import Project, Reference
from loopmind.files.references import candidate_paths
from loopmind.music.draft import Draft
from loopmind.music.loop import Crate, Loop


def sounds_of(draft: Draft, crate: Crate) -> list[Loop]:
    """The loops that a song plays, and those that its choices could play instead."""
    loops, used = crate.by_digest(), used_digests(draft)
    for choice in draft.palette.choices:
        used |= {candidate.digest for candidate in (choice.picked, *choice.runners_up)}
    return [loops[digest] for digest in sorted(used & loops.keys())]


def used_digests(draft: Draft) -> set[str]:
    """Content digests of the sounds that a song plays."""
    used = {clip.digest for clip in draft.song.clips}
    used |= {hit.digest for clip in draft.song.clips for hit in clip.hits}
    return used - {""}


def all_in_place(project: Project, used: Iterable[str], home: Path) -> bool:
    """Does a file lie at the last seen place, or beside the project, for each of `used`?

    Only names are looked at; what lies there is checked when it is read.
    """
    paths = {reference.digest: reference.path for reference in project.references}
    return all(
        digest in paths
        and any(path.is_file() for path in candidate_paths(paths[digest], project.place, home))
        for digest in used
    )


def missing_sounds(project: Project, used: Iterable[str], crate: Crate) -> tuple[Reference, ...]:
    """Those of `used` that the crate does not have, or whose files are gone."""
    there, wanted = crate.by_digest(), set(used)
    return tuple(
        reference
        for reference in project.references
        if reference.digest in wanted
        and (reference.digest not in there or not Path(there[reference.digest].path).is_file())
    )


def moved_sounds(
    project: Project, used: Iterable[str], crate: Crate
) -> tuple[tuple[Reference, Loop], ...]:
    """Those of `used` that are no longer where they were seen last, and what they are now."""
    there, wanted = crate.by_digest(), set(used)
    found = []
    for reference in project.references:
        loop = there.get(reference.digest) if reference.digest in wanted else None
        if loop is None or loop.path == reference.path or Path(reference.path).is_file():
            continue
        if Path(loop.path).is_file():
            found.append((reference, loop))
    return tuple(found)


def told(
    missing: Sequence[Reference],
    moved: Sequence[tuple[Reference, Loop]],
    kinds: Sequence[str],
) -> tuple[str, ...]:
    """The same in words, one line each; long lists are cut short."""
    lines = []
    for reference in missing[:3]:
        lines.append(
            f"the sound {reference.path} is missing and stays silent; "
            "name a folder to look in with --look-in"
        )
    if len(missing) > 3:
        lines.append(f"{len(missing) - 3} more sounds are missing")
    if moved:
        more = f" (and {len(moved) - 1} more elsewhere)" if len(moved) > 1 else ""
        first, loop = moved[0]
        lines.append(f"the sound {first.path} was found again as {loop.path}{more}")
    for kind in kinds:
        lines.append(
            f"the node type {kind} is not installed (or older than the project); "
            "a placeholder keeps its place"
        )
    return tuple(lines)
