"""The node that shows a stream's spectrum."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.music.signal import Signal


@node(id="loopmind.spectrum", category="Stream", output="signal", kind="stream")
def spectrum(
    signal: Signal, name: Annotated[str, "By which its readings are found."] = "spectrum"
) -> Signal:
    """Let a stream through and tell the spectrum of its last moments."""
    return Signal("loopmind.dsp.effects.meter:SPECTRUM", {"name": name}, (signal,))
