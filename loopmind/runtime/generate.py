"""Generate: runs the graph behind the button and keeps its project file.

The graph is the preset `generate`; a wish only turns its macros. The terminal and the window both
come through here, so both make the same song.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopmind.errors import LoopMindError
from loopmind.files.digest import file_digest
from loopmind.files.places import default_cache, model_file, preset_file
from loopmind.files.project import PROJECT_NAME, Project, Reference, write_project
from loopmind.graph.document import Graph
from loopmind.graph.schema import graph_to_text, load_graph
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song
from loopmind.runtime.cache import DiskCache
from loopmind.runtime.events import Listener
from loopmind.runtime.execute import Session
from loopmind.runtime.result import Result

PRESET = "generate"
# What a song graph computes, by the names that its nodes have in every song preset; of a node
# with several outputs the port too.
_VALUES = {
    "crate": "scan",
    "brief": "understand",
    "palette": "choose",
    "song": "arrange",
    "mix": "mix",
    "measured": "render.measured",
    "page": "document",
}


@dataclass(frozen=True, eq=False)
class Made:
    """A finished song: its values and where its files are. `result` tells what ran."""

    crate: Crate
    brief: Brief
    palette: Palette
    song: Song
    mix: Mix
    measured: Any
    out: Path
    result: Result


def song_graph(macros: Mapping[str, Any], preset: str = PRESET) -> Graph:
    """The preset's graph with `macros` turned. Raises GraphError for one it does not have."""
    graph = load_graph(preset_file(preset))
    for name, value in macros.items():
        graph = graph.with_macro(name, value)
    return graph


def song_session() -> Session:
    """A session that remembers on disk, in the user's cache folder."""
    return Session(disk=DiskCache(default_cache() / "values"))


def make_song(
    graph: Graph,
    session: Session,
    *,
    listener: Listener | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Made:
    """Evaluate a song graph and write its project file beside the song.

    Raises what failed in a node as it was (LoopMindError) or wrapped in NodeError, and
    CancelledError.
    """
    result = session.evaluate(
        graph,
        [address.partition(".")[0] for address in _VALUES.values()],
        listener=listener,
        cancelled=cancelled,
    )
    for failure in result.failures:
        if isinstance(failure.error, LoopMindError):
            raise failure.error
    result.check()
    made = Made(
        **{name: result[node] for name, node in _VALUES.items() if name != "page"},
        out=Path(result[_VALUES["page"]]).parent,
        result=result,
    )
    write_project(made.out / PROJECT_NAME, _project(graph, made))
    return made


def _project(graph: Graph, made: Made) -> Project:
    loops = made.crate.by_digest()
    used = {clip.digest for clip in made.song.clips} | {
        hit.digest for clip in made.song.clips for hit in clip.hits
    }
    for choice in made.palette.choices:
        used |= {c.digest for c in (choice.picked, *choice.runners_up)}
    specs = [step.spec for step in made.result.plan.steps.values() if step.spec is not None]
    models = sorted({name for spec in specs for name in spec.models})
    return Project(
        graph=json.loads(graph_to_text(graph)),
        song=made.song,
        palette=made.palette,
        mix=made.mix,
        references=tuple(Reference(d, loops[d].path) for d in sorted(used & loops.keys())),
        node_versions={spec.id: spec.schema.version for spec in specs},
        model_digests={name: file_digest(model_file(name)) for name in models},
    )
