"""The node that keeps a stream below a ceiling."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.limiter", category="Stream", output="signal", kind="stream")
def limiter(
    signal: Signal,
    gain_db: Annotated[float, Range(-24, 40, unit="dB"), "Gain before it."] = 0.0,
    ceiling_dbtp: Annotated[float, Range(-24, 0, unit="dBTP"), "True peaks stay below."] = -1.0,
    release_ms: Annotated[
        float, Range(10, 1000, unit="ms", scale="log"), "How soon it lets go."
    ] = 80.0,
) -> Signal:
    """Keep true peaks below a ceiling, looking ahead."""
    return Signal(
        "loopmind.dsp.effects.borrowed:LIMITER",
        {"gain_db": gain_db, "ceiling_dbtp": ceiling_dbtp, "release_ms": release_ms},
        (signal,),
    )
