"""The tagger learns: a few steps lower its loss, and what is exported equals what was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from loopmind.analysis.features import shape_of, timbre_features
from loopmind.analysis.frontend import Spectra, frontend
from loopmind.analysis.listening.tagger import BANDS, EMBEDDING, FAR_STEPS, NEAR_FRAMES, pictures
from loopmind.analysis.models import open_model
from loopmind.analysis.tone import hear_tone
from loopmind.learn.sounds.material import Sound, synthesised
from loopmind.learn.tagger.data import Examples, build, load, shown, stored
from loopmind.learn.tagger.scores import macro_f1, mean_average_precision
from loopmind.learn.tagger.words import learn_words, own_words
from loopmind.music.audio import Audio

RATE = 22050


def sound(seconds: float = 1.0, hertz: float = 220.0) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * hertz * t) * np.exp(-3 * t)).astype(np.float32)


def spectra(samples: np.ndarray) -> Spectra:
    return frontend(Audio(samples[None].astype(np.float32), RATE))


def test_pictures_know_no_gain_and_begin_with_the_sound() -> None:
    near, far = pictures(spectra(sound()))
    assert near.shape == (NEAR_FRAMES, BANDS) and far.shape == (FAR_STEPS, BANDS)
    assert near.dtype == far.dtype == np.float32
    assert near.min() >= -1.0 and near.max() <= 1.0 + 1e-6
    assert float(near.max()) == pytest.approx(1.0, abs=1e-5)
    quiet = pictures(spectra(0.01 * sound()))
    assert np.allclose(near, quiet[0], atol=1e-3) and np.allclose(far, quiet[1], atol=1e-3)
    late = np.concatenate([np.zeros(256 * 40, np.float32), sound()])
    moved, _ = pictures(spectra(late))
    assert np.allclose(moved[14:44], near[10:40], atol=0.05)  # its onset's window and 2 frames
    assert np.all(far[-1] == -1.0)  # over by then


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(9000), np.ones(1), np.eye(1, 300)[0]])
def test_pictures_of_odd_sounds_are_finite(samples: np.ndarray) -> None:
    for picture in pictures(spectra(samples)):
        assert np.isfinite(picture).all() and np.abs(picture).max() <= 1.0 + 1e-6


def test_stored_pictures_come_back_within_a_step() -> None:
    near, _ = pictures(spectra(sound()))
    assert np.abs(shown(stored(near)) - near).max() <= 1.0 / 255.0 + 1e-6


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """Synthesised sounds, a part of which pose as two sources of recordings."""
    work = tmp_path_factory.mktemp("work")
    sounds = list(synthesised(np.random.default_rng(3), 1))
    assert build(sounds, work / "examples-synthesis.npz", variations=1) == 2 * len(sounds)
    posing = [
        Sound(s.samples, s.rate_hz, s.instrument, s.kind, f"gh:{index % 2}", f"{index}.wav")
        for index, s in enumerate(sounds[::2])
    ]
    build(posing, work / "examples-recordings-0.npz", variations=0)
    found = load(work)
    assert len(found) == 2 * len(sounds) + len(posing)
    assert int(found.recorded.sum()) == len(posing) and found.learnable.all()
    return found


def test_nothing_of_the_test_pieces_is_learned(examples: Examples) -> None:
    count = len(examples)
    path = np.array(["hydrogen/HardElectro1/a.flac"] * count)
    altered = Examples(**{**vars(examples), "path": path})
    assert not altered.learnable.any()


def test_a_few_steps_lower_the_loss_and_the_export_is_equal(
    examples: Examples, tmp_path: Path
) -> None:
    from loopmind.learn.export import TOLERANCE, export_onnx
    from loopmind.learn.tagger.model import NAMES, never_judged
    from loopmind.learn.tagger.net import example_inputs
    from loopmind.learn.tagger.train import (
        Settings,
        pretrain,
        read_all,
        told,
        train_members,
        untrained,
        widen,
    )

    settings = Settings(24, 32, 20, 48, 2, wide=40)
    losses: list[float] = []
    checkpoint = tmp_path / "c.pt"
    readers = pretrain(
        never_judged(examples), settings, lambda text: None, checkpoint=checkpoint, losses=losses
    )
    assert len(losses) == 24 and np.mean(losses[-6:]) < 0.85 * np.mean(losses[:3])
    read = read_all(readers, examples)
    said: list[str] = []
    model = train_members(examples, read, readers, settings, said.append)
    assert len(said) == settings.members + settings.blind + 1
    file = tmp_path / "tagger.onnx"
    dynamic = {name: {0: "sounds"} for part in NAMES for name in part}
    export_onnx(model, example_inputs(), NAMES, dynamic, file, "# t\n", others=[example_inputs(3)])
    near, far = shown(examples.near[:5]), shown(examples.far[:5])
    found = open_model(file).run({"near": near, "far": far, "features": examples.features[:5]})
    for ours, theirs in zip(
        found, told(model, examples.where(np.arange(5)), read[:5]), strict=True
    ):
        assert np.abs(ours - theirs).max() <= TOLERANCE
    assert found[0].shape == (5, EMBEDDING)
    assert np.allclose(np.linalg.norm(found[0], axis=1), 1.0, atol=1e-4)
    assert all(np.allclose(part.sum(axis=1), 1.0, atol=1e-4) for part in found[1:])
    # With more sounds only the wide member is solved for anew: what is embedded stays.
    few = examples.where(np.arange(len(examples)) % 3 == 0)
    again = untrained(readers, settings)
    again.load_state_dict({k: v for k, v in model.state_dict().items() if k in again.state_dict()})
    widen(again, few, read[::3], settings, said.append)
    before, after = told(model, few, read[::3]), told(again, few, read[::3])
    assert np.array_equal(before[0], after[0]) and np.array_equal(before[2], after[2])
    assert not np.array_equal(before[1], after[1])


def test_the_wide_member_is_solved_for(examples: Examples) -> None:
    import torch

    from loopmind.learn.tagger.net import READ, Scaling
    from loopmind.learn.tagger.train import Settings, solved

    rng = np.random.default_rng(3)
    read = rng.standard_normal((len(examples), READ)).astype(np.float32)
    scaling = Scaling(torch.from_numpy(read), torch.from_numpy(examples.features))
    settings = Settings(1, 1, 1, 1, 1, wide=300)
    wide = solved(scaling, examples, read, settings)
    given = scaling(torch.from_numpy(read), torch.from_numpy(examples.features))
    with torch.no_grad():
        place, scores = wide(*given)
        once_more = solved(scaling, examples, read, settings)(*given)[1]
    assert place.shape == (len(examples), 0) and torch.equal(scores, once_more)
    right = scores.argmax(1).numpy() == examples.truth()[0]
    assert right.mean() > 0.95


def test_training_goes_on_where_it_stopped(examples: Examples, tmp_path: Path) -> None:
    import torch

    from loopmind.learn.tagger.train import Settings, pretrain

    whole = Settings(4, 16, 1, 8, 1)
    checkpoint = tmp_path / "c.pt"
    one = pretrain(examples, whole, lambda text: None, save_every=2)
    pretrain(examples, whole, lambda text: None, checkpoint=checkpoint, save_every=2, stop_at=2)
    said: list[str] = []
    two = pretrain(examples, whole, said.append, checkpoint=checkpoint, save_every=2)
    assert said[0] == "goes on from step 2"
    for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_features_are_those_of_the_analyser(examples: Examples) -> None:
    heard = spectra(sound())
    tone = hear_tone(heard)
    shape = shape_of(heard.mono, heard.rate_hz, heard.power, heard.hop)
    assert timbre_features(shape, tone, tone.heard).shape == examples.features.shape[1:]


def test_scores() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "a", "b"]) == 1.0
    assert macro_f1(["a", "b"], ["a", "a"]) == pytest.approx(1 / 3, abs=1e-3)
    vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    assert mean_average_precision(vectors, list("aabb"), list("xyxy")) == 1.0
    assert mean_average_precision(vectors, list("abab"), list("xyyx")) < 0.8


def test_words_point_to_their_sounds() -> None:
    rng = np.random.default_rng(0)
    warm, pad = rng.standard_normal((2, 32)).astype(np.float32)
    rows = [("warm", "pad"), ("pad",), ("warm",), ("rare",)] * 6
    rows[-1] = ("warm",)
    places = np.stack(
        [("warm" in r) * warm + ("pad" in r) * pad + 0.1 * rng.standard_normal(32) for r in rows]
    ).astype(np.float32)
    vocabulary, found = learn_words(rows, np.arange(len(rows)), places)
    assert vocabulary == ["pad", "rare", "warm"]
    query = found[0] + found[2]
    best = np.argsort(-(places @ query))[:6]
    assert {rows[i] for i in best} == {("warm", "pad")}


def test_words_turn_with_the_sounds_of_a_tagger_that_was_trained_on() -> None:
    rng = np.random.default_rng(4)
    words = ["bass", "hat", "kick", "pad", "snare", "strings"]
    places = rng.standard_normal((6, 32)).astype(np.float32)
    classes = np.arange(60) % 6
    before = places[classes] + 0.3 * rng.standard_normal((60, 32)).astype(np.float32)
    before *= np.float32(6.0)
    turn = np.linalg.qr(rng.standard_normal((32, 32)))[0].astype(np.float32)
    # Every third class bears a word of the user's own.
    rows = [(words[i], "mine") if i % 3 == 0 else (words[i],) for i in classes.tolist()]
    after = before @ turn + np.float32(2.0)
    vocabulary, moved = own_words(words, places, rows, np.arange(60), before, after)
    assert vocabulary == sorted([*words, "mine"])
    heard = after - after.mean(axis=0)

    def found(place: np.ndarray, right: np.ndarray) -> float:
        order = np.argsort(-(heard @ place), kind="stable")
        return float(right[order][: right.sum()].mean())

    for number, word in enumerate(words):
        assert found(moved[vocabulary.index(word)], classes == number) > 0.9, word
    stayed = [found(places[number], classes == number) for number in range(6)]
    assert np.mean(stayed) < 0.6
    assert found(moved[vocabulary.index("mine")], classes % 3 == 0) > 0.9


def test_words_of_one_kind_of_sound_leave_the_words_where_they_were() -> None:
    rng = np.random.default_rng(5)
    places = rng.standard_normal((3, 16)).astype(np.float32)
    sounds = rng.standard_normal((20, 16)).astype(np.float32)
    words, moved = own_words(
        ["hat", "kick", "pad"], places, [("kick",)] * 20, np.arange(20), sounds, sounds
    )
    assert words == ["hat", "kick", "pad"]
    np.testing.assert_allclose(moved, places, atol=1e-5)


@pytest.mark.slow
def test_judging_labelled_files(tmp_path: Path) -> None:
    from loopmind.files.encode import write_audio
    from loopmind.learn.judging import OURS, UNUSABLE
    from loopmind.learn.tagger.judge import PEER, judge

    lines = ["path,instrument,kind,source"]
    from loopmind.learn.sounds import synth

    rng = np.random.default_rng(8)
    made = [
        Sound(synth._finish(maker(rng)), synth.RATE_HZ, name, "oneshot", "")
        for name, maker in (("kick", synth._kick), ("hat", synth._hat))
        for _ in range(2)
    ]
    for index, one in enumerate(made):
        write_audio(tmp_path / f"{index}.wav", Audio(one.samples[None], one.rate_hz))
        lines.append(f"{index}.wav,{one.instrument},{one.kind},s{index % 2}")
    (tmp_path / "bad.wav").write_text("no sound " * 30)
    lines += ["bad.wav,kick,oneshot,s0", "0.wav,kazoo,oneshot,s0", "none.wav,kick,oneshot,s0"]
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    seen: list[int] = []
    rows = judge(tmp_path / "labels.csv", lambda done, total, what: seen.append(done))
    ours = {row.what: row.value for row in rows if row.of == OURS}
    peers = {row.what: row.value for row in rows if row.of == PEER}
    assert set(peers) == {"instrument top-1", "instrument macro-F1", "retrieval mAP"}
    assert set(peers) < set(ours) and "loop or one-shot" in ours
    assert ours["instrument top-1"] >= 0.75 and all(0.0 <= v <= 1.0 for v in ours.values())
    bad = [row.what for row in rows if row.unit == UNUSABLE]
    assert len(bad) == 3 and "kazoo" in " ".join(bad) and "bad.wav" in " ".join(bad)
    assert seen == sorted(seen) and len(seen) >= 4


def test_members_count_the_same() -> None:
    from loopmind.learn.tagger.net import Member, Members, Wide, weights_of

    members: Members = [Member(8), Member(8), Member(0, pictures=False), Wide(4, 1)]
    of_instruments, of_others = weights_of(members)
    assert of_instruments == [0.25] * 4 and of_others == [0.25, 0.25, 0.5, 0.0]
