"""Edits that arrange anew what is there: one section, some tracks in it, or the whole song."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.scene import Scene, in_section, spliced
from loopmind.compose.editing.settling import settle
from loopmind.compose.hum import SLOT as SUNG
from loopmind.compose.wording import listed
from loopmind.music.draft import Draft
from loopmind.music.edit import RegenerateSection, Reseed
from loopmind.music.loop import Crate
from loopmind.music.song import Clip, Section, Song

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
        if name == SUNG:
            raise EditError(f"{name} is what was sung, which stays; name another track")
        own = [c for c in draft.song.clips if c.track == name and in_section(draft.song, held, c)]
        if not own:
            raise EditError(
                f"{name} does not play in {held.name}, so there is nothing to make anew; "
                f"add it to {held.name} first"
            )
        asking.refuse_locked_sound(draft, [d for c in own for d in asking.sounds(c)], name)
    made = _written(scene, held, edit)
    if made is None:
        what = listed(edit.tracks) or held.name
        raise EditError(
            f"{what} cannot be arranged in another way with these sounds; swap one of them"
        )
    for name in edit.tracks:
        if not any(c.track == name and in_section(made, held, c) for c in made.clips):
            raise EditError(
                f"{name} in {held.name} was put there by hand or recorded, and stays; "
                "name another track, or take it out"
            )
    before = {c for c in draft.song.clips if in_section(draft.song, held, c)}
    changed = before ^ {c for c in made.clips if in_section(made, held, c)}
    draft = settle(replace(draft, song=made), crate)
    tracks = [t.id for t in draft.song.tracks if any(c.track == t.id for c in changed)]
    if edit.tracks:
        was = "were" if asking.many(edit.tracks) else "was"
        return asking.told(draft, f"{listed(edit.tracks)} in {held.name} {was} made anew")
    on = f", with changes on {listed(tracks)}" if tracks else ""
    return asking.told(draft, f"{held.name} was arranged anew{on}")


def _written(scene: Scene, held: Section, edit: RegenerateSection) -> Song | None:
    """The song with the section written anew; None where every seed gives what is there."""
    return _unlike(scene, held, _derived(edit.seed), edit.tracks, scene.song)


def _derived(seed: int) -> list[int | None]:
    """A few seeds that follow from one."""
    return [(seed + attempt * _NEXT_SEED) % _LARGEST_SEED for attempt in range(_TRIES)]


def _unlike(
    scene: Scene, held: Section, seeds: Iterable[int | None], tracks: tuple[str, ...], before: Song
) -> Song | None:
    """The song with the section written by one of `seeds`; None where each gives what was there.

    The first that changes a good part of what was heard in `before` is taken, or the one that
    changes most of it.
    """
    own = [t.id for t in before.tracks if not tracks or t.id in tracks]
    heard = sounding(before, held, own)
    best: tuple[float, Song | None] = (0.0, None)
    for seed in seeds:
        made = rewritten(scene, held, seed, tracks)
        if set(before.clips) == set(made.clips):
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
    return spliced(scene.song, held, fresh, replaced, tracks)


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
    """All sections arranged anew, so that each is heard to be another; what is locked stays."""
    before = draft.song
    draft = replace(draft, song=replace(before, seed=edit.seed))
    locked = [s.name for s in before.sections if draft.is_locked("section", s.name)]
    for held in before.sections:
        if held.name in locked:
            continue
        draft = replace(draft, song=with_section(draft.song, replace(held, seeds=())))
        # By the song's own new seed, if that changes enough; else by one for the section.
        seeds = (None, *_derived(edit.seed))
        made = _unlike(Scene(draft, crate), held, seeds, (), draft.song)
        if made is not None:
            draft = settle(replace(draft, song=made), crate)
    changed = [s.name for s in before.sections if _differs(before, draft.song, s)]
    if not changed:
        raise EditError(
            "the song cannot be arranged in another way with these sounds and locks; "
            "swap a sound or unlock a part"
        )
    same = [s.name for s in before.sections if s.name not in (*changed, *locked)]
    what = asking.verb(changed, "was", "were") if same or locked else "the whole song was"
    said = f"{what} arranged anew"
    if same:
        said += (
            f"; {asking.verb(same, 'stays', 'stay')} as before, as these sounds leave no other way"
        )
    locked += draft.locked_tracks
    kept = f"; {listed(locked)} stayed, as locked" if locked else ""
    return asking.told(draft, f"{said}{kept}")


def _differs(before: Song, after: Song, held: Section) -> bool:
    """Whether anything in a section is another clip than it was."""

    def own(song: Song) -> set[Clip]:
        return {c for c in song.clips if in_section(song, held, c)}

    return own(before) != own(after)
