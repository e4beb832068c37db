"""The node that changes tempo and pitch of one sound."""

from __future__ import annotations

from typing import Annotated

from loopmind.dsp.stretch import phase_stretch
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.audio import Audio


@node(id="loopmind.stretch_audio", category="Sound", output="audio")
def stretch_audio(
    audio: Audio,
    speed: Annotated[float, Range(0.5, 2.0, scale="log"), "2 is twice as fast."] = 1.0,
    semitones: Annotated[float, Range(-12, 12, unit="semitones"), "Transposition."] = 0.0,
    seamless: Annotated[bool, "The sound is a loop: its end leads into its start."] = True,
) -> Audio:
    """Play faster or slower without changing pitch, or transpose without changing speed.

    frames out = round(frames / speed). Signalsmith Stretch; more than two channels are refused.
    """
    frames = round(audio.frames / speed)
    made = phase_stretch(
        audio.samples, frames, rate_hz=audio.rate_hz, semitones=semitones, periodic=seamless
    )
    return Audio(made, audio.rate_hz)
