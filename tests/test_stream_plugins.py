"""Plugins with kernels: the scaffold keeps its word, is compiled once, and is heard."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import jack_server
import numpy as np
import pytest

import loopmind
from loopmind import cli
from loopmind.commands.new_node import scaffold

FOLDER_PLUGIN = '''\
"""A ring modulator, written after docs/nodes.md: the carrier follows absolute frames."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from loopmind.dsp.effects.common import finite
from loopmind.dsp.kernel import kernel
from loopmind.dsp.unit import Part, Unit
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


def _ring_mod(inputs, outputs, state, params, start, frames):
    """y[n] = x[n] sin(w n), n being absolute."""
    source, out = inputs[0], outputs[0]
    for n in range(frames):
        wave = math.sin(params[0] * (start + n))
        out[2 * n] = np.float32(finite(source[2 * n]) * wave)
        out[2 * n + 1] = np.float32(finite(source[2 * n + 1]) * wave)


def _prepare(rate_hz: float, settings: dict[str, Any]) -> Part:
    return Part(np.array([2.0 * math.pi * settings["carrier_hz"] / rate_hz]))


RING_MOD = Unit(kernel(_ring_mod, later=True), _prepare)


@node(id="mine.ring_mod", category="Plugins", output="signal", kind="stream")
def ring_mod(
    signal: Signal,
    carrier_hz: Annotated[float, Range(1, 5000, unit="Hz"), "The carrier."] = 440.0,
) -> Signal:
    """Multiply with a sine."""
    return Signal(f"{__name__}:RING_MOD", {"carrier_hz": carrier_hz}, (signal,))
