"""The node that stops a stream like a tape."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.tape_stop", category="Stream", output="signal", kind="stream")
def tape_stop(
    signal: Signal,
    at_s: Annotated[float, Range(0, 21600, unit="s"), "When."] = 0.0,
    length_s: Annotated[float, Range(0.05, 8, unit="s", scale="log"), "Until it stands."] = 1.0,
    silence_s: Annotated[float, Range(0, 60, unit="s"), "Silence after it."] = 0.0,
    curve: Annotated[float, Range(0.3, 3), "How the speed falls."] = 1.0,
) -> Signal:
    """Slow the stream down to a halt at one moment of the song, and come back after a silence."""
    return Signal(
        "loopmind.dsp.effects.tape_stop:TAPE_STOP",
        {"at_s": at_s, "length_s": length_s, "silence_s": silence_s, "curve": curve},
        (signal,),
    )
