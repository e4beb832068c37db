"""Training material is sound and repeatable, and the instrument trainer learns what it can."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from loopmind.analysis.key import rotations
from loopmind.learn.sounds import material, render, synth
from loopmind.learn.sounds.augment import vary
from loopmind.learn.sounds.drum_kits import PACKAGED_KITS, packaged_kits
from loopmind.learn.sounds.fluid import Part
from loopmind.learn.sounds.held_back import SHARED_PROGRAMS, TEST_PROGRAMS
from loopmind.learn.sounds.lmms import instrument_of_name
from loopmind.learn.sounds.material import our_instrument, rehearsed, rendered
from loopmind.learn.sounds.patches import MAKERS
from loopmind.learn.sounds.phrases import (
    drum_hits,
    instrument_of_program,
    played_loop,
    progressions,
    role_of_notes,
    single_notes,
)
from loopmind.learn.sounds.pieces import _program_like, unheard
from loopmind.learn.sounds.render import (
    Note,
    Phrase,
    _patches,
    _variable_length,
    _write_midi,
    programs_in,
    soundfonts,
)
from loopmind.learn.sounds.shared import shared, sounds_of
from loopmind.learn.sounds.tones import played, tones
from loopmind.learn.sounds.waves import RATE_HZ
from loopmind.learn.tempo_key.keys import KeyConfig, merge, scores_of, train
from loopmind.music.loop import INSTRUMENTS, ROLES


def test_synthesised_sounds_are_labelled_finite_and_repeatable() -> None:
    first = synth.sounds(np.random.default_rng(4), 1)
    again = synth.sounds(np.random.default_rng(4), 1)
    assert {name for name, _, _ in first} <= set(INSTRUMENTS)
    for (name, kind, samples), (_, _, twin) in zip(first, again, strict=True):
        assert kind in ("oneshot", "loop") and samples.dtype == np.float32, name
        assert np.isfinite(samples).all() and 0.1 < np.abs(samples).max() <= 1.0, name
        assert np.array_equal(samples, twin)


def test_played_patches_are_labelled_finite_and_repeatable() -> None:
    one, two = (list(tones(np.random.default_rng(3), 1, loops=0.5)) for _ in range(2))
    assert {t.instrument for t in one} == {
        "keys", "strings", "brass", "woodwind", "vocal", "lead", "pad", "guitar", "bass",
    }  # fmt: skip
    assert {t.kind for t in one} == {"oneshot", "loop"}
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a.samples, b.samples) and (a.role != "") == (a.kind == "loop")
        assert np.isfinite(a.samples).all() and 0.5 < np.abs(a.samples).max() < 1.0


def test_patches_of_timidity_are_those_that_its_file_names(tmp_path: Path) -> None:
    config = tmp_path / "few.cfg"
    config.write_text("dir x\n# 3 no\ndrumset 0\n 35 k.pat amp=9\nbank 0\n 40 violin.pat\n")
    assert _patches(config) == {(True, 35), (False, 40)}


def soundfont(path: Path, presets: list[tuple[int, int]]) -> Path:
    """A soundfont's list of presets, (bank, program) each, with nothing to play."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    rows = [struct.pack("<20sHH14x", b"preset", program, bank) for bank, program in presets]
    end = struct.pack("<20sHH14x", b"EOP", 0, 0)
    lists = [
        b"INFO" + chunk(b"INAM", b"odd"),
        b"sdta",
        b"pdta" + chunk(b"phdr", b"".join(rows) + end),
    ]
    whole = b"sfbk" + b"".join(chunk(b"LIST", data) for data in lists)
    path.write_bytes(chunk(b"RIFF", whole))
    return path


def test_only_soundfonts_that_have_the_instruments_are_asked_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    general = soundfont(tmp_path / "general.sf2", [(0, p) for p in range(128)] + [(128, 0)])
    kit = soundfont(tmp_path / "kit.sf2", [(0, 0)])
    extra = soundfont(tmp_path / "effects.sf2", [(bank, 0) for bank in range(1, 100)])
    assert programs_in(general) == frozenset(range(128))
    assert programs_in(kit) == {0} and not programs_in(extra)
    monkeypatch.setattr(render, "_FOLDERS", (str(tmp_path),))
    assert soundfonts() == [general]
    other = soundfont(tmp_path.parent / "named.sf2", [(0, 0)])
    assert soundfonts([other]) == [general, other], "what is named is taken"


