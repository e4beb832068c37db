"""The node that plays a sound in time."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.audio import Audio
from loopmind.music.signal import Signal


@node(id="loopmind.play_clip", category="Stream", output="signal", kind="stream")
def play_clip(
    audio: Audio,
    start_s: Annotated[float, Range(0, 21600, unit="s"), "When it begins."] = 0.0,
    rate: Annotated[float, Range(0.125, 8, scale="log"), "2 is an octave up, twice as fast."] = 1.0,
    reverse: Annotated[bool, "Play it backwards."] = False,
    repeat: Annotated[bool, "Over and over, its end leading into its start."] = True,
    gain_db: Annotated[float, Range(-60, 24, unit="dB"), "Louder or softer."] = 0.0,
    fade_s: Annotated[float, Range(0, 30, unit="s"), "Of its first start and last end."] = 0.002,
) -> Signal:
    """Play a sound from a frame of the song on, sample-accurate.

    Its place is a function of the playhead, so seeking costs nothing.
    """
    settings = {
        "start_s": start_s, "rate": rate, "reverse": reverse, "repeat": repeat,
        "gain_db": gain_db, "fade_s": fade_s,
    }  # fmt: skip
    return Signal("loopmind.runtime.live.clip_unit:CLIP", settings, values=(audio,))
