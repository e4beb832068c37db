"""The node that sweeps notches through a stream."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.phaser", category="Stream", output="signal", kind="stream")
def phaser(
    signal: Signal,
    low_hz: Annotated[float, Range(50, 2000, unit="Hz", scale="log"), "Lowest corner."] = 250.0,
    octaves: Annotated[float, Range(0.5, 6), "How far it sways."] = 3.0,
    speed_hz: Annotated[float, Range(0.01, 12, unit="Hz", scale="log"), "How fast."] = 0.3,
    feedback: Annotated[float, Range(0, 0.9), "How much comes again."] = 0.5,
    mix: Annotated[float, Range(0, 1), "How much of it."] = 0.8,
    spread: Annotated[float, Range(0, 1), "How far apart the sides sway."] = 0.25,
) -> Signal:
    """Sweep notches through a stream with swaying all-pass filters."""
    return Signal(
        "loopmind.dsp.effects.modulation:PHASER",
        {
            "low_hz": low_hz,
            "octaves": octaves,
            "speed_hz": speed_hz,
            "feedback": feedback,
            "mix": mix,
            "spread": spread,
        },
        (signal,),
    )