def test_what_is_no_soundfont_is_told(tmp_path: Path) -> None:
    whole = soundfont(tmp_path / "whole.sf2", [(0, p) for p in range(9)]).read_bytes()
    for number, data in enumerate((b"", b"RIFF", b"no soundfont at all, but text", whole[:60])):
        (tmp_path / f"{number}.sf2").write_bytes(data)
        with pytest.raises(ValueError, match=rf"{number}\.sf2 is no soundfont"):
            programs_in(tmp_path / f"{number}.sf2")


def test_variations_are_finite_and_repeatable() -> None:
    t = np.arange(9000) / 44100
    sound = (np.sin(2 * np.pi * 300 * t) * np.exp(-8 * t)).astype(np.float32)
    for seed in range(12):
        varied = vary(sound, 44100, np.random.default_rng(seed))
        assert np.isfinite(varied).all() and varied.dtype == np.float32
        assert np.abs(varied).max() <= 1.0
        assert np.array_equal(varied, vary(sound, 44100, np.random.default_rng(seed)))
    silence = np.zeros(4410, np.float32)
    assert np.isfinite(vary(silence, 44100, np.random.default_rng(0))).all()


def test_phrases_stay_in_midi_and_in_key() -> None:
    rng = np.random.default_rng(1)
    made = [*progressions(rng, 60), *single_notes(rng, 1), *drum_hits(rng, (0,))]
    for item in made:
        for note in item.phrase.notes:
            assert 0 <= note.pitch <= 127 and 1 <= note.velocity <= 127 and note.length_s > 0
        assert item.instrument in INSTRUMENTS
        if item.key is not None and item.instrument == "bass":
            first = min(item.phrase.notes, key=lambda note: note.start_s)
            assert item.phrase.keep_s > first.start_s
    assert instrument_of_program(0) == "keys" and instrument_of_program(33) == "bass"


def test_midi_files_are_well_formed(tmp_path: Path) -> None:
    pretty_midi = pytest.importorskip("pretty_midi")
    phrases = [Phrase((Note(0.0, 0.5, 60, 100), Note(0.5, 0.25, 64, 90)), 4, 1.0),
               Phrase((Note(0.0, 0.2, 38, 80),), 0, 0.5, drums=True)]  # fmt: skip
    starts = _write_midi(tmp_path / "a.mid", phrases)
    song = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid"))
    notes = sorted((n.start, n.pitch) for part in song.instruments for n in part.notes)
    wanted = [(starts[0], 60), (starts[0] + 0.5, 64), (starts[1], 38)]
    assert [pitch for _, pitch in notes] == [pitch for _, pitch in wanted]
    assert np.allclose([s for s, _ in notes], [s for s, _ in wanted], atol=0.002)
    assert _variable_length(0x0FFFFFFF) == b"\xff\xff\xff\x7f" and _variable_length(0) == b"\x00"


def test_percussion_labels_find_their_kind() -> None:
    assert our_instrument("perc", "kit/FloorTom-Hard.wav") == "tom"
    assert our_instrument("perc", "kit/x.wav", "drumkit.xml: Crash Left") == "cymbal"
    assert our_instrument("perc", "kit/stomp.wav") == "percussion"
    assert our_instrument("drum loop", "x") == "drums"


