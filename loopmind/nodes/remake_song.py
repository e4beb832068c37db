"""The node that plays a transcript with chosen sounds."""

from __future__ import annotations

from loopmind.compose.remake import remake
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette
from loopmind.music.song import Song
from loopmind.music.transcript import Transcript


@node(id="loopmind.remake_song", category="Compose", output="song", cache="disk")
def remake_song(
    palette: Palette, transcript: Transcript, crate: Crate, brief: Brief, seed: Seed = 1
) -> Song:
    """Play every note of the transcript with the palette's sounds, on the grid, bar by bar."""
    return remake(transcript, palette, crate, brief, seed)
