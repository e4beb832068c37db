"""The node that invents a wish."""

from __future__ import annotations

from loopmind.compose import genres
from loopmind.compose.inspire import invent
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate


@node(
    id="loopmind.invent_brief",
    category="Wish",
    output="brief",
    touches_files=True,
    fingerprint=genres.fingerprint,
)
def invent_brief(brief: Brief, crate: Crate, seed: Seed = 1) -> Brief:
    """Invent genre, tempo, key and mood from what the sounds are good at, and say why.

    What the wish names stays; the rest surprises, but only where many sounds are at home. Errors:
    sounds among which there is no loop.
    """
    return invent(brief, crate, seed)
