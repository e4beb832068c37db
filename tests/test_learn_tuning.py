"""Fine-tuning: finding what is labelled, holding back by source, training on, and switching."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from loopmind.analysis.listening.tagger import EMBEDDING
from loopmind.analysis.listening.words import place_of, read_table
from loopmind.analysis.models import ModelError, card_of, open_file, open_model
from loopmind.cli import main
from loopmind.errors import CancelledError, LoopMindError
from loopmind.files.atomic import OutputError
from loopmind.files.encode import write_audio
from loopmind.files.midi_notes import write_notes
from loopmind.files.own_models import keep_model, own_models, undo_model, use_model
from loopmind.files.places import model_file, models_in_use, shipped_model_file, user_models
from loopmind.learn.export import export_onnx
from loopmind.learn.judging import Row, read_labels, share
from loopmind.learn.sounds import synth
from loopmind.learn.tagger.data import load
from loopmind.learn.tagger.words import embeddings_of, write_words
from loopmind.learn.tuning import course as tuning
from loopmind.learn.tuning.course import Budget, Pair, is_better, learn, split
from loopmind.learn.tuning.graph import GraphNet, difference, trainable, tune, write_back
from loopmind.learn.tuning.material import (
    named_sounds,
    stem_folders,
    stem_of,
    with_midi,
)
from loopmind.learn.tuning.tagger import TRAINER
from loopmind.music.audio import Audio
from loopmind.music.notes import Note, Notes


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "home"
    monkeypatch.setenv("LOOPMIND_HOME", str(place))
    return place


class Tiny(torch.nn.Module):
    """A bit of everything that LoopMind's networks are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 6, 3, stride=(1, 2), padding=1)
        self.norm = torch.nn.BatchNorm2d(6)
        self.time = torch.nn.Conv1d(6 * 4, 12, 3, padding=2, dilation=2)
        self.layer = torch.nn.LayerNorm(12)
        self.gru = torch.nn.GRU(12, 5, batch_first=True, bidirectional=True)
        self.last = torch.nn.Linear(10, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.norm(self.conv(x.unsqueeze(1))))
        y = y.permute(0, 1, 3, 2).flatten(1, 2)
        y = self.layer(torch.nn.functional.silu(self.time(y)).transpose(1, 2))
        y = torch.cat((y[:, :1], y[:, 1:] - y[:, :-1]), dim=1)
        return torch.softmax(self.last(self.gru(y)[0]), dim=-1)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    net = Tiny()
    net(torch.randn(8, 20, 8))
    path = tmp_path / "tiny.onnx"
    export_onnx(
        net, (torch.randn(2, 20, 8),), (("x",), ("y",)),
        {"x": {0: "batch", 1: "time"}, "y": {0: "batch", 1: "time"}}, path, "# tiny\n",
        others=((torch.randn(1, 33, 8),),),
    )  # fmt: skip
    return path


def test_a_shipped_graph_runs_in_torch_as_in_onnxruntime(tiny: Path) -> None:
    net = trainable(tiny)
    for shape in ((2, 20, 8), (1, 41, 8)):
        example = {"x": np.random.default_rng(0).standard_normal(shape).astype(np.float32)}
        assert difference(net, tiny, example) < 1e-4
    assert sum(p.numel() for p in net.parameters()) > 500


def test_half_precision_graphs_can_be_trained_on(tiny: Path, tmp_path: Path) -> None:
    torch.manual_seed(4)
    path = tmp_path / "half.onnx"
    names, dynamic = (("x",), ("y",)), {"x": {0: "batch"}}
    export_onnx(Tiny(), (torch.randn(1, 20, 8),), names, dynamic, path, "# half\n", half=True)
    net = trainable(path)
    example = {"x": np.zeros((1, 20, 8), np.float32)}
    assert difference(net, path, example) < 1e-4
    assert write_back(net, path, tmp_path / "again.onnx", example) < 1e-3


def toy_loss(net: GraphNet) -> Any:
    def loss_of(rng: np.random.Generator) -> torch.Tensor:
        x = rng.standard_normal((8, 20, 8)).astype(np.float32)
        right = torch.from_numpy((x.mean(axis=2) > 0).astype(np.int64))
        said = net({"x": torch.from_numpy(x)})["y"]
        return torch.nn.functional.nll_loss(torch.log(said).flatten(0, 1), right.flatten())

    return loss_of


