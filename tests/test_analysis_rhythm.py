"""Laws and floors of hearing time: onsets, tempo, kind, metre. Key and timbre have other files."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from loopmind.analysis import onsets as onset_module
from loopmind.analysis.beats import beats_s
from loopmind.analysis.frontend import ANALYSIS_RATE, frontend
from loopmind.analysis.onsets import novelty, onsets
from loopmind.analysis.rhythm import Rhythm, hear_rhythm
from loopmind.analysis.tempo import hear_tempo
from loopmind.files.decode import read_audio
from loopmind.music.audio import Audio

RATE = 44100
F32 = NDArray[np.float32]


def kick(rng: np.random.Generator) -> F32:
    t = np.arange(int(0.25 * RATE)) / RATE
    pitch = 50.0 * t + 8.0 * (1.0 - np.exp(-t / 0.02))
    sound: F32 = (np.sin(2 * np.pi * pitch) * np.exp(-t / 0.08)).astype(np.float32)
    return sound


def snare(rng: np.random.Generator) -> F32:
    t = np.arange(int(0.2 * RATE)) / RATE
    sound: F32 = (
        0.7 * rng.standard_normal(t.size) * np.exp(-t / 0.04)
        + 0.4 * np.sin(2 * np.pi * 190.0 * t) * np.exp(-t / 0.06)
    ).astype(np.float32)
    return sound * np.float32(0.6)


def hat(rng: np.random.Generator) -> F32:
    t = np.arange(int(0.05 * RATE)) / RATE
    noise = np.diff(rng.standard_normal(t.size + 1))
    sound: F32 = (0.25 * noise * np.exp(-t / 0.012)).astype(np.float32)
    return sound


def pluck(rng: np.random.Generator) -> F32:
    t = np.arange(int(0.4 * RATE)) / RATE
    f = 110.0 * 2.0 ** (rng.integers(0, 24) / 12.0)
    tones = sum(np.sin(2 * np.pi * f * k * t) / k**1.5 for k in range(1, 9))
    sound: F32 = (0.4 * tones * np.exp(-t / 0.12) * np.minimum(1.0, t / 0.002)).astype(np.float32)
    return sound


Voice = Callable[[np.random.Generator], F32]


def rendered(
    hits: list[tuple[float, Voice]], seconds: float, *, seed: int = 0, wrap: bool = True
) -> Audio:
    """A mono file with each voice at its time; tails wrap to the start, as in a loop."""
    rng = np.random.default_rng(seed)
    frames = round(seconds * RATE)
    out = np.zeros(frames, np.float32)
    for time_s, voice in hits:
        sound = voice(rng)
        places = np.arange(sound.size) + round(time_s * RATE)
        if wrap:
            np.add.at(out, places % frames, sound)
        else:
            out[places[places < frames]] += sound[places < frames]
    out *= np.float32(0.8 / max(1e-9, float(np.abs(out).max())))
    return Audio(out[None, :], RATE)


def beat(bpm: float, bars: int, *, swing: float = 0.5, seed: int = 0) -> Audio:
    """Kick on 1 and 3, snare on 2 and 4, hats on (swung) eighths."""
    beat_s = 60.0 / bpm
    hits: list[tuple[float, Voice]] = []
    for b in range(4 * bars):
        hits.append((b * beat_s, kick if b % 2 == 0 else snare))
        hits.append((b * beat_s, hat))
        hits.append(((b + swing) * beat_s, hat))
        if b % 4 == 2:
            hits.append(((b + swing) * beat_s, kick))
    return rendered(hits, 4 * bars * beat_s, seed=seed)


def heard(audio: Audio, **options: bool) -> Rhythm:
    return hear_rhythm(frontend(audio), **options)


# Laws ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [0.001, 0.1, 1.2])
def test_level_changes_nothing(gain: float) -> None:
    audio = beat(97.0, 2)
    quieter = Audio(audio.samples * np.float32(gain), RATE)
    one, other = heard(audio), heard(quieter)
    assert [t.value for t in one.tempo] == [t.value for t in other.tempo]
    assert one.kind == other.kind
    np.testing.assert_allclose(one.onsets_s, other.onsets_s, atol=0.002)


def test_channel_order_changes_nothing() -> None:
    left, right = beat(105.0, 2).samples[0], beat(105.0, 2, seed=3).samples[0]
    one = heard(Audio(np.stack([left, right]), RATE))
    other = heard(Audio(np.stack([right, left]), RATE))
    assert one == other


def test_two_equal_channels_are_one() -> None:
    mono = beat(88.0, 2)
    assert heard(Audio(np.repeat(mono.samples, 2, axis=0), RATE)) == heard(mono)


@pytest.mark.parametrize("lead_s", [0.1, 0.37, 1.0])
def test_leading_silence_shifts_onsets_and_keeps_the_tempo(lead_s: float) -> None:
    audio = beat(100.0, 4)
    silence = np.zeros((1, round(lead_s * RATE)), np.float32)
    one = heard(audio)
    other = heard(Audio(np.concatenate([silence, audio.samples], axis=1), RATE))
    assert len(one.onsets_s) == len(other.onsets_s)
    np.testing.assert_allclose(np.subtract(other.onsets_s, lead_s), one.onsets_s, atol=0.006)
    assert other.tempo[0].value == pytest.approx(100.0, rel=0.01)
    assert (other.downbeat_s - lead_s) % 2.4 == pytest.approx(0.0, abs=0.02) or (
        other.downbeat_s - lead_s
    ) % 2.4 == pytest.approx(2.4, abs=0.02)


def test_same_sound_same_answer() -> None:
    assert heard(beat(120.0, 2)) == heard(beat(120.0, 2))


@pytest.mark.parametrize("frames", [0, 1, 100, 10 * RATE])
def test_silence_has_no_tempo(frames: int) -> None:
    rhythm = heard(Audio(np.zeros((2, frames), np.float32), RATE))
    assert rhythm.tempo == () and rhythm.onsets_s == ()


def test_constant_and_broken_samples_have_no_tempo() -> None:
    samples = np.full((1, 5 * RATE), 0.5, np.float32)
    assert heard(Audio(samples, RATE)).tempo == ()
    broken = np.full((1, RATE), np.nan, np.float32)
    assert heard(Audio(broken, RATE)).tempo == ()


# Synthetic truth ----------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    bpm=st.integers(70, 180).map(float), bars=st.sampled_from([1, 2, 4]), seed=st.integers(0, 99)
)
def test_a_seamless_beat_tells_its_tempo(bpm: float, bars: int, seed: int) -> None:
    tempo = heard(beat(bpm, bars, seed=seed)).tempo
    related = [bpm * k for k in (0.5, 1.0, 2.0)]
    assert any(tempo[0].value == pytest.approx(r, rel=0.01) for r in related)
    assert any(t.value == pytest.approx(bpm, rel=0.01) for t in tempo)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(bpm=st.floats(70.0, 180.0), seed=st.integers(0, 99), rest=st.floats(0.0, 0.6))
def test_clicks_tell_their_tempo_without_the_length(bpm: float, seed: int, rest: float) -> None:
    beat_s = 60.0 / bpm
    voice = (kick, snare, hat, pluck)[seed % 4]
    audio = rendered([(k * beat_s, voice) for k in range(20)], 20 * beat_s + rest, wrap=False)
    tempo = hear_tempo_alone(audio)
    assert any(tempo == pytest.approx(bpm * k, rel=0.01) for k in (0.5, 1.0, 2.0))


def hear_tempo_alone(audio: Audio) -> float:
    spectra = frontend(audio)
    rise = novelty(spectra)
    return hear_tempo(spectra, rise, onsets(spectra, rise), use_length=False)[0].value


@pytest.mark.parametrize("voice", [kick, snare, hat, pluck])
def test_onsets_lie_within_milliseconds_of_the_truth(voice: Voice) -> None:
    rng = np.random.default_rng(7)
    truth = np.cumsum(rng.uniform(0.16, 0.5, 24))
    audio = rendered([(float(t), voice) for t in truth], float(truth[-1]) + 0.6, wrap=False)
    found = np.array(heard(audio).onsets_s)
    missed, off = deviation(truth, found)
    assert missed == 0
    assert abs(found.size - truth.size) <= 1
    assert off <= 0.005


def deviation(truth: NDArray[np.float64], found: NDArray[np.float64]) -> tuple[int, float]:
    """Onsets without a find within 50 ms, and the mean absolute deviation of the others."""
    nearest = np.abs(truth[:, None] - found[None, :]).min(axis=1)
    return int((nearest > 0.05).sum()), float(nearest[nearest <= 0.05].mean())


def test_onsets_of_a_full_beat() -> None:
    audio = beat(112.0, 4)
    beat_s = 60.0 / 112.0
    truth = np.arange(0, 16, 0.5) * beat_s
    missed, off = deviation(truth, np.array(heard(audio).onsets_s))
    assert missed == 0 and off <= 0.005


def test_swing_is_heard() -> None:
    assert heard(beat(96.0, 4)).swing == 0.5
    assert heard(beat(96.0, 4, swing=2 / 3)).swing == pytest.approx(2 / 3, abs=0.02)
    assert heard(beat(96.0, 4, swing=0.58)).swing == pytest.approx(0.58, abs=0.02)


def test_a_beat_is_a_seamless_loop_in_four() -> None:
    rhythm = heard(beat(110.0, 2))
    assert (rhythm.kind, rhythm.seamless, rhythm.beats_per_bar) == ("loop", True, 4)
    assert rhythm.downbeat_s == 0.0
    assert int(np.argmax(rhythm.rhythm)) % 4 == 0


# Kernels and their plain twins --------------------------------------------------------------


def picked_plainly(total: F32, reach: int, floor: float) -> list[int]:
    chosen: list[int] = []
    for t, value in enumerate(total):
        near = total[max(0, t - reach) : t + reach + 1]
        first = max(0, t - reach)
        around = total[max(0, t - 4 * reach) : t + 3 * reach + 1]
        if value < floor or value < near.max() or int(np.argmax(near)) + first != t:
            continue
        if value < 1.3 * around.mean() + floor or (chosen and t - chosen[-1] <= reach):
            continue
        chosen.append(t)
    return chosen


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1000), frames=st.integers(1, 200), reach=st.integers(1, 6))
def test_picking_equals_its_twin(seed: int, frames: int, reach: int) -> None:
    total = np.random.default_rng(seed).random(frames).astype(np.float32) ** 3
    out = np.zeros(frames, np.int64)
    count = onset_module._pick(total, reach, np.float32(0.035), out)
    assert out[:count].tolist() == picked_plainly(total, reach, 0.035)


# Real loops ---------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def heard_loops(folder: Path) -> tuple[tuple[float, Rhythm, float], ...]:
    """(labelled bpm, all that was heard, tempo with the length left out) of every loop."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["bpm"]]
    out = []
    for row in rows:
        spectra = frontend(read_audio(folder / row["path"]))
        alone = hear_rhythm(spectra, use_length=False).tempo
        out.append((float(row["bpm"]), hear_rhythm(spectra), alone[0].value if alone else 0.0))
    return tuple(out)


