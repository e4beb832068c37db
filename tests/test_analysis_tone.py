"""Laws of hearing pitch: gain, transposition, channels, tuning, silence; floors on real loops."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from loopmind.analysis.frontend import frontend
from loopmind.analysis.hear import hear
from loopmind.analysis.key import EVIDENCE, believe_key, key_evidence, rotations
from loopmind.analysis.pitch import decimate, pitch_map
from loopmind.analysis.tone import Tone, hear_tone, settle
from loopmind.files.decode import read_audio
from loopmind.music.audio import Audio
from loopmind.music.belief import Belief
from loopmind.music.key import Key, mirex_score
from loopmind.music.loop import CHROMA_SLICES

RATE = 44100
CHORDS = {"major": (0, 4, 7), "minor": (0, 3, 7)}


def note(midi: float, seconds: float, rate: int = RATE) -> np.ndarray:
    """A plucked note with ten overtones."""
    t = np.arange(int(seconds * rate)) / rate
    hertz = 440.0 * 2 ** ((midi - 69) / 12)
    partials = [h for h in range(1, 11) if h * hertz < rate / 2.2]
    tone = sum(np.sin(2 * np.pi * h * hertz * t + h) / h for h in partials)
    return np.asarray(0.2 * tone * np.exp(-1.5 * t))


def progression(degrees: list[tuple[int, str]], tonic: int, cents: float = 0.0) -> Audio:
    """Broken and held triads over a bass note, .6 s each."""
    bars = []
    for degree, quality in degrees:
        root = 48 + (tonic + degree) % 12
        chord = [note(root + step + cents / 100, 0.6) for step in CHORDS[quality]]
        bars.append(sum(chord) + note(root - 12 + cents / 100, 0.6))
    samples = np.concatenate(bars)
    return Audio((0.5 * samples / np.abs(samples).max())[None].astype(np.float32), RATE)


def heard(audio: Audio) -> Tone:
    return hear_tone(frontend(audio))


POP = [(0, "major"), (7, "major"), (9, "minor"), (5, "major")]
DARK = [(0, "minor"), (8, "major"), (10, "major"), (0, "minor")]


@pytest.mark.parametrize("tonic", [0, 3, 7, 10])
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_a_progression_is_heard_in_its_key(tonic: int, mode: str) -> None:
    tone = heard(progression(POP if mode == "major" else DARK, tonic))
    assert tone.key[0].value == Key(tonic, mode)  # type: ignore[arg-type]
    assert tone.pitched > 0.7
    assert tone.pitch_midi is None
    assert max(tone.chroma) == 1.0 and tone.chroma.index(1.0) in {
        (tonic + d + s) % 12 for d, q in (POP if mode == "major" else DARK) for s in CHORDS[q]
    }


def test_the_model_itself_turns_with_the_evidence() -> None:
    evidence = heard(progression(DARK, 2)).evidence
    keys = believe_key(evidence)
    for shift in range(12):
        turned = believe_key(np.roll(evidence, shift, axis=1))
        assert [b.value for b in turned] == [b.value.transpose(shift) for b in keys]
        assert np.allclose([b.weight for b in turned], [b.weight for b in keys], atol=1e-5)
    assert rotations(evidence).shape == (12, 12 * len(EVIDENCE))


@pytest.mark.parametrize("semitones", [-5, -2, 1, 4])
def test_resampling_by_semitones_turns_the_key(semitones: int) -> None:
    audio = progression(POP, 2)
    factor = 2 ** (semitones / 12)
    at = np.arange(int(audio.frames / factor)) * factor
    moved = np.interp(at, np.arange(audio.frames), audio.samples[0]).astype(np.float32)
    before, after = heard(audio), heard(Audio(moved[None], RATE))
    assert after.key[0].value == before.key[0].value.transpose(semitones)
    turned = np.roll(before.chroma, semitones)
    assert np.corrcoef(turned, after.chroma)[0, 1] > 0.95


def test_gain_and_channel_order_change_nothing() -> None:
    audio = progression(POP, 4)
    plain = heard(audio)
    for gain in (0.01, 0.5):
        quiet = heard(Audio(audio.samples * np.float32(gain), RATE))
        assert quiet.key[0].value == plain.key[0].value
        assert np.allclose(quiet.chroma, plain.chroma, atol=0.02)
        assert quiet.pitched == pytest.approx(plain.pitched, abs=0.02)
    left = np.vstack([audio.samples, 0.3 * audio.samples[:, ::-1]]).astype(np.float32)
    a, b = heard(Audio(left, RATE)), heard(Audio(left[::-1].copy(), RATE))
    assert a.key == b.key and a.chroma == b.chroma


@pytest.mark.parametrize("cents", [-40.0, -15.0, 0.0, 25.0, 42.0])
def test_tuning_is_measured_and_does_not_move_the_key(cents: float) -> None:
    tone = heard(progression(POP, 5, cents))
    assert tone.tuning_cents == pytest.approx(cents, abs=4.0)
    assert tone.key[0].value == Key(5, "major")


@pytest.mark.parametrize("midi", [28, 36, 45.2, 57, 64, 72, 81, 88])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_single_note_has_its_pitch(midi: float, rate: int) -> None:
    samples = note(midi, 0.8, rate)[None].astype(np.float32)
    tone = heard(Audio(samples, rate))
    assert tone.pitch_midi == pytest.approx(midi, abs=0.15)


def test_the_pitch_of_a_note_without_its_fundamental() -> None:
    t = np.arange(RATE) / RATE
    sound = sum(np.sin(2 * np.pi * 110 * h * t) / h for h in range(2, 9))
    tone = heard(Audio((0.1 * sound)[None].astype(np.float32), RATE))
    assert tone.pitch_midi is not None
    assert tone.pitch_midi == pytest.approx(45.0, abs=0.2)


def test_noise_and_clicks_have_no_key() -> None:
    rng = np.random.default_rng(3)
    noise = 0.3 * rng.standard_normal(2 * RATE)
    clicks = np.zeros(2 * RATE)
    clicks[:: RATE // 4] = 1.0
    bursts = noise * np.exp(-((np.arange(2 * RATE) % (RATE // 4)) / 1500.0))
    for sound in (noise, clicks, bursts):
        tone = heard(Audio(sound[None].astype(np.float32), RATE))
        assert tone.key == () and tone.pitch_midi is None and tone.pitched < 0.5


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize(
    "sound",
    [np.zeros(0), np.zeros(1), np.ones(1), np.zeros(3000), np.full(3000, 0.5), np.full(9, np.nan),
     np.sign(np.sin(np.arange(4000) / 9.0)), np.eye(1, 441)[0]],
    ids=["empty", "one zero", "one", "silence", "direct current", "nan", "clipped", "click"],
)  # fmt: skip
def test_odd_sounds_are_finite(sound: np.ndarray, rate: int) -> None:
    tone = heard(Audio(sound[None].astype(np.float32), rate))
    numbers = [tone.pitched, tone.tuning_cents, tone.voices, tone.register_midi, tone.steadiness]
    assert all(math.isfinite(number) for number in numbers)
    assert len(tone.chroma) == 12 and all(0.0 <= value <= 1.0 for value in tone.chroma)
    assert len(tone.chroma_slices) == CHROMA_SLICES
    assert np.isfinite(tone.evidence).all()


def test_slices_follow_the_chords() -> None:
    tone = heard(progression(POP, 0))
    roots = [np.argmax(tone.chroma_slices[2 * bar]) for bar in range(4)]
    for root, (degree, quality) in zip(roots, POP, strict=True):
        assert root in {(degree + step) % 12 for step in CHORDS[quality]}


def test_decimation_keeps_low_tones_and_removes_high_ones() -> None:
    t = np.arange(22050) / 22050
    low = decimate(np.sin(2 * np.pi * 500 * t).astype(np.float32))
    high = decimate(np.sin(2 * np.pi * 4000 * t).astype(np.float32))
    twin = np.sin(2 * np.pi * 500 * (np.arange(low.size) * 4 - 0.5) / 22050)
    assert np.abs(low - twin)[100:-100].max() < 0.01
    assert np.abs(high)[100:-100].max() < 0.003


def test_drums_lose_key_and_note() -> None:
    tone = heard(progression(POP, 0))
    drums = settle(replace(tone, pitch_midi=40.0), (Belief("kick", 0.7), Belief("bass", 0.3)))
    assert drums.key == () and drums.pitch_midi is None and drums.pitched < tone.pitched
    assert settle(tone, (Belief("bass", 0.6), Belief("kick", 0.4))) is tone


def test_evidence_rows_are_shares() -> None:
    evidence = key_evidence(pitch_map(frontend(progression(POP, 0)).mono, 22050))
    assert evidence.shape == (len(EVIDENCE), 12)
    assert np.allclose(evidence.sum(axis=1), 1.0, atol=1e-5)


def test_real_loops_key(real_loops: Path) -> None:
    roots, weights = [], []
    with (real_loops / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["key"]:
                continue
            loop = hear(read_audio(real_loops / row["path"]), path="", digest="")
            truth = Key.parse(row["key"])
            best = loop.best_key
            roots.append(best is not None and best.tonic == truth.tonic)
            if " " in row["key"]:
                weights.append(mirex_score(best, truth))
    assert len(roots) >= 70
    assert np.mean(roots) >= 0.90
    assert np.mean(weights) >= 0.80
