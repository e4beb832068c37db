"""The node that picks sounds which fit each other."""

from __future__ import annotations

from typing import Annotated

from loopmind.compose import genres
from loopmind.compose.learned_fit import MODEL, fit_model
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette


@node(
    id="loopmind.choose_loops",
    category="Compose",
    version=2,
    output="palette",
    cache="disk",
    touches_files=True,
    fingerprint=genres.fingerprint,
    models=(MODEL,),
)
def choose_loops(
    crate: Crate,
    brief: Brief,
    seed: Seed = 1,
    learned_fit: Annotated[
        bool, "Let the trained fit model have a say in which sounds belong together."
    ] = True,
) -> Palette:
    """Fill the roles of a song with loops that fit each other in rhythm, harmony and spectrum.

    Tempo and key of the song are chosen together with the loops; the brief's wishes win. Every
    choice keeps its scores and five runners-up. Errors: a crate without any usable sound.
    """
    from loopmind.compose import select  # often it is remembered what came of it

    fit = fit_model() if learned_fit else None
    return select.choose(crate, brief, seed, fit=fit)