'''

PLAY = """
import sys, json, time
from pathlib import Path
import numpy as np
from loopmind.graph.registry import Registry
spec = Registry(entry_points=[], folder=sys.argv[1]).get("mine.ring_mod")
unit = getattr(sys.modules[spec.function.__module__], "RING_MOD")
listed = unit.kernel._compiled is None
from loopmind.runtime.live.testing import check_stream, heard, noise, probe, rendered
check_stream(spec.function, carrier_hz=700.0)
signal = spec.function(probe(noise()), carrier_hz=700.0)
same = np.array_equal(heard(signal)[:, 128:], rendered(signal)[:, 128:])
print(json.dumps({"listed": listed, "same": bool(same), "hits": unit.kernel.function.cache_hits}))
"""


def python(*arguments: str, cwd: Path, **more: str) -> str:
    source = Path(loopmind.__file__).parent.parent
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(cwd), str(source)]), **more}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_streams_scaffold_passes_its_own_tests(tmp_path: Path) -> None:
    assert cli.main(["new-node", "soft_fold", "--stream", "--out", str(tmp_path)]) == 0
    folder = tmp_path / "loopmind-soft-fold"
    assert "6 passed" in python("-m", "pytest", "-p", "no:cacheprovider", "-q", cwd=folder)


def test_scaffolds_compile_as_python(tmp_path: Path) -> None:
    for stream in (False, True):
        folder = scaffold("x", tmp_path / str(stream), stream=stream)
        for file in folder.rglob("*.py"):
            compile(file.read_text(), str(file), "exec")


@pytest.mark.slow
def test_a_plugin_is_compiled_once_and_only_when_it_sounds(tmp_path: Path) -> None:
    (tmp_path / "ring_mod.py").write_text(FOLDER_PLUGIN)
    then = time.time() - 60  # numba's cache looks at the file's time
    os.utime(tmp_path / "ring_mod.py", (then, then))
    import json

    first = json.loads(python("-c", PLAY, str(tmp_path), cwd=tmp_path))
    again = json.loads(python("-c", PLAY, str(tmp_path), cwd=tmp_path))
    assert first == {"listed": True, "same": True, "hits": 0}
    assert again == {"listed": True, "same": True, "hits": 1}


def plugin_graph(home: Path, sound: Path) -> Path:
    """The plugin in the user's folder, and a graph that plays a loop through it."""
    import json

    (home / "plugins").mkdir(parents=True)
    (home / "plugins" / "ring_mod.py").write_text(FOLDER_PLUGIN)
    nodes = {
        "load": {"type": "loopmind.load_audio", "controls": {"path": str(sound)}},
        "clip": {"type": "loopmind.play_clip"},
        "ring": {"type": "mine.ring_mod", "controls": {"carrier_hz": 300.0}},
        "render": {"type": "loopmind.render_signal", "controls": {"length_s": 0.5}},
        "write": {"type": "loopmind.write_audio", "controls": {"path": str(home / "out.wav")}},
    }
    wires = {
        "clip.audio": "load.audio", "ring.signal": "clip.signal", "render.signal": "ring.signal",
        "write.audio": "render.audio",
    }  # fmt: skip
    graph = {"format": "loopmind.graph", "format_version": 1, "nodes": nodes, "wires": wires}
    (home / "graph.json").write_text(json.dumps(graph))
    return home / "graph.json"


@pytest.mark.slow
def test_a_plugin_in_the_users_folder_is_played_and_rendered(tmp_path: Path) -> None:
    from loopmind.files.decode import read_audio
    from loopmind.files.encode import write_audio
    from loopmind.music.audio import Audio

    wave = np.full((2, 20000), 0.5, np.float32)
    sound = write_audio(tmp_path / "a.wav", Audio(wave, 44100), subtype="FLOAT")
    home = tmp_path / "home"
    graph = plugin_graph(home, sound)
    call = ["-m", "loopmind.cli"]
    python(*call, "run", str(graph), "--no-cache", cwd=tmp_path, LOOPMIND_HOME=str(home))
    made = read_audio(home / "out.wav").samples
    wanted = 0.5 * np.sin(2 * np.pi * 300.0 * np.arange(200, 10000) / 44100)
    assert np.abs(made[0, 200:10000] - wanted).max() < 1e-6
    told = python(
        *call, "play", str(graph), "--out-seconds", "0.5", cwd=tmp_path, LOOPMIND_HOME=str(home)
    )
    assert "0 underruns" in told


@pytest.mark.slow
@pytest.mark.skipif(not jack_server.is_installed(), reason="jackd is not installed")
def test_a_plugin_is_heard_through_a_real_device(tmp_path: Path) -> None:
    (tmp_path / "ring_mod.py").write_text(FOLDER_PLUGIN)
    from loopmind.graph.registry import Registry
    from loopmind.runtime.live.engine import Engine
    from loopmind.runtime.live.signal_patch import signal_patch
    from loopmind.runtime.live.testing import noise, probe, rendered

    function = Registry(entry_points=[], folder=str(tmp_path)).get("mine.ring_mod").function
    signal = function(probe(noise(frames=40000)))
    with jack_server.jack_server(tmp_path, block=256), Engine(44100) as engine:
        engine.swap(signal_patch(signal))
        engine.open()
        if engine.device is None:
            pytest.skip("the sound server gave no device")
        time.sleep(0.3)
        served = engine.snapshot().heard
        engine.play(0)
        time.sleep(1.5)
        tap = engine.heard(served, engine.snapshot().heard - served)
    first = int(np.flatnonzero(np.abs(tap[0]) > 0.0)[0])
    wanted = rendered(signal, 40000)
    begin = int(np.flatnonzero(np.abs(wanted[0]) > 0.0)[0])
    start = first - begin
    assert any(
        np.array_equal(tap[:, s + 2000 : s + 20000], wanted[:, 2000:20000])
        for s in range(start - 2, start + 3)
    )


@pytest.mark.parametrize("level", [0.1, 3.0])
def test_heard_is_what_is_rendered(level: float) -> None:
    from loopmind.nodes.compressor import compressor
    from loopmind.runtime.live.testing import heard, noise, probe, rendered

    signal = compressor(probe(noise(level=level)))
    live = heard(signal, 6000, (64, 441, 1024))
    assert np.array_equal(live[:, 128:], rendered(signal, 6000)[:, 128:])
