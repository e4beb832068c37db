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
    keep = [track.id for track in draft.song.tracks if draft.is_locked("track", track.id)]
    return mixed_by(draft, mix, keep=keep)
