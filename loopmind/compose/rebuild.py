"""Rebuild a finished track: a new form made of its own bars, with other people's drums on top.

The form is the genre's; each kind of section is built on a loop of the track whose energy fits,
other kinds on other bars. Phrases differ by answers, chopped and stuttered bars, reversed ends
and rests; filters open and close, and the start of a peak is heard backwards before it comes.
Every slice is an excerpt of the one file: no audio is written.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loopmind.compose import arrange as arranging
from loopmind.compose import select
from loopmind.compose.cut_phrases import SAMPLE, SWELL, Rebuilder
from loopmind.compose.structure import Part, plan_parts
from loopmind.compose.wishes import genre_of
from loopmind.errors import LoopMindError
from loopmind.music.brief import Brief
from loopmind.music.cuts import Cuts
from loopmind.music.loop import Crate, Loop
from loopmind.music.palette import Candidate, Choice, Palette
from loopmind.music.song import Song

_MOST_SEMITONES = 5
_HARD_OCTAVES = 0.25
_ADDED_ROLES = frozenset({"drums", "percussion", "fx"})


def rebuild_palette(cuts: Cuts, crate: Crate, brief: Brief, seed: int) -> Palette:
    """The track as the only melody, and drums from the crate's other sounds, if it has any.

    The tempo is the track's own unless the brief names another; so is the key.
    Raises LoopMindError where the track is no longer in the crate.
    """
    track = _track_of(cuts, crate)
    bpm = _tempo(cuts, brief)
    own = track.best_key
    shift = own.semitones_to(brief.key) if own is not None and brief.key is not None else 0
    notes = [_cut_in_words(cuts, track)]
    if abs(shift) > _MOST_SEMITONES:
        notes.append(f"{brief.key} is too far from the track's {own}; its own key was kept")
        shift = 0
    if abs(np.log2(bpm / cuts.bpm)) > _HARD_OCTAVES:
        notes.append(
            f"at {bpm:g} bpm the track is stretched hard; it would sound better nearer to its own "
            f"{cuts.bpm:.0f} bpm"
        )
    bar = float(cuts.beats_per_bar)
    picked = Candidate(
        track.digest, 1.0, (("clarity", cuts.clarity),), cuts.bpm, 4.0 * bar,
        round(bpm / cuts.bpm, 6), shift,
    )  # fmt: skip
    name = track.path.replace("\\", "/").rsplit("/", 1)[-1]
    choice = Choice("sample", SAMPLE.role, "sample", picked, (), f"The song is rebuilt of {name}.")
    added, said = _added(crate, track, brief, bpm, seed)
    notes += said
    key = own.transpose(shift) if own is not None else None
    return Palette(bpm, key, cuts.beats_per_bar, 0.5, (choice, *added), (), tuple(notes))


def rebuild(cuts: Cuts, palette: Palette, crate: Crate, brief: Brief, seed: int) -> Song:
    """A new song of the track's bars. Same arguments, same song."""
    track = _track_of(cuts, crate)
    brief = replace(brief, bpm=(palette.bpm, palette.bpm))
    genre = genre_of(brief, crate)
    brief = replace(brief, genre=genre.name)
    added = replace(palette, choices=tuple(c for c in palette.choices if c.slot != SAMPLE.id))
    parts = plan_parts(
        genre, bpm=palette.bpm, beats_per_bar=palette.beats_per_bar, length_s=brief.length_s,
        seed=seed,
    )  # fmt: skip
    drums: Song | None = None
    if added.choices:
        drums = arranging.arrange(added, crate, brief, seed)
        plays = {part.section.name: part.plays for part in parts}
        parts = tuple(Part(s, plays.get(s.name, ("all",))) for s in drums.sections)
    shift = next(c.picked.semitones for c in palette.choices if c.slot == SAMPLE.id)
    builder = Rebuilder(cuts, genre, parts, seed, shift)
    clips = builder.clips()
    tracks = [SAMPLE]
    automation = list(builder.filters())
    if drums is not None:
        kept = [c for c in drums.clips if c.track != SWELL.id]
        clips += kept
        tracks += [t for t in drums.tracks if t.id != SWELL.id]
        automation += [a for a in drums.automation if a.track not in (SAMPLE.id, SWELL.id)]
    if any(clip.track == SWELL.id for clip in clips):
        tracks.append(SWELL)
    order = {t.id: i for i, t in enumerate(tracks)}
    clips.sort(key=lambda clip: (clip.start_beat, order[clip.track], clip.id))
    name = track.path.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return Song(
        title=f"{name} ({genre.name} remix)",
        brief=brief,
        seed=seed,
        bpm=palette.bpm,
        key=palette.key,
        beats_per_bar=palette.beats_per_bar,
        swing=palette.swing,
        sections=tuple(part.section for part in parts),
        tracks=tuple(tracks),
        clips=tuple(clips),
        automation=tuple(automation),
        tail_beats=float(2 * palette.beats_per_bar),
    )


def _track_of(cuts: Cuts, crate: Crate) -> Loop:
    found = crate.by_digest().get(cuts.digest)
    if found is None:
        raise LoopMindError("the track to remix is no longer in the crate; name its file again")
    return found


def _tempo(cuts: Cuts, brief: Brief) -> float:
    own = cuts.bpm
    if brief.bpm is None:
        return round(own, 2) if cuts.steady else float(round(own))
    low, high = brief.bpm
    # Twice or half as fast is the same song to the ear, and spares it the stretching.
    options = [min(max(own * factor, low), high) / factor for factor in (1.0, 2.0, 0.5)]
    return round(float(min(options, key=lambda bpm: abs(np.log2(bpm / own)))), 2)


def _cut_in_words(cuts: Cuts, track: Loop) -> str:
    pace = "steady" if cuts.steady else "changing"
    return (
        f"cut at its beats: {len(cuts.bars)} bars of {cuts.beats_per_bar} beats at "
        f"{cuts.bpm:.2f} bpm ({pace}), {cuts.parts} parts that sound alike"
    )


def _added(
    crate: Crate, track: Loop, brief: Brief, bpm: float, seed: int
) -> tuple[tuple[Choice, ...], list[str]]:
    """Drums, percussion and effects of the other sounds, fitted to the track's tempo."""
    asked = _ADDED_ROLES | set(brief.wanted)
    others = tuple(
        loop for loop in crate.loops
        if loop.digest != track.digest and loop.kind != "song"
        and ({loop.best_role, loop.best_instrument} & asked)
    )  # fmt: skip
    if not others or {"drums", "percussion"} <= set(brief.forbidden):
        return (), []
    wish = replace(brief, bpm=(bpm, bpm), key=brief.key or track.best_key, only=(), folders=())
    wish = replace(wish, genre=genre_of(wish, crate).name)
    try:
        palette = select.choose(Crate(others), wish, seed)
    except LoopMindError as error:
        return (), [f"no drums were added: {error}"]
    return tuple(c for c in palette.choices if {c.role, c.instrument} & asked), []