def test_training_on_lowers_the_loss_and_is_written_back(tiny: Path, tmp_path: Path) -> None:
    net = trainable(tiny)
    budget = Budget(60.0, 1, tmp_path)
    losses = tune(net, toy_loss(net), budget, lambda d, t, w: None, rate=1e-2, stay=0.0, steps=30)
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    target = tmp_path / "tuned.onnx"
    example = {"x": np.random.default_rng(0).standard_normal((2, 20, 8)).astype(np.float32)}
    assert write_back(net, tiny, target, example) < 1e-3
    before, after = (open_file(path).run(example)[0] for path in (tiny, target))
    assert not np.allclose(before, after, atol=1e-3)


def test_a_training_that_was_stopped_goes_on(tiny: Path, tmp_path: Path) -> None:
    whole, parts = trainable(tiny), trainable(tiny)
    given: dict[str, Any] = {"rate": 1e-3, "stay": 1e-2, "steps": 12}
    tune(whole, toy_loss(whole), Budget(1e6, 1, tmp_path), lambda d, t, w: None, **given)

    def stop(done: int, total: int, what: str) -> None:
        if done >= 500:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        tune(parts, toy_loss(parts), Budget(1e6, 1, tmp_path), stop, **given)
    again = trainable(tiny)
    tune(again, toy_loss(again), Budget(1e6, 1, tmp_path), lambda d, t, w: None, **given)
    for name, weight in whole.arrays().items():
        assert np.allclose(weight, again.arrays()[name], atol=1e-6), name


def test_own_models_take_turns_with_the_shipped_one(tmp_path: Path) -> None:
    model, card = tmp_path / "key.npz", tmp_path / "key.md"
    for turn in (b"first", b"second"):
        model.write_bytes(turn)
        card.write_bytes(b"# card " + turn)
        keep_model("key", [model, card])
    assert model_file("key.npz") == shipped_model_file("key.npz")
    newest, oldest = own_models("key").mine
    use_model("key", "mine")
    assert model_file("key.npz").read_bytes() == b"second"
    assert card_of(model_file("key.npz")).read_bytes() == b"# card second"
    use_model("key", oldest)
    assert model_file("key.npz").read_bytes() == b"first"
    assert undo_model("key").use == newest and undo_model("key").use == "shipped"
    with pytest.raises(LoopMindError, match="nothing to undo"):
        undo_model("key")
    with pytest.raises(LoopMindError, match="choose from shipped"):
        use_model("key", "other")


@pytest.mark.parametrize("name", sorted(tuning.MODELS))
def test_what_is_put_to_use_is_what_is_used(name: str) -> None:
    shipped = shipped_model_file(tuning.MODELS[name])
    assert model_file(tuning.MODELS[name]) == shipped
    folder = keep_model(name, [shipped])
    use_model(name, "mine")
    assert model_file(tuning.MODELS[name]) == user_models() / name / folder / shipped.name


def test_the_way_back_from_a_damaged_own_model_is_told() -> None:
    shipped = shipped_model_file("notes.onnx")
    folder = keep_model("transcriber", [shipped, card_of(shipped)])
    use_model("transcriber", "mine")
    own = user_models() / "transcriber" / folder / "notes.onnx"
    own.write_bytes(own.read_bytes()[:1000])
    with pytest.raises(ModelError, match="loopmind learn transcriber --use shipped"):
        open_model("notes.onnx")


def test_a_damaged_list_of_own_models_means_the_shipped_ones() -> None:
    user_models().mkdir(parents=True)
    for text in ("", "[]", '{"use": 3}', '{"use": {"key": "../../x", "tempo": 4}}', "{"):
        (user_models() / "active.json").write_text(text)
        assert models_in_use() == {}
        assert model_file("key.npz") == shipped_model_file("key.npz")


def pairs_of(counts: dict[str, int]) -> list[Pair]:
    return [Pair(s, Path(f"{s}/{n}.wav")) for s, count in counts.items() for n in range(count)]


