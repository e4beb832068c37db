"""The node from which sound is fed back."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.feedback_send", category="Stream", output="signal", kind="stream")
def feedback_send(
    signal: Signal,
    name: Annotated[str, "That of the feedback_return it leads to."] = "feedback",
    gain_db: Annotated[float, Range(-60, -0.1, unit="dB"), "Each time round."] = -6.0,
) -> Signal:
    """Let a stream through, and send it back, softer, to the feedback_return of the same name."""
    return Signal(
        "loopmind.runtime.live.feedback_unit:SEND", {"name": name, "gain_db": gain_db}, (signal,),
        label=f"feedback_send {name}",
    )  # fmt: skip
