"""The node that makes a stream louder or softer."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.gain", category="Stream", output="signal", kind="stream")
def gain(
    signal: Signal,
    gain_db: Annotated[float, Range(-60, 24, unit="dB"), "Louder or softer."] = 0.0,
) -> Signal:
    """Make a stream louder or softer: y = x 10^(gain_db / 20), gliding to a new value."""
    return Signal("loopmind.dsp.effects.gain:GAIN", {"gain_db": gain_db}, (signal,))
