"""The node that evens out the level of a stream."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.compressor", category="Stream", output="signal", kind="stream")
def compressor(
    signal: Signal,
    sidechain: Signal | None = None,
    threshold_db: Annotated[float, Range(-60, 0, unit="dB"), "Above this it works."] = -18.0,
    ratio: Annotated[float, Range(1, 20, scale="log"), "How much it takes."] = 3.0,
    attack_ms: Annotated[
        float, Range(0.1, 200, unit="ms", scale="log"), "How soon it takes hold."
    ] = 10.0,
    release_ms: Annotated[
        float, Range(5, 2000, unit="ms", scale="log"), "How soon it lets go."
    ] = 120.0,
    knee_db: Annotated[float, Range(0, 18, unit="dB"), "Softness of the bend."] = 6.0,
    makeup_db: Annotated[float, Range(0, 24, unit="dB"), "Gain behind it."] = 0.0,
) -> Signal:
    """Lower what exceeds the threshold, heard in the stream itself or in a sidechain.

    Source: Giannoulis et al., "Digital Dynamic Range Compressor Design", JAES 60, 2012.
    """
    settings = {
        "threshold_db": threshold_db, "ratio": ratio, "attack_ms": attack_ms,
        "release_ms": release_ms, "knee_db": knee_db, "makeup_db": makeup_db,
        "keyed": sidechain is not None,
    }  # fmt: skip
    sources = (signal,) if sidechain is None else (signal, sidechain)
    return Signal("loopmind.dsp.effects.dynamics:COMPRESSOR", settings, sources)