def test_loops_say_their_role() -> None:
    rng = np.random.default_rng(7)
    for instrument in ("bass", "lead", "pad", "keys", "strings", "vocal", "guitar"):
        for _ in range(5):
            notes, seconds, role = played_loop(instrument, rng)
            assert notes and role in ROLES and 2.0 < seconds < 14.0
            assert all(0 <= n.pitch <= 127 and n.start_s < seconds for n in notes)
    low = [Note(i * 0.5, 0.4, 34, 90) for i in range(8)]
    assert role_of_notes("keys", low) == "bass" and role_of_notes("drums", low) == "drums"
    held = [Note(i // 3 * 3.0, 3.0, 60 + i % 3 * 4, 90) for i in range(9)]
    assert role_of_notes("keys", held) == "pad" and role_of_notes("bass", low) == "bass"


def test_names_of_presets_say_their_instrument() -> None:
    assert instrument_of_name("post 80s lead 2", "") == "lead"
    assert instrument_of_name("bassoon", "Bass") == "woodwind"
    assert instrument_of_name("synth bass 3", "the_mysterious_bank") == "bass"
    assert instrument_of_name("warm pad", "Collection") == "pad"
    assert instrument_of_name("volo", "Cormi_Sound") == ""


def test_merged_key_networks_give_the_mean_score() -> None:
    rng = np.random.default_rng(5)
    members = [
        [(rng.standard_normal((24, 4)).astype(np.float32), np.ones(4, np.float32)),
         (rng.standard_normal((4, 2)).astype(np.float32), np.zeros(2, np.float32))]
        for _ in range(3)
    ]  # fmt: skip
    inputs = rotations(rng.random((2, 12)).astype(np.float32))[None]
    mean = np.mean([scores_of(member, inputs) for member in members], axis=0)
    assert np.allclose(scores_of(merge(members), inputs), mean, atol=1e-4)


def test_key_networks_learn_and_are_trained_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    truth = rng.integers(24, size=400)
    shapes = np.array(
        [[1, 0, 0, 0, 0.9, 0, 0, 0.8] + 4 * [0], [1, 0, 0, 0.9] + 3 * [0] + [0.8] + 4 * [0]]
    )
    chroma = np.stack([np.roll(shapes[k % 2], k // 2) for k in truth]) + 0.1 * rng.random((400, 12))
    inputs = np.stack([rotations(row[None].astype(np.float32)) for row in chroma])
    config = KeyConfig(hidden=8, epochs=20)
    layers = train(inputs[:300], truth[:300], seed=1, config=config, work=tmp_path)
    assert (scores_of(layers, inputs[300:]).argmax(axis=1) == truth[300:]).mean() > 0.9
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    again = train(inputs[:300], truth[:300], seed=1, config=config, work=tmp_path)
    assert all(
        np.array_equal(a, b)
        for x, y in zip(layers, again, strict=True)
        for a, b in zip(x, y, strict=True)
    )
    train(inputs[:299], truth[:299], seed=1, config=config, work=tmp_path)
    assert file.stat().st_mtime_ns == written and len(list(tmp_path.iterdir())) == 2


def test_rehearsals_are_played_by_rare_instruments() -> None:
    from loopmind.learn.sounds.phrases import RARE, instrument_of_program, rehearsals

    made = list(rehearsals([], np.random.default_rng(6), 4))
    assert len(made) == 4 * len(RARE) and {one.instrument for one in made} == set(RARE)
    for one in made:
        assert instrument_of_program(one.phrase.program) == one.instrument
        assert all(0 <= note.pitch <= 127 for note in one.phrase.notes)
        assert one.kind == "oneshot" or one.phrase.keep_s <= 7.0
    assert {one.kind for one in made} == {"oneshot", "loop"}


def test_pieces_to_be_judged_by_are_played_by_programs_of_their_own() -> None:
    rng = np.random.default_rng(4)
    parts = [Part(program, ()) for program in range(112)] + [Part(0, (), True)]
    made = unheard(parts, rng)
    assert {part.program for part in made if not part.drums} <= TEST_PROGRAMS
    assert made[-1].drums and len(made) > 80
    by_instrument = [instrument_of_program(part.program) for part in made if not part.drums]
    asked = [instrument_of_program(part.program) for part in parts if not part.drums]
    held = {instrument_of_program(program) for program in TEST_PROGRAMS}
    assert by_instrument == [name for name in asked if name in held]


@pytest.mark.parametrize("font", [*SHARED_PROGRAMS, "another.sf2"])
def test_training_plays_other_programs_of_an_instrument_and_none_that_a_test_shares(
    font: str,
) -> None:
    rng = np.random.default_rng(1)
    shared = SHARED_PROGRAMS.get(font, frozenset())
    for program in range(96):
        name = instrument_of_program(program)
        if name in (None, "fx", "percussion", "tom"):
            continue
        drawn = {_program_like(program, font, 0.85, rng) for _ in range(60)}
        assert {instrument_of_program(other) for other in drawn} == {name}
        assert len(drawn) > 1
        assert not drawn & shared
        kept = {_program_like(program, font, 0.0, rng) for _ in range(9)}
        assert program in shared or kept == {program}


@pytest.mark.parametrize("font", [*SHARED_PROGRAMS, "another.sf2"])
def test_the_tagger_hears_no_program_that_a_test_shares(
    font: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Phrase] = []

    def silent(_: Path, phrases: list[Phrase]) -> list[np.ndarray]:
        asked.extend(phrases)
        return [np.zeros(1, np.float32) for _ in phrases]

    monkeypatch.setattr(material, "render_phrases", silent)
    rng = np.random.default_rng(2)
    assert not [*rendered(Path(font), [], rng), *rehearsed(Path(font), [], rng, 60)]
    programs = {phrase.program for phrase in asked if not phrase.drums}
    clear = {program for program in range(112) if instrument_of_program(program)}
    assert programs & clear == clear - SHARED_PROGRAMS.get(font, frozenset())
    assert any(phrase.drums for phrase in asked)


def test_synthesised_basses_play_the_notes_they_are_given() -> None:
    (maker,) = [maker for name, maker in MAKERS if name == "bass"]
    for seed in range(12):
        voice = maker(np.random.default_rng(seed))
        notes = (Note(0.5, 0.6, 40, 100), Note(1.5, 0.6, 47, 100))
        sound = played(voice, notes, 2.5, trim=False)
        assert np.isfinite(sound).all()
        assert np.abs(sound[: RATE_HZ // 2]).max() == 0.0
        for note in notes:
            begin = round((note.start_s + 0.15) * RATE_HZ)
            part = sound[begin : begin + RATE_HZ // 3]
            hertz = 440.0 * 2 ** ((note.pitch - 69) / 12)
            power = np.abs(np.fft.rfft(part * np.hanning(part.size), 8 * part.size)) ** 2
            at = np.fft.rfftfreq(8 * part.size, 1 / RATE_HZ) / (hertz / 2)  # in half harmonics
            near = np.abs(at - np.round(at)) * hertz / 2 < 8.0
            assert power[near & (at > 0.5)].sum() > 0.85 * power.sum(), (seed, note)


def _hit(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    at = np.arange(9000) / 44_100
    noise = rng.standard_normal(at.size) * np.exp(-30.0 * at)
    return (0.5 * noise / np.abs(noise).max()).astype(np.float32)


def test_copies_are_found_under_other_names_at_other_levels_and_other_rates(tmp_path: Path) -> None:
    import soundfile
    import soxr

    kits = {
        "judged": {"kick": (_hit(1), 44_100), "snare": (_hit(2), 44_100), "hat": (_hit(3), 44_100)},
        "learned": {
            "a": (np.pad(0.3 * _hit(1), (700, 0)), 44_100),
            "b": (soxr.resample(_hit(3), 44_100, 48_000), 48_000), "c": (_hit(4), 44_100),
        },
    }  # fmt: skip
    for folder, sounds in kits.items():
        (tmp_path / folder / "deep").mkdir(parents=True)
        for name, (sound, rate_hz) in sounds.items():
            soundfile.write(tmp_path / folder / "deep" / f"{name}.wav", sound, rate_hz)
    (tmp_path / "learned" / "broken.wav").write_bytes(b"no sound")
    font = tmp_path / "kit.sf2"
    font.write_bytes(_font({"S": _hit(2)}))
    judged = list(sounds_of(tmp_path / "judged"))
    found = shared(judged, sounds_of(tmp_path / "learned"))
    copies = {pair.judged: pair.learned for pair in found if pair.likeness > 0.9}
    assert copies == {
        "judged: deep/kick.wav": "learned: deep/a.wav",
        "judged: deep/hat.wav": "learned: deep/b.wav",
    }
    (other,) = [pair for pair in found if "snare" in pair.judged]
    assert other.likeness < 0.5
    in_font = shared(judged, sounds_of(font))[0]
    assert in_font.likeness > 0.98
    assert (in_font.judged, in_font.learned) == ("judged: deep/snare.wav", "kit.sf2: S")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        next(sounds_of(tmp_path / "nowhere"))


def _font(samples: dict[str, np.ndarray]) -> bytes:
    """The parts of a SoundFont 2 that say what its samples are."""
    import struct

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    pool, rows, at = b"", b"", 0
    for name, sound in samples.items():
        pool += np.round(sound * 32767.0).astype("<i2").tobytes()
        end = at + sound.size
        rows += struct.pack("<20sIIIIIBbHH", name.encode(), at, end, at, end, 44_100, 60, 0, 0, 1)
        at = end
    rows += struct.pack("<20sIIIIIBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    body = chunk(b"LIST", b"sdta" + chunk(b"smpl", pool))
    body += chunk(b"LIST", b"pdta" + chunk(b"shdr", rows))
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"sfbk" + body


def test_kits_in_packages_are_read_by_their_paths_and_begin_with_their_attack(
    tmp_path: Path,
) -> None:
    import soundfile

    for name, voices in PACKAGED_KITS.items():
        with pytest.raises(FileNotFoundError, match=name):
            packaged_kits(tmp_path)
        for begin in voices:
            path = tmp_path / name / f"{begin}{1 if begin.endswith('/') else '_1'}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, np.pad(_hit(5), (2000, 0)), 48_000)
    kits = packaged_kits(tmp_path)
    assert set(kits) == set(PACKAGED_KITS)
    # closed_hh/1 is another collection's sound.
    assert set(kits["drumpy"]) == set(PACKAGED_KITS["drumpy"].values()) - {"hat"}
    assert set(kits["drumterm"]) == set(PACKAGED_KITS["drumterm"].values())
    for kit in kits.values():
        for (sound,) in kit.values():
            assert sound.shape[0] == 2
            assert np.abs(sound).max() == pytest.approx(1.0)
            assert np.argmax(np.abs(sound[0]) > 0.05) < 60
