"""The node that writes notes to a MIDI file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.notes import Notes


@node(id="loopmind.write_notes", category="Output", output="path", writes_files=True, cache="none")
def write_notes(
    notes: Notes,
    path: Annotated[Path, "Where to; a .mid file."],
    bpm: Annotated[float, Range(20, 400, unit="bpm"), "Tempo that the file names."] = 120.0,
) -> Path:
    """Write notes as a standard MIDI file, 480 ticks a beat.

    Errors: a folder that cannot be written.
    """
    from loopmind.files import midi_notes

    return midi_notes.write_notes(path, (notes,), bpm)
