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
    decided,
    losses,
    past_of,
    refuse_gone,
    refuse_locks,
    turned,
    with_outcome,
    without_decided,
)
from loopmind.runtime.project_making import made_by
from loopmind.runtime.project_remaking import RENEWED, remaking_graph, remixing_graph
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


@dataclass(frozen=True, eq=False)
class Remade:
    """A song whose graph was changed: the graph, the sounds that were found, and what made it."""

    draft: Draft
    document: dict[str, Any]
    crate: Crate | None
    node_versions: dict[str, int]
    model_digests: dict[str, str]


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
        kept: tuple[int, tuple[Edit, ...]],
        draft: Draft,
        asked: Sequence[Edit],
    ) -> Remade:
        """`draft`, at the end of `line`, with `asked`, of which some set macros.

        kept: the nearest revision that was kept whole, and the edits since. Nothing of the worker
        changes. Raises GraphError, LoopMindError.
        """
        graph = graph_from_plain(document)
        turn = turned(graph, [edit for edit in asked if isinstance(edit, SetMacro)])
        done = without_decided(asked, graph)  # macros aside
        going = self._going(document, *kept)
        told, after, result = turn.told, draft, None
        if turn.remakes and not turn.only_mix:
            refuse_locks(draft, asked)
            refuse_gone(turn.graph, self._path.parent)
            past, lost = past_of(line, graph, asked)
            going = self._going(document, past.origin)
            made, node = remaking_graph(turn.graph, going, past, done)
            result = self._evaluate(made, node, SOUNDS)
            after = result.outputs(node)["draft"]
            again = after.told[: len(after.told) - len(done)]
            lost = (*lost, *losses(past, again))
            told = with_outcome(turn, draft, None if done else after, lost, line)
        elif turn.only_mix:
            names = [edit.name for edit in asked if isinstance(edit, SetMacro)]
            made, node = remixing_graph(turn.graph, going, names, done)
            result = self._evaluate(made, node, RENEWED, SOUNDS)
            after = result.outputs(node)["draft"]
            told = with_outcome(turn, draft, result.outputs(RENEWED)["draft"], (), line)
        elif done:
            after = self.edit(document, kept[0], (*kept[1], *done))
        macros, others = iter(told), iter(after.told[len(after.told) - len(done) :])
        fresh = [
            next(macros) if isinstance(edit, SetMacro)
            else next(others) if any(edit is own for own in done)
            else decided(edit)
            for edit in asked
        ]  # fmt: skip
        changed: dict[str, Any] = json.loads(graph_to_text(turn.graph))
        versions, digests = made_by(result) if result is not None else ({}, {})
        crate = None if result is None else result[SOUNDS]
        return Remade(replace(after, told=(*draft.told, *fresh)), changed, crate, versions, digests)

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
