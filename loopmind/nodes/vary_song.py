"""The node that arranges another version of a song."""

from __future__ import annotations

from loopmind.compose import vary
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette
from loopmind.music.song import Song


@node(id="loopmind.vary_song", category="Compose", output="song", cache="disk")
def vary_song(draft: Draft, palette: Palette, crate: Crate, brief: Brief, seed: Seed = 1) -> Song:
    """Arrange a song's sounds in another form, its melody and chords kept."""
    return vary.vary_song(draft, palette, crate, brief, seed)
