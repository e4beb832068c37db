"""The node that reads one sound file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from loopmind.files.decode import read_audio
from loopmind.files.digest import file_digest
from loopmind.graph.node import node
from loopmind.music.audio import Audio


def _content(controls: Mapping[str, Any]) -> str:
    """The digest of the file, so that a changed file is read again and an equal one is not."""
    path = Path(controls.get("path") or "")
    return file_digest(path) if path.is_file() else "missing"


@node(
    id="loopmind.load_audio",
    category="Sources",
    output="audio",
    touches_files=True,
    fingerprint=_content,
)
def load_audio(path: Annotated[Path, "A WAV, AIFF, FLAC, OGG, Opus or MP3 file."]) -> Audio:
    """Read a sound file at its own rate, float32 (channels, frames).

    Errors: a file that is missing, no audio, or damaged beyond use.
    """
    return read_audio(path)
