"""Judging and fine-tuning as nodes of a graph: the same figures as the commands give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from loopmind.cli import main
from loopmind.errors import CancelledError
from loopmind.files.encode import write_audio
from loopmind.files.own_models import SHIPPED, own_models
from loopmind.graph.context import PlainContext
from loopmind.graph.document import Graph
from loopmind.graph.registry import Registry
from loopmind.learn.tempo_key import judge as judge_tempo_key
from loopmind.music.audio import Audio
from loopmind.nodes.learn_model import learn_model
from loopmind.runtime.execute import Session

RATE = 22050
REGISTRY = Registry(entry_points=[("builtin", "loopmind.nodes")], folder="none")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Labels of eight bars of clicks, and of a file that is no sound."""
    sound = np.zeros(16 * RATE, np.float32)
    for beat in range(32):
        start = round(beat * 0.5 * RATE)
        sound[start : start + 200] = np.hanning(400)[200:]
    write_audio(tmp_path / "clicks.wav", Audio(0.8 * sound[None], RATE))
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    path = tmp_path / "labels.csv"
    path.write_text("path,bpm\nclicks.wav,120\nbroken.wav,90\n")
    return path


def test_the_node_gives_the_figures_that_the_command_prints(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(judge_tempo_key, "_their_bpm", lambda audio: 60.0)
    graph = Graph(registry=REGISTRY).with_node("judge", "loopmind.evaluate_model")
    graph = graph.with_control("judge", "data", table).with_control("judge", "what", "tempo")
    with Session() as session:
        result = session.evaluate(graph)
        result.check()
        made = result.outputs("judge")
    assert main(["evaluate", "tempo", "--data", str(table), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row.what, row.of) for row in made["figures"]] == [
        (row["what"], row["of"]) for row in told["figures"]
    ]
    assert [row.value for row in made["figures"]] == [row["value"] for row in told["figures"]]
    assert "tempo within 1 %" in made["table"] and "broken.wav" in made["table"]


def test_nothing_to_judge_is_a_failure_of_the_node(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,bpm\ngone.wav,120\n")
    graph = Graph(registry=REGISTRY).with_node("judge", "loopmind.evaluate_model")
    graph = graph.with_control("judge", "data", tmp_path / "labels.csv")
    graph = graph.with_control("judge", "what", "tempo")
    with Session() as session:
        [failure] = session.evaluate(graph).failures
    assert "gone.wav" in failure.message


def packs(folder: Path) -> None:
    """Kicks and pads in folders of their names, of four packs."""
    rng = np.random.default_rng(4)
    t = np.arange(RATE) / RATE
    for number in range(4):
        for name, hz, fall_s in (("kick", 60.0, 0.1), ("pad", 440.0 + 20.0 * number, 3.0)):
            place = folder / f"pack {number}" / name
            place.mkdir(parents=True)
            tone = 0.5 * np.sin(2 * np.pi * hz * t) * np.exp(-t / fall_s)
            sound = (tone + 0.01 * rng.standard_normal(RATE)).astype(np.float32)
            write_audio(place / f"{number}.wav", Audio(sound[None], RATE))


def test_a_model_learns_as_part_of_a_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / "home"))
    packs(tmp_path / "sounds")
    graph = Graph(registry=REGISTRY).with_node("learn", "loopmind.learn_model")
    for control, value in (("folder", tmp_path / "sounds"), ("minutes", 0.1), ("use", False)):
        graph = graph.with_control("learn", control, value)
    with Session() as session:
        result = session.evaluate(graph)
        result.check()
        made = result.outputs("learn")
    assert made["report"].startswith("tagger: learned from")
    assert ("kept aside" in made["report"]) == made["better"]
    state = own_models("tagger")
    assert state.use == SHIPPED and len(state.mine) == 1


def test_learning_stops_where_the_user_stops_the_graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(PlainContext):
        def cancelled(self) -> bool:
            return True

    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / "home"))
    packs(tmp_path / "sounds")
    with pytest.raises(CancelledError):
        learn_model(tmp_path / "sounds", Stopped(), model="tagger", minutes=0.1)
    assert not own_models("tagger").mine
