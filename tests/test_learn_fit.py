"""The fit model: features keep their laws, training learns in small, and choosing stays fast."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compose_factory import make

from loopmind.compose.learned_fit import FitModel, fits_of, read_model
from loopmind.compose.learned_fit_features import (
    HARMONY_BEATS,
    STEPS,
    Sides,
    onset_grid,
    pair_features,
)
from loopmind.compose.traits import traits
from loopmind.errors import LoopMindError
from loopmind.learn.fit.data import Sample, read, write
from loopmind.learn.fit.lists import (
    embedding_scores,
    handmade_scores,
    learned_scores,
    lists_of,
    stock,
    top1,
)
from loopmind.learn.fit.model import FitConfig, judge, merged, train, write_model
from loopmind.music.loop import Loop

SMALL = FitConfig(hidden=16, epochs=6, strangers=4, moved=1, rounds=2, members=1, rate=5e-3)


def groove(rng: np.random.Generator, steps: tuple[int, ...], instrument: str, key: str) -> Loop:
    """A loop of 16 beats at 120 bpm that strikes on `steps` of every bar, less a few."""
    loop = make(instrument, bpm=120.0, beats=16.0, key=key, number=int(rng.integers(1 << 30)))
    times = [bar * 2.0 + step * 0.125 for bar in range(4) for step in steps if rng.random() < 0.95]
    return replace(loop, onsets_s=tuple(sorted(times)), onset_strengths=(1.0,) * len(times))


def songs(count: int, seed: int = 0) -> list[Sample]:
    """Songs whose drums, bass and keys strike on the same steps, each song on its own."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        steps = tuple(sorted(rng.choice(16, 5, replace=False).tolist()))
        key = f"{'CDEFGAB'[int(rng.integers(7))]} minor"
        for role, instrument in (("drums", "drums"), ("bass", "bass"), ("chords", "keys")):
            loop = groove(rng, steps, instrument, key)
            made.append(Sample(f"p{number}", f"c{number}", "a", role, 120.0, 16, loop))
    return made


@pytest.fixture(scope="module")
def model() -> FitModel:
    return train(stock(songs(30)), SMALL)


def some_sides(count: int, seed: int = 3) -> Sides:
    rng = np.random.default_rng(seed)
    grid = rng.random((count, STEPS)).astype(np.float32) ** 4
    chroma = rng.random((count, HARMONY_BEATS, 12)).astype(np.float32) ** 3
    fixed = rng.random((count, 24)).astype(np.float32)
    fixed[:, :8] = np.eye(8, dtype=np.float32)[rng.integers(0, 8, count)]
    return Sides(
        grid / grid.sum(-1, keepdims=True), chroma / chroma.sum(-1, keepdims=True), fixed,
        np.ones(count, np.float32),
    )  # fmt: skip


def test_a_pair_is_the_same_from_both_sides() -> None:
    one = some_sides(6)
    pairs = pair_features(one, one)
    assert np.isfinite(pairs).all()
    assert np.allclose(pairs, pairs.transpose(1, 0, 2), atol=2e-5)


def test_moving_both_loops_alike_changes_nothing_that_is_heard() -> None:
    one, other = some_sides(4), some_sides(4, seed=8)
    steps, semitones = np.full(4, 16), np.full(4, 5)
    before = pair_features(one, other)
    after = pair_features(one.moved(semitones, steps), other.moved(semitones, steps))
    assert np.allclose(before, after, atol=2e-5)
    there_and_back = one.moved(semitones, steps).moved(-semitones, -steps)
    assert np.allclose(there_and_back.chroma, one.chroma, atol=1e-6)


def test_onsets_lie_on_the_grid_and_repeat() -> None:
    grid = onset_grid((0.0, 1.0), (1.0, 0.5), 0.0, 120.0, 4.0)
    assert np.flatnonzero(grid).tolist() == list(range(0, 64, 8))
    assert grid[0] == pytest.approx(2 * grid[8]) and grid.sum() == pytest.approx(1.0)
    between = onset_grid((0.0625,), (1.0,), 0.0, 120.0, 16.0)
    assert between[0] == pytest.approx(0.5) and between[1] == pytest.approx(0.5)
    assert not onset_grid((), (), 0.0, 120.0, 4.0).any()


def test_training_learns_what_belongs_together(model: FitModel) -> None:
    held = stock(songs(15, seed=9))
    lists = lists_of(held, np.random.default_rng(1))
    learned = top1(learned_scores(model, held, lists), lists)[1]
    plain = top1(embedding_scores(held, lists), lists)[1]
    hand = top1(handmade_scores(held, lists), lists)[1]
    assert learned > 0.8 and learned > plain + 0.3 and learned > hand
    assert judge(model, held)["beside all"] > 0.8


@pytest.mark.slow
def test_losses_fall_and_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    held, losses = stock(songs(16)), []
    config = replace(SMALL, epochs=4, batch=16)

    class Stop(Exception):
        pass

    def stop(epoch: int, epochs: int, loss: float) -> None:
        losses.append(loss)
        if epoch == 3:
            raise Stop

    whole = train(held, config)
    with pytest.raises(Stop):
        train(held, config, checkpoint=tmp_path / "c.pt", report=stop)
    again = train(held, config, checkpoint=tmp_path / "c.pt")
    assert losses[2] < losses[0]
    assert np.allclose(whole.pair, again.pair, atol=1e-6)


def test_several_networks_side_by_side_score_their_mean(model: FitModel) -> None:
    # Of one scaling: that is why training takes it from the loops and not from the seed.
    other = train(stock(songs(30)), replace(SMALL, seed=5, epochs=1))
    one = some_sides(5)
    both = merged([model, other]).scores(one, one)
    mean = (model.scores(one, one) + other.scores(one, one)) / 2
    assert np.allclose(both, mean, atol=1e-4)


def test_a_model_is_read_as_it_was_written(model: FitModel, tmp_path: Path) -> None:
    write_model(model, tmp_path / "fit.npz")
    again = read_model(tmp_path / "fit.npz")
    assert all(np.array_equal(getattr(model, n), getattr(again, n)) for n in vars(model))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "fit.npz").read_bytes()[:900])
    with pytest.raises(LoopMindError, match=r"cut\.npz"):
        read_model(tmp_path / "cut.npz")


def test_samples_are_read_as_they_were_written(tmp_path: Path) -> None:
    made = songs(2)
    write(made, tmp_path / "loops.jsonl")
    assert read([tmp_path / "loops.jsonl"]) == made
    with pytest.raises(FileNotFoundError, match="build"):
        read([tmp_path / "none.jsonl"])


def test_a_table_of_candidates_is_scored_in_a_moment(model: FitModel) -> None:
    loops = [s.loop for s in songs(60)]
    t, index = traits(loops), np.arange(180)
    chroma = np.random.default_rng(0).random((180, HARMONY_BEATS, 12))
    roles = ["drums", "bass", "chords"] * 60
    readings = [(120.0, 16.0)] * 180
    tonal = np.tile([False, True, True], 60)
    fits_of(model, t, index, roles, readings, chroma, tonal)
    begun = time.process_time()
    fits = fits_of(model, t, index, roles, readings, chroma, tonal)
    assert time.process_time() - begun < 0.5
    assert fits.shape == (180, 180) and np.allclose(fits, fits.T, atol=1e-4)
    assert (fits >= 0).all() and (fits <= 1).all()
