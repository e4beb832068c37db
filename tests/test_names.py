"""What names tell, and that they persuade without overruling."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from library_sounds import quick_hear

from loopmind.analysis.name_merge import merge_evidence
from loopmind.analysis.names import NameEvidence, name_tokens, read_name, words
from loopmind.music.audio import Audio
from loopmind.music.belief import Belief, best, rank
from loopmind.music.key import Key
from loopmind.music.loop import INSTRUMENTS, Loop


def loop(seconds: float = 8.0) -> Loop:
    import numpy as np

    audio = Audio(np.full((1, int(8000 * seconds)), 0.1, np.float32), 8000)
    return quick_hear(audio, path="x.wav", digest="0" * 32)


@pytest.mark.parametrize(
    ("name", "bpm", "trust"),
    [
        ("Dark Trap 140bpm.wav", 140, 0.9), ("beat_92.5 BPM_Am.wav", 92.5, 0.9),
        ("BPM174-reese.wav", 174, 0.9), ("120-funkybeat.flac", 120, 0.4),
        ("loop_95_Gm.wav", 95, 0.3), ("140bpm/drums.wav", 140, 0.5),
    ],
)  # fmt: skip
def test_tempo_in_names(name: str, bpm: float, trust: float) -> None:
    evidence = read_name(name)
    assert evidence.bpm[0].value == pytest.approx(bpm)
    assert evidence.bpm[0].weight >= trust


@pytest.mark.parametrize(
    "name",
    ["808.wav", "kick 909.wav", "TR-808 snare.wav", "loop 012.wav", "take 7.wav", "hat1234.wav",
     "1999 party/x.wav", "707_clap.wav", "100.wav"],
)  # fmt: skip
def test_numbers_that_are_no_tempo(name: str) -> None:
    assert read_name(name).bpm == ()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("pad_F#m.wav", "F# minor"), ("lead Am 140.wav", "A minor"),
        ("Bass_C_Minor_76.wav", "C minor"), ("chord Cmin7.wav", "C minor"),
        ("keys-Bbmaj.wav", "A# major"), ("A_Minor_pad.wav", "A minor"),
        ("Chord_E_Dorian_89BPM.wav", "E minor"), ("pop_90bpm_G#m.ogg", "G# minor"),
        ("key of D major.wav", "D major"), ("x_ebmin_y.wav", "D# minor"),
    ],
)  # fmt: skip
def test_keys_in_names(name: str, key: str) -> None:
    evidence = read_name(name)
    assert str(evidence.key[0].value) == key
    assert len(evidence.key) == 1


def test_a_bare_tonic_leaves_the_mode_open() -> None:
    evidence = read_name("pop_90bpm_G#.ogg")
    assert {str(b.value) for b in evidence.key} == {"G# major", "G# minor"}


@pytest.mark.parametrize(
    "name",
    ["A dark night.wav", "A Day Loop.wav", "Loop A.wav", "Part B.wav", "bass.wav", "I am here.wav",
     "Game.wav", "make a beat.wav", "kick-1-A.flac/../a.wav"],
)  # fmt: skip
def test_letters_that_are_no_key(name: str) -> None:
    assert all(b.weight < 0.5 for b in read_name(name).key)


@pytest.mark.parametrize(
    ("name", "instrument"),
    [
        ("Dark808.wav", "bass"), ("TapePad.wav", "pad"), ("808 Snare 3.wav", "snare"),
        ("HiHat_open-07.wav", "hat"), ("hat_closed.wav", "hat"), ("BD_01.aiff", "kick"),
        ("bass drum.wav", "kick"), ("Kicks/x01.wav", "kick"), ("synth bass C.wav", "bass"),
        ("SynthLead.wav", "lead"), ("guitar_loop.wav", "guitar"),
        ("vox chop 3.wav", "vocal"), ("amen break.wav", "drums"),
        ("Rhodes Chords.wav", "keys"), ("uplifter.wav", "fx"), ("Tambourine.wav", "percussion"),
        ("hardkick.wav", "kick"), ("distkit-hatopen.flac", "hat"), ("string pad.wav", "pad"),
        ("alto sax.wav", "woodwind"), ("horn section.wav", "brass"), ("violin.wav", "strings"),
        ("Drums/Snares/001.wav", "snare"),
    ],
)  # fmt: skip
def test_instruments_in_names(name: str, instrument: str) -> None:
    assert best(read_name(name).instrument) == instrument


def test_tags_and_kinds_in_names() -> None:
    dusty = read_name("Loops/Dusty LoFi Keys.wav")
    assert best(dusty.tags) == "lo-fi"
    assert best(dusty.kind) == "loop"
    assert best(read_name("One-Shots/Kick1.flac").kind) == "oneshot"
    assert best(read_name("oneshots/warm.wav").kind) == "oneshot"
    assert "drums" not in {b.value for b in read_name("drum and bass reese.wav").instrument}


def test_all_words_name_known_things() -> None:
    from loopmind.analysis.name_words import INSTRUMENT_WORDS, KIND_WORDS, TAG_WORDS
    from loopmind.music.loop import KINDS, MOODS

    assert {v for m in INSTRUMENT_WORDS.values() for v, _ in m} <= set(INSTRUMENTS)
    assert {v for m in TAG_WORDS.values() for v, _ in m} <= set(MOODS)
    assert {v for m in KIND_WORDS.values() for v, _ in m} <= set(KINDS)
    for phrase in (*INSTRUMENT_WORDS, *TAG_WORDS, *KIND_WORDS):
        assert " ".join(words(phrase)) == phrase, "a phrase must be written as names are split"


def named(**evidence: object) -> NameEvidence:
    return NameEvidence(words=("name: x",), **evidence)  # type: ignore[arg-type]


def test_a_name_decides_between_near_readings() -> None:
    heard = replace(loop(), tempo=rank([(140.0, 0.55), (70.0, 0.45)]))
    assert merge_evidence(heard, named(bpm=(Belief(70.0, 0.95),))).bpm == 70.0
    keys = rank([(Key.parse("C major"), 0.5), (Key.parse("A minor"), 0.4)])
    merged = merge_evidence(replace(heard, key=keys), named(key=(Belief(Key(9, "minor"), 0.85),)))
    assert str(merged.best_key) == "A minor"


def test_a_name_settles_in_which_octave_a_tempo_is_written() -> None:
    heard = replace(loop(), tempo=rank([(85.0, 0.97), (170.0, 0.03)]))
    assert merge_evidence(heard, named(bpm=(Belief(170.0, 0.95),))).bpm == 170.0


def test_strong_hearing_stands_against_a_name() -> None:
    heard = replace(
        loop(7.9),
        tempo=rank([(122.0, 0.98), (61.0, 0.02)]),
        instrument=rank([("snare", 0.97), ("clap", 0.03)]),
        key=rank([(Key.parse("D minor"), 0.99), (Key.parse("F major"), 0.01)]),
    )
    evidence = named(
        bpm=(Belief(95.3, 0.5),),
        instrument=(Belief("flute", 0.0), Belief("vocal", 0.9)),
        key=(Belief(Key.parse("G# major"), 0.85),),
    )
    evidence = replace(evidence, instrument=(Belief("vocal", 0.9),))
    merged = merge_evidence(heard, evidence)
    assert merged.bpm == 122.0
    assert merged.best_instrument == "snare"
    assert str(merged.best_key) == "D minor"


def test_nothing_heard_is_removed_and_weights_sum_to_one() -> None:
    heard = loop()
    merged = merge_evidence(heard, read_name("Loops/SadPad_140bpm_F#m.wav"))
    for before, after in (
        (heard.tempo, merged.tempo), (heard.key, merged.key),
        (heard.instrument, merged.instrument), (heard.role, merged.role),
    ):  # fmt: skip
        assert {b.value for b in before} <= {b.value for b in after}
        assert sum(b.weight for b in after) == pytest.approx(1.0)
    assert merged.best_instrument == "pad"
    assert merged.best_role == "pad"
    assert merged.evidence[-4:] != heard.evidence
    assert "name: 140 bpm" in merged.evidence


def test_a_tempo_that_fits_the_length_is_added_and_taken_exactly() -> None:
    heard = replace(loop(8.0), tempo=rank([(119.7, 0.6), (80.0, 0.4)]))
    assert merge_evidence(heard, named(bpm=(Belief(120.0, 0.95),))).bpm == 120.0
    added = merge_evidence(heard, named(bpm=(Belief(90.0, 0.95),)))
    assert 90.0 in {b.value for b in added.tempo}


def test_drums_take_no_key_from_a_name() -> None:
    drums = replace(loop(), key=(), pitched=0.05)
    assert merge_evidence(drums, read_name("Kick_F#m.wav")).key == ()
    tonal = replace(loop(), key=(), pitched=0.9)
    assert str(merge_evidence(tonal, read_name("Pad_F#m.wav")).best_key) == "F# minor"


def test_no_evidence_changes_nothing() -> None:
    heard = loop()
    assert merge_evidence(heard, read_name("xyzzy.wav")) is heard


def test_a_learned_style_is_used() -> None:
    style = {"zap7": (("tag:dark", 0.5),), "wobble": (("instrument:bass", 0.55),)}
    evidence = read_name("Wobble_03.wav", style=style)
    assert best(evidence.instrument) == "bass"
    assert "style: wobble is bass" in evidence.words
    assert name_tokens("Pack/My Sounds/Wobble_03.wav") == ["wobble", "pack", "my", "sounds"]


def test_names_of_real_loops(real_loops: Path) -> None:
    """Explicit tempi of real file names are read as their labels say."""
    with (real_loops / "labels.csv").open(encoding="utf-8") as stream:
        rows = [
            row for row in csv.DictReader(stream) if row["bpm"] and "bpm" in row["path"].lower()
        ]
    assert len(rows) > 50
    for row in rows:
        assert read_name(row["path"]).bpm[0].value == pytest.approx(float(row["bpm"]), rel=0.01)
