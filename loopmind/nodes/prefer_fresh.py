"""The node that lets a song prefer sounds that were not used lately."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from loopmind.graph.node import node
from loopmind.library.library import Library
from loopmind.library.wear import wear_of
from loopmind.music.brief import Brief


@node(id="loopmind.prefer_fresh", category="Wish", output="brief", touches_files=True)
def prefer_fresh(
    brief: Brief,
    fresh: Annotated[bool, "Prefer sounds that the latest songs did not use."] = False,
    library: Annotated[
        Path | None, "Folder of the library that remembers; empty: the default one."
    ] = None,
) -> Brief:
    """Note in the wish which sounds the latest songs used, so that others are chosen.

    What fits nothing else still plays: worn sounds weigh less, they are not forbidden.
    Errors: a library folder that cannot be used.
    """
    if not fresh:
        return brief
    with Library(library) as remembered:
        return replace(brief, worn=wear_of(remembered.songs()))
