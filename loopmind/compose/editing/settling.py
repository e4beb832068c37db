"""Bringing tracks, clips and channel strips back in step after an edit of the song.

Law: a strip changes only where its track is new or named; what was changed by hand lies on top of
what the mix decides by itself, and stays on top of a new decision.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from loopmind.compose.editing.strips import strip_fields, with_band, with_mutes
from loopmind.compose.lanes import build_lanes
from loopmind.compose.mixing import is_own_master_band, mix_song
from loopmind.compose.transitions import RISER
from loopmind.compose.wishes import genre_of
from loopmind.music.draft import Draft
from loopmind.music.loop import Crate
from loopmind.music.mix import EqBand, Master, Mix, Reverb, Strip
from loopmind.music.song import Song, Track

_ADDED_UP = ("gain_db", "target_lufs")


def settle(draft: Draft, crate: Crate, *, remixed: Collection[str] = ()) -> Draft:
    """`draft` with a track for every clip, a strip for every track, and clips in order.

    remixed: tracks that get a new strip although they have one.
    """
    song = with_tracks(draft, crate)
    draft = replace(draft, song=song)
    held = {s.track for s in draft.mix.strips}
    wanted = [t.id for t in song.tracks]
    if held == set(wanted) and not remixed:
        ordered = in_order(draft.mix.strips, wanted)
        if ordered != draft.mix.strips:
            draft = replace(draft, mix=replace(draft.mix, strips=ordered))
        return with_mutes(_without_lost_ducking(draft))
    fresh = {s.track: s for s in automatic_mix(draft, crate).strips}
    base = draft.automatic if draft.automatic is not None else draft.mix
    known = {s.track: s for s in base.strips}
    now = {s.track: s for s in draft.mix.strips}
    automatic, mixed = [], []
    for name in wanted:
        if name in known and name not in remixed:
            automatic.append(known[name])
            mixed.append(now.get(name, known[name]))
            continue
        made = fresh.get(name, Strip(name))
        automatic.append(made)
        by_hand = name in known and name in now
        mixed.append(strip_over(made, now[name], known[name]) if by_hand else made)
    mix = replace(draft.mix, strips=tuple(mixed))
    if draft.automatic is not None:
        base = replace(draft.automatic, strips=tuple(automatic))
        draft = replace(draft, automatic=base)
    return with_mutes(_without_lost_ducking(replace(draft, mix=mix)))


def _without_lost_ducking(draft: Draft) -> Draft:
    """No track is ducked by one that is gone."""
    there = {t.id for t in draft.song.tracks}
    lost = [s for s in draft.mix.strips if s.sidechain and s.sidechain.source not in there]
    if not lost:
        return draft
    strips = tuple(replace(s, sidechain=None) if s in lost else s for s in draft.mix.strips)
    return replace(draft, mix=replace(draft.mix, strips=strips))


def automatic_mix(draft: Draft, crate: Crate, style: str | None = None) -> Mix:
    """The mix that the song would get by itself, in its present style or another one."""
    base = draft.automatic if draft.automatic is not None else draft.mix
    made = mix_song(
        draft.song, draft.palette, crate, style=style or draft.mix.style,
        target_lufs=base.master.target_lufs,
    )  # fmt: skip
    # A master that was matched to a reference stays so, whatever the style.
    matched = [band for band in base.master.eq if not is_own_master_band(band)]
    if not matched:
        return made
    return replace(made, master=replace(made.master, eq=(*made.master.eq, *matched)))


def remix(
    draft: Draft, crate: Crate, *, style: str | None = None, keep: Collection[str] = ()
) -> Draft:
    """Everything mixed anew but the strips to `keep`; changes made by hand stay on top."""
    return mixed_by(draft, automatic_mix(draft, crate, style), keep=keep)


def mixed_by(draft: Draft, fresh: Mix, *, keep: Collection[str] = ()) -> Draft:
    """The song with another mix, changes made by hand on top of it; strips to `keep` stay."""
    base = draft.automatic if draft.automatic is not None else draft.mix
    known = {s.track: s for s in base.strips}
    now = {s.track: s for s in draft.mix.strips}
    automatic, mixed = [], []
    for made in fresh.strips:
        name = made.track
        if name in keep and name in now:
            automatic.append(known.get(name, now[name]))
            mixed.append(now[name])
            continue
        automatic.append(made)
        by_hand = name in known and name in now
        mixed.append(strip_over(made, now[name], known[name]) if by_hand else made)
    reverb = _over(fresh.reverb, draft.mix.reverb, base.reverb)
    master = master_over(fresh.master, draft.mix.master, base.master)
    mix = Mix(fresh.style, tuple(mixed), reverb, master)
    if draft.automatic is not None:
        draft = replace(draft, automatic=replace(fresh, strips=tuple(automatic)))
    return with_mutes(replace(draft, mix=mix))


def strip_over(made: Strip, now: Strip, before: Strip) -> Strip:
    """`made` with what was changed by hand from `before` to `now` laid over it."""
    changes: dict[str, object] = {}
    for name in strip_fields():
        if getattr(now, name) == getattr(before, name):
            continue
        if name == "eq":
            changes[name] = eq_over(made.eq, now.eq, before.eq)
        elif name == "gain_db":
            moved = made.gain_db + now.gain_db - before.gain_db
            changes[name] = round(min(max(moved, -60.0), 24.0), 2)
        else:
            changes[name] = getattr(now, name)
    return replace(made, **changes) if changes else made  # type: ignore[arg-type]


def eq_over(
    made: tuple[EqBand, ...], now: tuple[EqBand, ...], before: tuple[EqBand, ...]
) -> tuple[EqBand, ...]:
    """Bands that were added or changed by hand, laid over those of a new mix."""
    for band in now:
        if band not in before:
            made = with_band(made, band)
    return made


def master_over(made: Master, now: Master, before: Master) -> Master:
    """The master with what was changed by hand laid over it."""
    eq = eq_over(made.eq, now.eq, before.eq)
    changes = {
        name: getattr(now, name)
        for name in ("compressor", "drive", "target_lufs", "ceiling_dbtp")
        if getattr(now, name) != getattr(before, name)
    }
    return replace(made, eq=eq, **changes)


def _over(made: Reverb, now: Reverb, before: Reverb) -> Reverb:
    changes = {
        name: getattr(now, name)
        for name in ("decay_s", "predelay_s", "damping", "low_cut_hz", "gain_db")
        if getattr(now, name) != getattr(before, name)
    }
    return replace(made, **changes) if changes else made


def with_tracks(draft: Draft, crate: Crate) -> Song:
    """The song with a track for each of its clips, and its clips in order of time and track.

    Patterns of which no hit is left are gone.
    """
    song = draft.song
    there = {t.id for t in song.tracks}
    missing = sorted({c.track for c in song.clips} - there)
    tracks = list(song.tracks)
    if missing:
        lanes = build_lanes(draft.palette, crate, genre_of(song.brief, crate))
        rank = {lane.id: i for i, lane in enumerate(lanes)}
        made = {lane.id: lane.track for lane in lanes}
        for name in missing:
            track = RISER if name == RISER.id else made.get(name, _plain_track(name))
            # Where the arranger would have put it: before the first that ranks behind it.
            own = rank.get(name, len(rank))
            place = next(
                (i for i, t in enumerate(tracks) if rank.get(t.id, len(rank)) > own), len(tracks)
            )
            tracks.insert(place, track)
    order = {t.id: i for i, t in enumerate(tracks)}
    sounding = (c for c in song.clips if c.digest or c.hits)
    clips = tuple(sorted(sounding, key=lambda c: (c.start_beat, order[c.track], c.id)))
    if clips == song.clips and not missing:
        return song
    return replace(song, tracks=tuple(tracks), clips=clips)


def _plain_track(name: str) -> Track:
    return Track(name, name.capitalize(), "fx", "fx")


def in_order(strips: tuple[Strip, ...], names: list[str]) -> tuple[Strip, ...]:
    """Strips in the order of their tracks."""
    place = {name: i for i, name in enumerate(names)}
    return tuple(sorted(strips, key=lambda s: place[s.track]))
