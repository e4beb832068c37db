"""The node that plays the slices of a loop by notes."""

from __future__ import annotations

from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.audio import Audio
from loopmind.music.notes import Notes
from loopmind.music.signal import Setting, Signal


@node(id="loopmind.slice_sampler", category="Stream", output="signal", kind="stream")
def slice_sampler(
    audio: Audio,
    notes: Notes | None = None,
    slices: Annotated[int, Range(0, 64), "Equal slices; 0: one at each hit."] = 0,
    gain_db: Annotated[float, Range(-60, 24, unit="dB"), "Louder or softer."] = 0.0,
    name: Annotated[str, "By which keyboards find it."] = "slices",
) -> Signal:
    """Cut a loop into slices and play slice n by note 36 + n; without notes in their own order."""
    settings: dict[str, Setting] = {
        "slices": slices, "gain_db": gain_db, "attack_ms": 0.1, "release_ms": 10.0, "name": name,
    }  # fmt: skip
    values = (audio, notes)
    return Signal("loopmind.runtime.live.sampler_unit:SLICES", settings, values=values)
