"""The node that cuts a finished track into bars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from loopmind.analysis.cutting import NoBeatError, cut
from loopmind.analysis.frontend import frontend
from loopmind.analysis.hear import LONGEST_S
from loopmind.analysis.models import MODELS
from loopmind.compose.anchor import find_sound
from loopmind.errors import LoopMindError
from loopmind.files.decode import read_audio
from loopmind.graph.node import node
from loopmind.music.cuts import Cuts
from loopmind.music.loop import Crate


@node(
    id="loopmind.cut_track",
    category="Analysis",
    output="cuts",
    cache="disk",
    touches_files=True,
    # The crate names the file by the digest of its content.
    fingerprint=lambda controls: "",
    models=MODELS,
)
def cut_track(
    crate: Crate, track: Annotated[Path, "The finished track; one of the files in the crate."]
) -> Cuts:
    """Cut a track into bars at its beats, group bars that sound alike, and find what loops.

    An even tempo is fitted to the whole track; where there is none the beats are followed.
    Errors: a track that is not in the crate, one without a beat, or shorter than four bars.
    """
    found = find_sound(crate, track, "track")
    try:
        return cut(frontend(read_audio(found.path, max_seconds=LONGEST_S)), found.digest)
    except NoBeatError as error:
        raise LoopMindError(
            f"{track} cannot be cut at its beats: {error}; choose a track with a steady beat, "
            "or use the file as a sound of 'loopmind generate'"
        ) from error
