"""The node that warms a stream."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.saturator", category="Stream", output="signal", kind="stream")
def saturator(
    signal: Signal,
    drive: Annotated[float, Range(0, 1), "How soon peaks bend."] = 0.3,
) -> Signal:
    """Bend peaks softly as tape does; quiet sound passes as it is. Oversampled twice."""
    return Signal(
        "loopmind.dsp.effects.borrowed:SATURATOR",
        {"drive": drive},
        (signal,),
    )
