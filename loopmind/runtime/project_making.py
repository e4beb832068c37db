"""Keeping a song that a graph made: as a new project, or as a revision of the one that is there.

A song that is made again in the folder of an earlier one does not wipe its history: undo goes back
to the earlier song.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from loopmind.files.digest import file_digest
from loopmind.files.places import model_file
from loopmind.files.project import (
    Project,
    ProjectError,
    read_project,
    set_aside,
    write_project,
)
from loopmind.files.project_lock import ProjectLock
from loopmind.files.snapshots import PartError
from loopmind.graph.document import Graph
from loopmind.graph.schema import graph_to_text
from loopmind.music.draft import Draft
from loopmind.music.history import History
from loopmind.music.loop import Crate
from loopmind.runtime.project_sounds import sounds_of
from loopmind.runtime.result import Result

_WAIT_S = 30.0


def keep_song(path: Path, graph: Graph, crate: Crate, draft: Draft, result: Result) -> Project:
    """Write the song that `graph` made to the project at `path`.

    The same song again changes nothing. What lies there and cannot be read is set aside, never
    overwritten. Raises ProjectBusyError, OutputError.
    """
    with ProjectLock(path).acquire(_WAIT_S):
        before = None
        if path.exists():
            try:
                before = read_project(path)
            except ProjectError:
                set_aside(path)
        document = json.loads(graph_to_text(with_full_paths(graph)))
        if before is not None and _is_same(before, document, draft):
            return before
        start = before or Project(history=History(), snapshots={}, graphs={})
        history = start.history.add(
            "generated",
            words=draft.brief.prompt,
            told=draft.told,
            time_s=round(time.time(), 3),
        )
        number = history.head.id
        made = replace(start, history=history).with_snapshot(number, draft)
        made = made.with_graph(number, document).with_sounds(sounds_of(draft, crate))
        versions, digests = made_by(result)
        made = replace(
            made,
            node_versions=versions,
            model_digests=digests,
            place=str(path.parent.resolve()),
        )
        write_project(path, made, backup=before is not None)
        return made


def _is_same(project: Project, document: dict[str, Any], draft: Draft) -> bool:
    with suppress(PartError):
        head = project.history.head.id
        return project.draft(head) == draft and project.graph(head) == document
    return False


def made_by(result: Result) -> tuple[dict[str, int], dict[str, str]]:
    """The versions of the nodes and the digests of the models that a result rests on."""
    specs = [step.spec for step in result.plan.steps.values() if step.spec is not None]
    models: Iterable[str] = sorted({name for spec in specs for name in spec.models})
    return (
        {spec.id: spec.schema.version for spec in specs},
        {name: file_digest(model_file(name)) for name in models},
    )


def with_full_paths(graph: Graph) -> Graph:
    """`graph` with the paths of its macros from the root, for it will be opened from elsewhere."""
    for name, macro in graph.macros.items():
        if macro.control.type not in ("path", "path[]") or not macro.position:
            continue
        if macro.control.type == "path":
            graph = graph.with_macro(name, full_path(macro.position))
        else:
            graph = graph.with_macro(name, [full_path(path) for path in macro.position])
    return graph


def full_path(path: str) -> str:
    """A path from the root."""
    return os.path.abspath(path)  # noqa: PTH100 - links stay as they are
