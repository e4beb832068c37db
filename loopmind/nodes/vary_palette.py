"""The node that chooses the sounds of another version of a song."""

from __future__ import annotations

from loopmind.compose import vary
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette


@node(id="loopmind.vary_palette", category="Compose", output="palette", cache="disk")
def vary_palette(draft: Draft, crate: Crate, brief: Brief, seed: Seed = 1) -> Palette:
    """Keep the sounds that make a song itself; change the others for runners-up.

    What stayed and what changed is told in the palette's notes.
    Errors: none of the song's sounds can be found any more.
    """
    return vary.vary_palette(draft, crate, brief, seed)
