"""What differs between two drafts of a song: by section and track, and in the mix, exactly.

Sections are matched by name, tracks by id. What plays in a section is compared by its place from
the section's start, so that a section which only moved up stays the same music.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from loopmind.compose.difference_report import (
    Cell,
    Change,
    Difference,
    SectionDifference,
    Status,
    TrackDifference,
)
from loopmind.compose.sectioning import (
    RESTING,
    SILENT_SEND_DB,
    curve_within,
    is_same_curve,
    section_clips,
)
from loopmind.compose.slots import section_of
from loopmind.compose.tell_mix import effect_words
from loopmind.music.draft import Draft
from loopmind.music.mix import EqBand, Strip
from loopmind.music.song import Clip, Section, Song


def difference(
    a: Draft,
    b: Draft,
    *,
    names: Mapping[str, str] | None = None,
    before: str = "before",
    after: str = "after",
) -> Difference:
    """What is different in `b`, seen from `a`.

    names: of sounds by digest, for the words. before, after: what to call the two.
    """
    called = names or {}
    song = tuple(_song_changes(a, b, called))
    mix = tuple(_mix_changes(a, b))
    tracks = tuple(_tracks(a, b))
    sections = tuple(_sections(a, b, called))
    same = not (song or mix)
    same = same and all(track.status == "identical" for track in tracks)
    same = same and all(section.status == "identical" for section in sections)
    return Difference(before, after, same, song, mix, tracks, sections)


# The song as a whole


def _song_changes(a: Draft, b: Draft, called: Mapping[str, str]) -> Iterator[Change]:
    one, two = a.song, b.song
    if one.bpm != two.bpm:
        yield Change("tempo", f"{_number(one.bpm)} bpm became {_number(two.bpm)} bpm")
    if one.key != two.key:
        yield Change("key", f"{_key(one)} became {_key(two)}")
    if one.swing != two.swing:
        yield Change("swing", f"swing {one.swing:.2f} became {two.swing:.2f}")
    if one.beats_per_bar != two.beats_per_bar:
        yield Change("metre", f"{one.beats_per_bar} beats in a bar became {two.beats_per_bar}")
    if one.tail_beats != two.tail_beats:
        yield Change("tail", f"the tail went from {one.tail_beats:g} to {two.tail_beats:g} beats")
    if one.title != two.title:
        yield Change("title", f"“{one.title}” became “{two.title}”")
    if a.brief.genre != b.brief.genre:
        yield Change("genre", f"{a.brief.genre or 'no genre'} became {b.brief.genre or 'none'}")
    order_a, order_b = [s.name for s in one.sections], [s.name for s in two.sections]
    if [n for n in order_a if n in order_b] != [n for n in order_b if n in order_a]:
        yield Change("order", "the sections are in another order: " + ", ".join(order_b))
    if _outside(one) != _outside(two):
        yield Change("clips", "what plays outside the sections differs")
    yield from _sets("lock", a.locks, b.locks, lambda lock: f"{lock.kind} {lock.name}", "locked")
    yield from _sets("solo", a.solo, b.solo, str, "alone heard")
    yield from _choice_changes(a, b, called)


def _choice_changes(a: Draft, b: Draft, called: Mapping[str, str]) -> Iterator[Change]:
    """Which sounds were chosen for the parts, whether they play or not."""
    had = {c.slot: c.picked.digest for c in a.palette.choices}
    has = {c.slot: c.picked.digest for c in b.palette.choices}
    for slot in {**had, **has}:
        old, new = had.get(slot), has.get(slot)
        if old == new:
            continue
        section = section_of(slot)
        part = f"{slot.partition(' @ ')[0]} in {section}" if section else slot
        was, now = (called.get(d or "", "another sound") for d in (old, new))
        if old is None:
            own = "a sound of its own" if section else "a sound"
            yield Change("choice", f"{part} has {own}: {called.get(new or '', 'a new one')}")
        elif new is None:
            lost = "has no sound of its own any more" if section else "has no sound any more"
            yield Change("choice", f"{part} {lost}")
        else:
            yield Change("choice", f"the sound of {part} went from {was} to {now}")


def _outside(song: Song) -> list[Clip]:
    """Clips that begin in no section, told from the end of the song."""
    inside = {
        clip.id
        for section in song.sections
        for track in song.tracks
        for clip in section_clips(song, section, track.id)
    }
    return [_from(clip, song.beats) for clip in song.clips if clip.id not in inside]


def _sets(
    what: str, a: tuple[Any, ...], b: tuple[Any, ...], say: Callable[[Any], str], done: str
) -> Iterator[Change]:
    for item in b:
        if item not in a:
            yield Change(what, f"{say(item)} is now {done}")
    for item in a:
        if item not in b:
            yield Change(what, f"{say(item)} is no longer {done}")


def _mix_changes(a: Draft, b: Draft) -> Iterator[Change]:
    if a.mix.style != b.mix.style:
        yield Change("style", f"mix style {a.mix.style} became {b.mix.style}")
    yield from _fields("master", a.mix.master, b.mix.master)
    yield from _fields("reverb", a.mix.reverb, b.mix.reverb)
    yield from _drawn("master", a, b, 0.0, a.song.beats, 0.0, b.song.beats)


def _tracks(a: Draft, b: Draft) -> Iterator[TrackDifference]:
    strips_a = {strip.track: strip for strip in a.mix.strips}
    strips_b = {strip.track: strip for strip in b.mix.strips}
    tracks_a = {track.id: track for track in a.song.tracks}
    tracks_b = {track.id: track for track in b.song.tracks}
    for name in {**tracks_a, **tracks_b}:
        one, two = tracks_a.get(name), tracks_b.get(name)
        if one is None or two is None:
            there = one or two
            assert there is not None
            yield TrackDifference(name, there.name, "added" if one is None else "removed")
            continue
        changes = tuple(_fields("track", one, two)) if one != two else ()
        changes += tuple(_strip_changes(strips_a.get(name), strips_b.get(name)))
        yield TrackDifference(name, two.name, "changed" if changes else "identical", changes)


def _strip_changes(a: Strip | None, b: Strip | None) -> Iterator[Change]:
    if a is None or b is None:
        if a is not b:
            yield Change("strip", "has a channel strip now" if a is None else "lost its strip")
        return
    if a.muted != b.muted:
        yield Change("mute", "muted" if b.muted else "no longer muted")
    if a.gain_db != b.gain_db:
        yield Change("level", _moved(a.gain_db, b.gain_db, "dB", "louder", "quieter"))
    for field in dataclasses.fields(Strip):
        if field.name not in ("track", "why", "muted", "gain_db"):
            yield from _field(field.name, getattr(a, field.name), getattr(b, field.name))


def _fields(prefix: str, a: Any, b: Any) -> Iterator[Change]:
    for field in dataclasses.fields(a):
        for change in _field(field.name, getattr(a, field.name), getattr(b, field.name)):
            yield Change(prefix, change.words)


_WORDS = {
    "reverb_send_db": "reverb send", "eq": "equaliser", "target_lufs": "loudness",
    "ceiling_dbtp": "ceiling", "decay_s": "decay", "predelay_s": "pre-delay",
    "low_cut_hz": "low cut", "gain_db": "level",
}  # fmt: skip


def _field(name: str, a: Any, b: Any) -> Iterator[Change]:
    if a == b:
        return
    words = _WORDS.get(name, name.replace("_", " "))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        yield Change(name, f"{words} {_number(a)} became {_number(b)}")
    elif name == "eq":
        lost = [band for band in a if band not in b]
        gained = [band for band in b if band not in a]
        said = [f"without {_band(band)}" for band in lost] + [f"with {_band(x)}" for x in gained]
        yield Change("eq", "equaliser " + (", ".join(said) or "in another order"))
    elif name == "effects":
        had, has = {e.kind: e for e in a}, {e.kind: e for e in b}
        for kind in (k for k in {**had, **has} if had.get(k) != has.get(k)):
            left = effect_words(has[kind]) if kind in has else f"no {kind} any more"
            yield Change("effects", left or f"{kind} only where it is automated")
    elif a is None or b is None or isinstance(a, (int, float)):
        shown = _number(b) if isinstance(b, (int, float)) else ""
        yield Change(name, f"{words} {'off' if b is None else f'on {shown}'.strip()}")
    else:
        yield Change(name, f"{words} changed")


def _band(band: EqBand) -> str:
    gain = "" if band.kind in ("lowcut", "highcut") else f" {band.gain_db:+.1f} dB"
    return f"{band.kind} at {_number(band.freq_hz)} Hz{gain}"


# Sections


def _sections(a: Draft, b: Draft, names: Mapping[str, str]) -> Iterator[SectionDifference]:
    in_a, in_b = {s.name: s for s in a.song.sections}, {s.name: s for s in b.song.sections}
    order = list(in_b)
    for name in in_a:  # what was removed stands where it stood, behind what was before it
        if name not in in_b:
            earlier = [n for n in list(in_a)[: list(in_a).index(name)] if n in order]
            order.insert(order.index(earlier[-1]) + 1 if earlier else 0, name)
    for name in order:
        one, two = in_a.get(name), in_b.get(name)
        if one is None or two is None:
            there = one or two
            assert there is not None
            status: Status = "added" if one is None else "removed"
            song = (b if one is None else a).song
            cells = tuple(Cell(track, status) for track in _playing(song, there))
            yield SectionDifference(name, status, False, _bars(one), _bars(two), (), cells)
            continue
        changes = tuple(_section_changes(one, two))
        cells = tuple(_cells(a, b, one, two, names))
        untouched = one.bars == two.bars and all(c.status == "identical" for c in cells)
        same = untouched and not changes
        yield SectionDifference(
            name, "identical" if same else "changed", untouched, _bars(one), _bars(two),
            changes, cells,
        )  # fmt: skip


def _bars(section: Section | None) -> tuple[int, int] | None:
    return None if section is None else (section.start_bar, section.bars)


def _section_changes(a: Section, b: Section) -> Iterator[Change]:
    if a.start_bar != b.start_bar:
        yield Change("place", f"moved from bar {a.start_bar + 1} to bar {b.start_bar + 1}")
    if a.bars != b.bars:
        yield Change("length", f"{a.bars} bars became {b.bars}")
    if a.bpm != b.bpm:
        was, now = (f"{s.bpm:g} bpm" if s.bpm else "the song's tempo" for s in (a, b))
        yield Change("tempo", f"{was} became {now}")
    if a.energy != b.energy:
        yield Change("energy", f"energy {100 * a.energy:.0f} % became {100 * b.energy:.0f} %")
    if a.kind != b.kind:
        yield Change("kind", f"the {a.kind} became a {b.kind}")


def _playing(song: Song, section: Section) -> list[str]:
    return [track.id for track in song.tracks if section_clips(song, section, track.id)]


def _cells(
    before: Draft, after: Draft, one: Section, two: Section, names: Mapping[str, str]
) -> Iterator[Cell]:
    a, b = before.song, after.song
    start_a, start_b = one.start_bar * a.beats_per_bar, two.start_bar * b.beats_per_bar
    span_a, span_b = one.bars * a.beats_per_bar, two.bars * b.beats_per_bar
    for track in dict.fromkeys((*(t.id for t in b.tracks), *(t.id for t in a.tracks))):
        clips_a = [_from(c, start_a) for c in section_clips(a, one, track)]
        clips_b = [_from(c, start_b) for c in section_clips(b, two, track)]
        if not clips_a and not clips_b:
            continue  # what is drawn where nothing plays is not heard
        if not clips_a or not clips_b:
            yield Cell(track, "added" if not clips_a else "removed")
            continue
        drawn = _drawn(track, before, after, start_a, span_a, start_b, span_b)
        changes = (*_clip_changes(clips_a, clips_b, names), *drawn)
        yield Cell(track, "changed" if changes else "identical", changes)


def _from(clip: Clip, start: float) -> Clip:
    """The clip with its place told from the section's start."""
    return dataclasses.replace(clip, start_beat=round(clip.start_beat - start, 9))


