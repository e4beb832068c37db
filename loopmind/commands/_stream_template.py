"""What `loopmind new-node --stream` writes: a node with a kernel of its own, and its test."""

from __future__ import annotations

NODE = '''\
"""The stream node '{title}': its kernel, its unit and the node, in one file."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from loopmind.dsp.effects.common import finite, speed
from loopmind.dsp.kernel import kernel
from loopmind.dsp.unit import Part, Unit
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Signal


def _{name}(inputs, outputs, state, params, start, frames):
    """y = g x / (1 + |g x|); g glides to params[0] by the share params[1] of the way a frame.

    Compiled to machine code and run in the audio callback: numbers and these arrays only.
    """
    source, out = inputs[0], outputs[0]
    if state[0] == 0.0:  # all zero: freshly started, so begin where the parameter stands
        state[0], state[1] = 1.0, params[0]
    level = state[1]
    for n in range(frames):
        level += (params[0] - level) * params[1]
        left, right = level * finite(source[2 * n]), level * finite(source[2 * n + 1])
        out[2 * n] = np.float32(left / (1.0 + abs(left)))
        out[2 * n + 1] = np.float32(right / (1.0 + abs(right)))
    state[1] = level


def _prepare(rate_hz: float, settings: dict[str, Any]) -> Part:
    """From settings as the user sees them to the kernel's words at this sample rate."""
    params = np.array([10.0 ** (settings["drive_db"] / 20.0), speed(0.02, rate_hz)])
    return Part(params, state_words=2, moving=(0,))


{unit} = Unit(kernel(_{name}, later=True), _prepare)


@node(id="{package}.{name}", category="Plugins", output="signal", kind="stream")
def {name}(
    signal: Signal,
    drive_db: Annotated[float, Range(0, 36, unit="dB"), "How hard to push."] = 6.0,
) -> Signal:
    """Bend peaks softly: y = g x / (1 + |g x|)."""
    return Signal(f"{{__name__}}:{unit}", {{"drive_db": drive_db}}, (signal,))
'''

TEST = '''\
"""The node keeps a kernel's word, does what it says, and LoopMind finds and plays it."""

from __future__ import annotations

import numpy as np
import pytest
from loopmind.graph.registry import Registry
from loopmind.runtime.live.testing import check_stream, heard, noise, probe, rendered

from {package}.{name} import {name}


@pytest.mark.parametrize("drive_db", [0.0, 6.0, 36.0])
def test_it_keeps_a_kernels_word(drive_db: float) -> None:
    check_stream({name}, drive_db=drive_db)


def test_it_does_what_it_says() -> None:
    sound = noise()
    out = rendered({name}(probe(sound), drive_db=20.0))
    assert out == pytest.approx(10.0 * sound / (1.0 + np.abs(10.0 * sound)), abs=1e-5)


def test_the_engine_plays_the_very_same() -> None:
    signal = {name}(probe(noise()))
    # The engine smooths the step from silence into the first 128 frames.
    assert np.array_equal(heard(signal)[:, 128:], rendered(signal)[:, 128:])


def test_the_package_brings_the_node() -> None:
    registry = Registry(entry_points=[("plugin", "{package}")], folder="none")
    assert registry.get("{package}.{name}").schema.kind == "stream"
    assert registry.problems == ()
'''

GRAPH = """\
{{
  "format": "loopmind.graph",
  "format_version": 1,
  "title": "{title}",
  "nodes": {{
    "load": {{"type": "loopmind.load_audio", "controls": {{"path": "loop.wav"}}}},
    "clip": {{"type": "loopmind.play_clip"}},
    "{name}": {{"type": "{package}.{name}"}}
  }},
  "wires": {{
    "clip.audio": "load.audio",
    "{name}.signal": "clip.signal"
  }}
}}
"""

README = """\
# {title}

A plugin for LoopMind with one stream node, `{package}.{name}`.

    pip install -e .
    python -m pytest
    loopmind nodes {name}
    loopmind play hear.json --set load.path=YOUR_LOOP.wav

`{package}/{name}.py` holds three things: the kernel (compiled once by numba, then loaded from its
cache, and run in the audio callback), the unit (from settings to the kernel's words) and the node
(what the user sees). What a kernel may do is in LoopMind's docs/nodes.md, "Stream nodes";
`check_stream` in the test checks it.
"""
