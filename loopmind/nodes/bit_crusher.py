"""The node that makes a stream coarse."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.bit_crusher", category="Stream", output="signal", kind="stream")
def bit_crusher(
    signal: Signal,
    bits: Annotated[float, Range(1, 24), "Fineness of levels."] = 8.0,
    rate_hz: Annotated[
        float, Range(200, 48000, unit="Hz", scale="log"), "Rate of the held values."
    ] = 11025.0,
    mix: Annotated[float, Range(0, 1), "How much of it."] = 1.0,
) -> Signal:
    """Fewer bits and a lower sample rate, as early samplers had."""
    return Signal(
        "loopmind.dsp.effects.crusher:CRUSHER",
        {"bits": bits, "rate_hz": rate_hz, "mix": mix},
        (signal,),
    )
