"""The node that hears all of a recording's music: notes by instrument, beats, key and chords."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from loopmind.analysis.listening.assemble import Quantising, assemble
from loopmind.analysis.listening.drums import DRUMS_MODEL
from loopmind.analysis.listening.pitched_model import NOTES_MODEL
from loopmind.analysis.listening.quantise import GRIDS
from loopmind.analysis.listening.recording import check_length as check_shortest
from loopmind.errors import LoopMindError
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Choices, Range
from loopmind.music.audio import Audio
from loopmind.music.stems import Stems
from loopmind.music.transcript import Transcript

LONGEST_S = 30 * 60.0
_SILENT = 1e-4


@node(
    id="loopmind.transcribe_audio",
    category="Analysis",
    output="transcript",
    cache="disk",
    models=(DRUMS_MODEL, NOTES_MODEL),
)
def transcribe_audio(
    audio: Audio,
    context: Context,
    stems: Annotated[
        Stems | None, "Its stems, as separate_stems gives them; open: all is heard in the mix."
    ] = None,
    grid: Annotated[str, Choices(*GRIDS), "Notes are quantised to this part of a whole."] = "1/16",
    strength: Annotated[
        float, Range(0.0, 1.0), "How far quantised notes move: 0 not at all, 1 onto the grid."
    ] = 1.0,
    title: Annotated[str, "What the recording is called."] = "",
) -> Transcript:
    """Hear every note of a recording, who plays it, its beats, key and chords.

    Notes are kept both as they were heard and quantised. Errors: a recording that is silent,
    shorter than a quarter of a second or longer than 30 minutes; model files that are missing or
    altered.
    """
    check_length(audio.duration_s, title or "the recording")
    if float(np.ptp(audio.samples, axis=1).max()) < _SILENT:
        raise LoopMindError(f"{title or 'the recording'} is silent; there is nothing to transcribe")
    named = dict(zip(stems.names, stems.sounds, strict=True)) if stems is not None else None
    return assemble(
        audio, named, name=title, quantising=Quantising(grid, strength),
        progress=context.step,
    )  # fmt: skip


def check_length(seconds: float, what: str) -> None:
    """Raise LoopMindError where a recording is too short or too long to be transcribed."""
    check_shortest(seconds, what)
    if seconds > LONGEST_S:
        raise LoopMindError(
            f"{what} is {seconds / 60.0:.0f} minutes long, and at most {LONGEST_S / 60.0:.0f} are "
            "heard at once; cut it into pieces, or use 'loopmind transcribe', which hears all"
        )
