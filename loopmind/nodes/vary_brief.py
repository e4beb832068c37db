"""The node that says what another version of a song is to be."""

from __future__ import annotations

from loopmind.compose import vary
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft


@node(id="loopmind.vary_brief", category="Wish", output="brief")
def vary_brief(draft: Draft, wish: Brief, seed: Seed = 1) -> Brief:
    """Keep the terms of a song, lay over them what is wished now, and give it another mix."""
    return vary.vary_brief(draft, wish, seed)
