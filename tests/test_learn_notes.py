"""Learning to hear notes, in small: targets, batches, training, export, tuning."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from loopmind.analysis.listening.pitched import limits_of, notes_of
from loopmind.analysis.listening.pitched_decode import Limits
from loopmind.analysis.listening.pitched_model import FAMILIES, FPS, listen
from loopmind.analysis.listening.pitched_second import FEATURES, Layers
from loopmind.analysis.listening.spectrogram import RATE_HZ
from loopmind.analysis.models import open_model
from loopmind.learn.notes import data as notes_data
from loopmind.learn.notes.batches import Batches, Heard, Shares, elsewhere, targets
from loopmind.learn.notes.data import Sheet, sheets, write_sheet
from loopmind.learn.notes.lumps import midi_lumps
from loopmind.learn.notes.piano import Piano
from loopmind.learn.notes.tune import cases, judged, kind_of_track, means
from loopmind.learn.sounds.render import Note

MODELS = Path(notes_data.__file__).parents[3] / "models"


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
    assert means(judged([(case, heard, None)], Limits(), (case.kind,)))
    assert not net.training


@pytest.mark.slow
def test_who_plays_is_learned_from_another_network_where_one_is_given(
    own: list[Sheet], tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")
    from loopmind.learn.notes.model import Config, train
    from loopmind.learn.notes.net import NetSize, NotesNet

    size = NetSize(6, 12, 4, dilations=(1, 2))
    config = Config(size, Shares(batch=2, frames=96), steps=40, learning_rate=1e-2)
    batches = Batches(own, config.shares, size.fold, 1)
    teacher = NotesNet(size).eval()
    with torch.no_grad():  # in the sheets keys and bass play; it hears brass in all
        teacher.family.weight.zero_()
        teacher.family.bias.fill_(-4.0)
        teacher.family.bias[FAMILIES.index("brass")] = 2.0
    picture, truth = batches.draw(99)
    heard = []
    for folder, given in (("plain", None), ("taught", teacher)):
        net = train(config, batches, tmp_path / folder, families_of=given, tell=lambda line: None)
        said = torch.sigmoid(net(torch.from_numpy(picture))[3]).detach().numpy()
        heard.append((said * truth["sounding"]).sum(axis=(0, 2, 3)).argmax())
    assert FAMILIES[heard[0]] in ("keys", "bass") and FAMILIES[heard[1]] == "brass"


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


def test_keyboard_music_is_playable_and_strikes_keys_again() -> None:
    rng = np.random.default_rng(5)
    again = 0
    for _ in range(6):
        notes = notes_data.keyboard(rng)
        last: dict[int, float] = {}
        for note in notes:
            assert 21 <= note.pitch <= 108 and 1 <= note.velocity <= 127
            assert note.start_s >= last.get(note.pitch, 0.0) - 1e-6
            again += note.start_s < last.get(note.pitch, -1.0) + 0.2
            last[note.pitch] = note.start_s + note.length_s
    assert again > 20


def test_a_recorded_piano_plays_notes_between_its_own(tmp_path: Path) -> None:
    import soundfile

    t = np.arange(44100) / 44100
    for name, pitch in (("A3v8", 57), ("D#4v8", 63)):
        wave = 0.5 * np.sin(2 * np.pi * 440.0 * 2 ** ((pitch - 69) / 12) * t) * np.exp(-2 * t)
        soundfile.write(tmp_path / f"{name}.wav", np.concatenate([np.zeros(3000), wave]), 44100)
    piano = Piano.of(tmp_path)
    assert sorted(piano.notes) == [(8, 57), (8, 63)]
    sound = piano.play([Note(0.25, 0.4, 59, 64)], 1.5, np.random.default_rng(1))
    loud = np.flatnonzero(np.abs(sound) > 0.05)
    assert loud[0] / RATE_HZ == pytest.approx(0.25, abs=0.01)
    assert np.abs(sound[round(1.3 * RATE_HZ) :]).max() < 0.01
    part = sound[loud[0] : loud[0] + 8192]
    hertz = np.argmax(np.abs(np.fft.rfft(part))) * RATE_HZ / part.size
    assert hertz == pytest.approx(440.0 * 2 ** ((59 - 69) / 12), abs=4.0)
    with pytest.raises(FileNotFoundError, match="A4v8"):
        Piano.of(tmp_path / "none")


def test_music_is_taken_out_of_a_wad() -> None:
    import struct

    lumps = [(b"D_ONE", b"MThd1"), (b"MAP01", b"map"), (b"D_TWO", b"MThd22"), (b"D_SAME", b"MThd1")]
    body, rows = b"", b""
    for name, data in lumps:
        rows += struct.pack("<ii8s", 12 + len(body), len(data), name)
        body += data
    wad = b"IWAD" + struct.pack("<ii", len(lumps), 12 + len(body)) + body + rows
    assert list(midi_lumps(wad)) == [("d_one", b"MThd1"), ("d_two", b"MThd22")]
    with pytest.raises(ValueError, match="no WAD"):
        list(midi_lumps(b"RIFF"))


def test_a_part_elsewhere_is_still_the_same_part() -> None:
    rng = np.random.default_rng(2)
    sound = np.zeros(RATE_HZ, np.float32)
    sound[5000:15000] = 0.1 * np.sin(np.arange(10000) * 0.2)
    moved = elsewhere(sound, rng)
    assert moved.dtype == np.float32 and moved.shape == sound.shape
    assert np.abs(moved[:4000]).max() < 0.2 * np.abs(moved).max()


def test_a_wider_network_knows_what_the_narrow_one_knew() -> None:
    torch = pytest.importorskip("torch")
    from loopmind.learn.notes.net import NetSize, NotesNet, widened

    torch.manual_seed(1)
    old = NotesNet(NetSize(6, 10, 4, dilations=(1, 2)), 4).eval()
    for name, value in old.state_dict().items():
        if name.endswith(("running_mean", "norm.bias", "norm.weight")):
            value.copy_(torch.rand_like(value) + 0.3)
    new = widened(old, NetSize(8, 14, 5, dilations=(1, 4, 2))).eval()
    picture = torch.rand(1, 6, 32, 104)
    with torch.no_grad():
        for was, now in zip(old(picture[:, :4]), new(picture), strict=True):
            torch.testing.assert_close(was, now, atol=1e-5, rtol=1e-4)


def test_the_second_network_learns_what_is_a_note() -> None:
    pytest.importorskip("torch")
    from loopmind.learn.notes.second import train, truth_of

    rng = np.random.default_rng(1)
    seen = rng.standard_normal((600, FEATURES)).astype(np.float32)
    truth = (seen[:, 5] > 0.0).astype(np.float32)
    kept = Layers.from_text(train(seen, truth, hidden=(16,), epochs=60).to_text(), FEATURES)
    assert ((kept(seen)[:, 0] > 0.5) == (truth > 0)).mean() > 0.8
    notes = np.array([[0.5, 1.0, 64.0, 80.0]], np.float32)
    at, key = round(float(notes[0, 0]) * FPS), round(float(notes[0, 2])) - 21
    frames, keys = np.array([at, at + 2, at + 30]), np.array([key, key, key])
    said = truth_of(frames, keys, np.array([0.5, 0.9, 0.9], np.float32), notes[:1])
    assert said.tolist() == [0.0, 1.0, 0.0]


def test_strings_of_a_model_s_file_are_renewed_and_its_card_signed(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from loopmind.learn.export import put_notes

    for name in ("notes.onnx", "notes.md"):
        (tmp_path / name).write_bytes((MODELS / name).read_bytes())
    before = open_model(tmp_path / "notes.onnx").notes
    put_notes(tmp_path / "notes.onnx", {"limits": '{"held": 0.25}', "more": "x"})
    again = open_model(tmp_path / "notes.onnx")  # reads the card's digest too
    assert limits_of(again).held == 0.25
    assert again.notes == {**before, "limits": '{"held": 0.25}', "more": "x"}


def test_plain_tones_sound_where_their_notes_say(tmp_path: Path) -> None:
    notes_data.render_plain(tmp_path, [], 16, 3)
    (made,) = sheets(tmp_path)
    assert made.solo and len(made.tracks) == made.sounds.shape[0] == 16
    near = []
    for sound, track in zip(made.sounds, made.tracks, strict=True):
        assert track["instrument"] in FAMILIES and np.abs(sound).max() > 1000
        for start, end, pitch, _ in track["notes"]:
            part = sound[round(start * RATE_HZ) : round(end * RATE_HZ)].astype(np.float64)
            if part.size < RATE_HZ // 4:
                continue
            hertz = np.fft.rfftfreq(part.size, 1 / RATE_HZ)
            power = np.abs(np.fft.rfft(part * np.hanning(part.size))) ** 2
            bare = 440.0 * 2.0 ** ((pitch - 69) / 12)
            near.append(power[np.abs(hertz - bare) < 12.0].max() > 10 * np.median(power))
    assert len(near) > 50 and np.mean(near) > 0.95
    notes_data.render_plain(tmp_path / "again", [], 16, 3)
    (again,) = sheets(tmp_path / "again")
    assert np.array_equal(made.sounds, again.sounds)


def test_the_shipped_network_is_read_back_and_answers_as_its_file(own: list[Sheet]) -> None:
    torch = pytest.importorskip("torch")
    from loopmind.learn.notes.model import CONFIGS, Training, device, read_back
    from loopmind.learn.notes.net import NetSize

    pictures, _ = Batches(own, Shares(batch=3, frames=96), 2, 3).draw(0)
    file = open_model(MODELS / "notes.onnx")
    begun = Training(
        CONFIGS["small"], device(), read_back(file.file, NetSize(), torch.from_numpy(pictures))
    )
    said = begun.net.cpu().eval()(torch.from_numpy(pictures[:1]))
    for there, here in zip(file.run({"picture": pictures[:1]}), said, strict=True):
        assert np.abs(there - torch.sigmoid(here).detach().numpy()).max() < 1e-4
    with pytest.raises(ValueError, match=r"notes\.onnx holds another network"):
        read_back(file.file, NetSize(channels=40), torch.from_numpy(pictures))
