"""The node that understands the wish."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from loopmind.compose import genres
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.brief import Brief
from loopmind.music.key import Key


@node(
    id="loopmind.read_prompt",
    category="Wish",
    output="brief",
    cache="disk",
    touches_files=True,
    fingerprint=genres.fingerprint,
)
def read_prompt(
    wish: Annotated[str, "What you want, in plain words: 'dark trap, 140 bpm'."] = "",
    genre: Annotated[str, "Name of a genre brain; empty: what the wish says, or what suits."] = "",
    bpm: Annotated[float | None, Range(40, 240, unit="bpm"), "Tempo; empty: as wished."] = None,
    key: Annotated[str, "Key such as 'F# minor'; empty: as wished."] = "",
    energy: Annotated[float | None, Range(0, 1), "0 calm .. 1 intense; empty: as wished."] = None,
    length_s: Annotated[
        float | None, Range(10, 1200, unit="s"), "Length of the song; empty: as wished."
    ] = None,
) -> Brief:
    """Read a wish in plain words into exact terms; every control that is set wins over the words.

    Says in the brief what it understood and what it ignored. Errors: an unknown genre or key.
    """
    from loopmind.compose import prompt  # often it is remembered what came of it

    brief = prompt.read_prompt(wish)
    if genre:
        brief = replace(brief, genre=genres.profile(genre).name)
    if bpm is not None:
        brief = replace(brief, bpm=(bpm, bpm))
    if key:
        exact = Key.parse(key)
        brief = replace(brief, key=exact, mode=exact.mode)
    if energy is not None:
        brief = replace(brief, energy=energy)
    if length_s is not None:
        brief = replace(brief, length_s=length_s)
    return brief
