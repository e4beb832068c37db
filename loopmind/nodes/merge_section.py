"""The node that takes a section over from another version of a song."""

from __future__ import annotations

from typing import Annotated

from loopmind.compose import merging
from loopmind.graph.node import node
from loopmind.music.draft import Draft


@node(id="loopmind.merge_section", category="Compose", output="draft")
def merge_section(
    ours: Draft, theirs: Draft, section: Annotated[str, "Name of the section, such as 'hook 2'."]
) -> Draft:
    """Take one section of another version of a song over; all other sections stay as they are.

    Tracks that only the other version has come along; locked tracks keep what they play.
    Errors: an unknown section, a locked one, another metre.
    """
    return merging.merge_section(ours, theirs, section)