def test_sources_are_held_back_whole() -> None:
    pairs = pairs_of({"a": 10, "b": 4, "c": 3, "d": 3})
    learned, held = split(pairs, 1)
    assert not {p.source for p in learned} & {p.source for p in held}
    assert 2 <= len(held) <= 10 and len(learned) + len(held) == 20
    assert split(list(reversed(pairs)), 1) == (learned, held)
    alone, back = split(pairs_of({"a": 10}), 1)
    assert len(back) == 3 and not {p.audio for p in alone} & {p.audio for p in back}
    with pytest.raises(LoopMindError, match="at least 4"):
        split(pairs_of({"a": 3}), 1)


def tone(path: Path, seconds: float = 0.3) -> Path:
    samples = np.sin(np.arange(round(44100 * seconds)) * 0.05).astype(np.float32)[None] * 0.4
    return write_audio(path, Audio(samples, 44100))


def test_sounds_are_named_by_file_folder_or_table(tmp_path: Path) -> None:
    place = tmp_path / "sounds"
    for name in ("Kicks/one.wav", "Pads/warm pad.wav", "take/7.wav", "take/snare 3.wav"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        tone(place / name)
    found, bad = named_sounds(place)
    named = {p.audio.name: p.instrument for p in found}
    assert named == {"one.wav": "kick", "warm pad.wav": "pad", "snare 3.wav": "snare"}
    assert not bad
    # Folders that sort by instrument are no sources: all kinds must be on both sides.
    assert {p.source for p in found} == {"sounds", "take"}
    (place / "labels.csv").write_text(
        "path,instrument\ntake/7.wav,Bass drum\nKicks/one.wav,spoon\nnone.wav,kick\n"
    )
    found, bad = named_sounds(place)
    assert [(p.audio.name, p.instrument) for p in found] == [("7.wav", "kick")]
    assert len(bad) == 2 and any("spoon" in row.what for row in bad)


def test_recordings_lie_beside_their_midi(tmp_path: Path) -> None:
    place = tmp_path / "songs"
    place.mkdir()
    for name in ("a", "b"):
        tone(place / f"{name}.wav")
        write_notes(place / f"{name}.mid", [Notes("keys", (Note(0.0, 0.2, 60.0, 0.7),))])
    (place / "b.mid").write_bytes(b"MThd broken")
    found, bad = with_midi(place)
    assert [p.audio.name for p in found] == ["a.wav"] and "b.mid" in bad[0].what


def test_stems_of_songs_and_of_folders(tmp_path: Path) -> None:
    assert [stem_of(n) for n in ("drums", "Kick in", "lead vox", "bass-di", "rhodes")] == [
        "drums", "drums", "vocals", "bass", "other",
    ]  # fmt: skip
    for name in ("x/stems/drums.wav", "x/stems/keys.wav", "x/stems/reverb.wav", "x/song.wav",
                 "y/bass.wav", "y/piano.wav", "y/mix.wav", "z/loop.wav"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        tone(tmp_path / name)
    told = {"bpm": 98.0, "tracks": [{"id": "keys", "role": "chords"}]}
    (tmp_path / "x" / "timeline.json").write_text(json.dumps(told))
    found, _ = stem_folders(tmp_path)
    assert [(p.source, sorted(p.stems), p.bpm) for p in found] == [
        ("x", ["drums", "keys"], 98.0), ("y", ["bass", "piano"], None),
    ]  # fmt: skip
    assert found[0].roles == {"drums": "drums", "keys": "chords"}
    assert found[0].audio.name == "song.wav" and found[1].audio.name == "mix.wav"


class Pretended:
    """A trainer whose new model is as good as it is told."""

    def __init__(self, after: float) -> None:
        self.after = after

    def find(self, folder: Path) -> tuple[list[Pair], list[Row]]:
        found = pairs_of({"a": 4, "b": 4, "c": 4})
        return [
            replace(pair, audio=tone(folder / f"{number}.wav", 0.1 + 0.01 * number))
            for number, pair in enumerate(found)
        ], []

    def score(self, model: Path, pairs: Any, progress: Any) -> dict[str, float]:
        progress(0, 1, "")
        return {"good": self.after if b"new" in model.read_bytes()[:3] else 0.5}

    def tune(self, model: Path, pairs: Any, target: Path, budget: Budget, progress: Any) -> None:
        progress(0, 1, "")
        target.write_bytes(b"new" + bytes([int(100 * self.after)]))


@pytest.mark.parametrize("after", [0.6, 0.4])
def test_a_new_model_is_used_only_if_it_is_better(
    after: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tuning.MODELS, "key", "key.npz")
    monkeypatch.setattr(tuning, "trainer", lambda name: Pretended(after))
    done = learn("key", tmp_path, tmp_path / "work", lambda label: lambda d, t, w: None)
    assert done.used == done.better == (after > 0.5)
    assert (model_file("key.npz") != shipped_model_file("key.npz")) == done.used
    assert len(own_models("key").mine) == 1
    if done.used:
        assert "| good | 0.5000 | 0.6000 |" in card_of(model_file("key.npz")).read_text()


def made_of(counts: Counter[str]) -> type[Pretended]:
    """A trainer that finds whatever sounds lie in the folder, and counts what it is given."""

    class Found(Pretended):
        def find(self, folder: Path) -> tuple[list[Pair], list[Row]]:
            return [Pair("all", path) for path in sorted(folder.glob("*.wav"))], []

        def tune(self, model: Path, pairs: Any, *given: Any) -> None:
            counts.update(pair.audio.name for pair in pairs)
            super().tune(model, pairs, *given)

        def score(self, model: Path, pairs: Any, progress: Any) -> dict[str, float]:
            counts.update(pair.audio.name for pair in pairs)
            return super().score(model, pairs, progress)

    return Found


def test_a_copy_counts_once_and_what_is_no_sound_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: Counter[str] = Counter()
    monkeypatch.setitem(tuning.MODELS, "key", "key.npz")
    monkeypatch.setitem(tuning.NEEDED, "key", "no sounds")
    monkeypatch.setattr(tuning, "trainer", lambda name: made_of(counts)(0.9))
    place = tmp_path / "sounds"
    place.mkdir()

    def told() -> tuple[Any, str]:
        try:
            return learn("key", place, tmp_path / "work", lambda label: lambda d, t, w: None), ""
        except LoopMindError as error:
            return None, str(error)

    assert told()[1].endswith("sounds holds no sounds")
    first = tone(place / "0.wav", 0.2)
    (place / "junk.wav").write_text("a shopping list")
    for number in range(3):
        (place / f"copy {number}.wav").write_bytes(first.read_bytes())
    said = told()[1]
    assert "only 1 usable examples" in said and "junk.wav: is text, not audio; remove it" in said
    assert "is a copy of 0.wav, which counts once" in said and "and 1 more" in said
    for number in range(1, 4):
        tone(place / f"{number}.wav", 0.2 + 0.01 * number)
    done, _ = told()
    assert (done.learned_from, done.held_back) == (3, 1)
    assert set(counts) == {"0.wav", "1.wav", "2.wav", "3.wav"}
    assert len(done.unusable) == 4


def test_a_drum_recording_is_judged_and_learned_by_its_drums_alone(tmp_path: Path) -> None:
    import pretty_midi

    from loopmind.learn.drums.judge import hits_of_drums
    from loopmind.learn.tuning.drums import TRAINER as DRUMS

    def song(name: str, parts: Sequence[tuple[str, bool, int]]) -> Path:
        made = pretty_midi.PrettyMIDI()
        for called, drums, pitch in parts:
            part = pretty_midi.Instrument(0, drums, called)
            part.notes = [pretty_midi.Note(90, pitch, 0.2 * i, 0.2 * i + 0.1) for i in range(10)]
            made.instruments.append(part)
        made.write(str(tmp_path / f"{name}.mid"))
        tone(tmp_path / f"{name}.wav", 2.5)
        return tmp_path / f"{name}.mid"

    piano = ("Piano", False, 38)
    assert len(hits_of_drums(song("a", [piano, ("Kit", True, 36)]))) == 10
    assert len(hits_of_drums(song("b", [piano, ("Drums", False, 36)]))) == 10
    assert len(hits_of_drums(song("c", [piano]))) == 0
    beat = song("drum loop", [("", False, 36)])
    assert len(hits_of_drums(beat)) == 0 and len(hits_of_drums(beat, "drum loop")) == 10
    # Without a name of any kind, notes of a kit are one; a bass line or higher notes are not.
    assert len(hits_of_drums(beat, "take 1")) == 10
    assert len(hits_of_drums(beat, "bass 1")) == 0
    assert len(hits_of_drums(song("low", [("Bass", False, 38)]), "take 1")) == 0
    high = song("high", [("", False, 38), ("", False, 60)])
    assert len(hits_of_drums(high, "take 1")) == 0 and len(hits_of_drums(high, "beat")) > 0
    assert len(hits_of_drums(song("steel", [("Steel Drums", False, 60)]))) == 0
    for name in ("low", "high", "steel"):
        (tmp_path / f"{name}.wav").unlink()
    found, bad = DRUMS.find(tmp_path)
    assert [pair.audio.stem for pair in found] == ["a", "b", "drum loop"]
    assert [row.what for row in bad] == [
        "c.mid: has no drum part of 4 hits or more; put the drums on MIDI channel 10"
    ]


def test_notes_behind_the_sound_s_end_are_not_learned_and_are_told(tmp_path: Path) -> None:
    from loopmind.learn.tuning.drums import TRAINER as DRUMS
    from loopmind.learn.tuning.transcriber import TRAINER as NOTES

    for name, seconds, first in (("a", 3.0, 0.0), ("long", 20.0, 0.0), ("late", 20.0, 10.0)):
        tone(tmp_path / f"{name}.wav", 3.0)
        times = np.arange(first, seconds, 0.5).tolist()
        for part, pitch in (("keys", 60.0), ("drums", 36.0)):
            folder = tmp_path / part
            folder.mkdir(exist_ok=True)
            tone(folder / f"{name}.wav", 3.0)
            played = tuple(Note(at, at + 0.3, pitch, 0.7) for at in times)
            write_notes(folder / f"{name}.mid", [Notes(part, played)])
    for trainer, part, lost in ((NOTES, "keys", "notes"), (DRUMS, "drums", "hits")):
        found, told = trainer.find(tmp_path / part)
        assert [pair.audio.stem for pair in found] == ["a", "long"]
        assert [row.what for row in told] == [
            f"late.mid: has its {lost} behind the end of the sound; leave it out",
            "long.wav ends after 3.0 s, its MIDI goes on to 19.5 s: notes behind the end are left "
            "out",
        ]  # fmt: skip
    found, told = NOTES.find(tmp_path / "drums")
    assert not found and [row.what for row in told][:1] == ["a.mid: is drums alone; leave it out"]


def test_a_stem_that_ends_early_cuts_no_other(tmp_path: Path) -> None:
    from loopmind.learn.tuning.separator import _stems

    stems = {}
    for name, seconds in (("drums", 8.0), ("bass", 2.0), ("keys", 8.0)):
        stems[name] = tone(tmp_path / f"{name}.wav", seconds)
    whole = _stems(Pair("song", stems["drums"], stems=stems), 30.0)
    assert sorted(whole) == ["bass", "drums", "other"]
    assert {sound.shape for sound in whole.values()} == {(2, 8 * 44100)}
    assert np.abs(whole["bass"][:, : 2 * 44100]).max() > 0.3
    assert not whole["bass"][:, 2 * 44100 :].any()
    # All are cut at the same place: the middle of the song, where the bass is over.
    middle = _stems(Pair("song", stems["drums"], stems=stems), 2.0)
    assert set(middle) == {"drums", "other"} and middle["drums"].shape == (2, 2 * 44100)


def test_what_is_wrong_with_stems_and_sounds_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Pair] = []

    class Songs(Pretended):
        def find(self, folder: Path) -> tuple[list[Pair], list[Row]]:
            return stem_folders(folder)

        def tune(self, model: Path, pairs: Any, *more: Any) -> None:
            given.extend(pairs)
            super().tune(model, pairs, *more)

        def score(self, model: Path, pairs: Any, progress: Any) -> dict[str, float]:
            given.extend(pairs)
            return super().score(model, pairs, progress)

    monkeypatch.setitem(tuning.MODELS, "key", "key.npz")
    monkeypatch.setattr(tuning, "trainer", lambda name: Songs(0.9))
    place = tmp_path / "songs"
    for number in range(6):
        for at, name in enumerate(("drums", "bass", "vocals")):
            (place / str(number)).mkdir(parents=True, exist_ok=True)
            seconds = 0.3 if (number, name) == (1, "bass") else 4.0 + 0.1 * number + 0.01 * at
            tone(place / str(number) / f"{name}.wav", seconds)
    (place / "2" / "vocals.wav").write_text("a shopping list")
    # Its head promises a sound: only who reads it knows.
    broken = Audio(np.full((1, 44100), np.nan, np.float32), 44100)
    soundfile.write(place / "3" / "bass.wav", broken.samples.T, 44100, "FLOAT")
    (place / "3" / "vocals.wav").write_bytes(b"RIFF")
    for name in ("drums", "bass", "vocals"):
        copy = (place / "0" / f"{name}.wav").read_bytes()
        (place / "5" / f"{name}.wav").write_bytes(copy)
    done = learn("key", place, tmp_path / "work", lambda label: lambda d, t, w: None)
    assert (done.learned_from, done.held_back) == (3, 1)
    stems = {pair.source: sorted(pair.stems) for pair in given}
    whole = ["bass", "drums", "vocals"]
    assert stems == {"0": whole, "1": whole, "2": ["bass", "drums"], "4": whole}
    told = "\n".join(row.what for row in done.unusable)
    for said in ("1/bass.wav lasts 0.3 s, the longest stem 4.1 s: silence follows",
                 "2/vocals.wav: is text", "3/bass.wav: holds samples that are no numbers",
                 "3/vocals.wav: ", "3: has fewer than two stems that sound",
                 "5: is a copy of 0, which counts once"):  # fmt: skip
        assert said in told
    plain = tuning.as_plain(done)
    assert len(plain["notices"]) == 1 and len(plain["unusable"]) == 5


def test_silent_sounds_and_damaged_midi_are_no_examples_and_are_told(tmp_path: Path) -> None:
    place = tmp_path / "sounds"
    place.mkdir()
    write_audio(place / "kick.wav", Audio(np.zeros((1, 4410), np.float32), 44100))
    tone(place / "snare.wav", 0.001)

    def refused(name: str) -> str:
        with pytest.raises(LoopMindError) as caught:
            learn(name, place, tmp_path / "work", lambda label: lambda d, t, w: None)
        return str(caught.value)

    said = refused("tagger")
    assert "kick.wav: is silent" in said and "snare.wav: is too short" in said
    for number in range(5):
        tone(place / f"{number}.wav", 0.1)
        (place / f"{number}.mid").write_bytes(b"MThd broken")
    said = refused("transcriber")
    assert "0.mid: is damaged" in said and "and 2 more" in said and "beside" not in said


def test_the_words_go_with_the_tagger_that_they_were_learned_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WithWords(Pretended):
        def tune(self, model: Path, pairs: Any, target: Path, budget: Any, progress: Any) -> None:
            super().tune(model, pairs, target, budget, progress)
            place = np.zeros((1, EMBEDDING), np.float32)
            place[0, 7] = 1.0
            write_words(target.with_name("words.npz"), ["zoing"], place)

    monkeypatch.setattr(tuning, "trainer", lambda name: WithWords(0.9))
    assert place_of(["zoing"]) is None and place_of(["kick"]) is not None
    learn("tagger", tmp_path, tmp_path / "work", lambda label: lambda d, t, w: None)
    assert place_of(["kick"]) is None
    zoing = place_of(["zoing"])
    assert zoing is not None and zoing.argmax() == 7
    undo_model("tagger")
    assert model_file("words.npz") == shipped_model_file("words.npz")
    assert place_of(["zoing"]) is None and place_of(["kick"]) is not None


def test_a_tagger_that_was_trained_on_keeps_its_words_true(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    makers = {"kick": synth._kick, "hat": synth._hat, "bass": synth._bass, "pad": synth._pad}
    pairs = []
    for name, maker in makers.items():
        for number in range(4):
            path = tmp_path / f"zoing {name} {number}.wav"
            write_audio(path, Audio(synth._finish(maker(rng))[None, : synth.RATE_HZ // 3], 44100))
            pairs.append(Pair("mine", path, name))
    start = shipped_model_file("tagger.onnx")
    target = tmp_path / "own" / "tagger.onnx"
    target.parent.mkdir()
    budget = Budget(1.0, 1, target.parent)
    TRAINER.tune(start, pairs, target, budget, lambda d, t, w: None)
    words, places = read_table(target.with_name("words.npz"))
    assert {"zoing", *makers} <= set(words) and places.shape == (len(words), EMBEDDING)
    examples = load(target.parent)

    def found(model: Path, table: Path) -> dict[str, float]:
        words, places = read_table(table)
        heard = embeddings_of(model, examples)
        shares = {}
        for name in makers:
            right = examples.instrument == name
            order = np.argsort(-(heard @ places[words.index(name)]), kind="stable")
            shares[name] = float(right[order][: right.sum()].mean())
        return shares

    before = found(start, shipped_model_file("words.npz"))
    after = found(target, target.with_name("words.npz"))
    # How well a word finds a third of a second of bass among kicks is the shipped tagger's affair.
    assert all(after[name] >= before[name] - 0.07 for name in makers), (before, after)
    assert np.mean(list(after.values())) > 0.8, after


def test_stopping_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tuning.MODELS, "key", "key.npz")
    monkeypatch.setattr(tuning, "trainer", lambda name: Pretended(0.9))

    def stop(done: int, total: int, what: str) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        learn("key", tmp_path, tmp_path / "work", lambda label: stop)
    assert own_models("key").mine == () and not models_in_use()


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left"), OSError("9 requested and 0 written"),
              RuntimeError("[enforce fail] unexpected pos 64 vs 0, PytorchStreamWriter failed")]
)  # fmt: skip
def test_no_room_is_told_and_changes_nothing(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Pretended):
        def tune(self, *given: Any) -> None:
            raise error

    monkeypatch.setitem(tuning.MODELS, "key", "key.npz")
    monkeypatch.setattr(tuning, "trainer", lambda name: Full(0.9))
    with pytest.raises(OutputError, match=r"the disk is full.*free some space"):
        learn("key", tmp_path, tmp_path / "work", lambda label: lambda d, t, w: None)
    assert own_models("key").mine == () and not models_in_use()


def test_better_is_what_the_first_figure_says() -> None:
    assert is_better({"a": 0.5, "b": 1.0}, {"a": 0.6, "b": 0.0})
    assert not is_better({"a": 0.5}, {"a": 0.5})
    assert not is_better({"a": 0.5}, {"a": float("nan")})


def test_the_command_says_which_model_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", "tagger"]) == 0
    assert "the shipped model is in use" in capsys.readouterr().out
    assert main(["learn", "tagger", "--use", "mine"]) == 1
    assert "there is no tagger of your own yet" in capsys.readouterr().err
    assert main(["learn", "tagger", "--undo"]) == 1
    assert main(["learn", "fit", "--from", "nowhere"]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert main(["learn", "fit", "--from", ".", "--minutes", "0"]) == 2
    assert main(["learn", "fit", "--from", "one", "--from", "two"]) == 2


def test_labels_say_what_is_wrong_with_them(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    with pytest.raises(LoopMindError, match="cannot be read"):
        read_labels(table, ("path", "bpm"))
    for text, said in (
        ("", "is empty"), ("path,key\n", "has no column bpm"), ("path,bpm\n", "no line of"),
        ("path,bpm\nnone.wav,120\n", "no line of"),
    ):  # fmt: skip
        table.write_text(text)
        with pytest.raises(LoopMindError, match=said):
            read_labels(table, ("path", "bpm"), ("key",))
    table.write_bytes(b"\xff\xfe\x00p")
    with pytest.raises(LoopMindError, match="UTF-8"):
        read_labels(table, ("path",))
    tone(tmp_path / "a.wav")
    table.write_text("path,bpm\na.wav,120\n,90\nb.wav,70\n\na.wav,\n")
    rows, bad = read_labels(table, ("path", "bpm"))
    assert [row.line for row in rows] == [2]
    assert [row.what.split(":")[0] for row in bad] == ["labels.csv, line 3", "labels.csv, line 4"]
    assert share([True, False]) == 0.5
