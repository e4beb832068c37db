"""The node that sharpens or softens attacks."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


@node(id="loopmind.transient_shaper", category="Stream", output="signal", kind="stream")
def transient_shaper(
    signal: Signal,
    attack_db: Annotated[float, Range(-15, 15, unit="dB"), "Attacks."] = 0.0,
    sustain_db: Annotated[float, Range(-15, 15, unit="dB"), "Tails."] = 0.0,
) -> Signal:
    """Make attacks and tails of a stream louder or softer, whatever its level."""
    return Signal(
        "loopmind.dsp.effects.dynamics:SHAPER",
        {"attack_db": attack_db, "sustain_db": sustain_db},
        (signal,),
    )
