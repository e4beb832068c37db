"""The node that makes a new song of a cut track."""

from __future__ import annotations

from loopmind.compose.rebuild import rebuild
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.cuts import Cuts
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette
from loopmind.music.song import Song


@node(id="loopmind.rebuild_song", category="Compose", output="song", cache="disk")
def rebuild_song(cuts: Cuts, palette: Palette, crate: Crate, brief: Brief, seed: Seed = 1) -> Song:
    """Rebuild a track from its own bars: another form, order and energy curve.

    Loops of one to eight bars, chopped, stuttered, reversed and filtered, cut on the beats.
    """
    return rebuild(cuts, palette, crate, brief, seed)
