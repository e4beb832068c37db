"""A song turned into another genre: its melodies stay, its beat, form, tempo and mix follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from loopmind.compose import arrange as arranging
from loopmind.compose import explain, select
from loopmind.compose.compatibility import UNPITCHED_ROLES
from loopmind.compose.editing import asking
from loopmind.compose.editing.asking import EditError
from loopmind.compose.editing.recordings import recorded_tracks
from loopmind.compose.editing.regenerate import rewritten
from loopmind.compose.editing.scene import Scene
from loopmind.compose.editing.settling import remix, settle
from loopmind.compose.editing.sounds import chosen, exchanged
from loopmind.compose.editing.tempo import at_tempo, cannot_follow, other_tempi
from loopmind.compose.editing.wished import Wish
from loopmind.compose.genres import GenreProfile, find, names, profile
from loopmind.compose.hum import SLOT as SUNG
from loopmind.compose.lanes import build_lanes
from loopmind.compose.slots import base_slot, section_of
from loopmind.compose.wording import listed
from loopmind.errors import LoopMindError
from loopmind.music.draft import Draft
from loopmind.music.edit import SetGenre
from loopmind.music.loop import Crate
from loopmind.music.palette import Choice

# Beyond this a sound that has no substitute keeps the song from following to another tempo.
_MOST_STRETCHED = 1.4


def set_genre(edit: SetGenre, draft: Draft, crate: Crate) -> Draft:
    """Tempo, drums, form and mix of another genre; pitched sounds, and what is locked, stay."""
    known = find(edit.genre)
    if known is None:
        raise EditError(f"there is no genre {edit.genre!r}; choose from {', '.join(names())}")
    genre = profile(known)
    if draft.song.brief.genre == known and not edit.seed:
        raise EditError(f"the song is {known} already; name another genre, or reseed it")
    seed = edit.seed or draft.song.seed
    # Before the tempo moves, as the song shall last about as long as it does now.
    length_s = draft.song.tempo.seconds(draft.song.beats)
    own_tempi = [s.name for s in draft.song.sections if s.bpm is not None]
    draft, said = _at_home(draft, crate, genre)
    locked = draft.locked_tracks
    stuck = [s.name for s in draft.song.sections if draft.is_locked("section", s.name)]
    beat = _beat(draft, crate, genre, seed)
    draft = _with_genre(draft, crate, genre, beat, locked)
    if beat:
        said.append(f"{listed(list(dict.fromkeys(base_slot(c.slot) for c in beat)))} play its beat")
    if locked or stuck or any(k.kind == "sound" for k in draft.locks):
        draft = _rewritten(draft, crate, seed)
        said.append("the form stays, as parts of it are locked")
    elif any(t.id == SUNG for t in draft.song.tracks):
        draft = _rewritten(draft, crate, seed)
        said.append("the form stays, as the melody was sung to it")
    elif recorded := recorded_tracks(draft.song):
        draft = _rewritten(draft, crate, seed)
        said.append(f"the form stays, as the recording on {listed(recorded)} was played to it")
    else:
        draft = _arranged(draft, crate, genre, seed, length_s)
        said.append(f"{len(draft.song.sections)} sections as {genre.name} has them")
        if own_tempi:
            said.append(f"{asking.verb(own_tempi, 'has', 'have')} no tempo of their own any more")
    draft = remix(settle(draft, crate), crate, style=_style(draft, genre), keep=locked)
    said += other_tempi(draft.song)
    if locked or stuck:
        said.append(f"{listed([*stuck, *locked])} stayed, as locked")
    return asking.told(draft, f"the song is {genre.name} now: {'; '.join(said)}")


def _style(draft: Draft, genre: GenreProfile) -> str:
    return draft.song.brief.mix_style or genre.mix_style


def _at_home(draft: Draft, crate: Crate, genre: GenreProfile) -> tuple[Draft, list[str]]:
    """The song at the tempo of the genre nearest to its own that its loops can follow to."""
    low, high = genre.bpm
    now = draft.song.bpm
    if low <= now <= high:
        return draft, [f"{now:g} bpm suits it as it is"]
    goals = {round(min(max(now * factor, low), high), 2) for factor in (1.0, 2.0, 0.5)}
    nearest = sorted(goals, key=lambda bpm: abs(math.log2(bpm / now)))
    for way in (_all_at, _most_at):
        for goal in nearest:
            try:
                return way(draft, crate, goal)
            except EditError:  # too far for one of the loops
                continue
    return draft, [f"it stays at {now:g} bpm, as its loops cannot follow to {low:g} to {high:g}"]


def _all_at(draft: Draft, crate: Crate, bpm: float) -> tuple[Draft, list[str]]:
    """The song at a tempo to which everything follows. Raises EditError."""
    moved, _ = at_tempo(draft, crate, bpm)
    return moved, [f"{bpm:g} bpm in place of {draft.song.bpm:g}"]


def _most_at(draft: Draft, crate: Crate, bpm: float) -> tuple[Draft, list[str]]:
    """The same with other sounds for what cannot follow. Raises EditError where there are none."""
    stuck = cannot_follow(draft, bpm)
    recorded = cannot_follow(draft, bpm, recorded=True)
    held = [t for t in stuck if any(
        c.track == t and not asking.is_free(draft, c) for c in draft.song.clips
    ) or draft.is_locked("track", t) or t == SUNG or t in recorded]  # fmt: skip
    if held:
        raise EditError(f"{listed(held)} cannot follow to {bpm:g} bpm, and stays")
    moved, _ = at_tempo(draft, crate, bpm, yielding=stuck)
    said = [f"{bpm:g} bpm in place of {draft.song.bpm:g}"]
    for name in stuck:
        own = [c.source_bpm for c in moved.song.clips if c.track == name and c.source_bpm]
        times = max(max(bpm / tempo, tempo / bpm) for tempo in own)
        pitched = asking.track(moved, name).role not in UNPITCHED_ROLES
        try:
            swap = chosen(moved, crate, name, moved.song.sections, Wish())
        except EditError as error:
            if times > _MOST_STRETCHED:
                raise EditError(f"{name} cannot follow to {bpm:g} bpm: {error}") from error
            if pitched:
                what = asking.verb([name], "is", "are")
                said.append(f"{what} stretched {times:.2f} times, as nothing else fits there")
            continue
        moved = exchanged(moved, crate, name, swap, moved.song.sections, whole=True, wish=Wish())
        if pitched:
            sound = explain.file_name(crate.by_digest()[swap.new.digest])
            said.append(f"{asking.verb([name], 'plays', 'play')} {sound}, as what played cannot "
                        "follow")  # fmt: skip
    return moved, said


def _beat(draft: Draft, crate: Crate, genre: GenreProfile, seed: int) -> list[Choice]:
    """Drums, percussion and effects as the genre would choose them at this tempo; may be none."""
    bpm = draft.song.bpm
    wish = replace(
        draft.song.brief, genre=genre.name, bpm=(bpm, bpm), key=draft.song.key, anchors=(),
        form=(), only=(), sides=(),
    )  # fmt: skip
    drums = tuple(
        loop for loop in crate.loops
        if loop.kind != "song" and loop.best_role in UNPITCHED_ROLES
    )  # fmt: skip
    if not drums:
        return []
    try:
        palette = select.choose(Crate(drums), wish, seed)
    except LoopMindError:  # none of them can play a part: the old drums go on
        return []
    return [c for c in palette.choices if c.role in UNPITCHED_ROLES]


def _with_genre(
    draft: Draft, crate: Crate, genre: GenreProfile, beat: list[Choice], locked: Sequence[str]
) -> Draft:
    """The draft with the genre's drums in its palette, and the genre in its brief."""
    rhythm = {base_slot(c.slot) for c in draft.palette.choices if c.role in UNPITCHED_ROLES}
    free = rhythm - set(locked) if beat else set()
    kept = [c for c in draft.palette.choices if base_slot(c.slot) not in free]
    kept = [c for c in kept if section_of(c.slot) is None or base_slot(c.slot) in locked]
    held = {base_slot(c.slot) for c in kept}
    new = [c for c in beat if base_slot(c.slot) not in held]
    palette = replace(draft.palette, choices=(*new, *kept))
    brief = replace(draft.song.brief, genre=genre.name)
    own = replace(draft.brief, genre=genre.name)
    song = draft.song
    old = find(song.brief.genre) if song.brief.genre else None
    title = song.title
    for name in (old or "", (old or "").capitalize()):
        if name and name in title:
            title = title.replace(name, genre.name, 1)
            break
    title = title[:1].upper() + title[1:]
    swing = genre.swing if genre.swing_unit == 8 else 0.5
    main = next((c for c in palette.choices if c.slot == "drums"), None)
    loop = crate.by_digest().get(main.picked.digest) if main is not None else None
    if loop is not None:
        swing = float(min(max(loop.swing, 0.5), 0.75))
    palette = replace(palette, swing=swing)
    song = replace(song, brief=brief, title=title, swing=swing)
    return replace(draft, brief=own, song=song, palette=palette)


