"""Mood match: what is heard of a reference, and how a song is brought nearer to it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from compose_factory import make

from loopmind.analysis.form import boundaries
from loopmind.analysis.frontend import frontend
from loopmind.analysis.reference import hear_reference
from loopmind.compose.arrange import arrange
from loopmind.compose.matching import TEMPO_WITHIN, form_of, key_steps, matched
from loopmind.compose.select import choose
from loopmind.compose.tone_match import (
    LEAST_BAND_DB,
    MOST_DB,
    RIDE_MOST_DB,
    _response,
    combined,
    energy_correlation,
    matching_eq,
    ridden,
)
from loopmind.dsp.octaves import octave_levels
from loopmind.errors import LoopMindError
from loopmind.music.audio import Audio
from loopmind.music.brief import Brief
from loopmind.music.key import Key
from loopmind.music.loop import SPECTRUM_BANDS_HZ, Crate
from loopmind.music.reference import Reference, ReferencePart

RATE = 22050
LEVELS = (-30.0, -18.0, -12.0, -24.0, -12.0, -36.0)


def reference(levels: tuple[float, ...] = LEVELS, part_s: float = 20.0) -> Reference:
    curve = tuple(level for level in levels for _ in range(int(part_s / 0.5)))
    parts = tuple(
        ReferencePart(i * part_s, (i + 1) * part_s, level) for i, level in enumerate(levels)
    )
    return Reference(
        "ref.wav", "d", part_s * len(levels), 100.0, 4, Key.parse("E minor"), ("dark", "calm"), 0.4,
        -14.0, tuple(-10.0 - 2.0 * i for i in range(10)), curve, 0.5, parts,
    )  # fmt: skip


def crate() -> Crate:
    loops = [
        make(instrument, bpm=bpm, key=key, number=n)
        for n, (bpm, key) in enumerate([(98.0, "E minor"), (101.0, "G major"), (140.0, "C major")])
        for instrument in ("drums", "bass", "keys", "pad", "lead")
    ]
    return Crate(tuple(sorted(loops, key=lambda loop: loop.path)))


def test_octave_levels_find_a_sine_and_ignore_gain_and_channels() -> None:
    time = np.arange(RATE * 3) / RATE
    for centre in (125.0, 1000.0, 4000.0):
        sine = np.sin(2 * np.pi * centre * time, dtype=np.float32)[None]
        levels = octave_levels(sine, RATE, SPECTRUM_BANDS_HZ)
        assert SPECTRUM_BANDS_HZ[int(levels.argmax())] == centre and levels.max() > -0.1
        both = np.concatenate([sine, sine]) * np.float32(0.1)
        np.testing.assert_allclose(octave_levels(both, RATE, SPECTRUM_BANDS_HZ), levels, atol=0.3)
    assert (octave_levels(np.zeros((2, 100), np.float32), RATE, SPECTRUM_BANDS_HZ) == -120.0).all()


def test_parts_begin_where_sound_changes() -> None:
    rng = np.random.default_rng(1)
    time = np.arange(RATE * 20) / RATE
    calm = 0.1 * np.sin(2 * np.pi * 220 * time)
    loud = 0.3 * rng.normal(0, 1, time.size) + 0.2 * np.sin(2 * np.pi * 330 * time)
    samples = np.concatenate([calm, loud, calm, loud])[None].astype(np.float32)
    found = boundaries(frontend(Audio(samples, RATE)))
    for true in (20.0, 40.0, 60.0):
        assert min(abs(edge - true) for edge in found) <= 1.5, found
    assert len(found) <= 6 and found[0] == 0.0 and found[-1] == pytest.approx(80.0)
    assert all(later > earlier for earlier, later in pairwise(found))


def test_references_that_are_no_use_are_refused() -> None:
    with pytest.raises(LoopMindError, match="lasts only 3 s"):
        hear_reference(Audio(np.ones((1, 3 * RATE), np.float32), RATE), name="r", digest="d")
    with pytest.raises(LoopMindError, match="silent"):
        hear_reference(Audio(np.zeros((2, 30 * RATE), np.float32), RATE), name="r", digest="d")


def test_the_form_follows_the_reference_in_whole_bars() -> None:
    bar_s = 4 * 60.0 / 100.0
    form = form_of(reference(), bar_s, 120.0)
    assert abs(sum(part.bars for part in form) - 120.0 / bar_s) <= 4
    assert all(part.bars % 4 == 0 and part.bars <= 16 for part in form)
    assert form[0].kind == "intro" and form[-1].kind == "outro"
    assert [part.kind for part in form].count("hook") == 2
    twice = form_of(reference(), bar_s, 240.0)
    assert abs(sum(part.bars for part in twice) - 240.0 / bar_s) <= 4


def test_the_wish_takes_what_the_reference_has_and_keeps_what_was_named() -> None:
    sounds, track = crate(), reference()
    brief = matched(Brief(), sounds, track, 1)
    assert brief.bpm and track.bpm
    assert abs(brief.bpm[0] / track.bpm - 1.0) <= TEMPO_WITHIN + 1e-6
    assert brief.key and track.key and key_steps(track.key, brief.key) <= 1
    assert brief.key.mode == "minor" and brief.moods == ("dark", "calm")
    song = arrange(choose(sounds, brief, 1), sounds, brief, 1)
    assert [s.bars for s in song.sections] == [p.bars for p in brief.form]
    energies = [s.energy for s in song.sections]
    assert np.corrcoef(energies, [p.energy for p in brief.form])[0, 1] > 0.9
    named = Brief(bpm=(140.0, 140.0), key=Key.parse("C major"), moods=("bright",))
    brief = matched(named, sounds, track, 1)
    assert (brief.bpm, brief.key, brief.moods) == (named.bpm, named.key, named.moods)


def test_the_equaliser_comes_nearer_within_its_limits() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        own, wanted = rng.normal(-15, 4, 10), rng.normal(-15, 4, 10)
        bands = matching_eq(own.tolist(), wanted.tolist())
        assert all(LEAST_BAND_DB <= abs(band.gain_db) <= MOST_DB for band in bands)
        moved = own + sum((_response(band) for band in bands), np.zeros(10))
        gap, left = wanted - own, wanted - moved
        assert np.abs(left - left.mean()).mean() < 0.6 * np.abs(gap - gap.mean()).mean()
    assert matching_eq([-10.0] * 10, [-10.0] * 10) == ()
    once = matching_eq([0.0] * 5 + [-6.0] * 5, [-6.0] * 5 + [0.0] * 5)
    assert all(abs(band.gain_db) <= MOST_DB for band in combined(once, once))


def test_riding_brings_the_energy_curve_nearer_and_leaves_the_fade() -> None:
    sounds, track = crate(), reference()
    brief = matched(Brief(), sounds, track, 1)
    song = arrange(choose(sounds, brief, 1), sounds, brief, 1)
    flat = [-14.0 - math.sin(i / 9.0) for i in range(int(song.beats * 60.0 / song.bpm / 0.5))]
    made = ridden(song, flat, 0.5, track)
    curves = [a for a in made.automation if (a.track, a.parameter) == ("master", "gain_db")]
    assert len(curves) == 1
    beats, levels = zip(*curves[0].points, strict=True)
    at = np.arange(len(flat)) * 0.5 * song.bpm / 60.0
    length_s = song.beats * 60.0 / song.bpm
    before = energy_correlation(flat, 0.5, length_s, track)
    after = energy_correlation(
        (np.array(flat) + np.interp(at, beats, levels)).tolist(), 0.5, length_s, track
    )
    assert after > max(before, 0.6)
    drawn = [a for a in song.automation if a.track == "master" and a.parameter == "gain_db"]
    fade = drawn[0].points if drawn else ((0.0, 0.0),)
    rides = np.array(levels) - np.interp(beats, *zip(*fade, strict=True))
    assert np.abs(rides).max() <= 2.0 * RIDE_MOST_DB
    assert matched(Brief(), sounds, track, 1) == brief
