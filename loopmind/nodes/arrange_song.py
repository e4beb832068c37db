"""The node that lays chosen sounds out in time."""

from __future__ import annotations

from loopmind.compose import genres
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette
from loopmind.music.song import Song


@node(
    id="loopmind.arrange_song",
    category="Compose",
    output="song",
    cache="disk",
    touches_files=True,
    fingerprint=genres.fingerprint,
)
def arrange_song(palette: Palette, crate: Crate, brief: Brief, seed: Seed = 1) -> Song:
    """Arrange sections in whole bars along an energy curve that builds to the hook.

    Layers enter and leave, repeats vary, sections end in fills and drop-outs; seeds are derived
    per section and track, so one can be made anew without touching the others.
    """
    from loopmind.compose import arrange  # often it is remembered what came of it

    return arrange.arrange(palette, crate, brief, seed)
