"""The node that gives a song another mix."""

from __future__ import annotations

from loopmind.compose.editing.settling import mixed_by
from loopmind.graph.node import node
from loopmind.music.draft import Draft
from loopmind.music.mix import Mix


@node(id="loopmind.renew_mix", category="Mix", output="draft")
def renew_mix(draft: Draft, mix: Mix) -> Draft:
    """Put another mix in place of the one that a song has; changes made by hand stay on top of it.

    The strips of locked tracks stay as they are.
    """
    return mixed_by(draft, mix, keep=draft.locked_tracks)