def _arranged(draft: Draft, crate: Crate, genre: GenreProfile, seed: int, length_s: float) -> Draft:
    """The whole song in a form of the genre, about `length_s` long."""
    song = draft.song
    wish = replace(song.brief, length_s=length_s)
    made = arranging.arrange(draft.palette, crate, wish, seed)
    made = replace(made, brief=song.brief, title=song.title)
    lanes = {lane.id: lane.track for lane in build_lanes(draft.palette, crate, genre)}
    known = {t.id: t for t in song.tracks}
    tracks = tuple(known.get(t.id, t) for t in made.tracks)
    # A track that the new form has no place for can still be asked for.
    spare = tuple(t for t in song.tracks if t.id in lanes and t.id not in {m.id for m in tracks})
    return replace(draft, song=replace(made, tracks=(*tracks, *spare)))


def _rewritten(draft: Draft, crate: Crate, seed: int) -> Draft:
    """Every section that is not locked written in the genre's manner, in the form it has."""
    lanes = {lane.id for lane in Scene(draft, crate).lanes}
    song = replace(draft.song, seed=seed)
    gone = {t.id for t in song.tracks if t.role in UNPITCHED_ROLES} - lanes - {"riser"}
    held = [s for s in song.sections if draft.is_locked("section", s.name)]
    bar = song.beats_per_bar
    spans = [(s.start_bar * bar, (s.start_bar + s.bars) * bar) for s in held]
    clips = tuple(
        c for c in song.clips
        if c.recorded or c.track not in gone or any(a <= c.start_beat < b for a, b in spans)
    )  # fmt: skip
    draft = replace(draft, song=replace(song, clips=clips))
    for section in draft.song.sections:
        if draft.is_locked("section", section.name):
            continue
        scene = Scene(draft, crate)
        # New drums join where the section asks for drums.
        asked = set(section.plays) or {"all"}
        joining = [
            lane.id for lane in scene.main
            if lane.track.role in UNPITCHED_ROLES and ({"all", lane.track.role} & asked)
        ]  # fmt: skip
        playing = {*scene.playing[section.name], *joining}
        ordered = tuple(lane.id for lane in scene.main if lane.id in playing)
        scene.playing[section.name] = ordered
        now = next(s for s in draft.song.sections if s.name == section.name)
        draft = replace(draft, song=rewritten(scene, now, None))
    return draft
