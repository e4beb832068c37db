"""The node that filters a stream."""

from __future__ import annotations

from typing import Annotated, Literal

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.filter_stream", category="Stream", output="signal", kind="stream")
def filter_stream(
    signal: Signal,
    kind: Annotated[
        Literal["highcut", "lowcut", "bandpass", "notch"], "What is let through."
    ] = "highcut",
    freq_hz: Annotated[
        float, Range(20, 20000, unit="Hz", scale="log"), "Corner or centre."
    ] = 1000.0,
    q: Annotated[float, Range(0.3, 12, scale="log"), "Resonance."] = 0.707,
) -> Signal:
    """Filter a stream with one state-variable band whose corner can be swept while it plays.

    Source: Simper, "Linear Trapezoidal Integrated State Variable Filter", 2014.
    """
    return Signal(
        "loopmind.dsp.effects.equaliser:EQUALISER",
        {"kind_1": kind, "freq_hz_1": freq_hz, "q_1": q},
        (signal,),
    )
