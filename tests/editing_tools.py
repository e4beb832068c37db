"""Drafts to edit, edits at random, and the laws that hold whatever was done to a draft."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import compose_factory
from hypothesis import strategies as st

from loopmind.compose import arrange, editing, mixing, select
from loopmind.music.brief import Brief
from loopmind.music.codec import from_plain, to_plain
from loopmind.music.draft import Draft
from loopmind.music.edit import (
    AddSection,
    AddTrack,
    ChangeEq,
    ChangeMaster,
    ChangeReverb,
    ChangeStrip,
    DuplicateSection,
    Edit,
    MoveSection,
    MuteTrack,
    PutClip,
    RegenerateSection,
    RemoveClip,
    RemoveSection,
    RemoveTrack,
    Reseed,
    ResizeSection,
    SetAutomation,
    SetCompressor,
    SetEffect,
    SetEnergy,
    SetFade,
    SetFill,
    SetGenre,
    SetKey,
    SetLayers,
    SetLock,
    SetMixStyle,
    SetSidechain,
    SetTempo,
    ShiftMood,
    SoloTracks,
    SplitSection,
    SwapSound,
    Transpose,
)
from loopmind.music.loop import MOODS, ROLES, Crate
from loopmind.music.mix import EFFECT_KINDS, Compressor, EqBand, Sidechain
from loopmind.music.song import SECTION_KINDS, Automation, Clip

CRATES = {
    "everything": ("loops", "kit", "notes"),
    "loops": ("loops",),
    "one-shots": ("kit", "notes"),
    "drums": ("kit",),
}


@functools.cache
def crate_of(name: str) -> Crate:
    """One of the crates above."""
    parts = {
        "loops": compose_factory.loops, "kit": compose_factory.kit, "notes": compose_factory.notes,
    }  # fmt: skip
    return compose_factory.crate(*(parts[part]() for part in CRATES[name]))


def made(crate: Crate, brief: Brief, seed: int) -> Draft:
    """A draft as the graph makes it."""
    palette = select.choose(crate, brief, seed)
    song = arrange.arrange(palette, crate, brief, seed)
    return editing.start(brief, palette, song, mixing.mix_song(song, palette, crate))


@functools.cache
def draft_of(name: str, genre: str = "trap", seed: int = 1) -> Draft:
    """A draft of one of the crates above."""
    return made(crate_of(name), Brief(genre=genre, length_s=90.0), seed)


def check_laws(draft: Draft, crate: Crate) -> None:
    """Assert what holds of every draft."""
    song = draft.song
    at = 0
    for section in song.sections:
        assert section.start_bar == at and section.bars >= 1, section
        assert 0.0 <= section.energy <= 1.0, section
        at += section.bars
    names = [s.name for s in song.sections]
    assert names and len(set(names)) == len(names), names
    tracks = [t.id for t in song.tracks]
    assert len(set(tracks)) == len(tracks), tracks
    assert [s.track for s in draft.mix.strips] == tracks
    if draft.automatic is not None:
        assert sorted(s.track for s in draft.automatic.strips) == sorted(tracks)
    ids = [c.id for c in song.clips]
    assert len(set(ids)) == len(ids), sorted(i for i in ids if ids.count(i) > 1)
    there = crate.by_digest()
    for clip in song.clips:
        _check_clip(clip, song.beats, set(tracks), set(there))
    drawn = [(a.track, a.parameter) for a in song.automation]
    assert len(set(drawn)) == len(drawn), drawn
    for curve in song.automation:
        assert curve.track in (*tracks, "master")
        assert all(math.isfinite(b) and b >= 0.0 and math.isfinite(v) for b, v in curve.points)
    for strip in draft.mix.strips:
        assert -60.0 <= strip.gain_db <= 24.0 and -1.0 <= strip.pan <= 1.0, strip
        assert 0.0 <= strip.width <= 2.0 and 0.0 <= strip.drive <= 1.0, strip
        kinds = [effect.kind for effect in strip.effects]
        assert kinds == [kind for kind in EFFECT_KINDS if kind in kinds], strip
        assert all(0.0 <= effect.amount <= 1.0 for effect in strip.effects), strip
        assert strip.sidechain is None or strip.sidechain.source in tracks, strip
        silent = strip.track in draft.muted or (draft.solo and strip.track not in draft.solo)
        assert strip.muted == bool(silent), strip
    assert set(draft.solo) | set(draft.muted) <= set(tracks)
    assert {k.name for k in draft.locks if k.kind == "section"} <= set(names)
    assert {k.name for k in draft.locks if k.kind == "track"} <= set(tracks)
    assert draft.palette.bpm == song.bpm and draft.palette.key == song.key
    assert all(text and text[0] == text[0].upper() and text.endswith(".") for text in draft.told)
    assert from_plain(Draft, to_plain(draft)) == draft


def _check_clip(clip: Clip, beats: float, tracks: set[str], there: set[str]) -> None:
    assert clip.track in tracks, clip
    assert clip.beats > 0.0 and clip.start_beat >= 0.0, clip
    assert clip.start_beat + clip.beats <= beats + 1e-6, clip
    assert bool(clip.digest) != bool(clip.hits), clip
    assert {clip.digest, *(hit.digest for hit in clip.hits)} - {""} <= there, clip
    assert all(0.0 <= hit.beat < clip.beats for hit in clip.hits), clip
    assert not clip.digest or clip.loop_beats > 0.0, clip
    assert -30.0 <= clip.gain_db <= 24.0 and abs(clip.semitones) <= 24, clip
    for start, length in clip.silences:
        assert start >= 0.0 and length >= 0.0 and start + length <= clip.beats + 1e-6, clip


def edits_for(draft: Draft) -> st.SearchStrategy[Edit]:
    """Edits of every kind, most of them with names that the draft has."""
    section = st.sampled_from([s.name for s in draft.song.sections])
    after = st.one_of(st.just(""), section)
    track = st.sampled_from([t.id for t in draft.song.tracks])
    sections = st.lists(section, max_size=2, unique=True).map(tuple)
    tracks = st.lists(track, max_size=2, unique=True).map(tuple)
    moods = st.lists(st.sampled_from(MOODS), max_size=1).map(tuple)
    share = st.floats(0.0, 1.0).map(lambda x: round(x, 2))
    by = st.sampled_from([-0.3, -0.15, 0.08, 0.15, 0.3])
    seed = st.integers(0, 5)
    clip = st.sampled_from([c.id for c in draft.song.clips] or ["hook 1/drums/0"])
    put = st.sampled_from(list(draft.song.clips) or [Clip("x/y/0", "drums", 0.0, 4.0, "none")]).map(
        lambda c: replace(c, gain_db=round(c.gain_db - 1.0, 2))
    )
    beat = st.floats(0.0, draft.song.beats).map(lambda x: round(x, 1))
    points = st.lists(beat, min_size=1, max_size=3, unique=True).map(
        lambda found: tuple((b, -3.0 * i) for i, b in enumerate(sorted(found)))
    )
    return st.one_of(
        st.builds(SwapSound, track, sections, runner_up=st.integers(0, 2), moods=moods, seed=seed),
        st.builds(RegenerateSection, section, seed, tracks),
        st.builds(AddSection, st.sampled_from(SECTION_KINDS), after, st.sampled_from([0, 2, 7]),
                  st.one_of(st.none(), share), seed=seed),
        st.builds(RemoveSection, section),
        st.builds(MoveSection, section, after),
        st.builds(ResizeSection, section, st.sampled_from([1, 2, 3, 4, 8, 12, 21])),
        st.builds(DuplicateSection, section, after),
        st.builds(SplitSection, section, st.sampled_from([0, 1, 3, 40])),
        st.builds(SetEnergy, sections, st.one_of(st.none(), share), by),
        st.builds(SetLayers, section, tracks, tracks, tracks),
        st.builds(SetFill, sections, st.sampled_from(["", "roll", "stutter", "break", "none"]),
                  st.sampled_from([0.0, 0.5, 3.0, 8.0]), seed),
        st.builds(AddTrack, st.sampled_from(ROLES), sections=sections, moods=moods, seed=seed),
        st.builds(RemoveTrack, track, sections),
        st.builds(MuteTrack, track, st.booleans()),
        st.builds(SoloTracks, tracks),
        st.builds(Transpose, st.integers(-13, 13), st.one_of(st.just(""), track)),
        st.builds(SetTempo, by=st.sampled_from([0.5, 0.9, 1.05, 1.1, 2.0])),
        st.builds(SetKey, st.sampled_from(["A minor", "C major", "F# minor", "Bb major", "H"])),
        st.builds(SetGenre, st.sampled_from(["drill", "house", "lo-fi", "polka"]), seed),
        st.builds(ShiftMood, moods, share, sections, st.one_of(st.just(""), track)),
        st.builds(ChangeStrip, track,
                  st.sampled_from(["gain_db", "pan", "width", "drive", "reverb_send_db"]),
                  st.none(), by.map(lambda x: 20.0 * x), sections),
        st.builds(ChangeEq, st.one_of(st.just("master"), track),
                  st.builds(EqBand, st.sampled_from(["lowcut", "peak"]),
                            st.sampled_from([100.0, 3000.0]), by.map(lambda x: 20.0 * x))),
        st.builds(SetCompressor, track,
                  st.one_of(st.none(), st.just(Compressor(-20.0, 3.0, 0.01, 0.1)))),
        st.builds(SetSidechain, track,
                  st.one_of(st.none(), track.map(lambda t: Sidechain(t, 6.0, 0.01, 0.2)))),
        st.builds(SetEffect, track, st.sampled_from(EFFECT_KINDS), st.one_of(st.none(), share), by,
                  st.sampled_from([0.0, 0.5]), sections),
        st.builds(ChangeMaster, st.sampled_from(["target_lufs", "ceiling_dbtp", "drive"]),
                  by=by.map(lambda x: 10.0 * x)),
        st.builds(ChangeReverb, st.sampled_from(["decay_s", "gain_db", "damping"]), by=by),
        st.builds(SetMixStyle, st.sampled_from(["raw", "polished", "tape", "loud"])),
        st.builds(SetAutomation, st.builds(Automation, track, st.just("gain_db"), points)),
        st.builds(SetFade, st.one_of(st.none(), st.sampled_from([0.0, 8.0, 400.0])),
                  st.one_of(st.none(), st.sampled_from([0.0, 16.0])),
                  st.one_of(st.just(""), section), st.one_of(st.just(""), track)),
        st.builds(SetLock, st.just("section"), section, st.booleans()),
        st.builds(SetLock, st.just("track"), track, st.booleans()),
        st.builds(Reseed, seed),
        st.builds(PutClip, put),
        st.builds(RemoveClip, clip),
    )  # fmt: skip
