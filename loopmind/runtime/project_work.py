"""What a project has computed for it: its crate, edited and merged songs, renderings.

Everything goes through the graph (project_graph.py). Only this half of a session needs the graph,
so that a project can be looked into without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loopmind.graph.document import Graph, split_address
from loopmind.graph.schema import graph_from_plain, graph_to_text
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit, SetMacro
from loopmind.music.history import Revision
from loopmind.music.loop import Crate
from loopmind.music.measured import Measured
from loopmind.runtime.events import Listener
from loopmind.runtime.execute import Session
from loopmind.runtime.generate import song_session
from loopmind.runtime.project_graph import (
    DOCUMENTS,
    EDIT_TYPE,
    RENDER,
    SOUNDS,
    Going,
    crate_source,
    edit_node,
    missing_nodes,
    needed_part,
    node_of,
    sounds_graph,
    with_outputs,
    working_graph,
)
from loopmind.runtime.project_macros import (
    past_of,
    refuse_locks,
    remaking_graph,
    turned,
    with_losses,
)
from loopmind.runtime.result import Result
from loopmind.runtime.sounding import (
    FIT,
    Levels,
    Sounding,
    keep_levels,
    kept_levels,
    levels_of,
    sounding,
)

_PLAYED = ("song", "mix", "material")


@dataclass(frozen=True, eq=False)
class Rendering:
    """A rendered song: the folder of its files, what was measured, and what ran for it."""

    out: Path
    measured: Measured
    draft: Draft
    result: Result


class ProjectWork:
    """Evaluates graphs for the project in the file `path`. `document`s are graphs as plain data.

    Revisions that are named must have their songs in the file.
    """

    def __init__(
        self,
        path: Path,
        look_in: Sequence[Path],
        listener: Listener | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._path = path.resolve()
        self._look_in = tuple(look_in)
        self._listener = listener
        self._cancelled = cancelled
        self._session: Session | None = None
        self.crate: Crate | None = None

    def close(self) -> None:
        """End worker processes and threads."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def find_crate(self, document: dict[str, Any]) -> Crate:
        """The user's sounds, and those of the project wherever they are."""
        if self.crate is None:
            kept = graph_from_plain(needed_part(document, ()))
            graph = sounds_graph(kept, self._going(document, None))
            crate: Crate = self._evaluate(graph, SOUNDS)[SOUNDS]
            self.crate = crate
        return self.crate

    def missing_nodes(self, document: dict[str, Any]) -> tuple[str, ...]:
        """Types of nodes that are not installed."""
        return missing_nodes(graph_from_plain(document))

    def edit(self, document: dict[str, Any], base: int, edits: tuple[Edit, ...]) -> Draft:
        """The song of revision `base` with `edits` applied."""
        part = needed_part(document, (EDIT_TYPE,))
        graph = working_graph(graph_from_plain(part), self._going(document, base, edits))
        node = edit_node(graph)
        assert node is not None
        result = self._evaluate(graph, node, SOUNDS)
        self.crate = result[SOUNDS]
        edited: Draft = result.outputs(node)["draft"]
        return edited

    def set_macros(
        self,
        document: dict[str, Any],
        line: Sequence[Revision],
        draft: Draft,
        asked: Sequence[Edit],
        edited: Callable[[tuple[Edit, ...]], Draft],
    ) -> tuple[Draft, dict[str, Any]]:
        """`draft`, at the end of `line`, with `asked`, of which some set macros, and its graph.

        edited: does edits where nothing need be made anew. Raises GraphError, LoopMindError.
        """
        edits = tuple(edit for edit in asked if not isinstance(edit, SetMacro))
        turn = turned(graph_from_plain(document), [e for e in asked if isinstance(e, SetMacro)])
        told = turn.told
        if turn.remakes:
            refuse_locks(draft, asked)
            past = past_of(line, asked)
            going = self._going(document, line[-1].id)
            graph, node = remaking_graph(turn.graph, going, past, edits)
            result = self._evaluate(graph, node, SOUNDS)
            self.crate = result[SOUNDS]
            made: Draft = result.outputs(node)["draft"]
            told = with_losses(told, past, made.told[: len(made.told) - len(edits)])
        else:
            made = edited(edits)
        macros, others = iter(told), iter(made.told[len(made.told) - len(edits) :])
        fresh = [next(macros if isinstance(edit, SetMacro) else others) for edit in asked]
        changed: dict[str, Any] = json.loads(graph_to_text(turn.graph))
        return replace(made, told=(*draft.told, *fresh)), changed

    def merge(self, ours: int, theirs: int, section: str) -> Draft:
        """The song of revision `ours` with `section` as it is in `theirs`."""
        graph = Graph()
        for name, revision in (("ours", ours), ("theirs", theirs)):
            controls = {"project": str(self._path), "revision": revision}
            graph = graph.with_node(name, "loopmind.recall_draft", controls)
        graph = graph.with_node("merge", "loopmind.merge_section", {"section": section})
        graph = graph.connect("ours.draft", "merge.ours").connect("theirs.draft", "merge.theirs")
        merged: Draft = self._evaluate(graph, "merge")["merge"]
        return merged

    def render(
        self,
        document: dict[str, Any],
        base: int,
        edits: tuple[Edit, ...],
        draft: Draft,
        out: Path,
        *,
        leave_out: bool,
        documents: bool,
        settings: dict[str, Any],
    ) -> Rendering:
        """Render `draft`, which is the song of `base` with `edits`, into `out`."""
        going = replace(self._going(document, base, edits), leave_out=leave_out)
        kinds = [RENDER, DOCUMENTS] if documents else [RENDER]
        if not documents:
            settings = {**settings, "pack": False}
        graph = graph_from_plain(needed_part(document, [*kinds, EDIT_TYPE] if edits else kinds))
        graph = with_outputs(working_graph(graph, going), out, settings)
        targets = [node_of(graph, kind) for kind in kinds]
        render = targets[0]
        played = [graph.wires[f"{render}.{value}"] for value in _PLAYED]
        targets += [split_address(address)[0] for address in played]
        result = self._evaluate(graph, *dict.fromkeys(targets))
        assert self._session is not None
        song, mix, material = (result[address] for address in played)
        levels = levels_of(result[f"{render}.measured"])
        keep_levels(self._session, song, mix, material.rate_hz, levels)
        return Rendering(out, result[f"{render}.measured"], draft, result)

    def sounding(
        self,
        document: dict[str, Any],
        base: int,
        edits: tuple[Edit, ...],
        *,
        leave_out: bool,
        opening: bool,
    ) -> tuple[Sounding, Levels | None]:
        """The song of `base` with `edits`, its sounds fitted, and its levels where it was rendered.

        opening: only the sounds of its first section.
        """
        going = replace(self._going(document, base, edits), leave_out=leave_out)
        kinds = [FIT, RENDER, EDIT_TYPE] if edits else [FIT, RENDER]
        graph = working_graph(graph_from_plain(needed_part(document, kinds)), going)
        if self._session is None:
            self._session = song_session()
        found = sounding(
            self._session, graph, opening=opening, listener=self._listener,
            cancelled=self._cancelled,
        )  # fmt: skip
        rate_hz = found.material.rate_hz
        return found, kept_levels(self._session, found.song, found.mix, rate_hz)

    def keep_levels(self, found: Sounding, levels: Levels) -> None:
        """Remember what the master of a song is set to."""
        assert self._session is not None
        keep_levels(self._session, found.song, found.mix, found.material.rate_hz, levels)

    def _going(
        self, document: dict[str, Any], revision: int | None, edits: tuple[Edit, ...] = ()
    ) -> Going:
        source = crate_source(document)
        return Going(self._path, revision, edits, self._look_in, source=source)

    def _evaluate(self, graph: Graph, *targets: str) -> Result:
        if self._session is None:
            self._session = song_session()
        result = self._session.evaluate(
            graph, targets, listener=self._listener, cancelled=self._cancelled
        )
        result.check_for_user()
        return result
