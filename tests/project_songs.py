"""Songs for tests of projects: the one in the project of version 1, and changed ones of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from loopmind.files.project import read_project
from loopmind.music.draft import Draft
from loopmind.music.song import Clip, Section, Song

OLD = Path(__file__).parent / "data" / "project-version-1.loopmind"


def old_draft() -> Draft:
    return read_project(OLD).draft()


def in_section(song: Song, name: str, clip: Clip) -> bool:
    section = next(s for s in song.sections if s.name == name)
    start = section.start_bar * song.beats_per_bar
    return start <= clip.start_beat < start + section.bars * song.beats_per_bar


def with_section(draft: Draft, name: str, change: Callable[[Clip], Clip]) -> Draft:
    """`draft` with every clip in one section changed."""
    song = draft.song
    clips = tuple(change(c) if in_section(song, name, c) else c for c in song.clips)
    return replace(draft, song=replace(song, clips=clips))


def longer(draft: Draft, name: str, bars: int) -> Draft:
    """`draft` with a section longer by `bars`, what follows moved."""
    song = draft.song
    section = next(s for s in song.sections if s.name == name)
    end = section.start_bar + section.bars
    beat, by = end * song.beats_per_bar, bars * song.beats_per_bar

    def moved(other: Section) -> Section:
        if other is section:
            return replace(other, bars=other.bars + bars)
        return replace(other, start_bar=other.start_bar + bars * (other.start_bar >= end))

    return replace(
        draft,
        song=replace(
            song,
            sections=tuple(map(moved, song.sections)),
            clips=tuple(
                replace(c, start_beat=c.start_beat + by) if c.start_beat >= beat else c
                for c in song.clips
            ),
            automation=tuple(
                replace(a, points=tuple((b + by * (b >= beat), v) for b, v in a.points))
                for a in song.automation
            ),
        ),
    )
