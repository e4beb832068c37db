"""Edits that arrange anew what is there: one section, some tracks in it, or the whole song."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.scene import Scene, in_section, spliced
from loopmind.compose.editing.settling import settle
from loopmind.music.draft import Draft
from loopmind.music.edit import RegenerateSection, Reseed
from loopmind.music.loop import Crate
from loopmind.music.song import Section, Song

_TRIES = 8
# How much of what is heard should be another after a section was made anew.
_ENOUGH = 0.3
_NEXT_SEED = 1_000_003
_LARGEST_SEED = 2**31 - 1


def regenerate_section(edit: RegenerateSection, draft: Draft, crate: Crate) -> Draft:
    """A section arranged anew, or only some tracks in it."""
    held = asking.section(draft, edit.section)
    asking.refuse_locked_section(draft, held.name)
    scene = Scene(draft, crate)
    for name in edit.tracks:
        asking.track(draft, name)
        asking.refuse_locked_track(draft, name)
        own = [c for c in draft.song.clips if c.track == name and in_section(draft.song, held, c)]
        if not own:
            raise EditError(
                f"{name} does not play in {held.name}, so there is nothing to make anew; "
                f"add it to {held.name} first"
            )
        asking.refuse_locked_sound(draft, [d for c in own for d in asking.sounds(c)], name)
    made = _written(scene, held, edit)
    if made is None:
        what = asking.listed(edit.tracks) or held.name
        raise EditError(
            f"{what} cannot be arranged in another way with these sounds; swap one of them"
        )
    before = {c for c in draft.song.clips if in_section(draft.song, held, c)}
    changed = before ^ {c for c in made.clips if in_section(made, held, c)}
    draft = settle(replace(draft, song=made), crate)
    tracks = [t.id for t in draft.song.tracks if any(c.track == t.id for c in changed)]
    if edit.tracks:
        was = "were" if asking.many(edit.tracks) else "was"
        return asking.told(draft, f"{asking.listed(edit.tracks)} in {held.name} {was} made anew")
    on = f", with changes on {asking.listed(tracks)}" if tracks else ""
    return asking.told(draft, f"{held.name} was arranged anew{on}")


def _written(scene: Scene, held: Section, edit: RegenerateSection) -> Song | None:
    """The song with the section written anew; None where every seed gives what is there.

    Of a few seeds derived from the edit's the first that changes a good part of what is heard is
    taken, or the one that changes most of it.
    """
    before = set(scene.song.clips)
    own = [t.id for t in scene.song.tracks if not edit.tracks or t.id in edit.tracks]
    heard = sounding(scene.song, held, own)
    best: tuple[float, Song | None] = (0.0, None)
    for attempt in range(_TRIES):
        seed = (edit.seed + attempt * _NEXT_SEED) % _LARGEST_SEED
        made = rewritten(scene, held, seed, edit.tracks)
        if before == set(made.clips):
            continue
        now = sounding(made, held, own)
        # What only sounds a little louder is another arrangement too, if there is no better one.
        changed = len(heard ^ now) / max(len(heard | now), 1) + 1e-6
        if changed > best[0]:
            best = (changed, made)
        if changed >= _ENOUGH:
            break
    return best[1]


def sounding(song: Song, held: Section, tracks: Collection[str]) -> frozenset[tuple[object, ...]]:
    """What is heard of tracks in a section: track, sixteenth, sound and the place in it."""
    bar = song.beats_per_bar
    start, end = float(held.start_bar * bar), float((held.start_bar + held.bars) * bar)
    found: set[tuple[object, ...]] = set()
    for clip in song.clips:
        if clip.track not in tracks or not in_section(song, held, clip):
            continue
        found |= {
            (clip.track, round(4.0 * (clip.start_beat + hit.beat)), hit.digest, hit.semitones)
            for hit in clip.hits
        }
        if clip.hits:
            continue
        for step in range(
            round(4.0 * clip.start_beat), round(4.0 * (clip.start_beat + clip.beats))
        ):
            at = step / 4.0 - clip.start_beat
            silent = any(begin <= at < begin + length for begin, length in clip.silences)
            if start <= step / 4.0 < end and not silent:
                place = round((at + clip.offset_beats) % max(clip.loop_beats, 0.25), 2)
                found.add((clip.track, step, clip.digest, place, clip.semitones, clip.treatment))
    return frozenset(found)


def rewritten(scene: Scene, held: Section, seed: int | None, tracks: tuple[str, ...] = ()) -> Song:
    """The song with a section written by `seed` (None: by those it has); locked parts stay.

    tracks: only these; all that play, with fills, crashes, risers and sweeps, where empty.
    """
    draft = scene.draft
    if seed is not None:
        given = dict(held.seeds)
        seeds = {**given, **dict.fromkeys(tracks, seed)} if tracks else {"": seed}
        changed = replace(held, seeds=tuple(sorted(seeds.items())))
        song = with_section(draft.song, changed)
        scene = Scene(replace(draft, song=song), scene.crate)
    playing = scene.playing[held.name]
    fresh = scene.write(held.name, playing)
    own = [c for c in scene.song.clips if in_section(scene.song, held, c)]
    # What the writers know nothing of (a sound that is missing, a clip put by hand) stays.
    known = {lane.id for lane in scene.lanes} | {"riser"}
    replaced = set(tracks) if tracks else {c.track for c in (*own, *fresh)} & known
    stuck = {c.track for c in own if not asking.is_free(scene.draft, c)}
    stuck |= {t.id for t in scene.song.tracks if draft.is_locked("track", t.id)}
    replaced -= stuck
    if not tracks:
        swept = scene.swept(held.name, {t.id for t in scene.song.tracks} - stuck)
        return spliced(swept, held, fresh, replaced)
    return spliced(scene.song, held, fresh, replaced)


def rewritten_tracks(draft: Draft, crate: Crate, tracks: Collection[str]) -> Draft:
    """Some tracks written anew wherever they play, as the song's seeds have it; locks hold."""
    for held in draft.song.sections:
        own = [
            c for c in draft.song.clips if c.track in tracks and in_section(draft.song, held, c)
        ]  # fmt: skip
        if not own or draft.is_locked("section", held.name):
            continue
        names = tuple(sorted({c.track for c in own}))
        scene = Scene(draft, crate)
        ids = {*scene.playing[held.name], *names}
        free = {n for n in names if all(asking.is_free(draft, c) for c in own if c.track == n)}
        fresh = [c for c in scene.write(held.name, ids) if c.track in free]
        # What finds nothing to play under new circumstances goes on as it did.
        song = spliced(draft.song, held, fresh, {c.track for c in fresh})
        draft = replace(draft, song=song)
    return settle(draft, crate)


def with_section(song: Song, changed: Section) -> Song:
    """`song` with the section of that name as `changed`."""
    return replace(
        song, sections=tuple(changed if s.name == changed.name else s for s in song.sections)
    )


def reseed(edit: Reseed, draft: Draft, crate: Crate) -> Draft:
    """All sections arranged anew; locked sections and tracks stay."""
    draft = replace(draft, song=replace(draft.song, seed=edit.seed))
    left = []
    for held in draft.song.sections:
        if draft.is_locked("section", held.name):
            left.append(held.name)
            continue
        changed = with_section(draft.song, replace(held, seeds=()))
        draft = replace(draft, song=changed)
        held = next(s for s in changed.sections if s.name == held.name)
        draft = settle(replace(draft, song=rewritten(Scene(draft, crate), held, None)), crate)
    left += [t.id for t in draft.song.tracks if draft.is_locked("track", t.id)]
    kept = f"; {asking.listed(left)} stayed, as locked" if left else ""
    return asking.told(draft, f"the whole song was arranged anew{kept}")
