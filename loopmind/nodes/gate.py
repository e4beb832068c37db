"""The node that silences what is quiet."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.gate", category="Stream", output="signal", kind="stream")
def gate(
    signal: Signal,
    threshold_db: Annotated[float, Range(-80, 0, unit="dB"), "Above this it opens."] = -40.0,
    hysteresis_db: Annotated[float, Range(0, 24, unit="dB"), "How far below it closes."] = 4.0,
    attack_ms: Annotated[
        float, Range(0.05, 50, unit="ms", scale="log"), "How fast it opens."
    ] = 1.0,
    hold_ms: Annotated[float, Range(0, 500, unit="ms"), "How long it stays open."] = 30.0,
    release_ms: Annotated[
        float, Range(1, 1000, unit="ms", scale="log"), "How fast it closes."
    ] = 80.0,
    range_db: Annotated[float, Range(0, 120, unit="dB"), "How much softer when closed."] = 120.0,
) -> Signal:
    """Close when the stream falls below the threshold, open when it rises above."""
    return Signal(
        "loopmind.dsp.effects.dynamics:GATE",
        {
            "threshold_db": threshold_db,
            "hysteresis_db": hysteresis_db,
            "attack_ms": attack_ms,
            "hold_ms": hold_ms,
            "release_ms": release_ms,
            "range_db": range_db,
        },
        (signal,),
    )