_CLIP_WORDS = {
    "id": ("clips", "named otherwise"),
    "semitones": ("pitch", "transposed"), "gain_db": ("level", "level changed"),
    "treatment": ("treatment", "treated otherwise"), "silences": ("clips", "other drop-outs"),
    "fade_in_beats": ("fade", "fades in otherwise"), "hits": ("clips", "another pattern"),
    "fade_out_beats": ("fade", "fades out otherwise"), "start_beat": ("place", "placed otherwise"),
    "beats": ("clips", "clips of other lengths"), "digest": ("sound", "another sound"),
}  # fmt: skip


def _clip_changes(a: list[Clip], b: list[Clip], names: Mapping[str, str]) -> Iterator[Change]:
    if a == b:
        return
    sounds_a, sounds_b = _sounds(a), _sounds(b)
    if sounds_a != sounds_b:
        lost = [names.get(d, d[:8]) for d in sounds_a if d not in sounds_b]
        gained = [names.get(d, d[:8]) for d in sounds_b if d not in sounds_a]
        if lost and gained:
            words = f"{', '.join(gained)} instead of {', '.join(lost)}"
        else:
            words = f"{'without' if lost else 'with'} {', '.join(lost or gained)}"
        yield Change("sound", words)
    if len(a) != len(b):
        yield Change("clips", f"{_count(len(a))} became {_count(len(b))}")
        return
    told = {"digest"}
    for one, two in zip(a, b, strict=True):
        for field in dataclasses.fields(Clip):
            if getattr(one, field.name) == getattr(two, field.name) or field.name in told:
                continue
            told.add(field.name)
            what, words = _CLIP_WORDS.get(field.name, ("clips", field.name.replace("_", " ")))
            if field.name == "semitones":
                words = f"transposed by {two.semitones - one.semitones:+d} semitones"
            elif field.name == "gain_db":
                words = _moved(one.gain_db, two.gain_db, "dB", "louder", "quieter")
            elif field.name == "treatment":
                words = f"{one.treatment} became {two.treatment}"
            yield Change(what, words)


