"""The node that adds streams up."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.bus", category="Stream", output="signal", kind="stream")
def bus(
    a: Signal,
    b: Signal | None = None,
    c: Signal | None = None,
    d: Signal | None = None,
    gain_a_db: Annotated[float, Range(-120, 24, unit="dB"), "Level of a."] = 0.0,
    gain_b_db: Annotated[float, Range(-120, 24, unit="dB"), "Level of b."] = 0.0,
    gain_c_db: Annotated[float, Range(-120, 24, unit="dB"), "Level of c."] = 0.0,
    gain_d_db: Annotated[float, Range(-120, 24, unit="dB"), "Level of d."] = 0.0,
) -> Signal:
    """Add up to four streams, each at its own level; paths of other latency are aligned.

    One stream led to two buses is a send.
    """
    led = [(a, gain_a_db), (b, gain_b_db), (c, gain_c_db), (d, gain_d_db)]
    wired = [(stream, level) for stream, level in led if stream is not None]
    settings = {f"gain_db_{n}": level for n, (_, level) in enumerate(wired, start=1)}
    sources = tuple(stream for stream, _ in wired)
    return Signal("loopmind.dsp.effects.total:TOTAL", settings, sources)
