"""The tempo model and its evidence: laws, the plain twin of the networks, and made-up grooves."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopmind.analysis import tempo_features as evidence
from loopmind.analysis.frontend import Spectra, frontend
from loopmind.analysis.onsets import Novelty, Onsets, novelty, onsets
from loopmind.analysis.rhythm import hear_rhythm
from loopmind.analysis.tempo import hear_tempo
from loopmind.analysis.tempo_model import believe, scorer
from loopmind.learn.sounds.render import RENDER_RATE_HZ
from loopmind.learn.tempo_key.groove_sounds import synth_part
from loopmind.learn.tempo_key.grooves import Groove, drum_groove, melodic_grooves
from loopmind.music.audio import Audio
from loopmind.music.belief import Belief

HOUSE = {
    "name": "house", "bpm": [118, 130],
    "drums": {"kick": ["X...X...X...X..."], "snare": ["....X.......X..."],
              "hat": ["..x...x...x...x."]},
}  # fmt: skip


def kit(seed: int = 0) -> dict[str, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    t = np.arange(9000, dtype=np.float32) / RENDER_RATE_HZ
    kick = np.sin(2 * np.pi * 55.0 * t) * np.exp(-t / 0.06)
    snare = rng.standard_normal(t.size) * np.exp(-t / 0.04)
    hat = np.diff(rng.standard_normal(t.size + 1)) * np.exp(-t / 0.01)
    sounds = {"kick": kick, "snare": snare, "hat": 0.3 * hat}
    return {name: [sound.astype(np.float32)] for name, sound in sounds.items()}


def groove(seed: int) -> Groove:
    return drum_groove(HOUSE, [kit()], np.random.default_rng(seed))


def parts(samples: np.ndarray) -> tuple[Spectra, Novelty, Onsets]:
    spectra = frontend(Audio(samples[None, :], RENDER_RATE_HZ))
    heard = novelty(spectra)
    return spectra, heard, onsets(spectra, heard)


@pytest.mark.parametrize("seed", range(4))
def test_a_groove_is_as_long_as_its_beats(seed: int) -> None:
    made = groove(seed)
    assert made.samples.dtype == np.float32
    if made.clean:
        seconds = made.beats * 60.0 / made.bpm
        assert made.samples.size == pytest.approx(seconds * RENDER_RATE_HZ, abs=1)


def test_a_groove_is_made_the_same_again() -> None:
    one, other = groove(3), groove(3)
    assert np.array_equal(one.samples, other.samples) and one.onsets_s == other.onsets_s


def test_a_melodic_groove_has_its_notes_where_it_says() -> None:
    made = list(
        melodic_grooves([HOUSE], [None], 3, [kit()], np.random.default_rng(1), other_metres=0.0)
    )
    assert len(made) == 3
    for one in made:
        assert 110.0 <= one.bpm <= 135.0 and one.onsets_s


def test_a_synthesised_part_is_silent_without_notes() -> None:
    sound = synth_part([], 0.5, np.random.default_rng(0))
    assert sound.size == RENDER_RATE_HZ // 2 and not sound.any()


def test_evidence_is_finite_and_as_wide_as_the_model() -> None:
    spectra, heard, found = parts(groove(1).samples)
    repeats = evidence.periods(heard, spectra)
    border = evidence.edges(spectra.mono, spectra.rate_hz, found)
    for use_length in (True, False):
        bpm = evidence.candidates(spectra.duration_s, repeats, use_length)
        table = evidence.features(bpm, repeats, found, spectra.duration_s, border, use_length)
        assert table.shape == (bpm.size, scorer().mean.size)
        assert np.isfinite(table).all()
        assert (bpm >= evidence.SLOWEST_BPM * 0.98).all()
        assert (bpm <= evidence.FASTEST_BPM * 1.02).all()


def test_networks_side_by_side_equal_each_alone() -> None:
    model = scorer()
    table = np.random.default_rng(0).standard_normal((7, model.mean.size))
    members, width, _ = model.second.shape
    x = (table - model.mean) / model.scale
    total = x @ model.direct
    for m in range(members):
        part = slice(m * width, (m + 1) * width)
        hidden = np.maximum(x @ model.first[:, part] + model.first_bias[part], 0.0)
        hidden = np.maximum(hidden @ model.second[m] + model.second_bias[m], 0.0)
        total = total + hidden @ model.last[part]
    np.testing.assert_allclose(model.scores(table), total / model.temperature, rtol=1e-3, atol=1e-3)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(45.0, 220.0), st.floats(-30.0, 30.0)), min_size=1, max_size=40))
def test_beliefs_are_ranked_shares_of_one(pairs: list[tuple[float, float]]) -> None:
    bpm, score = (np.array(column) for column in zip(*pairs, strict=True))
    beliefs: tuple[Belief[float], ...] = believe(bpm, score)
    weights = [b.weight for b in beliefs]
    assert sum(weights) == pytest.approx(1.0)
    assert weights == sorted(weights, reverse=True) and 1 <= len(beliefs) <= 8
    values = sorted(b.value for b in beliefs)
    assert all(b / a - 1.0 > 0.011 for a, b in itertools.pairwise(values))


@pytest.mark.parametrize("factor", [0.93, 1.07])
def test_played_faster_the_tempo_is_faster(factor: float) -> None:
    samples = groove(1).samples
    heard = hear_rhythm(frontend(Audio(samples[None, :], RENDER_RATE_HZ)))
    other = hear_rhythm(frontend(Audio(samples[None, :], round(RENDER_RATE_HZ * factor))))
    assert other.tempo[0].value == pytest.approx(heard.tempo[0].value * factor, rel=0.004)


@pytest.mark.parametrize("seed", range(6))
def test_new_grooves_are_heard_up_to_an_octave(seed: int) -> None:
    made = groove(100 + seed)
    tempo = hear_tempo(*parts(made.samples))
    ratio = tempo[0].value / made.bpm
    assert any(abs(ratio / r - 1.0) <= 0.02 for r in (0.5, 1.0, 2.0))


def test_a_cut_end_leaves_the_tempo() -> None:
    made = next(g for g in map(groove, range(50)) if g.clean and 8 <= g.beats <= 32)
    cut = made.samples[: round(0.93 * made.samples.size)]
    ratio = hear_tempo(*parts(cut))[0].value / made.bpm
    assert any(abs(ratio / r - 1.0) <= 0.02 for r in (0.5, 1.0, 2.0))


def test_fewer_than_two_onsets_tell_no_tempo() -> None:
    spectra, heard, found = parts(groove(1).samples)
    one = Onsets(found.times_s[:1], found.strengths[:1], found.lowness[:1])
    assert hear_tempo(spectra, heard, one) == ()


def test_a_long_sound_is_judged_by_a_few_windows() -> None:
    spectra, heard, _ = parts(np.tile(groove(1).samples, 12))
    repeats = evidence.periods(heard, spectra)
    assert repeats.span_s <= evidence.WINDOW_S + 0.1
    longer = replace(heard, total=np.tile(heard.total, 20), bands=np.tile(heard.bands, (1, 20)))
    many = replace(spectra, power=np.tile(spectra.power, (20, 1)))
    long = evidence.periods(longer, many)
    assert long.spectrum.shape[1:] == repeats.spectrum.shape[1:] and len(long.spectrum) <= 5


@pytest.mark.slow
def test_training_learns_what_is_right_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    from loopmind.learn.tempo_key.tempos import Example, TempoConfig, examples_of, judge, train

    examples: list[Example] = []
    for seed in range(24):
        examples += examples_of(groove(seed))
    config = TempoConfig(epochs=12, members=2)
    model = train(examples[:36], config)
    assert judge(model, examples[36:])["right"] >= 0.5
    train(examples[:36], replace(config, members=1), tmp_path)
    (first,) = (path.stat().st_mtime_ns for path in tmp_path.iterdir())
    again = train(examples[:36], config, tmp_path)
    times = sorted(path.stat().st_mtime_ns for path in tmp_path.iterdir())
    assert len(times) == 2 and times[0] == first
    assert all(np.array_equal(getattr(model, n), getattr(again, n)) for n in vars(model))
