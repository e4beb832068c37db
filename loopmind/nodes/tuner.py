"""The node that tells a stream's pitch."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.music.signal import Signal


@node(id="loopmind.tuner", category="Stream", output="signal", kind="stream")
def tuner(
    signal: Signal, name: Annotated[str, "By which its readings are found."] = "tuner"
) -> Signal:
    """Let a stream through and tell the pitch of one voice in it."""
    return Signal("loopmind.dsp.effects.meter:TUNER", {"name": name}, (signal,))
