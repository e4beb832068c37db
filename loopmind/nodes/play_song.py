"""The node that plays a whole song as a stream."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.material import Material
from loopmind.music.mix import Mix
from loopmind.music.signal import Signal
from loopmind.music.song import Song


@node(id="loopmind.play_song", category="Stream", output="signal", kind="stream")
def play_song(
    song: Song,
    mix: Mix,
    material: Material,
    gain_db: Annotated[float, Range(-40, 40, unit="dB"), "Gain into the limiter."] = 0.0,
) -> Signal:
    """Play a song through its mix and master: the very program that renders it."""
    unit = "loopmind.runtime.live.song_patch:SONG"
    return Signal(unit, {"gain_db": gain_db}, values=(song, mix, material))
