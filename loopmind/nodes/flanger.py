"""The node that sweeps a comb through a stream."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.flanger", category="Stream", output="signal", kind="stream")
def flanger(
    signal: Signal,
    delay_ms: Annotated[
        float, Range(0.1, 40, unit="ms", scale="log"), "Middle of the delay."
    ] = 2.5,
    depth_ms: Annotated[float, Range(0, 15, unit="ms"), "How far it sways."] = 2.0,
    speed_hz: Annotated[float, Range(0.01, 12, unit="Hz", scale="log"), "How fast."] = 0.2,
    feedback: Annotated[float, Range(-0.9, 0.9), "How much comes again."] = 0.6,
    mix: Annotated[float, Range(0, 1), "How much of it."] = 0.7,
    spread: Annotated[float, Range(0, 1), "How far apart the sides sway."] = 0.5,
) -> Signal:
    """Add a copy only a few milliseconds late, with feedback: a sweeping comb."""
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
