"""The node that hears all of a recording's music from its file, however long it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from loopmind.analysis.listening.assemble import HearNotes, Quantising
from loopmind.analysis.listening.drums import DRUMS_MODEL
from loopmind.analysis.listening.pitched import transcribe_pitched
from loopmind.analysis.listening.pitched_model import NOTES_MODEL
from loopmind.analysis.listening.quantise import GRIDS
from loopmind.analysis.listening.recording import transcribe_file
from loopmind.analysis.listening.separation import LIGHT, LIGHT_MODEL
from loopmind.analysis.listening.separation_files import stem_files
from loopmind.analysis.listening.separators import open_separator
from loopmind.analysis.models import open_model
from loopmind.files.digest import file_digest
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Choices, Range
from loopmind.music.transcript import Transcript


def _content(controls: Mapping[str, Any]) -> str:
    """The digests of the recording, of its stems, and of a separator that is named by its path."""
    files = [Path(controls.get(name) or "") for name in ("path", "separator", "model")]
    if controls.get("stems"):
        files += stem_files(Path(controls["stems"])).values()
    return " ".join(file_digest(file) if file.is_file() else "-" for file in files)


@node(
    id="loopmind.transcribe_recording",
    category="Analysis",
    output="transcript",
    cache="disk",
    touches_files=True,
    fingerprint=_content,
    models=(DRUMS_MODEL, NOTES_MODEL, LIGHT_MODEL),
)
def transcribe_recording(
    path: Annotated[Path, "A WAV, AIFF, FLAC, OGG, Opus or MP3 file."],
    context: Context,
    separator: Annotated[
        str, f"Take it apart first: {LIGHT}, htdemucs, or a model file; empty: hear the mix."
    ] = "",
    stems: Annotated[str, "Folder of its stems, where it was taken apart already."] = "",
    grid: Annotated[str, Choices(*GRIDS), "Notes are quantised to this part of a whole."] = "1/16",
    strength: Annotated[
        float, Range(0.0, 1.0), "How far quantised notes move: 0 not at all, 1 onto the grid."
    ] = 1.0,
    title: Annotated[str, "What the recording is called; empty: as its file is."] = "",
    model: Annotated[
        str, "Another model of notes: an ONNX file of LoopMind's kind or of the MT3 family."
    ] = "",
) -> Transcript:
    """Hear every note of a recording of any length, who plays it, its beats, key and chords.

    Notes are kept both as they were heard and quantised. Memory does not grow with its length:
    more than ten minutes are heard stretch by stretch. Errors: a file that is missing or no audio,
    a recording that is silent or shorter than a quarter of a second; models that are missing or
    altered.
    """
    hear_notes: HearNotes = transcribe_pitched
    if model:
        hear_notes = partial(transcribe_pitched, model=open_model(Path(model), threads=2))
    return transcribe_file(
        path, name=title, quantising=Quantising(grid, strength), progress=context.step,
        separator=open_separator(separator) if separator and not stems else None,
        stems=stem_files(Path(stems)) if stems else None, hear_notes=hear_notes,
    )  # fmt: skip
