"""Edits of key and tempo: everything moved together, what cannot follow made way for or named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from loopmind.compose import explain
from loopmind.compose.compatibility import (
    LAST_RESORT,
    MAX_SEMITONES,
    RATIO_LIMITS,
    UNPITCHED_ROLES,
    key_fit,
    shift_cost,
)
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.picking import crate_traits
from loopmind.compose.editing.playing import in_reading
from loopmind.compose.editing.regenerate import rewritten_tracks
from loopmind.compose.editing.scene import Scene
from loopmind.compose.editing.sounds import chosen, exchanged
from loopmind.compose.editing.wished import Wish
from loopmind.compose.slots import base_slot
from loopmind.compose.transitions import RISER
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import SetKey, SetTempo, Transpose
from loopmind.music.key import Key, Mode
from loopmind.music.loop import Crate
from loopmind.music.palette import Candidate
from loopmind.music.song import Clip, Hit, Section, Song

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
# Further a sound is a caricature of itself.
MOST_SEMITONES = 18
MOST_NOTE_SEMITONES = 30
_FARTHEST_IN_KEY = 6
_LEAST_KEY_FIT = 0.45
_NOTES = frozenset({"bass", "chords", "lead"})


def transpose(edit: Transpose, draft: Draft, crate: Crate) -> Draft:
    """One pitched track, or all of them and the key, moved by semitones."""
    if not edit.semitones:
        raise EditError("moving by no semitones changes nothing; name how many")
    way = "up" if edit.semitones > 0 else "down"
    by = f"{way} by {asking.count(abs(edit.semitones), 'semitone')}"
    if edit.track:
        held = asking.track(draft, edit.track)
        asking.refuse_locked_track(draft, held.id)
        if held.role in UNPITCHED_ROLES:
            raise EditError(f"{held.id} plays no notes that could be moved; name a pitched track")
        _refuse_locks(draft, {held.id})
        draft = _moved(draft, {held.id}, edit.semitones, exact=True)
        return asking.told(draft, f"{held.id} is moved {by}")
    tracks = _pitched(draft)
    if not tracks:
        raise EditError("nothing pitched plays in this song, so there is nothing to transpose")
    _refuse_locks(draft, tracks)
    octaves = edit.semitones % 12 == 0
    if not octaves and abs(edit.semitones) > 12:
        raise EditError(
            f"{edit.semitones:+d} semitones are more than an octave; move a song by -12 to 12"
        )
    before = draft
    draft = _moved(draft, tracks, edit.semitones, exact=octaves)
    key = draft.song.key.transpose(edit.semitones) if draft.song.key is not None else None
    draft = _in_key(draft, key)
    now = f"; the song is in {key.written} now" if key is not None else ""
    return asking.told(
        draft, f"everything pitched is moved {by}{now}{_folded(before, draft, edit.semitones)}"
    )


def _folded(before: Draft, after: Draft, semitones: int) -> str:
    """What to say of tracks that went the other way round, an octave from where they were sent."""
    moves: dict[str, int] = {}
    for old, new in zip(before.song.clips, after.song.clips, strict=True):
        one, two = (c.hits[0].semitones if c.hits else c.semitones for c in (old, new))
        if two - one != semitones:
            moves[old.track] = two - one - semitones
    said = ""
    for way, sign in (("lower", -1), ("higher", 1)):
        names = [
            t.id for t in after.song.tracks
            if t.role not in UNPITCHED_ROLES and t.id != RISER.id and moves.get(t.id, 0) * sign > 0
        ]  # fmt: skip
        if names:
            said += f"; {asking.verb(names, 'lies', 'lie')} an octave {way} to keep their sound"
    return said


def set_key(edit: SetKey, draft: Draft, crate: Crate) -> Draft:
    """Everything pitched moved into a key; what does not fit its mode makes way."""
    old = draft.song.key
    mode: Mode = old.mode if old is not None else "minor"
    try:
        key = Key.parse(edit.key, default_mode=mode)
    except ValueError as error:
        raise EditError(str(error)) from None
    if old is None:
        raise EditError("the song has no key, as nothing pitched plays in it; add a track first")
    if key == old:
        raise EditError(f"the song is in {key.written} already; name another key")
    tracks = _pitched(draft)
    _refuse_locks(draft, tracks)
    steps = (key.tonic - old.tonic + 6) % 12 - 6
    if key.mode == old.mode:
        draft = _in_key(_moved(draft, tracks, steps, exact=False), key)
        return asking.told(draft, f"everything pitched moves to {key.written}{_by(steps)}")
    return _other_mode(draft, crate, key, tracks)


def _by(steps: int) -> str:
    if not steps:
        return ""
    way = "up" if steps > 0 else "down"
    return f", {way} by {asking.count(abs(steps), 'semitone')}"


def _other_mode(draft: Draft, crate: Crate, key: Key, tracks: Collection[str]) -> Draft:
    """Each sound where it fits the new mode best; one that fits nowhere is swapped."""
    t = crate_traits(crate)
    index = {loop.digest: i for i, loop in enumerate(t.loops)}
    draft = _in_key(draft, key)
    moves: dict[str, int] = {}
    misfits: list[str] = []
    for choice in draft.palette.choices:
        track, picked = base_slot(choice.slot), choice.picked
        if track not in tracks or picked.source_bpm is None or picked.digest not in index:
            continue
        sub = t.only(np.array([index[picked.digest]]))
        if float(sub.pitched[0]) < 0.3:
            continue
        shifts = np.arange(-MAX_SEMITONES, MAX_SEMITONES + 1)
        fit = key_fit(sub, key)[0]
        best = int((fit * shift_cost(shifts)).argmax())
        moves[picked.digest] = int(shifts[best])
        if float(fit[best]) < _LEAST_KEY_FIT and track not in misfits:
            misfits.append(track)
    said = [f"the song is in {key.written} now"]
    for choice in draft.palette.choices:
        by = moves.get(choice.picked.digest, choice.picked.semitones) - choice.picked.semitones
        if by and choice.slot in tracks:
            said.append(f"{asking.verb([choice.slot], 'moves', 'move')}{_by(by).removeprefix(',')}")
    if len(said) == 1 and not misfits:
        said.append("no loop had to move, as their notes lie in both keys")
    draft = _placed(draft, tracks, moves)
    for track in misfits:
        try:
            swap = chosen(draft, crate, track, draft.song.sections, Wish())
        except EditError:
            said.append(f"{track} stays though it leaves the key, as nothing else fits")
            continue
        draft = exchanged(draft, crate, track, swap, draft.song.sections, whole=True, wish=Wish())
        name = explain.file_name(crate.by_digest()[swap.new.digest])
        said.append(f"{track} plays {name}, as what played does not fit {key.mode}")
    scene = Scene(draft, crate)
    written = [lane.id for lane in scene.main if lane.kind in _NOTES]
    if written:
        draft = rewritten_tracks(draft, crate, written)
        said.append(f"{listed(written)} was written anew")
    return asking.told(draft, "; ".join(said))


def _placed(draft: Draft, tracks: Collection[str], moves: dict[str, int]) -> Draft:
    """Every loop in `moves` played at that transposition."""
    clips = tuple(
        replace(c, semitones=moves[c.digest])
        if c.digest in moves and (c.track in tracks or c.track == RISER.id) else c
        for c in draft.song.clips
    )  # fmt: skip
    choices = tuple(
        replace(c, picked=replace(c.picked, semitones=moves[c.picked.digest]))
        if c.picked.digest in moves and base_slot(c.slot) in tracks else c
        for c in draft.palette.choices
    )  # fmt: skip
    return replace(
        draft, song=replace(draft.song, clips=clips),
        palette=replace(draft.palette, choices=choices),
    )  # fmt: skip


def _pitched(draft: Draft) -> set[str]:
    return {t.id for t in draft.song.tracks if t.role not in UNPITCHED_ROLES}


def _refuse_locks(draft: Draft, tracks: Collection[str]) -> None:
    """Raise EditError where a lock holds one of the tracks, as a song has but one key."""
    for name in sorted(tracks):
        asking.refuse_locked_track(draft, name)
    for clip in draft.song.clips:
        if clip.track in tracks and not asking.is_free(draft, clip):
            at = asking.section_at(draft, clip.start_beat)
            if at is not None:
                asking.refuse_locked_section(draft, at.name)
            asking.refuse_locked_sound(draft, asking.sounds(clip), clip.track)


def _in_key(draft: Draft, key: Key | None) -> Draft:
    """The draft said to be in `key`, in its title too."""
    song, old = draft.song, draft.song.key
    title = song.title
    if old is not None and key is not None:
        title = title.replace(f"in {old.written}", f"in {key.written}")
    return replace(
        draft, song=replace(song, key=key, title=title), palette=replace(draft.palette, key=key)
    )


def _moved(draft: Draft, tracks: Collection[str], semitones: int, *, exact: bool) -> Draft:
    """Clips and choices of `tracks` moved; by the nearer way round unless `exact`."""
    song = draft.song
    digests = {d for c in song.clips if c.track in tracks for d in asking.sounds(c)}
    shared = {c.digest for c in song.clips if c.track not in tracks and c.track != RISER.id}

    def step(now: int) -> int:
        after = now + semitones
        if exact:
            if abs(after) > MOST_SEMITONES:
                raise EditError(
                    f"that would move a sound by {abs(after)} semitones; {MOST_SEMITONES} are the "
                    "most, as it would no longer be itself beyond"
                )
            return after
        while after > _FARTHEST_IN_KEY:
            after -= 12
        while after < -_FARTHEST_IN_KEY:
            after += 12
        return after

    def move(clip: Clip) -> Clip:
        swell = clip.track == RISER.id and clip.digest in digests - shared
        if clip.track not in tracks and not swell:
            return clip
        if not clip.hits:
            return replace(clip, semitones=step(clip.semitones))
        return replace(clip, hits=_moved_hits(clip, semitones, exact=exact))

    def moved(candidate: Candidate) -> Candidate:
        return replace(candidate, semitones=step(candidate.semitones))

    choices = tuple(
        replace(
            c, picked=moved(c.picked),
            runners_up=c.runners_up if exact else tuple(moved(r) for r in c.runners_up),
        )
        if base_slot(c.slot) in tracks and c.role not in UNPITCHED_ROLES
        and c.picked.source_bpm is not None else c
        for c in draft.palette.choices
    )  # fmt: skip
    clips = tuple(move(clip) for clip in song.clips)
    return replace(
        draft, song=replace(song, clips=clips), palette=replace(draft.palette, choices=choices)
    )


def _moved_hits(clip: Clip, semitones: int, *, exact: bool) -> tuple[Hit, ...]:
    """The hits moved, all by the same octave, so that a melody keeps its shape."""
    notes = [hit.semitones for hit in clip.hits]
    mean = sum(notes) / len(notes)
    by = semitones
    if not exact:
        by = min((semitones + 12 * k for k in (-2, -1, 0, 1, 2)), key=lambda s: (abs(mean + s), s))
    if max(abs(note + by) for note in notes) > MOST_NOTE_SEMITONES:
        raise EditError(
            f"that would move a note of {clip.track} by more than {MOST_NOTE_SEMITONES} semitones; "
            "move it the other way first"
        )
    return tuple(replace(hit, semitones=hit.semitones + by) for hit in clip.hits)


def set_tempo_of_song(edit: SetTempo, draft: Draft, crate: Crate) -> Draft:
    """The song at another tempo, if its loops can follow."""
    old = draft.song.bpm
    wanted = old * edit.by if edit.bpm is None else edit.bpm
    if not SLOWEST_BPM <= wanted <= FASTEST_BPM:
        raise EditError(
            f"{wanted:g} bpm is no tempo for a song; stay within {SLOWEST_BPM:g} to {FASTEST_BPM:g}"
        )
    bpm = round(wanted, 2)
    if bpm == old:
        raise EditError(f"the song has {old:g} bpm already; name another tempo")
    draft, counted = at_tempo(draft, crate, bpm)
    said = f"the song runs at {bpm:g} bpm in place of {old:g}"
    if counted:
        said += f"; {asking.verb(counted, 'is', 'are')} counted in half or double time"
    return asking.told(draft, said)


def refuse_spoilt(
    song: Song, crate: Crate, section: Section, bpm: float, yielding: Collection[str] = ()
) -> None:
    """Raise EditError for a loop in `section` that cannot be played at `bpm`."""
    bar, loops = song.beats_per_bar, crate.by_digest()
    start, end = section.start_bar * bar, (section.start_bar + section.bars) * bar
    roles = {t.id: t.role for t in song.tracks}
    for clip in song.clips:
        if clip.hits or clip.source_bpm is None or clip.track in yielding:
            continue
        if clip.start_beat >= end or clip.start_beat + clip.beats <= start:
            continue
        ratio, present = bpm / clip.source_bpm, song.bpm / clip.source_bpm
        if _reading(ratio, roles.get(clip.track, "fx"), present) != 1.0:
            name = loops[clip.digest].path if clip.digest in loops else clip.digest
            raise EditError(
                f"at {bpm:g} bpm {name} on {clip.track} in {section.name} would be stretched too "
                f"far; stay nearer to {song.bpm:g} bpm, or swap it first"
            )


def at_tempo(
    draft: Draft, crate: Crate, bpm: float, *, yielding: Collection[str] = ()
) -> tuple[Draft, list[str]]:
    """The draft at `bpm`, and the tracks whose loops are counted at half or double the tempo.

    yielding: tracks that are going to play other sounds, so that theirs may be spoilt. Raises
    EditError naming the first loop that would have to be played too fast or too slow.
    """
    song = draft.song
    loops = crate.by_digest()
    roles = {t.id: t.role for t in song.tracks}
    factors: dict[str, float] = {}
    counted: list[str] = []
    # Swells come last: most play a sound that is read for its own track already.
    for clip in sorted(song.clips, key=lambda c: c.track == RISER.id):
        if clip.hits or clip.source_bpm is None or clip.digest in factors:
            continue
        name = loops[clip.digest].path if clip.digest in loops else clip.digest
        ratio = bpm / clip.source_bpm
        factor = _reading(ratio, roles.get(clip.track, "fx"), song.bpm / clip.source_bpm)
        if factor is None and clip.track in yielding:
            factor = 1.0
        short = factor is not None and factor < 1.0 and clip.loop_beats * factor < 1.0
        if factor is None or (short and clip.track != RISER.id):
            way = "faster" if ratio > 1.0 else "slower"
            times = max(ratio, 1.0 / ratio)
            raise EditError(
                f"at {bpm:g} bpm {name} on {clip.track} would have to play {times:.2f} times "
                f"{way}, which spoils it; swap it first, or stay nearer to {song.bpm:g} bpm"
            )
        factors[clip.digest] = factor
        if factor != 1.0 and clip.track not in counted:
            counted.append(clip.track)

    def placed(clip: Clip) -> Clip:
        factor = factors.get(clip.digest, 1.0)
        return clip if factor == 1.0 else in_reading(clip, factor)

    def read(candidate: Candidate) -> Candidate:
        if candidate.source_bpm is None:
            return candidate
        factor = factors.get(candidate.digest, 1.0)
        tempo = candidate.source_bpm * factor
        return replace(
            candidate, source_bpm=tempo, beats=candidate.beats * factor,
            ratio=round(bpm / tempo, 6),
        )  # fmt: skip

    choices = tuple(
        replace(c, picked=read(c.picked), runners_up=tuple(read(r) for r in c.runners_up))
        for c in draft.palette.choices
    )
    clips = tuple(placed(clip) for clip in song.clips)
    palette = replace(draft.palette, bpm=bpm, choices=choices)
    sections = tuple(
        s if s.bpm is None else replace(s, bpm=round(s.bpm * bpm / song.bpm, 2))
        for s in song.sections
    )
    made = replace(song, bpm=bpm, clips=clips, sections=sections)
    for held in sections:
        if held.bpm is not None:
            refuse_spoilt(made, crate, held, held.bpm, yielding)
    return replace(draft, palette=palette, song=made), counted


def cannot_follow(draft: Draft, bpm: float) -> list[str]:
    """The tracks, swells aside, with a loop that would be spoilt at `bpm`."""
    roles = {t.id: t.role for t in draft.song.tracks}
    found = [
        c.track for c in draft.song.clips
        if not c.hits and c.source_bpm is not None and c.track != RISER.id
        and _reading(bpm / c.source_bpm, roles[c.track], draft.song.bpm / c.source_bpm) is None
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def _reading(ratio: float, role: str, present: float) -> float | None:
    """1, or what the loop's tempo is counted at so that the stretch stays bearable; else None."""
    low, high = RATIO_LIMITS.get(role, RATIO_LIMITS["fx"])
    if not low <= present <= high:
        # It was a makeshift from the start: no better is asked of it now.
        low, high = min(low, present), max(high, present)
    low, high = max(low * 0.98, LAST_RESORT[0]), min(high * 1.02, LAST_RESORT[1])
    for factor in (1.0, 0.5, 2.0):
        if low <= ratio / factor <= high:
            return factor
    return None
