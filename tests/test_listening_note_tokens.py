"""Transcribers of the MT3 family, given as files: their tokens read as notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from loopmind.analysis.listening.pitched import transcribe_pitched
from loopmind.analysis.listening.pitched_tokens import Vocabulary, instrument_of, read_tokens
from loopmind.analysis.models import ModelError, open_file
from loopmind.cli import main
from loopmind.music.audio import Audio

WORDS = Vocabulary()
SHIFT, PITCH, VELOCITY, TIE, PROGRAM, DRUM = 3, 1004, 1132, 1134, 1135, 1263


def token_model(
    path: Path, tokens: Sequence[int], metadata: Mapping[str, str], output: str = "tokens"
) -> Path:
    """A model that says the same tokens of every segment."""
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    said = helper.make_tensor("said", kinds.INT64, [1, len(tokens)], list(tokens))
    graph = helper.make_graph(
        [helper.make_node("Identity", ["said"], [output])], "tokens",
        [helper.make_tensor_value_info("audio", kinds.FLOAT, [1, "samples"])],
        [helper.make_tensor_value_info(output, kinds.INT64, [1, len(tokens)])], [said],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, str(path))
    return path


def test_tokens_mean_what_mt3_means() -> None:
    assert WORDS.event(0) == WORDS.event(2) == ("", 0)
    assert WORDS.event(SHIFT) == ("shift", 0) and WORDS.event(SHIFT + 1000) == ("shift", 1000)
    assert WORDS.event(PITCH + 60) == ("pitch", 60)
    assert WORDS.event(VELOCITY + 1) == ("velocity", 1)
    assert WORDS.event(TIE) == ("tie", 0)
    assert WORDS.event(PROGRAM + 33) == ("program", 33)
    assert WORDS.event(DRUM + 127) == ("drum", 127)
    assert WORDS.event(DRUM + 128) == ("", 0)
    assert [instrument_of(p) for p in (0, 25, 33, 48, 52, 56, 73, 81, 89)] == [
        "keys", "guitar", "bass", "strings", "vocal", "brass", "woodwind", "lead", "pad",
    ]  # fmt: skip


def test_notes_go_on_where_ties_say_so() -> None:
    first = [TIE, PROGRAM + 33, SHIFT + 50, VELOCITY + 1, PITCH + 40, PITCH + 43,
             SHIFT + 120, VELOCITY, PITCH + 43, DRUM + 36, 1, PITCH + 99]  # fmt: skip
    second = [PROGRAM + 33, PITCH + 40, TIE, SHIFT + 30, VELOCITY, PITCH + 40, 1]
    notes = read_tokens([(0.0, first), (2.048, second)], WORDS, 4.0)
    assert [(n.start_s, n.end_s, n.pitch, n.instrument) for n in notes] == [
        (0.5, 2.348, 40, "bass"), (0.5, 1.2, 43, "bass"),
    ]  # fmt: skip
    untied = read_tokens([(0.0, first), (2.048, [TIE, 1])], WORDS, 4.0)
    assert untied[0].end_s == 2.048


def test_senseless_tokens_are_skipped() -> None:
    tokens = [5000, -7, TIE, TIE, VELOCITY, PITCH + 60, SHIFT + 10, VELOCITY + 1, PITCH + 60]
    notes = read_tokens([(0.0, tokens)], WORDS, 1.0)
    assert [(n.start_s, n.end_s) for n in notes] == [(0.1, 1.0)]


def test_a_file_of_ones_own_is_run(tmp_path: Path) -> None:
    tokens = [
        TIE,
        PROGRAM,
        SHIFT + 10,
        VELOCITY + 1,
        PITCH + 60,
        SHIFT + 20,
        VELOCITY,
        PITCH + 60,
        1,
    ]
    file = token_model(tmp_path / "own.onnx", tokens, {"vocabulary": "mt3"})
    sound = Audio(np.zeros((1, 3 * 44100), np.float32), 44100)
    told: list[tuple[int, int]] = []
    notes = transcribe_pitched(sound, model=file, progress=lambda a, b: told.append((a, b)))
    assert [round(n.start_s, 3) for n in notes] == [0.1, 2.148]
    assert {n.instrument for n in notes} == {"keys"} and told[-1] == (2, 2)
    named = transcribe_pitched(sound, texture="line", instrument="lead", model=file)
    assert {n.instrument for n in named} == {"lead"}


def test_other_files_are_refused(tmp_path: Path) -> None:
    wrong = token_model(tmp_path / "a.onnx", [1], {"vocabulary": "mt3"}, output="logits")
    with pytest.raises(ModelError, match="output tokens"):
        Vocabulary.of(open_file(wrong))
    silent = token_model(tmp_path / "b.onnx", [1], {})
    with pytest.raises(ModelError, match="vocabulary=mt3"):
        Vocabulary.of(open_file(silent))
    odd = token_model(tmp_path / "c.onnx", [1], {"vocabulary": "mt3", "rate_hz": "fast"})
    with pytest.raises(ModelError, match="no numbers"):
        Vocabulary.of(open_file(odd))
    with pytest.raises(ModelError):
        transcribe_pitched(Audio(np.zeros((1, 100), np.float32), 44100), model=silent)


def test_the_command_takes_a_file_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / "home"))
    tokens = [TIE, PROGRAM + 33, SHIFT + 10, VELOCITY + 1, PITCH + 40, SHIFT + 60, VELOCITY,
              PITCH + 40, 1]  # fmt: skip
    file = token_model(tmp_path / "own.onnx", tokens, {"vocabulary": "mt3"})
    sound = 0.1 * np.random.default_rng(0).standard_normal(3 * 16000)
    soundfile.write(tmp_path / "song.wav", sound, 16000)
    given = ["transcribe", str(tmp_path / "song.wav"), "--out", str(tmp_path / "out")]
    assert main([*given, "--model", str(file)]) == 0
    assert (tmp_path / "out" / "song" / "bass.mid").is_file()
    capsys.readouterr()
    for name, told in (("none.onnx", "no model file"), ("own.txt", "no ONNX model")):
        (tmp_path / "own.txt").write_text("no model")
        assert main([*given, "--model", str(tmp_path / name)]) == 1
        err = capsys.readouterr().err
        assert name in err and told in err and err.count("\n") == 1
