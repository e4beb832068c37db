"""Interpretation: grains, units, matching, and that what is made is no copy."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from mode_sounds import RATE, beat_track, ode, spectra, sung

from loopmind.analysis.likeness import copying
from loopmind.analysis.units import colour_of, units_of
from loopmind.cli import main
from loopmind.compose.interpret import chords_of, match, texture_take
from loopmind.compose.resynthesis import render_take
from loopmind.dsp.grains import add_circular, frozen, pitched, sustained
from loopmind.errors import LoopMindError
from loopmind.files.decode import read_audio
from loopmind.files.midi import read_midi
from loopmind.music.key import Key
from loopmind.music.notes import Note
from loopmind.music.song import beat_to_frame
from loopmind.music.units import Event, Take, Unit


def _noise(seconds: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize("frames", [10, 5000, 60000])
def test_a_sound_is_held_for_exactly_so_long(frames: int) -> None:
    t = np.arange(RATE // 2) / RATE
    tone = np.stack([np.sin(2 * np.pi * 330 * t)] * 2).astype(np.float32)
    held = sustained(tone, frames, RATE, np.random.default_rng(1))
    again = sustained(tone, frames, RATE, np.random.default_rng(1))
    assert held.shape == (2, frames) and np.array_equal(held, again)
    assert np.abs(held[:, [0, -1]]).max() < 0.3
    if frames == 60000:
        parts = held[0, 12000:58000].reshape(23, -1)
        rms = np.sqrt((parts**2).mean(axis=1))
        assert rms.min() > 0.25 and rms.max() < 1.2


def test_a_frozen_sound_keeps_its_pitch_wraps_and_is_not_its_wave() -> None:
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 440 * t).astype(np.float32)[None, :]
    ice = frozen(tone, 2 * RATE, np.random.default_rng(0))
    assert ice.shape == (2, 2 * RATE)
    spectrum = np.abs(np.fft.rfft(ice[0]))
    assert abs(np.argmax(spectrum) / 2.0 - 440.0) < 8.0
    jump = np.abs(ice[:, 0] - ice[:, -1]).max()
    assert jump < 3.0 * np.abs(np.diff(ice, axis=1)).max()
    assert abs(np.corrcoef(ice[0], ice[1])[0, 1]) < 0.5


def test_what_goes_beyond_the_end_wraps() -> None:
    out = np.zeros((1, 4))
    add_circular(out, np.ones((1, 6)), 3)
    assert out.tolist() == [[2.0, 1.0, 1.0, 2.0]]


def test_played_an_octave_up_it_lasts_half_as_long() -> None:
    assert pitched(np.zeros((1, 1000), np.float32), 12.0).shape == (1, 500)


def test_copies_are_found_and_new_sounds_are_none() -> None:
    source, other = _noise(6.0, 1), _noise(6.0, 2)
    made = other.copy()
    made[RATE : 2 * RATE] = -0.5 * source[3 * RATE : 4 * RATE]
    found = copying(spectra(made), [spectra(source)])
    assert 0.7 <= found.longest_s <= 1.1 and found.highest > 0.95
    none = copying(spectra(other), [spectra(source)])
    assert none.longest_s == 0.0 and none.highest < 0.5
    assert copying(spectra(np.zeros(RATE)), [spectra(source)]).share == 0.0


def test_units_lie_between_onsets_and_know_their_note() -> None:
    notes = ode(100.0)
    found = units_of(spectra(sung(notes)), "x", tuple(start for start, _, _ in notes))
    assert all(0.07 <= unit.length_s <= 0.42 for unit in found)
    near = [min(abs(unit.start_s - s) for s, _, _ in notes) for unit in found]
    assert max(near) < 0.15
    exact = [
        abs((unit.midi or 0.0) - midi) < 0.6
        for unit in found for start, _, midi in notes if abs(unit.start_s - start) < 1e-6
    ]  # fmt: skip
    assert np.mean(exact) > 0.8


def _units(count: int, digest: str, seed: int) -> list[Unit]:
    rng = np.random.default_rng(seed)
    return [
        Unit(digest, 0.3 * i, 0.3, rng.normal(0, 1, 13), -6.0, 50.0 + i % 12, 0.8)
        for i in range(count)
    ]


def test_units_are_matched_but_never_as_the_source_had_them() -> None:
    units = [*_units(30, "a", 1), *_units(30, "b", 2), *_units(5, "model", 3)]
    # The source's own order would be the nearest of all.
    events = tuple(Event(0.5 * i, 0.5, -6.0, None, units[i].timbre) for i in range(16))
    take = Take("pulse-1", "pulse", 120.0, None, 2, 4, events, "model", "")
    placed = match(take, units, 1)
    assert len(placed) == len(events)
    assert all(units[p.unit].digest != "model" for p in placed)
    for one, other in itertools.pairwise(placed):
        same = units[one.unit].digest == units[other.unit].digest
        assert not (same and other.unit == one.unit + 1)
    assert match(take, units, 1) == placed


def test_lines_are_moved_little_and_to_their_notes() -> None:
    units = _units(40, "a", 1)
    events = tuple(Event(float(i), 1.0, -6.0, 60.0 + i) for i in range(8))
    take = Take("line-1", "line", 120.0, Key.parse("C major"), 2, 4, events, "", "")
    for chosen, event in zip(match(take, units, 2), events, strict=True):
        note = (units[chosen.unit].midi or 0.0) + chosen.semitones
        assert (note - (event.midi or 0.0)) % 12.0 == pytest.approx(0.0, abs=1e-6)
        assert abs(chosen.semitones) <= 7.0


def test_without_units_the_remedy_is_told() -> None:
    take = texture_take("texture-1", Key.parse("A minor"), 100.0, 4, 1)
    with pytest.raises(LoopMindError, match="name more folders"):
        match(take, [], 1)


def test_a_take_lasts_its_bars_and_is_deterministic() -> None:
    take = texture_take("texture-1", Key.parse("A minor"), 100.0, 2, 1)
    units = _units(24, "a", 5)
    placed = match(take, units, 1)

    def fetch(unit: Unit, seconds: float) -> np.ndarray:
        t = np.arange(int(seconds * 44100)) / 44100
        hertz = 440.0 * 2 ** (((unit.midi or 60.0) - 69) / 12)
        return np.stack([np.sin(2 * np.pi * hertz * t)] * 2).astype(np.float32)

    one = render_take(take, placed, units, fetch, 44100, 1)
    assert one == render_take(take, placed, units, fetch, 44100, 1)
    assert one.frames == beat_to_frame(8.0, 100.0, 44100)
    assert 0.05 < np.abs(one.samples).max() <= 0.9


def test_chords_of_midi_are_what_sounds_longest() -> None:
    notes = [Note(0.0, 4.0, float(m), 0.8) for m in (60, 64, 67)]
    notes += [Note(4.8, 9.0, float(m), 0.8) for m in (57, 60, 64)]
    assert chords_of(notes, 100.0, 4) == [[48, 52, 55], [48, 52, 57]]


def test_colour_is_of_the_sound_not_of_its_level() -> None:
    sound = beat_track(120.0, 2)
    loud, soft = colour_of(spectra(sound)), colour_of(spectra(0.1 * sound))
    assert np.abs(loud - soft).max() < 0.05 * np.abs(loud).max()


@pytest.mark.parametrize(
    ("data", "words"),
    [(None, "no MIDI file"), (b"RIFF", "is no MIDI"), (b"MThd\0\0\0\6\0\1", "is damaged")],
)
def test_bad_midi_is_told(data: bytes | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "x.mid"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(LoopMindError, match=words):
        read_midi(path)


@pytest.mark.slow
def test_new_loops_of_real_sounds_share_their_timbre_and_are_no_copies(
    real_loops: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new"
    assert main(["interpret", str(real_loops), "--seed", "1", "--out", str(out)]) == 0
    report = json.loads((out / "interpretation.json").read_text("utf-8"))
    assert {made["kind"] for made in report["loops"]} == {"pulse", "line", "texture"}
    for made in report["loops"]:
        audio = read_audio(made["path"])
        wanted = beat_to_frame(16.0, made["bpm"], 44100)
        assert audio.frames == wanted
        assert made["timbre_distance"] < 0.7 * made["usual_distance"]
        assert made["copied_s"] <= 0.5
    again = tmp_path / "again"
    assert main(["interpret", str(real_loops), "--seed", "1", "--out", str(again)]) == 0
    for made in report["loops"]:
        name = Path(made["path"]).name
        assert (out / name).read_bytes() == (again / name).read_bytes()
