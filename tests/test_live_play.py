"""`loopmind play`, `record` and `devices`: without a device, and through JACK's dummy driver."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from jack_server import JackServer, is_installed, jack_server
from test_live_engine import serve, tone_plan
from test_render_song import RATE_HZ

from loopmind.cli import main
from loopmind.commands.play import _whose, prepare
from loopmind.errors import LoopMindError
from loopmind.music.song import Song
from loopmind.runtime.live import devices as sound_devices
from loopmind.runtime.live.devices import DeviceError
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.taping import Recorder, punch_in


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    place = tmp_path / "noise.wav"
    noise = np.random.default_rng(1).standard_normal((20000, 2)) * 0.1
    noise[:400] = 0.0
    soundfile.write(place, noise.astype(np.float32), RATE_HZ, "FLOAT")
    return place


@pytest.fixture
def no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise DeviceError("there is no sound device; connect one")

    monkeypatch.setattr(sound_devices, "devices", none)


def test_a_sound_file_is_played_as_it_is(wave: Path) -> None:
    engine = Engine(RATE_HZ)
    playing = prepare(str(wave), engine)
    assert playing.end() == 20000
    engine.play(0)
    expected, _ = soundfile.read(wave, dtype="float32")
    assert np.array_equal(serve(engine, 20000), expected.T)


def test_a_graph_with_a_stream_is_played(wave: Path, tmp_path: Path) -> None:
    from loopmind.graph.document import Graph
    from loopmind.graph.schema import graph_to_text

    graph = Graph().with_node("load", "loopmind.load_audio", {"path": str(wave)})
    graph = graph.with_node("clip", "loopmind.play_clip", {"fade_s": 0.0})
    graph = graph.with_node("gain", "loopmind.gain", {"gain_db": -6.0})
    graph = graph.connect("load.audio", "clip.audio").connect("clip.signal", "gain.signal")
    document = tmp_path / "graph.json"
    document.write_text(graph_to_text(graph), "utf-8")
    engine = Engine(RATE_HZ)
    prepare(str(document), engine)
    engine.play(0)
    expected, _ = soundfile.read(wave, dtype="float32")
    heard = serve(engine, 10000)
    assert np.abs(heard - expected.T[:, :10000] * 10 ** (-6 / 20)).max() < 1e-6


def test_a_graph_without_a_stream_is_refused_with_the_remedy(wave: Path, tmp_path: Path) -> None:
    from loopmind.graph.document import Graph
    from loopmind.graph.schema import graph_to_text

    document = tmp_path / "graph.json"
    graph = Graph().with_node("load", "loopmind.load_audio", {"path": str(wave)})
    document.write_text(graph_to_text(graph), "utf-8")
    with pytest.raises(LoopMindError, match="no stream node"):
        prepare(str(document), Engine(RATE_HZ))


@pytest.mark.usefixtures("no_device")
def test_without_a_device_it_says_so_and_keeps_time(
    wave: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["play", str(wave), "--out-seconds", "0.4"]) == 0
    told = capsys.readouterr()
    assert "no sound" in told.err and "connect one" in told.err
    assert "0 underruns" in told.out


@pytest.mark.usefixtures("no_device")
def test_a_device_that_is_named_must_be_there(
    wave: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["play", str(wave), "--device", "Nowhere"]) != 0
    assert "connect one" in capsys.readouterr().err


def test_underruns_are_told_with_whose_they_may_be() -> None:
    engine = Engine(RATE_HZ)
    engine.swap(tone_plan(220.0))
    serve(engine, 1024)
    now = engine.snapshot()
    assert _whose(now) == ""
    if now.work is not None:
        said = _whose(replace(now, underruns=3))
        assert "none of them through loopmind" in said and "--block" in said
        over = replace(now, underruns=3, work=replace(now.work, over=2))
        assert "at most 2 of them" in _whose(over)


def test_a_recording_is_what_was_heard(tmp_path: Path) -> None:
    engine = Engine(RATE_HZ)
    engine.swap(tone_plan(220.0))
    engine.play(0)
    with Recorder(engine, tmp_path / "out.wav") as recorder:
        heard = serve(engine, 30000)
    written, rate_hz = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate_hz == RATE_HZ and recorder.frames == 30000 and recorder.lost == 0
    assert recorder.peak == np.abs(heard).max()
    assert np.abs(written.T - heard).max() < 2.0**-22


@pytest.mark.slow
def test_a_song_plays_from_its_first_section_on_and_is_what_was_exported(tmp_path: Path) -> None:
    """A project is heard as song.wav has it, to 24 bits; its opening needs fewer sounds."""
    assert main(["demo", "--out", str(tmp_path), "--length", "0:40", "--seed", "2"]) == 0
    from loopmind.runtime.live.song_player import SongPlayer
    from loopmind.runtime.project_session import ProjectSession

    with ProjectSession.open(tmp_path, read_only=True) as session:
        opening, levels = session.sounding(opening=True)
        whole, known = session.sounding()
        assert levels is not None and levels == known
        assert isinstance(opening.song, Song) and opening.opening
        assert opening.material.sounds.keys() <= whole.material.sounds.keys()
        engine = Engine(RATE_HZ)
        player = SongPlayer(engine)
        player.show(opening, levels, follow=False)
        engine.play(0)
        first = serve(engine, 4 * RATE_HZ, 441)
        player.show(whole, levels)
        late = engine.patch.planned.latency  # type: ignore[union-attr]
        frames = whole.song.frames(RATE_HZ) + late - first.shape[1]
        heard = np.concatenate([first, serve(engine, frames, 441)], axis=1)[:, late:]
        song, _ = soundfile.read(tmp_path / "song.wav", dtype="float32", always_2d=True)
        assert np.abs(heard - song.T).max() < 1e-5


needs_jack = pytest.mark.skipif(not is_installed(), reason="jackd is not installed")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JackServer]:
    with jack_server(tmp_path, block=256) as running:
        sound_devices.look_again()
        yield running
        sound_devices.release()


@pytest.mark.slow
@needs_jack
def test_a_device_that_goes_and_comes_back(server: JackServer) -> None:
    with Engine(RATE_HZ) as engine:
        engine.swap(tone_plan(220.0))
        engine.open(block=256)
        engine.play(0)
        time.sleep(0.5)
        assert engine.device is not None and engine.snapshot().blocks > 10
        server.stop()
        deadline = time.monotonic() + 5.0
        while engine.device is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        position = engine.snapshot().position
        time.sleep(0.4)
        assert engine.snapshot().position > position  # time goes on
        server.start()
        deadline = time.monotonic() + 10.0
        while engine.device is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert engine.device is not None
        assert any("is gone" in line for line in engine.log)
        assert np.abs(engine.heard(engine.served - 4096, 4096)).max() > 0.4


@pytest.mark.slow
@needs_jack
def test_commands_through_a_device(
    server: JackServer, wave: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices"]) == 0
    assert "JACK" in capsys.readouterr().out
    assert main(["play", str(wave)]) == 0  # no terminal: to the end
    assert "played in" in capsys.readouterr().out
    out = tmp_path / "take.wav"
    assert main(["record", str(out), "--output", "--play", str(wave), "--seconds", "0.6"]) == 0
    heard, rate_hz = soundfile.read(out, dtype="float32")
    expected, _ = soundfile.read(wave, dtype="float32")
    begin = int(np.flatnonzero(np.abs(heard[:, 0]) > 0)[0])
    first = int(np.flatnonzero(np.abs(expected[:, 0]) > 2.0**-22)[0])
    mine = heard[begin + 200 : begin + 15000]
    assert rate_hz == RATE_HZ
    assert np.abs(mine - expected[first + 200 : first + 15000]).max() < 2.0**-22


@pytest.mark.slow
@needs_jack
def test_a_cable_from_out_to_in_is_recorded_in_time(server: JackServer, wave: Path) -> None:
    """What is played to the sound is found at its place, within a block of the device."""
    import subprocess

    with Engine(RATE_HZ) as engine:
        prepare(str(wave), engine)
        engine.open(block=256, with_input=True)
        for side in ("0", "1"):
            subprocess.run(["jack_connect", f"PortAudio:out_{side}", f"PortAudio:in_{side}"])
        time.sleep(0.3)
        clip = punch_in(engine, 2000, 12000)
    expected, _ = soundfile.read(wave, dtype="float32", always_2d=True)
    lag = np.correlate(expected[:, 0], clip[0, 2000:8000], "valid").argmax() - 4000
    assert abs(lag) <= 2 * 256, f"{lag} frames off"
