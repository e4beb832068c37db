"""The node where fed back sound comes in again."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.feedback_return", category="Stream", output="signal", kind="stream")
def feedback_return(
    name: Annotated[str, "That of the feedback_send it belongs to."] = "feedback",
    time_s: Annotated[
        float, Range(0.024, 8, unit="s", scale="log"), "Once round takes so long."
    ] = 0.25,
) -> Signal:
    """Give what the feedback_send of the same name has sent, time_s ago (at least 1024 frames).

    Wires may not run in a circle; this pair may. At any block size the samples are the same.
    """
    return Signal(
        "loopmind.runtime.live.feedback_unit:RETURN", {"name": name, "time_s": time_s},
        label=f"feedback_return {name}",
    )  # fmt: skip
