"""The node that reads the notes of a MIDI file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from loopmind.files.digest import file_digest
from loopmind.graph.node import node
from loopmind.music.notes import Notes


def _content(controls: Mapping[str, Any]) -> str:
    """The digest of the file, so that a changed file is read again and an equal one is not."""
    path = Path(controls.get("path") or "")
    return file_digest(path) if path.is_file() else "missing"


@node(
    id="loopmind.load_notes",
    category="Sources",
    output="notes",
    touches_files=True,
    fingerprint=_content,
)
def load_notes(
    path: Annotated[Path, "A .mid file."],
    instrument: Annotated[str, "Name of one in it, or its number; empty: all."] = "",
) -> Notes:
    """Read notes from a MIDI file, for the sampler to play.

    Errors: a file that is missing, no MIDI or damaged; an instrument that it has not.
    """
    from loopmind.files.midi_notes import read_notes

    return read_notes(path, instrument)
