"""The node that shows a stream's level."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.music.signal import Signal


@node(id="loopmind.meter", category="Stream", output="signal", kind="stream")
def meter(
    signal: Signal, name: Annotated[str, "By which its readings are found."] = "meter"
) -> Signal:
    """Let a stream through and tell its level and peaks."""
    return Signal("loopmind.dsp.effects.meter:METER", {"name": name}, (signal,))
