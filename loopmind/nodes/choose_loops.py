"""The node that picks sounds which fit each other."""

from __future__ import annotations

from loopmind.compose import genres, select
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette


@node(
    id="loopmind.choose_loops",
    category="Compose",
    output="palette",
    cache="disk",
    touches_files=True,
    fingerprint=genres.fingerprint,
)
def choose_loops(crate: Crate, brief: Brief, seed: Seed = 1) -> Palette:
    """Fill the roles of a song with loops that fit each other in rhythm, harmony and spectrum.

    Tempo and key of the song are chosen together with the loops; the brief's wishes win. Every
    choice keeps its scores and five runners-up. Errors: a crate without any usable sound.
    """
    return select.choose(crate, brief, seed)
