"""The node that makes a reference track part of the wish."""

from __future__ import annotations

from loopmind.compose.matching import matched
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.reference import Reference


@node(id="loopmind.match_reference", category="Wish", output="brief")
def match_reference(brief: Brief, crate: Crate, reference: Reference, seed: Seed = 1) -> Brief:
    """Ask for a song of the reference's tempo, key colour, moods, energy curve and length.

    What the wish names itself stays.
    """
    return matched(brief, crate, reference, seed)
