"""Taking one section of another version of a song over into this one; all else stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from loopmind.compose.sectioning import (
    RESTING,
    SILENT_SEND_DB,
    Point,
    curve_at,
    curve_within,
    is_same_curve,
    section_clips,
)
from loopmind.errors import LoopMindError, UsageError
from loopmind.music.draft import Draft
from loopmind.music.mix import Strip
from loopmind.music.song import Automation, Clip, Section, Song, Track

_GAP_BEATS = 1.0 / 64.0


class MergeError(LoopMindError):
    """A section cannot be taken over; the message names it and the reason."""


def merge_section(ours: Draft, theirs: Draft, name: str) -> Draft:
    """`ours` with section `name` as it is in `theirs`: its length, energy, clips and automation.

    A section that only `theirs` has comes after the section that it follows there; what follows
    moves. Tracks that only `theirs` has are added with their strips and play in this section
    alone; locked tracks keep playing what they play. Law: every clip of every other section stays
    the identical value, but for its place where the length changed.
    Raises UsageError for an unknown section, MergeError for a locked one or another metre.
    """
    section = next((s for s in theirs.song.sections if s.name == name), None)
    if section is None:
        known = ", ".join(s.name for s in theirs.song.sections)
        raise UsageError(f"the other version has no section {name!r}; it has {known}")
    if ours.is_locked("section", name):
        raise MergeError(f"the section {name} is locked; say 'unlock {name}' first")
    if ours.song.beats_per_bar != theirs.song.beats_per_bar:
        raise MergeError(
            f"the two versions have {ours.song.beats_per_bar} and {theirs.song.beats_per_bar} "
            "beats in a bar; a section cannot be taken over"
        )
    song = _with_room(ours.song, theirs.song, section)
    placed = next(s for s in song.sections if s.name == name)
    locked = {track.id for track in song.tracks if ours.is_locked("track", track.id)}
    clips = _their_clips(song, theirs.song, section, placed, locked)
    gone = {
        clip.id
        for track in song.tracks
        if track.id not in locked
        for clip in section_clips(song, placed, track.id)
    }
    # In the place of those that go, so that a section that is the same leaves the song the same.
    first = next((n for n, clip in enumerate(song.clips) if clip.id in gone), len(song.clips))
    kept = [clip for clip in song.clips if clip.id not in gone]
    fresh = _renamed(clips, {clip.id for clip in kept})
    tracks = _tracks(song, theirs.song, clips)
    song = replace(
        song,
        tracks=tracks,
        clips=(*kept[:first], *fresh, *kept[first:]),
        automation=tuple(_automation(song, theirs, section, placed, locked)),
    )
    new = {track.id for track in tracks} - {track.id for track in ours.song.tracks}
    strips = [strip for strip in theirs.mix.strips if strip.track in new]
    added = _fitting(strips, tracks)
    mix = replace(ours.mix, strips=(*ours.mix.strips, *added))
    automatic = ours.automatic
    if automatic is not None:
        automatic = replace(automatic, strips=(*automatic.strips, *added))
    slots = {choice.slot for choice in ours.palette.choices}
    choices = [c for c in theirs.palette.choices if c.slot in new - slots]
    return replace(
        ours,
        song=song,
        mix=mix,
        automatic=automatic,
        palette=replace(ours.palette, choices=(*ours.palette.choices, *choices)),
        told=(*ours.told, _told(ours, theirs, name, new, locked, clips)),
    )


def _told(
    ours: Draft, theirs: Draft, name: str, new: set[str], locked: set[str], clips: list[Clip]
) -> str:
    words = f"took {name} over as it was there ({len(clips)} clips)"
    if new:
        words += f", with the new {'track' if len(new) == 1 else 'tracks'} {', '.join(sorted(new))}"
    if locked:
        words += f"; locked and kept: {', '.join(sorted(locked))}"
    if ours.song.key != theirs.song.key and theirs.song.key is not None:
        words += f"; it stays in {theirs.song.key.written}"
    return words


def _with_room(ours: Song, theirs: Song, wanted: Section) -> Song:
    """`ours` with the section as long as in `theirs`, its clips not yet exchanged."""
    here = next((s for s in ours.sections if s.name == wanted.name), None)
    if here is not None:
        resized = replace(here, kind=wanted.kind, bars=wanted.bars, energy=wanted.energy)
        sections = tuple(resized if s is here else s for s in ours.sections)
        # What plays in bars that are cut away goes with the section's other clips.
        return _moved(
            replace(ours, sections=sections), here.start_bar + here.bars, wanted.bars - here.bars
        )
    before = [s.name for s in theirs.sections[: theirs.sections.index(wanted)]]
    places = [n for n, s in enumerate(ours.sections) if s.name in before]
    at = places[-1] + 1 if places else 0
    start = 0 if at == 0 else ours.sections[at - 1].start_bar + ours.sections[at - 1].bars
    moved = _moved(ours, start, wanted.bars)
    fresh = replace(wanted, start_bar=start)
    return replace(moved, sections=(*moved.sections[:at], fresh, *moved.sections[at:]))


def _moved(song: Song, from_bar: int, bars: int) -> Song:
    """`song` with everything from a bar on moved by so many bars."""
    if bars == 0:
        return song
    beat, by = float(from_bar * song.beats_per_bar), float(bars * song.beats_per_bar)

    def later(points: Iterable[Point]) -> tuple[Point, ...]:
        # Points within bars that go are squeezed onto the seam, which keeps their order.
        return tuple(
            (b + by, v) if b >= beat else (min(b, beat + by) if by < 0 else b, v)
            for b, v in points
        )  # fmt: skip

    clips = [
        c if c.start_beat < beat else replace(c, start_beat=c.start_beat + by) for c in song.clips
    ]
    if by < 0:
        seam = beat + by
        clips = [
            c for c, old in zip(clips, song.clips, strict=True)
            if not seam <= old.start_beat < beat
        ]  # fmt: skip
    return replace(
        song,
        sections=tuple(
            s if s.start_bar < from_bar else replace(s, start_bar=s.start_bar + bars)
            for s in song.sections
        ),
        clips=tuple(clips),
        automation=tuple(replace(a, points=later(a.points)) for a in song.automation),
    )


def _their_clips(
    ours: Song, theirs: Song, section: Section, placed: Section, locked: set[str]
) -> list[Clip]:
    """The clips of their section, at its place in our song."""
    by = float((placed.start_bar - section.start_bar) * ours.beats_per_bar)
    inside = {
        clip.id
        for track in theirs.tracks
        if track.id not in locked
        for clip in section_clips(theirs, section, track.id)
    }
    return [
        replace(clip, start_beat=clip.start_beat + by) if by else clip
        for clip in theirs.clips
        if clip.id in inside
    ]


def _renamed(clips: list[Clip], taken: set[str]) -> list[Clip]:
    """Clips under names of their own, where theirs are taken by clips that stay."""
    made = []
    for clip in clips:
        name, number = clip.id, 2
        while name in taken:
            name, number = f"{clip.id}/{number}", number + 1
        taken.add(name)
        made.append(clip if name == clip.id else replace(clip, id=name))
    return made


def _tracks(ours: Song, theirs: Song, clips: list[Clip]) -> tuple[Track, ...]:
    have, used = {track.id for track in ours.tracks}, {clip.track for clip in clips}
    return (*ours.tracks, *(t for t in theirs.tracks if t.id in used - have))


def _fitting(strips: list[Strip], tracks: tuple[Track, ...]) -> list[Strip]:
    """Strips without side-chains from tracks that are not there."""
    have = {track.id for track in tracks}
    return [
        replace(strip, sidechain=None)
        if strip.sidechain is not None and strip.sidechain.source not in have
        else strip
        for strip in strips
    ]


# Automation


def _automation(
    ours: Song, theirs: Draft, section: Section, placed: Section, locked: set[str]
) -> Iterable[Automation]:
    """Our curves, with theirs between the section's start and end."""
    mine = {(a.track, a.parameter): a for a in ours.automation}
    other = {(a.track, a.parameter): a for a in theirs.song.automation}
    strips = {strip.track: strip for strip in theirs.mix.strips}
    tracks = {t.id for t in ours.tracks} | {
        t.id for t in theirs.song.tracks if section_clips(theirs.song, section, t.id)
    }
    start = float(placed.start_bar * ours.beats_per_bar)
    span = float(placed.bars * ours.beats_per_bar)
    theirs_start = float(section.start_bar * ours.beats_per_bar)
    for key in {**mine, **other}:
        track, parameter = key
        if track in locked or track == "master" or track not in tracks:
            if key in mine:
                yield mine[key]
            continue
        rest = RESTING.get(parameter)
        if rest is None:
            held = strips.get(track, Strip(track)).at_rest(parameter)
            rest = SILENT_SEND_DB if held is None else held
        inside = curve_within(other.get(key), theirs_start, span, rest)
        if is_same_curve(inside, curve_within(mine.get(key), start, span, rest), 1e-9):
            if key in mine:
                yield mine[key]
            continue
        old = mine[key].points if key in mine else ((0.0, rest),)
        first = (start, curve_at(mine.get(key), start, rest))
        last = (start + span, curve_at(mine.get(key), start + span, rest))
        points = [
            *(p for p in old if p[0] < start),
            first,
            *((start + min(max(b, _GAP_BEATS), span - _GAP_BEATS), v) for b, v in inside),
            last,
            *(p for p in old if p[0] > start + span),
        ]
        yield Automation(track, parameter, tuple(points))
