"""The node that hears a finished track as a reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from loopmind.analysis import reference
from loopmind.analysis.hear import LONGEST_S
from loopmind.analysis.models import MODELS
from loopmind.errors import LoopMindError
from loopmind.files.decode import read_audio
from loopmind.files.digest import file_digest
from loopmind.graph.node import node
from loopmind.music.reference import Reference


def _content(controls: Mapping[str, Any]) -> str:
    """The digest of the file, so that an equal one is not heard again."""
    path = Path(controls.get("track") or "")
    return file_digest(path) if path.is_file() else "missing"


@node(
    id="loopmind.hear_reference",
    category="Analysis",
    output="reference",
    cache="disk",
    touches_files=True,
    fingerprint=_content,
    models=MODELS,
)
def hear_reference(track: Annotated[Path, "A finished track, as an audio file."]) -> Reference:
    """Hear tempo, key, form, loudness curve and spectrum of a finished track.

    Errors: a file that is missing or no audio, a track that is too short or silent.
    """
    if not track.is_file():
        raise LoopMindError(f"there is no file {track} to be the reference; check the path")
    audio = read_audio(track, max_seconds=LONGEST_S)
    return reference.hear_reference(audio, name=track.name, digest=file_digest(track))
