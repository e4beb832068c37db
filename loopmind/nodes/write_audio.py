"""The node that writes one sound file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from loopmind.files import encode
from loopmind.graph.node import node
from loopmind.music.audio import Audio


@node(id="loopmind.write_audio", category="Output", output="path", writes_files=True, cache="none")
def write_audio(
    audio: Audio,
    path: Annotated[Path, "Where to; the extension (.wav .flac .ogg .mp3) names the format."],
) -> Path:
    """Write audio to a file, whole or not at all.

    Errors: an unknown extension, a folder that cannot be written, a full disk.
    """
    return encode.write_audio(path, audio)
