"""How somebody makes songs: what was measured of finished ones, to make others like them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loopmind.music.brief import FormPart


@dataclass(frozen=True)
class SongStyle:
    """What was measured of one song.

    source: "audio", of which only what can be heard is known, or "project". bpm, mode: None where
    unclear. brightness_db: power above 2.8 kHz against that between 180 Hz and 2.8 kHz, None
    where there was no sound to measure. plays: for each part of the form the roles that play
    (projects only). roles: role -> (number of its sounds, share of the song in which it plays,
    share of that time in which it truly sounds). habits: transition -> share of sections with it.
    """

    name: str
    source: Literal["audio", "project"]
    duration_s: float
    bpm: float | None
    mode: Literal["major", "minor"] | None
    tags: tuple[str, ...]
    energy: float | None
    loudness_lufs: float | None
    brightness_db: float | None
    form: tuple[FormPart, ...]
    plays: tuple[tuple[str, ...], ...] = ()
    roles: tuple[tuple[str, int, float, float], ...] = ()
    habits: tuple[tuple[str, float], ...] = ()
    mix_style: str | None = None


@dataclass(frozen=True)
class Style:
    """The songs that a style was measured of."""

    songs: tuple[SongStyle, ...]
