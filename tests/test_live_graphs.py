"""Graphs are heard: playing is rendering, feedback at any block size, meters, edits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from loopmind import cli
from loopmind.dsp.effects.meter import Readings, Spectrum, Tuner
from loopmind.dsp.hearing import find_pitch
from loopmind.files.decode import read_audio
from loopmind.files.encode import write_audio
from loopmind.files.places import preset_file
from loopmind.graph.document import Graph
from loopmind.graph.errors import GraphError
from loopmind.graph.registry import Registry
from loopmind.graph.schema import load_graph
from loopmind.music.audio import Audio
from loopmind.music.signal import Signal
from loopmind.nodes.bus import bus
from loopmind.nodes.feedback_return import feedback_return
from loopmind.nodes.feedback_send import feedback_send
from loopmind.nodes.gain import gain
from loopmind.nodes.limiter import limiter
from loopmind.runtime.execute import Session
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.graph_patch import GraphPlayer, graph_signal, stream_ends
from loopmind.runtime.live.signal_patch import SignalError, signal_patch
from loopmind.runtime.live.signal_render import render_signal
from loopmind.runtime.live.testing import RATE_HZ, heard, noise, probe, rendered

REGISTRY = Registry(entry_points=[("builtin", "loopmind.nodes")], folder="none")


def round_trip(source: Signal, time_s: float = 0.05, gain_db: float = -6.0) -> Signal:
    back = feedback_return("x", time_s)
    return feedback_send(bus(source, back), "x", gain_db)


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    sound = noise(5, 30000)
    return write_audio(tmp_path / "loop.wav", Audio(sound, RATE_HZ), subtype="FLOAT")


def chain(loop: Path) -> Graph:
    graph = Graph(registry=REGISTRY)
    for name in ("load_audio", "play_clip", "gain", "meter", "limiter"):
        graph = graph.with_node(name, f"loopmind.{name}")
    graph = graph.with_control("load_audio", "path", str(loop))
    for source, target in (
        ("load_audio.audio", "play_clip.audio"), ("play_clip.signal", "gain.signal"),
        ("gain.signal", "meter.signal"), ("meter.signal", "limiter.signal"),
    ):  # fmt: skip
        graph = graph.connect(source, target)
    return graph


# Feedback


def test_feedback_comes_back_in_time_and_softer() -> None:
    click = np.zeros((2, 12000), np.float32)
    click[:, 10] = 1.0
    out = rendered(round_trip(probe(click)))
    for turn in range(5):
        frame = 10 + turn * round(0.05 * RATE_HZ)
        assert out[0, frame] == pytest.approx(10.0 ** (-6.0 * turn / 20.0), rel=1e-5)
    assert np.count_nonzero(np.abs(out[0]) > 1e-6) == 6


def test_a_late_stream_still_comes_round_in_time() -> None:
    click = np.zeros((2, 12000), np.float32)
    click[:, 10] = 0.5
    back = feedback_return("x", 0.05)
    signal = feedback_send(limiter(bus(probe(click), back), ceiling_dbtp=0.0), "x", -6.0)
    planned = signal_patch(signal)
    out = rendered(signal)
    peaks = np.flatnonzero(np.abs(out[0]) > 0.02)
    assert peaks[0] == 10 + planned.latency
    assert peaks[1] - peaks[0] == round(0.05 * RATE_HZ)


@pytest.mark.parametrize("time_s", [0.0001, 0.05])
@pytest.mark.parametrize("blocks", [(64,), (1024,), (1, 7, 441, 1024, 300)])
def test_feedback_is_the_same_at_any_block_size(time_s: float, blocks: tuple[int, ...]) -> None:
    signal = round_trip(limiter(probe(noise())), time_s, -1.0)
    assert np.array_equal(rendered(signal), rendered(signal, blocks=blocks))
    assert np.array_equal(heard(signal, blocks=blocks)[:, 128:], rendered(signal)[:, 128:])


def test_feedback_forgets_when_it_starts_afresh() -> None:
    signal = round_trip(probe(noise()))
    engine = Engine(RATE_HZ)
    engine.swap(signal_patch(signal))
    turns = []
    for _ in range(2):
        engine.serve(700)
        engine.play(0)
        turns.append(np.concatenate([engine.serve(441) for _ in range(20)], axis=1))
    assert np.array_equal(turns[0][:, 128:], turns[1][:, 128:])


def test_feedback_rings_on_through_a_new_program() -> None:
    sound = noise()
    sound[:, 3000:] = 0.0
    source = probe(sound)
    kept = rendered(gain(round_trip(source), -0.0), 9000)
    engine = Engine(RATE_HZ)
    engine.swap(signal_patch(gain(round_trip(source))))
    engine.serve(1024)
    engine.play(0)
    first = [engine.serve(100) for _ in range(45)]
    assert engine.update(signal_patch(gain(gain(round_trip(source))))) is False
    rest = [engine.serve(100) for _ in range(45)]
    out = np.concatenate([*first, *rest], axis=1)
    assert np.abs(out[:, 128:] - kept[:, 128:]).max() < 1e-6
    assert np.abs(kept[:, 5000:]).max() > 0.01


def test_feedback_that_would_grow_is_held_and_refused() -> None:
    with pytest.raises(SignalError, match="less than 0 dB"):
        signal_patch(round_trip(probe(noise()), gain_db=0.0))
    back = feedback_return("x", 0.03)
    loud = feedback_send(gain(bus(probe(noise()), back), 24.0), "x", -0.1)
    out = rendered(loud, 60000)
    assert np.isfinite(out).all() and np.abs(out).max() < 500.0


def test_lonely_and_doubled_ends_are_named() -> None:
    with pytest.raises(SignalError, match="'x' gets nothing back"):
        signal_patch(bus(probe(noise()), feedback_return("x")))
    twice = feedback_send(feedback_send(feedback_return("x"), "x"), "x")
    with pytest.raises(SignalError, match="two feedback_send called 'x'"):
        signal_patch(twice)


def test_a_circle_of_wires_names_the_way_round(loop: Path) -> None:
    graph = chain(loop).with_node("bus", "loopmind.bus").connect("limiter.signal", "bus.a")
    with pytest.raises(GraphError, match="feedback_send"):
        graph.connect("bus.signal", "gain.signal")


# Graphs


def test_a_graph_is_heard_as_it_is_rendered(loop: Path) -> None:
    graph = chain(loop)
    assert stream_ends(graph) == ("limiter",)
    with Session() as session:
        signal = graph_signal(graph, session)
        late = signal_patch(signal).latency
        audio = render_signal(signal, 0.5)
        assert late > 0 and audio.frames == RATE_HZ // 2
        live = heard(signal, late + audio.frames, (64, 441, 1024))[:, late:]
        assert np.array_equal(live[:, 128:], audio.samples[:, 128:])
        node = graph.with_node("render", "loopmind.render_signal", length_s=0.5)
        made = session.evaluate(node.connect("limiter.signal", "render.signal"))["render"]
        assert np.array_equal(made.samples, audio.samples)
        assert graph_signal(graph, session, "gain").name == "gain"


def test_a_signal_without_end_asks_for_a_length() -> None:
    with pytest.raises(SignalError, match="say how long"):
        render_signal(probe(noise()))


def test_edits_while_playing_move_or_swap(loop: Path) -> None:
    graph = chain(loop)
    engine = Engine(RATE_HZ)
    with Session() as session:
        player = GraphPlayer(engine, session)
        assert player.show(graph) is False
        engine.serve(1024)
        engine.play(0)
        engine.serve(20000)
        readings = player.find("meter", Readings)
        loud = readings.peak[0]
        engine.serve(4000)
        assert player.show(graph.with_control("gain", "gain_db", -40.0)) is True
        engine.serve(4000)
        assert player.find("meter", Readings) is readings
        _ = readings.peak
        engine.serve(8000)
        assert 0.0 < readings.peak[0] < 0.05 < loud
        assert player.show(graph.without_node("gain").connect(
            "play_clip.signal", "meter.signal")) is False  # fmt: skip
        assert player.find("meter", Readings) is readings
        with pytest.raises(SignalError, match="there are meter"):
            player.find("other", Readings)


def test_ends_must_be_one(loop: Path) -> None:
    graph = chain(loop).with_node("pan", "loopmind.pan").connect("play_clip.signal", "pan.signal")
    with Session() as session, pytest.raises(SignalError, match=r"limiter, pan|pan, limiter"):
        graph_signal(graph, session)
    with Session() as session, pytest.raises(SignalError, match="no stream node"):
        graph_signal(Graph(registry=REGISTRY), session)


def test_the_preset_plays_and_renders(
    loop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.wav"
    settings = [f"sound={loop}", f"output={out}", "seconds=1.5"]
    arguments = [word for setting in settings for word in ("--set", setting)]
    assert cli.main(["run", "live_chain", "--no-cache", *arguments]) == 0
    graph = load_graph(preset_file("live_chain"), REGISTRY).with_macro("sound", str(loop))
    with Session() as session:
        signal = graph_signal(graph, session)
    made = read_audio(out).samples
    assert np.abs(made - render_signal(signal, 1.5).samples).max() < 2.0**-22
    assert made.shape == (2, 66150) and np.abs(made).max() > 0.1
    assert json.loads(preset_file("live_chain").read_text())["macros"].keys() == {
        "sound", "output", "seconds",
    }  # fmt: skip


# Meters


def tone(hz: float, level: float = 0.5, frames: int = 20000) -> np.ndarray:
    t = np.arange(frames) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 8) if hz * k < 18000)
    return (level * np.tile(wave, (2, 1))).astype(np.float32)


def test_a_spectrum_shows_what_is_there() -> None:
    t = np.arange(20000) / RATE_HZ
    hz = 200 * RATE_HZ / 8192
    signal = REGISTRY.get("loopmind.spectrum").function(
        probe(np.tile(0.5 * np.sin(2 * np.pi * hz * t), (2, 1)).astype(np.float32))
    )
    planned = signal_patch(signal)
    engine = Engine(RATE_HZ)
    engine.swap(planned)
    engine.play(0)
    engine.serve(15000)
    spectrum = planned.shared["spectrum"]
    assert isinstance(spectrum, Spectrum)
    found_hz, level_db = spectrum.read()
    assert found_hz[level_db.argmax()] == pytest.approx(hz)
    assert level_db.max() == pytest.approx(-6.02, abs=0.05)
    centre, band_db = spectrum.bands()
    assert abs(np.log2(centre[band_db.argmax()] / hz)) < 1 / 6
    assert band_db.max() == pytest.approx(level_db.max())


@pytest.mark.parametrize("hz", [41.2, 82.41, 110.0, 440.0, 659.3, 1760.0])
def test_a_tuner_is_right_within_a_cent(hz: float) -> None:
    found = find_pitch(tone(hz, frames=8192), RATE_HZ)
    assert found is not None
    assert abs(1200.0 * np.log2(found.hz / hz)) < 1.0
    assert found.clarity > 0.95


def test_a_tuner_keeps_quiet_where_there_is_no_pitch() -> None:
    wave = np.random.default_rng(1).standard_normal((2, 8192)).astype(np.float32) * 0.2
    assert find_pitch(wave, RATE_HZ) is None
    assert find_pitch(np.zeros((2, 8192), np.float32), RATE_HZ) is None
    planned = signal_patch(REGISTRY.get("loopmind.tuner").function(probe(tone(445.0))))
    engine = Engine(RATE_HZ)
    engine.swap(planned)
    engine.play(0)
    engine.serve(15000)
    tuner = planned.shared["tuner"]
    assert isinstance(tuner, Tuner)
    pitch = tuner.read()
    assert pitch is not None and pitch.note == "A4" and pitch.cents == pytest.approx(19.6, abs=1.0)
