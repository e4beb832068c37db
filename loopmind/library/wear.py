"""What was used in which song, and how worn each sound is by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_FADING = 0.75
_LEAST = 0.1


@dataclass(frozen=True)
class SongUse:
    """One song (its project file), when it was last made, and the sounds that play in it."""

    song: str
    used_s: float
    digests: tuple[str, ...]


def by_song(uses: Iterable[tuple[str, str, float]]) -> tuple[SongUse, ...]:
    """Songs of (song, digest, time), in the order in which they come."""
    found: dict[tuple[str, float], list[str]] = {}
    for song, digest, used_s in uses:
        found.setdefault((song, used_s), []).append(digest)
    return tuple(SongUse(song, used_s, tuple(own)) for (song, used_s), own in found.items())


def wear_of(songs: Iterable[SongUse]) -> tuple[tuple[str, float], ...]:
    """(digest, weight) of the sounds of `songs`, the latest first; sorted by digest.

    Law: the latest song's sounds weigh 1, those of the one before .75, then .75 squared ...; a
    sound of several songs weighs as in the latest of them. Below .1 a sound is fresh again.

    >>> songs = [SongUse("b", 2.0, ("x",)), SongUse("a", 1.0, ("x", "y"))]
    >>> wear_of(songs)
    (('x', 1.0), ('y', 0.75))
    """
    worn: dict[str, float] = {}
    weight = 1.0
    for song in songs:
        if weight < _LEAST:
            break
        for digest in song.digests:
            worn.setdefault(digest, round(weight, 4))
        weight *= _FADING
    return tuple(sorted(worn.items()))
