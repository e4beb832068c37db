"""The node that takes a cut track, and drums that fit it, as the sounds of a song."""

from __future__ import annotations

from loopmind.compose.rebuild import rebuild_palette
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.cuts import Cuts
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette


@node(id="loopmind.choose_slices", category="Compose", output="palette", cache="disk")
def choose_slices(cuts: Cuts, crate: Crate, brief: Brief, seed: Seed = 1) -> Palette:
    """Make the track itself the melody, at its own tempo, and choose drums of the other sounds."""
    return rebuild_palette(cuts, crate, brief, seed)
