"""Moods are learned from names and known changes, and heard in sounds nothing was learned from."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bad_input import write_good

from loopmind.analysis import models
from loopmind.analysis.frontend import ANALYSIS_RATE
from loopmind.analysis.models import (
    MODELS,
    ModelError,
    arrays_of,
    card_of,
    check_digest,
    found_model,
    read_arrays,
)
from loopmind.analysis.moods import FARTHEST, Character, numbers_of, scores_of, values_of
from loopmind.learn.moods.contrasts import EVEN, PLAYED, TREATMENTS, replayed, treated
from loopmind.learn.moods.data import Builder, Named, Set, heard_numbers, load
from loopmind.learn.moods.judge import by_changes, by_names, mean_of
from loopmind.learn.moods.model import write_model
from loopmind.learn.moods.named import named_moods
from loopmind.learn.moods.train import MoodConfig, merged, train, with_scale
from loopmind.learn.sounds.material import synthesised
from loopmind.learn.sounds.phrases import major_phrase
from loopmind.library.library import Library
from loopmind.music.loop import MOODS


@pytest.mark.parametrize(
    ("name", "moods"),
    [
        ("AngryLead 2", {"aggressive"}),
        ("0003-Soft Dark Pad", {"calm", "dark"}),
        ("organ not distorted", set()),
        ("8-bit car", {"lo-fi"}),
        ("voice of the playground", set()),  # neither ice nor round
    ],
)
def test_names_tell_moods_by_whole_words(name: str, moods: set[str]) -> None:
    assert named_moods(name) == moods


def pluck() -> np.ndarray:
    t = np.arange(ANALYSIS_RATE) / ANALYSIS_RATE
    partials = [np.sin(2 * np.pi * 220 * n * t) * np.exp(-3 * n * t) / n for n in range(1, 20)]
    return (0.3 * np.sum(partials, axis=0)).astype(np.float32)


@pytest.mark.parametrize("how", sorted({**TREATMENTS, **EVEN}))
def test_changes_are_finite_repeatable_and_as_loud(how: str) -> None:
    sound = pluck()
    for seed in range(4):
        made = treated(sound, ANALYSIS_RATE, how, np.random.default_rng(seed))
        again = treated(sound, ANALYSIS_RATE, how, np.random.default_rng(seed))
        assert np.isfinite(made).all() and np.array_equal(made, again)
        assert np.abs(made).max() == pytest.approx(np.abs(sound).max(), rel=1e-3)
        if how == "repeat":
            assert made.size > sound.size and np.allclose(made[: sound.size], sound)
            continue
        # Were a changed sound longer, its length would tell what was done to it.
        assert made.size == sound.size and not np.allclose(made, sound, atol=1e-3)
    moods = EVEN[how][1] if how in EVEN else TREATMENTS[how][1] + TREATMENTS[how][2]
    assert set(moods) <= set(MOODS)


def test_a_phrase_is_played_anew_as_is_said() -> None:
    rng = np.random.default_rng(2)
    _, notes, _, tonic = major_phrase(rng)
    degrees = {(n.pitch - tonic) % 12 for n in replayed(notes, "minor", tonic)}
    assert degrees <= {0, 2, 3, 5, 7, 8, 10} and len(notes) > 3
    slow = replayed(notes, "slow", tonic)
    assert slow[-1].start_s > 1.3 * notes[-1].start_s
    assert all(a.pitch == b.pitch + 12 for a, b in
               zip(replayed(notes, "high", tonic), notes, strict=True))  # fmt: skip
    assert max(n.velocity for n in replayed(notes, "gentle", tonic)) <= 50
    assert {mood for more, less in PLAYED.values() for mood in more + less} <= set(MOODS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Set:
    """Sounds of every maker, changed twice; a third of them named."""
    builder, rng = Builder(), np.random.default_rng(5)
    for number, sound in enumerate(synthesised(rng, 3)):
        names = {"hat": "bright", "kick": "dark", "bass": "deep"}
        name = f"{names.get(sound.instrument, 'plain')} {number}"
        builder.add_named(Named(sound, name if number % 3 else ""), 2, rng)
    file = tmp_path_factory.mktemp("moods") / "small.npz"
    assert builder.write(file) == len(builder.rows) > 40
    return load([file])


def test_a_few_steps_order_what_was_changed(small: Set, tmp_path: Path) -> None:
    import torch

    first, last = (train(small, MoodConfig(steps=steps)) for steps in (1, 60))
    before, after = (
        mean_of(by_changes(scores_of(arrays, small.numbers), small)) for arrays in (first, last)
    )
    assert after > max(0.8, before + 0.1)
    assert mean_of(by_names(scores_of(last, small.numbers), small)) > 0.7

    net = torch.nn.Sequential(
        torch.nn.Linear(last["weight0"].shape[0], last["weight0"].shape[1]),
        torch.nn.ReLU(),
        torch.nn.Linear(*last["weight1"].shape),
    )
    with torch.no_grad():
        for layer, number in ((net[0], 0), (net[2], 1)):
            layer.weight.copy_(torch.tensor(last[f"weight{number}"].T))
            layer.bias.copy_(torch.tensor(last[f"bias{number}"]))
        x = np.clip((small.numbers - last["mean"]) / last["spread"], -FARTHEST, FARTHEST)
        expected = net(torch.tensor(x)).numpy()
    assert np.abs(scores_of(last, small.numbers) - expected).max() < 1e-4
    both = merged([first, last])
    mean = (scores_of(first, small.numbers) + scores_of(last, small.numbers)) / 2
    assert np.abs(scores_of(both, small.numbers) - mean).max() < 1e-4

    file = tmp_path / "moods.npz"
    card_of(file).write_text("# A card\n", encoding="utf-8")
    config = MoodConfig(steps=30, members=2, seed=2)
    write_model(file, scaled := with_scale(last, small, config, tmp_path / "work"))
    # All that was trained is there: nothing is trained again.
    known = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").iterdir()}
    again = with_scale(last, small, config, tmp_path / "work")
    assert len(known) == 6 and all(np.array_equal(again[n], scaled[n]) for n in scaled)
    assert known == {path: path.stat().st_mtime_ns for path in (tmp_path / "work").iterdir()}
    check_digest(file)
    values = values_of(arrays_of(file), small.numbers)
    # What is shipped is in half precision.
    assert np.abs(values - values_of(scaled, small.numbers)).max() < 0.02
    assert values.min() >= 0.0 and values.max() <= 1.0 and values.max() > 0.5
    ordered = by_changes(values, small)
    assert mean_of(ordered) > 0.75


def told(samples: np.ndarray) -> np.ndarray:
    heard = heard_numbers(samples, ANALYSIS_RATE)
    assert heard is not None
    return values_of(arrays_of(found_model("moods.npz")), heard[0][None])[0]


@pytest.fixture(scope="module")
def sounds() -> list[np.ndarray]:
    """Loops and single sounds of a second, with pitch and without."""
    rng, t = np.random.default_rng(3), np.arange(ANALYSIS_RATE) / ANALYSIS_RATE
    made = [pluck()]
    for pitch, fall in ((110.0, 1.0), (330.0, 4.0), (660.0, 0.3)):
        tone = sum(np.sin(2 * np.pi * pitch * n * t) / n for n in range(1, 12))
        made.append((0.2 * tone * np.exp(-fall * (t % 0.5))).astype(np.float32))
    made += [
        (0.2 * rng.standard_normal(t.size) * np.exp(-fall * (t % 0.25))).astype(np.float32)
        for fall in (12.0, 40.0)
    ]
    return made


@pytest.mark.parametrize("how", sorted(TREATMENTS))
def test_the_shipped_model_hears_what_is_done_to_sounds(how: str, sounds: list[np.ndarray]) -> None:
    moved = np.mean([
        told(treated(sound, ANALYSIS_RATE, how, np.random.default_rng(seed))) - told(sound)
        for seed in range(2) for sound in sounds
    ], axis=0)  # fmt: skip
    _, more, less = TREATMENTS[how]
    for mood in more:
        assert moved[MOODS.index(mood)] > 0.02, mood
    for mood in less:
        assert moved[MOODS.index(mood)] < -0.02, mood


def test_a_sound_that_is_played_again_is_told_as_it_was(sounds: list[np.ndarray]) -> None:
    moved = np.abs([told(np.tile(sound, 4)) - told(sound) for sound in sounds])
    assert moved.mean() < 0.05, moved.mean(axis=0)


def test_what_has_no_pitch_is_neither_happy_nor_sad() -> None:
    drum = Character(
        900.0, 0.3, 0.1, 0.3, 4.0, 1.0, 14.0, 0.5, pitched=0.0, steadiness=0.0, distortion=0.0,
        sustain=0.3,
    )  # fmt: skip
    model = arrays_of(found_model("moods.npz"))
    many = np.zeros(300, np.float32)
    features = many[: model["mean"].size - (numbers_of(drum, many).size - many.size)]
    values = values_of(model, numbers_of(drum, features)[None])[0]
    assert not values[[MOODS.index("happy"), MOODS.index("sad")]].any()
    assert values.any()


@pytest.mark.parametrize("name", ["moods.npz", "key.npz", "tempo.npz"])
def test_altered_arrays_are_refused_and_are_no_fault_of_the_sounds(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {file: found_model(file) for file in MODELS}
    altered = tmp_path / name
    altered.write_bytes(places[name].read_bytes()[:-100])
    shutil.copyfile(card_of(places[name]), card_of(altered))
    monkeypatch.setattr(models, "model_file", {**places, name: altered}.__getitem__)
    with pytest.raises(ModelError, match=f"{name} .*cut off or altered; install"):
        read_arrays(name)
    write_good(tmp_path / "loops")
    with (
        Library(tmp_path / "library") as library,
        pytest.raises(ModelError, match="cut off or altered"),
    ):
        library.scan([tmp_path / "loops"], workers=0)


def test_agreement_counts_ties_as_half(small: Set) -> None:
    level = replace(small, hand=np.zeros_like(small.hand))
    assert {a.right for a in by_changes(level.hand, level).values()} == {0.5}
    assert {a.right for a in by_names(level.hand, level).values()} == {0.5}
