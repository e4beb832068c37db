"""Edits of key: everything pitched moved together, what cannot follow made way for or named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from loopmind.compose import explain
from loopmind.compose.compatibility import (
    MAX_SEMITONES,
    UNPITCHED_ROLES,
    key_fit,
    shift_cost,
)
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.picking import crate_traits
from loopmind.compose.editing.recordings import recorded_tracks
from loopmind.compose.editing.regenerate import rewritten_tracks
from loopmind.compose.editing.scene import Scene
from loopmind.compose.editing.sounds import chosen, exchanged
from loopmind.compose.editing.wished import Wish
from loopmind.compose.slots import base_slot
from loopmind.compose.transitions import RISER
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import SetKey, Transpose
from loopmind.music.key import Key, Mode
from loopmind.music.loop import Crate
from loopmind.music.palette import Candidate
from loopmind.music.song import Clip, Hit

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
    played = [name for name in recorded_tracks(draft.song) if name in tracks]
    if played:
        said.append(f"the recording on {listed(played)} stays as it was played")
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
