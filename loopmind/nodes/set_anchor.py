"""The node that builds the wish round one loop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from loopmind.compose import genres
from loopmind.compose.anchor import anchored
from loopmind.graph.node import node
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate


@node(
    id="loopmind.set_anchor",
    category="Wish",
    output="brief",
    touches_files=True,
    fingerprint=genres.fingerprint,
)
def set_anchor(
    brief: Brief,
    crate: Crate,
    anchor: Annotated[Path, "The loop that decides; also named among the folders."],
) -> Brief:
    """Let one loop decide the song's tempo and key, and have all else chosen round it.

    A tempo or key that was wished for wins, and the anchor is fitted to it. Errors: an anchor that
    is not among the sounds, silent, no loop, or shorter than a beat.
    """
    return anchored(brief, crate, anchor)
