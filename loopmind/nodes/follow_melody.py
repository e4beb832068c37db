"""The node that lets a melody decide tempo and key."""

from __future__ import annotations

from loopmind.compose.hum import melody_brief
from loopmind.graph.node import node
from loopmind.music.brief import Brief
from loopmind.music.melody import Melody


@node(id="loopmind.follow_melody", category="Wish", output="brief")
def follow_melody(wish: Brief, melody: Melody) -> Brief:
    """Take tempo and key of the melody, where the wish names none."""
    return melody_brief(wish, melody)
