"""The node that picks sounds of two folders in equal shares."""

from __future__ import annotations

from typing import Annotated

from loopmind.compose import genres, sharing
from loopmind.compose.learned_fit import MODEL, fit_model
from loopmind.graph.node import node
from loopmind.graph.ports import Seed
from loopmind.music.brief import Brief
from loopmind.music.loop import Crate
from loopmind.music.palette import Palette


@node(
    id="loopmind.choose_shared",
    category="Compose",
    version=2,
    output="palette",
    cache="disk",
    touches_files=True,
    fingerprint=genres.fingerprint,
    models=(MODEL,),
)
def choose_shared(
    crate: Crate,
    brief: Brief,
    seed: Seed = 1,
    learned_fit: Annotated[
        bool, "Let the trained fit model have a say in which sounds belong together."
    ] = True,
) -> Palette:
    """Fill the roles of a song so that both sides of the brief contribute about half.

    Shares are counted by roles and by the time for which sounds are heard. Where one side has too
    little that fits, the palette says so. Errors: a crate without any usable sound.
    """
    fit = fit_model() if learned_fit else None
    return sharing.choose_shared(crate, brief, seed, fit=fit)
