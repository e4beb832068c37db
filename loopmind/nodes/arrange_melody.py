"""The node that arranges a song round a melody."""

from __future__ import annotations

from loopmind.compose import hum
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.melody import Melody
from loopmind.music.palette import Palette
from loopmind.music.song import Song


@node(id="loopmind.arrange_melody", category="Compose", output="song", cache="disk")
def arrange_melody(
    palette: Palette, melody: Melody, crate: Crate, brief: Brief, seed: Seed = 1
) -> Song:
    """Arrange the palette, and state the melody over it: whole in hooks, in part elsewhere.

    Chords played by patterns take the progression that agrees with the melody.
    """
    return hum.arrange_melody(palette, melody, crate, brief, seed)
