"""Hosted plugins: whole sounds in time, streams beside the callback, clear words without them."""

from __future__ import annotations

import builtins
import gc
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loopmind.graph.testing import check_node
from loopmind.music.audio import Audio
from loopmind.nodes.bus import bus
from loopmind.nodes.host_live import host_live
from loopmind.nodes.host_plugin import host_plugin
from loopmind.runtime import hosting
from loopmind.runtime.hosting import HostError, open_plugin, process_whole
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.hosting_unit import CHUNK, SLACK, Outside
from loopmind.runtime.live.signal_patch import signal_patch
from loopmind.runtime.live.testing import RATE_HZ, check_stream, noise, probe, rendered

pytest.importorskip("pedalboard")
HALF = f"gain_db={20.0 * np.log10(0.5)}"


class Late:
    """A plugin that looks ahead by 700 frames: it gives nothing back for so long."""

    name = "late"

    def __init__(self) -> None:
        self.held = np.zeros((2, 0), np.float32)
        self.resets = 0

    def process(self, samples: np.ndarray, rate_hz: float) -> np.ndarray:
        self.held = np.concatenate([self.held, samples], axis=1)
        out = self.held[:, : max(self.held.shape[1] - 700, 0)]
        self.held = self.held[:, out.shape[1] :]
        return out

    def reset(self) -> None:
        self.held = np.zeros((2, 0), np.float32)
        self.resets += 1


def test_a_sound_goes_through_a_plugin() -> None:
    sound = Audio(noise(), RATE_HZ)
    out = check_node(host_plugin, audio=sound, plugin="pedalboard:Gain", parameters=(HALF,))
    assert out["audio"].samples == pytest.approx(0.5 * sound.samples, abs=1e-6)
    mono = Audio(noise()[:1], RATE_HZ)
    made = host_plugin(mono, "pedalboard:Reverb", tail_s=0.5)
    assert made.frames == mono.frames + RATE_HZ // 2 and made.channels == 2
    assert np.abs(made.samples[:, mono.frames :]).max() > 1e-4


def test_a_plugin_that_looks_ahead_is_in_time() -> None:
    sound = noise()
    assert np.array_equal(process_whole(Late(), sound, RATE_HZ), sound)


@pytest.mark.parametrize(
    "name, parameters, words",
    [
        ("pedalboard:Wobble", (), "no effect 'Wobble'; it has .*Reverb"),
        ("pedalboard:Plugin", (), "no effect 'Plugin'"),
        ("nowhere.vst3", (), "there is no plugin nowhere.vst3"),
        ("pedalboard:Gain", ("loud=3",), "name=value of gain_db"),
        ("pedalboard:Gain", ("gain_db",), "name=value of gain_db"),
        ("pedalboard:Gain", ("gain_db=loud",), "gain_db cannot be 'loud'"),
    ],
)
def test_what_cannot_be_is_said(name: str, parameters: tuple[str, ...], words: str) -> None:
    with pytest.raises(HostError, match=words):
        open_plugin(name, parameters)


def test_a_file_that_is_no_plugin_is_named(tmp_path: Path) -> None:
    file = tmp_path / "broken.vst3"
    file.write_bytes(b"nothing")
    with pytest.raises(HostError, match=r"broken\.vst3 cannot be opened as a plugin"):
        open_plugin(file)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "pedalboard":
            raise ModuleNotFoundError("No module named 'pedalboard'", name=name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(HostError, match=r"pip install 'loopmind\[vst\]'"):
        open_plugin("pedalboard:Gain")
    with pytest.raises(HostError, match=r"loopmind\[vst\]"):
        signal_patch(host_live(probe(noise()), "pedalboard:Gain"))


def test_a_hosted_stream_keeps_a_kernels_word() -> None:
    check_stream(host_live)
    check_stream(host_live, plugin="pedalboard:Gain", parameters=(HALF,))
    check_stream(host_live, plugin="pedalboard:Compressor")


def test_streams_beside_it_stay_aligned() -> None:
    source = probe(noise())
    signal = bus(host_live(source, "pedalboard:Gain", (HALF,)), source)
    late = signal_patch(signal).latency
    assert late == CHUNK + SLACK
    out = rendered(signal)
    assert out[:, late:] == pytest.approx(1.5 * noise()[:, :-late], abs=1e-6)


def test_its_own_latency_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    import loopmind.runtime.live.hosting_unit as module

    monkeypatch.setattr(module, "open_plugin", lambda *a: Late())
    signal = host_live(probe(noise()), "late")
    late = signal_patch(signal).latency
    assert late == CHUNK + SLACK + 700
    assert np.array_equal(rendered(signal)[:, late:], noise()[:, :-late])
    monkeypatch.setattr(Late, "process", lambda self, samples, rate_hz: samples[:, :0])
    with pytest.raises(HostError, match="use host_plugin on the sound"):
        signal_patch(host_live(probe(noise()), "never"))


def test_it_is_heard_live_from_its_own_thread() -> None:
    signal = host_live(probe(noise(frames=RATE_HZ)), "pedalboard:Gain", (HALF,))
    planned = signal_patch(signal)
    (worker,) = planned.shared.values()
    assert isinstance(worker, Outside)
    engine = Engine(RATE_HZ)
    engine.swap(planned)
    engine.serve(1024)
    engine.play(0)
    pieces = []
    for _ in range(60):
        pieces.append(engine.serve(512))
        until = time.monotonic() + 5.0
        while worker._done + CHUNK <= worker.control[1] and time.monotonic() < until:
            time.sleep(0.001)
    out = np.concatenate(pieces, axis=1)
    assert worker.missed == 0
    assert np.array_equal(out[:, 128:], rendered(signal, out.shape[1])[:, 128:])
    thread, gone = worker._thread, weakref.ref(worker)
    assert thread is not None
    del worker, planned, engine
    gc.collect()
    thread.join(5.0)
    assert gone() is None and not thread.is_alive()


def test_a_worker_that_is_late_gives_silence_and_says_so() -> None:
    planned = signal_patch(host_live(probe(noise(frames=RATE_HZ)), "pedalboard:Gain", (HALF,)))
    (worker,) = planned.shared.values()
    assert isinstance(worker, Outside)
    worker._thread = worker  # type: ignore[assignment]  # nobody serves it
    engine = Engine(RATE_HZ)
    engine.swap(planned)
    engine.play(0)
    engine.serve(1024)
    out = engine.serve(8000)
    assert np.abs(out[:, 200:]).max() == 0.0 and worker.missed > 3000
    engine.read_events()
    assert "pedalboard:Gain was not done in time" in engine.log[-1]
    worker.before(0, 0)
    assert np.abs(engine.serve(1000)).max() > 0.01


def test_a_plugin_that_fails_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = host_live(probe(noise()), "pedalboard:Gain", (HALF,))
    planned = signal_patch(signal)
    (worker,) = planned.shared.values()
    assert isinstance(worker, Outside)

    def broken(samples: np.ndarray, rate_hz: float) -> np.ndarray:
        raise RuntimeError("crashed")

    monkeypatch.setattr(worker._hosted, "process", broken)
    engine = Engine(RATE_HZ)
    worker._thread = worker  # type: ignore[assignment]
    engine.swap(planned)
    engine.play(0)
    engine.serve(1024)
    for _ in range(20):
        worker.before(0, 0)
        engine.serve(512)
    engine.read_events()
    assert any("crashed" in line for line in engine.log)
    assert hosting.Through().process(noise(), RATE_HZ).shape == noise().shape