def _sounds(clips: list[Clip]) -> list[str]:
    found: dict[str, None] = {}
    for clip in clips:
        found.update(dict.fromkeys([clip.digest] if clip.digest else []))
        found.update(dict.fromkeys(hit.digest for hit in clip.hits))
    return list(found)


def _drawn(
    track: str, a: Draft, b: Draft, start_a: float, span_a: float, start_b: float, span_b: float
) -> Iterator[Change]:
    """Changes of automation within a stretch of both songs."""
    curves_a = {c.parameter: c for c in a.song.automation if c.track == track}
    curves_b = {c.parameter: c for c in b.song.automation if c.track == track}
    for parameter in {**curves_a, **curves_b}:
        one, two = curves_a.get(parameter), curves_b.get(parameter)
        here, there = (
            curve_within(one, start_a, span_a, _rest(a, track, parameter)),
            curve_within(two, start_b, span_b, _rest(b, track, parameter)),
        )
        if not is_same_curve(here, there):
            shown = (parameter.rpartition("_")[0] or parameter).replace("_", " ")
            yield Change("automation", f"{shown} is automated otherwise")


def _rest(draft: Draft, track: str, parameter: str) -> float:
    """What stands where nothing is drawn: of sends and effects, what the strip has."""
    if parameter in RESTING:
        return RESTING[parameter]
    strip = next((s for s in draft.mix.strips if s.track == track), Strip(track))
    held = strip.at_rest(parameter)
    return SILENT_SEND_DB if held is None else held


def _moved(a: float, b: float, unit: str, up: str, down: str) -> str:
    return f"{abs(b - a):.1f} {unit} {up if b > a else down}"


def _count(clips: int) -> str:
    return f"{clips} clip{'' if clips == 1 else 's'}"


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 10000 else f"{value:.0f}"


def _key(song: Song) -> str:
    return song.key.written if song.key else "no key"
