"""Plugins with kernels: the scaffold keeps its word, is compiled once, and is heard."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

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
from loopmind.dsp.effects._common import finite
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


def test_a_streams_scaffold_passes_its_own_tests(tmp_path: Path) -> None:
    assert cli.main(["new-node", "soft_fold", "--stream", "--out", str(tmp_path)]) == 0
    folder = tmp_path / "loopmind-soft-fold"
    assert "6 passed" in python("-m", "pytest", "-p", "no:cacheprovider", "-q", cwd=folder)


def test_scaffolds_compile_as_python(tmp_path: Path) -> None:
    for stream in (False, True):
        folder = scaffold("x", tmp_path / str(stream), stream=stream)
        for file in folder.rglob("*.py"):
            compile(file.read_text(), str(file), "exec")


def test_a_plugin_is_compiled_once_and_only_when_it_sounds(tmp_path: Path) -> None:
    (tmp_path / "ring_mod.py").write_text(FOLDER_PLUGIN)
    then = time.time() - 60  # numba's cache looks at the file's time
    os.utime(tmp_path / "ring_mod.py", (then, then))
    import json

    first = json.loads(python("-c", PLAY, str(tmp_path), cwd=tmp_path))
    again = json.loads(python("-c", PLAY, str(tmp_path), cwd=tmp_path))
    assert first == {"listed": True, "same": True, "hits": 0}
    assert again == {"listed": True, "same": True, "hits": 1}


@pytest.mark.parametrize("level", [0.1, 3.0])
def test_heard_is_what_is_rendered(level: float) -> None:
    from loopmind.nodes.compressor import compressor
    from loopmind.runtime.live.testing import heard, noise, probe, rendered

    signal = compressor(probe(noise(level=level)))
    live = heard(signal, 6000, (64, 441, 1024))
    assert np.array_equal(live[:, 128:], rendered(signal, 6000)[:, 128:])
