"""Learning to hear notes, in small: targets, batches, training, export, tuning."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from loopmind.analysis.listening.pitched import limits_of, notes_of
from loopmind.analysis.listening.pitched_decode import Found, Limits
from loopmind.analysis.listening.pitched_model import FAMILIES, FPS, listen
from loopmind.analysis.listening.spectrogram import RATE_HZ
from loopmind.analysis.models import open_model
from loopmind.learn.notes import data as notes_data
from loopmind.learn.notes.batches import Batches, Heard, Shares, targets
from loopmind.learn.notes.data import Sheet, sheets, write_sheet
from loopmind.learn.notes.tune import cases, judged, kind_of_track, means


def sheet(folder: Path, name: str, *, solo: bool, seed: int) -> None:
    """Plucked sines of two players, and their notes."""
    rng = np.random.default_rng(seed)
    sounds, tracks = [], []
    for instrument, low in (("keys", 60), ("bass", 36)):
        sound = np.zeros(5 * RATE_HZ, np.float32)
        notes = []
        for i in range(9):
            start, pitch = 0.1 + 0.5 * i, int(low + rng.integers(12))
            t = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ
            hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
            wave = sum(np.sin(2 * np.pi * h * hertz * t) / h for h in range(1, 6))
            at = round(start * RATE_HZ)
            sound[at : at + t.size] += (0.1 * wave * np.exp(-4 * t)).astype(np.float32)
            notes.append([start, start + 0.4, pitch, 90])
        sounds.append(sound)
        tracks.append({"instrument": instrument, "program": 0, "notes": notes})
    write_sheet(folder / name, sounds, tracks, solo=solo)


@pytest.fixture
def own(tmp_path: Path) -> list[Sheet]:
    for number in range(4):
        sheet(tmp_path, f"{number}", solo=number % 2 == 0, seed=number)
    return sheets(tmp_path)


def test_targets_say_when_and_who() -> None:
    heard = [Heard(2, np.array([[0.5, 1.0, 40, 64], [-0.2, 0.3, 45, 100]], np.float32))]
    truth = targets(heard, 96, 4)
    at = 0.5 * FPS
    key = 40 - 21
    shape = truth["onset"][:, key]
    around = np.arange(96)
    np.testing.assert_allclose(shape, np.clip(1 - np.abs(around - at) / 2, 0, None), atol=1e-4)
    assert truth["frame"][:, key].sum() == pytest.approx(0.5 * FPS, abs=1)
    assert truth["velocity"][round(at), key] == pytest.approx(64 / 127)
    assert truth["onset"][:, 45 - 21].sum() == 0.0 and truth["frame"][0, 45 - 21] == 1.0
    assert truth["family"][2].sum() == truth["family"].sum() > 0


def test_batches_are_the_same_for_the_same_seed(own: list[Sheet]) -> None:
    shares = Shares(batch=2, frames=64)
    one, two = Batches(own, shares, 4, 3), Batches(own, shares, 4, 3)
    picture, truth = one.draw(5)
    again, same = two.draw(5)
    np.testing.assert_array_equal(picture, again)
    for name, array in truth.items():
        np.testing.assert_array_equal(array, same[name])
    assert not np.array_equal(picture, one.draw(6)[0])
    with pytest.raises(ValueError, match="no sheets"):
        Batches([], shares, 4, 3)


@pytest.mark.slow
def test_training_lowers_the_loss_goes_on_and_is_exported_equal(
    own: list[Sheet], tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")
    from loopmind.learn.notes.model import Config, Training, device, export, load, train
    from loopmind.learn.notes.net import NetSize

    torch.set_num_threads(1)
    size = NetSize(6, 12, 4, dilations=(1, 2))
    config = Config(size, Shares(batch=2, frames=96), steps=30, learning_rate=1e-2)
    batches = Batches(own, config.shares, size.fold, 1)
    work = tmp_path / "work"
    first = Training(config, device())
    values = []
    for step in range(30):
        picture, truth = batches.draw(step % 4)
        parts = first.learn(
            torch.from_numpy(picture), {k: torch.from_numpy(v) for k, v in truth.items()}, 1.0
        )
        values.append(parts["onset"] + parts["frame"])
    assert np.mean(values[-4:]) < 0.6 * np.mean(values[:4])
    train(Config(size, config.shares, steps=3), batches, work, tell=lambda line: None)
    lines: list[str] = []
    net = train(Config(size, config.shares, steps=5), batches, work, resume=True, tell=lines.append)
    assert not lines
    assert torch.load(work / "checkpoint.pt", weights_only=True)["step"] == 5
    limits = json.dumps(asdict(Limits(onset=0.2)))
    file = tmp_path / "notes.onnx"
    assert export(load(work), file, "# Notes\n", {"limits": limits}) <= 1e-4
    model = open_model(file)
    assert limits_of(model).onset == 0.2
    case = cases(own)[0]
    heard = listen(case.mono, model=model)
    assert heard.onset.shape[1] == 88 and heard.family.shape[0] == len(FAMILIES)
    notes_of(heard, Limits(), texture="mix")
    assert means(judged([(case, heard)], Limits(), (case.kind,)))
    assert not net.training


def test_what_a_track_is_judged_as() -> None:
    line = [[i * 0.5, i * 0.5 + 0.4, 60, 90] for i in range(9)]
    chords = [[i // 2 * 0.5, i // 2 * 0.5 + 0.4, 60 + i % 2, 90] for i in range(18)]
    assert kind_of_track("bass", line) == "line" and kind_of_track("bass", chords) is None
    assert kind_of_track("keys", chords) == "keys" and kind_of_track("keys", line) is None
    assert kind_of_track("bass", line[:4]) is None


def test_solo_parts_are_playable() -> None:
    rng = np.random.default_rng(3)
    for family in ("keys", "bass", "strings"):
        for part in (notes_data.line(rng, family), notes_data.chords(rng, family)):
            last: dict[int, float] = {}
            for note in part.notes:
                assert 21 <= note.pitch <= 108 and 1 <= note.velocity <= 127
                assert note.length_s > 0 and note.start_s + note.length_s <= 12.0 + 1e-6
                assert note.start_s >= last.get(note.pitch, 0.0) - 1e-6
                last[note.pitch] = note.start_s + note.length_s


def test_the_second_network_learns_who_plays(own: list[Sheet]) -> None:
    pytest.importorskip("torch")
    from loopmind.analysis.listening.pitched_players import FEATURES, Players
    from loopmind.learn.notes.players import mixed, train, who_plays

    rng = np.random.default_rng(1)
    seen = rng.standard_normal((600, FEATURES)).astype(np.float32)
    truth = np.zeros((600, len(FAMILIES)), np.float32)
    truth[np.arange(600), np.where(seen[:, 60] > 0.0, 2, 0)] = 1.0
    for hidden in ((), (16,)):
        net = Players.from_text(train(seen, truth, hidden=hidden, epochs=150).to_text())
        right = truth[np.arange(600), net(seen).argmax(axis=1)].mean()
        assert right > 0.7
    sound, chosen = mixed(own[0], rng)
    assert sound.size == own[0].sounds.shape[1] and chosen
    at = 0.6 * FPS
    pitch = own[0].tracks[1]["notes"][1][2]
    found = Found(at, at + 20, pitch - 21, 0.5, 0.9, np.zeros(len(FAMILIES), np.float32))
    assert who_plays([found], own[0], [0, 1])[0, FAMILIES.index("bass")] == 1.0
