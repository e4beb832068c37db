"""The node that places a stream between left and right."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.pan", category="Stream", output="signal", kind="stream")
def pan(
    signal: Signal,
    pan: Annotated[float, Range(-1, 1), "-1 left, 1 right."] = 0.0,
    width: Annotated[float, Range(0, 2), "0 mono, 1 as it is, 2 wide."] = 1.0,
) -> Signal:
    """Place a stereo stream by a balance of constant power, and make it narrower or wider."""
    return Signal(
        "loopmind.dsp.effects.pan:PAN",
        {"pan": pan, "width": width},
        (signal,),
    )
