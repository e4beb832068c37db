"""The node that finds, hears and remembers the user's sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from loopmind.analysis.models import MODELS
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.library.library import Library
from loopmind.library.report import check_usable
from loopmind.music.loop import Crate


@node(
    id="loopmind.scan_folders",
    category="Sources",
    output="crate",
    touches_files=True,
    models=MODELS,
)
def scan_folders(
    folders: Annotated[tuple[Path, ...], "Folders (or files) with your sounds."],
    context: Context,
    library: Annotated[
        Path | None, "Folder of the library that remembers; empty: the default one."
    ] = None,
    use_names: Annotated[bool, "Let file and folder names count as evidence."] = True,
) -> Crate:
    """Find every sound, hear what is new, and remember it.

    Files are known by content: renamed and doubled ones are heard once, a changed one alone is
    heard again, a stopped scan goes on where it stopped. What the user corrected stays. Files
    that cannot be used are listed in the crate with reason and remedy.
    Errors: a folder that does not exist or holds no usable sound, a library folder that cannot
    be written.
    """
    with Library(library) as remembered:
        crate = remembered.scan(
            folders,
            use_names=use_names,
            progress=context.progress,
            cancelled=context.cancelled,
        )
        for note in remembered.notes:
            context.note(note)
        check_usable(folders, crate, len(remembered.report.midi))
        return crate
