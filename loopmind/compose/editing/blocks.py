"""A song taken apart into sections and put together again in another order.

Laws: sections follow each other in whole bars without a gap; what stands before the first change
stays the identical value, what comes later is moved by whole bars and not changed otherwise; fades
of the whole song stay at its ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from loopmind.compose.editing import curves
from loopmind.compose.editing.curves import CurveKey, Piece, Points
from loopmind.compose.editing.recordings import cut_at_sections
from loopmind.compose.editing.scene import in_section
from loopmind.music.song import Automation, Clip, Section, SectionKind, Song

SONG_FADE: CurveKey = ("master", "gain_db")
SILENT_DB = -30.0
_SINGLE = frozenset({"intro", "outro"})


@dataclass(frozen=True)
class Block:
    """A section with its clips, at its old place.

    pieces: its automation, where it is not what the song draws at that place.
    """

    section: Section
    clips: tuple[Clip, ...]
    pieces: Mapping[CurveKey, Piece] | None = None


@dataclass(frozen=True)
class Fades:
    """How the song as a whole fades: points after its start, and points before its end."""

    rise: Points = ()
    fall: Points = ()


def taken_apart(song: Song) -> tuple[list[Block], Song, Fades]:
    """The song's sections one by one, the song without its fades, and these.

    A recording over several sections is cut between them, so that each takes its own part along.
    """
    song, fades = without_fades(cut_at_sections(song))
    blocks = []
    for section in song.sections:
        blocks.append(Block(section, tuple(c for c in song.clips if in_section(song, section, c))))
    return blocks, song, fades


def put_together(
    song: Song, blocks: Sequence[Block], fades: Fades, rests: Mapping[CurveKey, float]
) -> Song:
    """`song`, without fades, with the sections in `blocks`, in their order.

    rests: the value of a curve in sections that draw nothing, where it is not the usual one.
    """
    bar = song.beats_per_bar
    sections, clips, starts = [], [], []
    at = 0
    for block in blocks:
        held = block.section
        sections.append(held if held.start_bar == at else replace(held, start_bar=at))
        clips += [shifted(clip, (at - held.start_bar) * bar) for clip in block.clips]
        starts.append(at)
        at += held.bars
    end = float(at * bar)
    keys = [(a.track, a.parameter) for a in song.automation]
    keys += sorted({k for b in blocks for k in b.pieces or {}} - set(keys))
    automation = []
    for key in keys:
        rest = rests.get(key, curves.REST[key[1]])
        points = curves.join(_pieces(song, blocks, starts, key, rest))
        if any(value != rest for _, value in points):
            automation.append(Automation(key[0], key[1], points))
    made = replace(
        song, sections=tuple(sections), automation=tuple(automation),
        clips=tuple(inside(clip, end) for clip in clips if clip.start_beat < end),
    )  # fmt: skip
    return with_fades(made, fades)


def _pieces(
    song: Song, blocks: Sequence[Block], starts: Sequence[int], key: CurveKey, rest: float
) -> list[tuple[float, Piece]]:
    """The stretches of one curve, each at its new beat.

    Sections that follow each other as before are cut as one, so that nothing in them is touched.
    """
    bar = song.beats_per_bar
    held = curves.of(song, *key)
    points = held.points if held is not None else ((0.0, rest),)
    found: list[tuple[float, Piece]] = []
    place = 0
    while place < len(blocks):
        block, at = blocks[place], float(starts[place] * bar)
        beats = float(block.section.bars * bar)
        place += 1
        if block.pieces is not None:
            found.append((at, block.pieces.get(key, Piece(beats, ((0.0, rest), (beats, rest))))))
            continue
        start = float(block.section.start_bar * bar)
        end = start + beats
        while place < len(blocks) and blocks[place].pieces is None:
            following = blocks[place].section
            if following.start_bar * bar != end:
                break
            end += following.bars * bar
            place += 1
        found.append((at, curves.cut_clean(points, start, end)))
    return found


def shifted(clip: Clip, beats: float) -> Clip:
    """The clip `beats` later; the same value where it stays."""
    return clip if beats == 0 else replace(clip, start_beat=clip.start_beat + beats)


def inside(clip: Clip, end: float) -> Clip:
    """The clip without what reaches beyond `end`."""
    room = end - clip.start_beat
    return clip if clip.beats <= room else shortened(clip, room)


def shortened(clip: Clip, beats: float) -> Clip:
    """The first `beats` of a clip."""
    silences = tuple(
        (start, min(length, beats - start)) for start, length in clip.silences if start < beats
    )
    return replace(
        clip, beats=beats, silences=silences,
        hits=tuple(hit for hit in clip.hits if hit.beat < beats),
        fade_in_beats=min(clip.fade_in_beats, beats),
        fade_out_beats=min(clip.fade_out_beats, beats),
    )  # fmt: skip


def without_fades(song: Song) -> tuple[Song, Fades]:
    """The song without its fades in and out, and these by their distance from its ends."""
    held = curves.of(song, *SONG_FADE)
    if held is None:
        return song, Fades()
    points, end = held.points, song.beats
    last = len(points) - 1
    fall: Points = ()
    if points[last][1] <= SILENT_DB and points[last][0] >= end - curves.STEP_BEATS:
        first = last
        while first > 0 and points[first - 1][1] > points[first][1]:
            first -= 1
        fall = tuple((beat - end, value) for beat, value in points[first:])
        points = points[:first] if first and points[first][1] == 0.0 else points[: first + 1]
    rise: Points = ()
    if points and points[0][1] <= SILENT_DB and points[0][0] <= curves.STEP_BEATS:
        first = 0
        while first + 1 < len(points) and points[first + 1][1] > points[first][1]:
            first += 1
        rise = points[: first + 1]
        points = points[first:]
    level = not points or all(value == 0.0 for _, value in points)
    return curves.with_curve(song, SONG_FADE, None if level else points), Fades(rise, fall)


def with_fades(song: Song, fades: Fades) -> Song:
    """The song with fades at its ends, no longer than it is itself."""
    if not fades.rise and not fades.fall:
        return song
    held = curves.of(song, *SONG_FADE)
    points = list(held.points) if held is not None else []
    end = song.beats
    if fades.rise:
        points = _squeezed(fades.rise, end / 2.0) + [p for p in points if p[0] > fades.rise[-1][0]]
    elif not points or points[0][0] > 0.0:
        points.insert(0, (0.0, points[0][1] if points else 0.0))
    if fades.fall:
        falling = [(end + at, value) for at, value in _squeezed(fades.fall, end / 2.0)]
        if falling[0][0] <= 0.0:
            points = []
        points = [p for p in points if p[0] < falling[0][0]] + falling
    return curves.with_curve(song, SONG_FADE, tuple(points))


def shortened_fall(fades: Fades, beats: float) -> Fades:
    """The fades with the one at the end no longer than `beats`."""
    return replace(fades, fall=tuple(_squeezed(fades.fall, beats)))


def _squeezed(points: Points, longest: float) -> list[tuple[float, float]]:
    span = max(abs(points[0][0]), abs(points[-1][0]))
    share = min(longest / span, 1.0) if span > 0.0 else 1.0
    return [(beat if share == 1.0 else beat * share, value) for beat, value in points]


def renamed(block: Block, name: str, taken: Iterable[str]) -> Block:
    """A copy of a block under another name, its clips called after it."""
    used, clips = set(taken), []
    for clip in block.clips:
        parts = clip.id.split("/")
        rest = parts[1:] if len(parts) > 1 else [clip.track, parts[0]]
        made = "/".join([name, *rest])
        number = 0
        while made in used:
            number += 1
            made = "/".join([name, clip.track, str(number)])
        used.add(made)
        clips.append(replace(clip, id=made))
    return replace(block, section=replace(block.section, name=name), clips=tuple(clips))


def new_name(sections: Iterable[Section], kind: SectionKind) -> str:
    """The name of a new section of `kind`: the next free number, as names stay for life."""
    names = {s.name for s in sections}
    if kind in _SINGLE and kind not in names:
        return kind
    numbers = [1 if kind in names else 0]
    for name in names:
        head, _, tail = name.rpartition(" ")
        if head == kind and tail.isdigit():
            numbers.append(int(tail))
    return f"{kind} {max(numbers) + 1}"
