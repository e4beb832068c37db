"""The node that decides the mix."""

from __future__ import annotations

from typing import Annotated, Literal

from loopmind.compose import genres, mixing
from loopmind.compose.wishes import genre_of
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.loop import Crate
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song


@node(
    id="loopmind.mix_song",
    category="Mix",
    output="mix",
    cache="disk",
    touches_files=True,
    fingerprint=genres.fingerprint,
)
def mix_song(
    song: Song,
    palette: Palette,
    crate: Crate,
    style: Annotated[
        Literal["", "raw", "polished", "tape"], "Character of the mix; empty: as wished."
    ] = "",
    loudness_lufs: Annotated[
        float | None,
        Range(-30, -6, unit="LUFS"),
        "Integrated loudness of the master; empty: the genre's.",
    ] = None,
) -> Mix:
    """Decide every channel strip and the master: gain, pan, EQ, compression, sends, side-chain.

    Levels follow the loudness that was heard and the role's place in the genre; equalisers make
    room where spectra clash (kick and bass). Each strip says why in plain words.
    """
    chosen = style or song.brief.mix_style
    target = loudness_lufs
    if target is None:
        target = genre_of(song.brief, crate).loudness_lufs
    return mixing.mix_song(song, palette, crate, style=chosen, target_lufs=target)
