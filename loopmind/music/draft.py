"""A draft: a song with every decision behind it, as edits find it and leave it."""

from __future__ import annotations

from dataclasses import dataclass

from loopmind.music.brief import Brief
from loopmind.music.edit import LockKind
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song


@dataclass(frozen=True)
class Lock:
    """A part that no edit changes: a section or a track by name, a sound by digest."""

    kind: LockKind
    name: str


@dataclass(frozen=True)
class Draft:
    """A song, its sounds and its mix, with what edits must know to go on from here.

    solo: the tracks that alone sound, empty where all do. told: what each edit did, in plain
    words, one entry an edit. muted: the tracks that were silenced, solo aside. automatic: the mix
    before what was changed in it by hand, so that a new mix keeps those changes; None: as `mix`.
    """

    brief: Brief
    palette: Palette
    song: Song
    mix: Mix
    locks: tuple[Lock, ...] = ()
    solo: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    automatic: Mix | None = None

    @staticmethod
    def start(brief: Brief, palette: Palette, song: Song, mix: Mix) -> Draft:
        """The draft from which edits go on: a song as it was generated."""
        muted = tuple(strip.track for strip in mix.strips if strip.muted)
        return Draft(brief, palette, song, mix, muted=muted)

    @property
    def locked_tracks(self) -> tuple[str, ...]:
        """The tracks that no edit changes, in the song's order."""
        return tuple(track.id for track in self.song.tracks if self.is_locked("track", track.id))

    def is_locked(self, kind: LockKind, name: str) -> bool:
        return Lock(kind, name) in self.locks
