"""The node that repeats a stream in time."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.tempo_delay", category="Stream", output="signal", kind="stream")
def tempo_delay(
    signal: Signal,
    bpm: Annotated[float, Range(20, 400, unit="bpm"), "Tempo."] = 120.0,
    beats: Annotated[
        float, Range(0.0625, 8, unit="beats", scale="log"), "Between two echoes."
    ] = 0.75,
    feedback: Annotated[float, Range(0, 0.95), "How much comes again."] = 0.4,
    damping_hz: Annotated[
        float, Range(200, 20000, unit="Hz", scale="log"), "Echoes grow dull above."
    ] = 5000.0,
    wet_db: Annotated[float, Range(-120, 12, unit="dB"), "Echoes."] = -9.0,
    dry_db: Annotated[float, Range(-120, 12, unit="dB"), "The stream itself."] = 0.0,
    ping_pong: Annotated[bool, "From side to side."] = False,
) -> Signal:
    """Echo a stream in note values of the tempo; the echoes grow dull and may change sides."""
    return Signal(
        "loopmind.dsp.effects.echo:ECHO",
        {
            "time_s": beats * 60.0 / bpm,
            "feedback": feedback,
            "damping_hz": damping_hz,
            "wet_db": wet_db,
            "dry_db": dry_db,
            "ping_pong": ping_pong,
        },
        (signal,),
    )
