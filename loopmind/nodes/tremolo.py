"""The node that lets loudness sway."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.tremolo", category="Stream", output="signal", kind="stream")
def tremolo(
    signal: Signal,
    speed_hz: Annotated[float, Range(0.02, 40, unit="Hz", scale="log"), "How fast."] = 5.0,
    depth: Annotated[float, Range(0, 1), "How deep."] = 0.6,
    shape: Annotated[float, Range(0, 1), "0 sine, 1 chopped."] = 0.0,
    spread: Annotated[float, Range(0, 1), "How far apart the sides sway."] = 0.0,
) -> Signal:
    """Let loudness sway in time, from a soft sine to a chopped gate."""
    return Signal(
        "loopmind.dsp.effects.tremolo:TREMOLO",
        {"speed_hz": speed_hz, "depth": depth, "shape": shape, "spread": spread},
        (signal,),
    )
