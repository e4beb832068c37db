"""The node that asks for a song in which new sounds are heard."""

from __future__ import annotations

from dataclasses import replace

from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Anchor, Brief
from loopmind.music.loop import Crate

_ROLES = ("lead", "pad", "percussion")


@node(id="loopmind.feature_new", category="Wish", output="brief")
def feature_new(brief: Brief, before: Crate, crate: Crate, seed: Seed = 1) -> Brief:
    """Let some of the sounds in `crate` that are not in `before` play: a line, a texture, a pulse.

    What they play follows what was heard of them; the seed chooses which.
    """
    known = {loop.digest for loop in before.loops}
    new = [loop for loop in crate.loops if loop.digest not in known and loop.kind == "loop"]
    anchors = list(brief.anchors)
    for kind, role in zip(("line", "texture", "pulse"), _ROLES, strict=True):
        fitting = [x for x in new if x.path.replace("\\", "/").rsplit("/", 1)[-1].startswith(kind)]
        if fitting:
            anchors.append(Anchor(fitting[seed % len(fitting)].digest, role))
    return replace(brief, anchors=tuple(anchors))
