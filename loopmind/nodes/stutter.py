"""The node that repeats a moment over and over."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.stutter", category="Stream", output="signal", kind="stream")
def stutter(
    signal: Signal,
    at_s: Annotated[float, Range(0, 21600, unit="s"), "When."] = 0.0,
    length_s: Annotated[float, Range(0.05, 60, unit="s", scale="log"), "For how long."] = 1.0,
    slice_s: Annotated[float, Range(0.01, 2, unit="s", scale="log"), "What is repeated."] = 0.125,
) -> Signal:
    """Repeat a moment of the song over and over for a while."""
    return Signal(
        "loopmind.dsp.effects.stutter:STUTTER",
        {"at_s": at_s, "length_s": length_s, "slice_s": slice_s},
        (signal,),
    )