def related(bpm: float, truth: float) -> bool:
    return any(abs(bpm / (truth * k) - 1.0) <= 0.04 for k in (1.0, 2.0, 0.5, 3.0, 1 / 3))


def test_tempo_of_real_loops(real_loops: Path) -> None:
    found = heard_loops(real_loops)
    best = [(r.tempo[0].value if r.tempo else 0.0, truth) for truth, r, _ in found]
    assert np.mean([abs(bpm / truth - 1.0) <= 0.01 for bpm, truth in best]) >= 0.90
    assert np.mean([related(bpm, truth) for bpm, truth in best]) >= 0.98
    assert np.mean([abs(alone / truth - 1.0) <= 0.01 for truth, _, alone in found]) >= 0.88
    assert np.mean([related(alone, truth) for truth, _, alone in found]) >= 0.96


def test_kind_of_real_loops(real_loops: Path) -> None:
    assert np.mean([r.kind == "loop" for _, r, _ in heard_loops(real_loops)]) >= 0.97


def test_analysis_rate_is_stated() -> None:
    spectra = frontend(beat(120.0, 1))
    assert spectra.rate_hz == ANALYSIS_RATE
    assert spectra.power.shape[0] == 1 + spectra.mono.size // spectra.hop


# Songs --------------------------------------------------------------------------------------


