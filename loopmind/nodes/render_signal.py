"""The node that makes a stream a sound."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.audio import Audio
from loopmind.music.signal import Signal


@node(id="loopmind.render_signal", category="Output", output="audio")
def render_signal(
    signal: Signal,
    context: Context,
    length_s: Annotated[
        float | None, Range(0.001, 21600, unit="s"), "How long; empty: to its own end."
    ] = None,
    rate_hz: Annotated[int, Range(8000, 192000, unit="Hz"), "Sample rate."] = 44100,
) -> Audio:
    """Render a stream to a sound: the very samples that are heard when it plays from the start."""
    from loopmind.runtime.live.signal_render import render_signal as render

    return render(
        signal, length_s, rate_hz=rate_hz, progress=context.progress, cancelled=context.cancelled
    )
