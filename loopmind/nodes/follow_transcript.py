"""The node that lets a transcribed track decide tempo and key."""

from __future__ import annotations

from loopmind.compose.remake import remake_brief
from loopmind.graph.node import node
from loopmind.music.brief import Brief
from loopmind.music.transcript import Transcript


@node(id="loopmind.follow_transcript", category="Wish", output="brief")
def follow_transcript(wish: Brief, transcript: Transcript) -> Brief:
    """Take tempo and key of the transcribed track, where the wish names none."""
    return remake_brief(wish, transcript)
