"""Generate: runs the graph behind the button and keeps its project file.

The graph is the preset `generate`; a wish only turns its macros. The terminal and the window both
come through here, so both make the same song.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopmind.files.places import default_cache, preset_file
from loopmind.files.project import PROJECT_NAME
from loopmind.graph.document import Graph
from loopmind.graph.schema import load_graph
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.loop import Crate
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song
from loopmind.runtime.cache import DiskCache
from loopmind.runtime.events import Listener
from loopmind.runtime.execute import Session
from loopmind.runtime.project_making import keep_song
from loopmind.runtime.result import Result
from loopmind.runtime.sounding import keep_levels, levels_of

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
# Where a graph edits its song, what comes out of the edits is what was made.
_EDIT = "edit"
_EDITED = {name: f"{_EDIT}.{name}" for name in ("brief", "palette", "song", "mix")}


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
    edits = _EDIT in graph.nodes
    values = {**_VALUES, **_EDITED} if edits else _VALUES
    result = session.evaluate(
        graph,
        [*graph.nodes],  # also what only measures the song
        listener=listener,
        cancelled=cancelled,
    )
    result.check_for_user()
    made = Made(
        **{name: result[node] for name, node in values.items() if name != "page"},
        out=Path(result[_VALUES["page"]]).parent,
        result=result,
    )
    draft = Draft(made.brief, made.palette, made.song, made.mix)
    if edits:
        draft = result[f"{_EDIT}.draft"]
    fitted = result[graph.wires["render.material"]]
    keep_levels(session, made.song, made.mix, fitted.rate_hz, levels_of(made.measured))
    keep_song(made.out / PROJECT_NAME, graph, made.crate, draft, result)
    return made
