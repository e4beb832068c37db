"""Edits of how sections end: a drum fill, a stutter or a break before what follows, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loopmind.compose import explain
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.blocks import shortened
from loopmind.compose.editing.picking import Place, crate_traits, made_choice, ranked
from loopmind.compose.editing.scene import Scene, in_section
from loopmind.compose.editing.settling import settle
from loopmind.compose.lanes import Lane
from loopmind.compose.patterns import STEPS_PER_BEAT
from loopmind.compose.seeds import stream
from loopmind.compose.variation import tidy_silences
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import SetFill
from loopmind.music.loop import Crate
from loopmind.music.song import Clip, Hit, Section, Song, Track, with_free_id

FILL = "fill"
_USUAL_BEATS = {"roll": 2.0, "stutter": 1.0, "break": 1.0}
_VOICES = ("snare", "tom", "clap")
_KIT = ("drums", "percussion")
# Rolls of four beats, in sixteenths; shorter ones are their ends.
_ROLLS = (
    "x...x...x.x.xxxx", "x..x..x...x.x.xx", "x.x...x.x..x..xx", "x...x.x.....xxxx",
    "x.xxx.xxx.xxxxxx", "..x...x.x.xxx.xx",
)  # fmt: skip
_NEAR = 0.01


def set_fill(edit: SetFill, draft: Draft, crate: Crate) -> Draft:
    """Sections that end with a fill into what follows, or without one; locked parts stay."""
    if edit.beats and not 0.5 <= edit.beats <= 2.0 * draft.song.beats_per_bar:
        raise EditError(f"a fill lasts half a beat to two bars, not {edit.beats:g} beats")
    wanted = _wanted(edit, draft)
    kind = edit.kind or ("roll" if _has_voice(draft, crate) else "stutter")
    beats = edit.beats or _USUAL_BEATS.get(kind, 0.0)
    before, said = draft.song, ""
    if kind == "roll":
        asking.refuse_locked_track(draft, FILL)
        draft, lane, said = _with_lane(draft, crate, edit.seed)
        asking.refuse_locked_sound(draft, [lane.sources[0].loop.digest], FILL)
        score = Scene(draft, crate).score
        for held in wanted:
            level = score.level_db(held.name, lane.sources[0].gain_db)
            draft = replace(draft, song=_rolled(draft, held, lane, level, beats, edit.seed))
    else:
        for held in wanted:
            song = _plain(draft, held)
            if kind == "stutter":
                song = _stuttered(draft, song, held, beats)
            elif kind == "break":
                song = _broken(draft, song, held, beats)
            draft = replace(draft, song=song)
    if {*draft.song.clips} == {*before.clips}:
        where = listed([s.name for s in wanted])
        what = "with no fill" if kind == "none" else f"with that {kind}"
        raise EditError(f"{where} {'end' if len(wanted) > 1 else 'ends'} {what} already")
    changed = [s for s in wanted if _own(before, s) != _own(draft.song, s)]
    draft = settle(draft, crate)
    return asking.told(draft, f"{_said(kind, beats, changed)}{said}")


def _said(kind: str, beats: float, changed: Sequence[Section]) -> str:
    names = [s.name for s in changed]
    over = asking.count(round(beats), "beat") if beats == round(beats) else f"{beats:g} beats"
    if kind == "none":
        return f"{listed(names)} {'go' if len(names) > 1 else 'goes'} on without a fill at the end"
    what = {
        "roll": f"a fill of {over}", "stutter": f"the drums stuttering for {over}",
        "break": f"the drums silent for {over}",
    }[kind]  # fmt: skip
    return f"{listed(names)} {'end' if len(names) > 1 else 'ends'} with {what}"


def _wanted(edit: SetFill, draft: Draft) -> list[Section]:
    """The sections to change: those named, or all in which drums lead on to another."""
    song = draft.song
    found = list(asking.sections(draft, edit.sections))
    for one in found if edit.sections else ():
        asking.refuse_locked_section(draft, one.name)
        if not _kit_clips(draft, song, one):
            raise EditError(
                f"no drums play in {one.name}, or they are locked, so it cannot end with a fill; "
                "let drums play there first"
            )
    if not edit.sections:
        found = [
            s for s in found[:-1]
            if not draft.is_locked("section", s.name) and _kit_clips(draft, song, s)
            and not (edit.kind != "none" and any(c.track == FILL for c in _own(song, s)))
        ]  # fmt: skip
    if not found:
        raise EditError("there is no section to which that could be done; name one with drums")
    return found


def _own(song: Song, held: Section) -> set[Clip]:
    return {c for c in song.clips if in_section(song, held, c)}


def _kit_clips(draft: Draft, song: Song, held: Section) -> list[Clip]:
    """Clips of drums and percussion in a section: none locked or recorded, and not its fill."""
    kit = {t.id for t in song.tracks if t.role in _KIT and t.id not in (FILL, "crash")}
    return [
        c for c in song.clips
        if c.track in kit and not c.recorded and in_section(song, held, c)
        and asking.is_free(draft, c)
    ]  # fmt: skip


def _end(song: Song, held: Section) -> float:
    return float((held.start_bar + held.bars) * song.beats_per_bar)


def _with(song: Song, changes: dict[str, list[Clip]]) -> Song:
    """The song with clips (by id) replaced by others."""
    made: list[Clip] = []
    taken = {c.id for c in song.clips}
    for clip in song.clips:
        for number, new in enumerate(changes.get(clip.id, [clip])):
            if number and new.id in taken:
                new = with_free_id(new, taken)
            taken.add(new.id)
            made.append(new)
    return replace(song, clips=tuple(made))


# Without a fill


def _plain(draft: Draft, held: Section) -> Song:
    """The section ending as it goes: no roll, no stutter, no drums dropping out."""
    song, end = draft.song, _end(draft.song, held)
    bar = float(song.beats_per_bar)
    fills = {c.id for c in _own(song, held) if c.track == FILL and asking.is_free(draft, c)}
    clips = [c for c in song.clips if c.id not in fills]
    song = replace(song, clips=tuple(clips))
    changes: dict[str, list[Clip]] = {}
    kit = _kit_clips(draft, song, held)
    for clip in kit:
        if abs(clip.start_beat + clip.beats - end) > _NEAR or clip.hits:
            continue
        if clip.treatment in ("stutter", "tape_stop") and clip.beats <= bar:
            before = next((
                c for c in kit
                if c.track == clip.track and abs(c.start_beat + c.beats - clip.start_beat) < _NEAR
                and c.digest == clip.digest and c.treatment == "plain"
            ), None)  # fmt: skip
            if before is not None:
                changes[clip.id] = []
                changes[before.id] = [replace(before, beats=before.beats + clip.beats)]
            continue
        kept = tuple(
            (start, length) for start, length in clip.silences
            if start + length < clip.beats - _NEAR or length > bar
        )  # fmt: skip
        if kept != clip.silences:
            changes[clip.id] = [replace(clip, silences=kept)]
    return _with(song, changes)


# With a stutter or a break


def _broken(draft: Draft, song: Song, held: Section, beats: float) -> Song:
    """The drums silent for the last beats."""
    end = _end(song, held)
    changes: dict[str, list[Clip]] = {}
    for clip in _kit_clips(draft, song, held):
        last = clip.start_beat + clip.beats
        if last <= end - beats + _NEAR or last > end + _NEAR:
            continue
        room = end - beats - clip.start_beat
        if room <= _NEAR:
            changes[clip.id] = []
        elif clip.hits:
            changes[clip.id] = [replace(clip, hits=tuple(h for h in clip.hits if h.beat < room))]
        else:
            silences = tidy_silences((*clip.silences, (room, last - end + beats)), clip.beats)
            changes[clip.id] = [replace(clip, silences=silences)]
    return _with(song, changes)


def _stuttered(draft: Draft, song: Song, held: Section, beats: float) -> Song:
    """The drums repeating a moment, ever shorter, for the last beats."""
    end = _end(song, held)
    changes: dict[str, list[Clip]] = {}
    for clip in _kit_clips(draft, song, held):
        room = end - beats - clip.start_beat
        if abs(clip.start_beat + clip.beats - end) > _NEAR or room <= _NEAR:
            continue
        if clip.hits:
            changes[clip.id] = [replace(clip, hits=_repeated(clip.hits, room, beats))]
            continue
        if clip.treatment != "plain" or not clip.loop_beats or not clip.source_bpm:
            continue
        place = (clip.offset_beats + room) % clip.loop_beats
        last = replace(
            clip, start_beat=clip.start_beat + room, beats=beats, treatment="stutter",
            source_start_s=round(clip.source_start_s + place * 60.0 / clip.source_bpm, 6),
            offset_beats=0.0, silences=(), fade_in_beats=0.0,
            fade_out_beats=min(clip.fade_out_beats, beats),
        )  # fmt: skip
        changes[clip.id] = [replace(shortened(clip, room), fade_out_beats=0.0), last]
    return _with(song, changes)


def _repeated(hits: Sequence[Hit], start: float, beats: float) -> tuple[Hit, ...]:
    """Hits with the first half beat from `start` on repeated, the second half twice as fast."""
    made = [h for h in hits if h.beat < start]
    base = [h for h in hits if start <= h.beat < start + 0.5] or [
        replace(h, beat=start) for h in hits[:1]
    ]
    at = 0.0
    while at < beats - _NEAR:
        step = 0.5 if at < beats / 2.0 else 0.25
        made += [
            replace(h, beat=round(h.beat + at, 6)) for h in base
            if h.beat - start < step and h.beat + at < start + beats - _NEAR
        ]  # fmt: skip
        at += step
    return tuple(made)


# With a roll


def _has_voice(draft: Draft, crate: Crate) -> bool:
    try:
        _with_lane(draft, crate, 0)
    except EditError:
        return False
    return True


def _with_lane(draft: Draft, crate: Crate, seed: int) -> tuple[Draft, Lane, str]:
    """The drum that rolls, put in the palette where it is new, and what to say of that."""
    scene = Scene(draft, crate)
    held = next((lane for lane in scene.lanes if lane.id == FILL), None)
    if held is not None:
        return draft, held, ""
    for voice in _VOICES:
        own = next(
            (
                lane
                for lane in scene.lanes
                if lane.kind == "drum" and lane.track.instrument == voice
            ),
            None,
        )
        if own is not None:
            return draft, own, ""
    for voice in _VOICES:
        place = Place(FILL, "percussion", voice, True)
        rows = range(len(crate_traits(crate).loops))
        found = ranked(draft, crate, scene.genre, place, rows=rows, seed=seed)
        options = [c for c in found if c.source_bpm is None]
        if not options:
            continue
        choice = made_choice(crate, place, options[0], options[1:], draft.song.bpm)
        draft = replace(
            draft, palette=replace(draft.palette, choices=(*draft.palette.choices, choice))
        )
        lane = next(lane for lane in Scene(draft, crate).lanes if lane.id == FILL)
        sound = explain.file_name(crate.by_digest()[choice.picked.digest])
        return draft, lane, f", played by {sound}"
    raise EditError(
        "no single drum sound is at hand to play a fill; add a folder of one-shots, or ask for a "
        "stutter or a break"
    )


def _rolled(
    draft: Draft, held: Section, lane: Lane, level_db: float, beats: float, seed: int
) -> Song:
    """A roll over the last beats of a section, growing towards what follows."""
    song = draft.song
    kept = tuple(c for c in song.clips if c.track != FILL or not in_section(song, held, c))
    rng = stream(seed or song.seed, held.name, FILL, "roll")
    steps = round(beats * STEPS_PER_BEAT)
    line = (_ROLLS[int(rng.integers(len(_ROLLS)))] * 2)[-steps:]
    total = held.bars * song.beats_per_bar
    hits = []
    for place, mark in enumerate(line):
        strength = (0.45 + 0.5 * place / len(line)) * float(rng.uniform(0.9, 1.05))
        if mark == "x":
            beat = total - beats + place / STEPS_PER_BEAT
            hits.append(Hit(beat, lane.sources[0].loop.digest, round(min(strength, 1.0), 4)))
    clip = Clip(
        f"{held.name}/{FILL}/0", FILL, float(held.start_bar * song.beats_per_bar), float(total),
        hits=tuple(hits), gain_db=level_db,
    )  # fmt: skip
    tracks = song.tracks
    if all(t.id != FILL for t in tracks):
        voice = lane.track.instrument if lane.track.instrument in _VOICES else "snare"
        tracks = (*tracks, Track(FILL, "Fills", "percussion", voice))
    clip = with_free_id(clip, {c.id for c in kept})
    return replace(song, tracks=tracks, clips=(*kept, clip))
