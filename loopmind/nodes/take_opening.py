"""The node that leaves of a song only what sounds in its first bars."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.song import Song


@node(id="loopmind.take_opening", category="Compose", output="song")
def take_opening(
    song: Song, bars: Annotated[int, Range(1, 10_000), "How many from the start."] = 8
) -> Song:
    """Leave only the clips that begin in the first bars, so that they can be fitted first.

    Sections, tracks and the length stay: the rest of the song can join while this plays.
    """
    beats = bars * song.beats_per_bar
    return replace(song, clips=tuple(c for c in song.clips if c.start_beat < beats))
