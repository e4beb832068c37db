"""The node that makes two folders the sides of a song."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from loopmind.compose.sharing import shared
from loopmind.graph.node import node
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate


@node(id="loopmind.share_folders", category="Wish", output="brief", touches_files=True)
def share_folders(
    brief: Brief,
    crate: Crate,
    folders: Annotated[tuple[Path, ...], "The two folders."],
) -> Brief:
    """Ask for a song to which two folders contribute equal shares.

    Errors: other than two folders, one within the other, one without a usable sound.
    """
    return shared(brief, crate, folders)