def test_beats_of_a_song_whose_tempo_drifts() -> None:
    spans = 60.0 / np.linspace(118.0, 124.0, 120)
    truth = np.concatenate([[0.4], 0.4 + np.cumsum(spans)])
    voices = [kick if k % 2 == 0 else snare for k in range(truth.size)]
    hits = list(zip(truth.tolist(), voices, strict=True))
    hats: list[tuple[float, Voice]] = [
        ((a + b) / 2, hat) for a, b in itertools.pairwise(truth.tolist())
    ]
    audio = rendered([*hits, *hats], float(truth[-1]) + 1.0, wrap=False)
    found = beats_s(frontend(audio), 121.0)
    missed, off = deviation(truth[2:-2], found)
    assert missed == 0 and off <= 0.02


def test_a_long_steady_sound_is_a_song_with_a_sure_tempo() -> None:
    audio = Audio(np.tile(beat(126.4, 4).samples, (1, 16)), RATE)
    rhythm = heard(audio)
    assert rhythm.kind == "song"
    assert rhythm.tempo[0].value == pytest.approx(126.4, rel=1e-3)
    bar_s = 240.0 / 126.4
    assert (rhythm.downbeat_s + bar_s / 2) % bar_s == pytest.approx(bar_s / 2, abs=0.03)


@pytest.mark.parametrize("bpm", [0.5, 100.0])
def test_silence_has_no_beats(bpm: float) -> None:
    assert beats_s(frontend(Audio(np.zeros((1, RATE), np.float32), RATE)), bpm).size == 0
