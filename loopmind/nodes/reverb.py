"""The node that gives a stream room."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.reverb", category="Stream", output="signal", kind="stream")
def reverb(
    signal: Signal,
    decay_s: Annotated[
        float, Range(0.1, 20, unit="s", scale="log"), "Time to fall by 60 dB."
    ] = 1.8,
    predelay_ms: Annotated[float, Range(0, 250, unit="ms"), "Before the room answers."] = 20.0,
    damping: Annotated[float, Range(0, 1), "How soon treble dies."] = 0.5,
    low_cut_hz: Annotated[
        float, Range(20, 1000, unit="Hz", scale="log"), "Below this the room is silent."
    ] = 200.0,
    gain_db: Annotated[float, Range(-60, 24, unit="dB"), "Louder or softer."] = 0.0,
) -> Signal:
    """The sound of a room: a feedback delay network, wet only; mix it in with a bus."""
    return Signal(
        "loopmind.dsp.effects.borrowed:REVERB",
        {
            "decay_s": decay_s,
            "predelay_ms": predelay_ms,
            "damping": damping,
            "low_cut_hz": low_cut_hz,
            "gain_db": gain_db,
        },
        (signal,),
    )
