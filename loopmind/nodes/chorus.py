"""The node that makes one voice many."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.chorus", category="Stream", output="signal", kind="stream")
def chorus(
    signal: Signal,
    delay_ms: Annotated[
        float, Range(0.1, 40, unit="ms", scale="log"), "Middle of the delay."
    ] = 14.0,
    depth_ms: Annotated[float, Range(0, 15, unit="ms"), "How far it sways."] = 4.0,
    speed_hz: Annotated[float, Range(0.01, 12, unit="Hz", scale="log"), "How fast."] = 0.6,
    feedback: Annotated[float, Range(-0.9, 0.9), "How much comes again."] = 0.0,
    mix: Annotated[float, Range(0, 1), "How much of it."] = 0.5,
    spread: Annotated[float, Range(0, 1), "How far apart the sides sway."] = 0.5,
) -> Signal:
    """Add a copy of the stream whose delay sways: one voice becomes several."""
    return Signal(
        "loopmind.dsp.effects.modulation:SWAY",
        {
            "delay_ms": delay_ms,
            "depth_ms": depth_ms,
            "speed_hz": speed_hz,
            "feedback": feedback,
            "mix": mix,
            "spread": spread,
        },
        (signal,),
    )
