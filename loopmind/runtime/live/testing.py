"""Checks for the tests of stream nodes, built in or of a plugin: does a node keep a kernel's word?

from loopmind.runtime.live.testing import check_stream

def test_my_effect() -> None:
    check_stream(my_effect, amount=0.5)
    signal = my_effect(probe(noise()))
    assert np.array_equal(heard(signal)[:, 128:], rendered(signal)[:, 128:])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.player import Event, event_table, play, player_params
from loopmind.dsp.unit import Attended, Part, Unit
from loopmind.graph.node import NodeSpec, spec_of
from loopmind.graph.testing import declaration_problems
from loopmind.music.signal import Signal
from loopmind.runtime.live.signal_patch import SignalPlanner, signal_patch

RATE_HZ = 44100
FRAMES = 12000
Sound = NDArray[np.float32]


def _prepare_probe(rate_hz: float, settings: dict[str, Any], samples: Sound) -> Part:
    table = event_table([Event(0, samples.shape[1], samples)])
    return Part(player_params(table), tables=((1, table),), keeps=(samples,))


PROBE = Unit(play, _prepare_probe)


def probe(samples: Sound) -> Signal:
    """A stream that gives `samples` (2, frames) from frame 0 on, untouched."""
    return Signal("loopmind.runtime.live.testing:PROBE", values=(samples,))


def rendered(
    signal: Signal, frames: int = FRAMES, blocks: tuple[int, ...] = (256,), *, start: int = 0
) -> Sound:
    """What `signal` gives, (2, frames), run in blocks of these lengths in turn; latency kept."""
    planner = SignalPlanner(RATE_HZ)
    out = planner.stream(signal).buffer
    program = planner.plan.build(max(blocks))
    pieces, done, turn = [], 0, 0
    while done < frames:
        n = min(blocks[turn % len(blocks)], frames - done)
        _attend(planner, start + done, n)
        program.run(start + done, n)
        pieces.append(program.buffer(out)[:n].copy())
        done, turn = done + n, turn + 1
    return np.concatenate(pieces).T


def _attend(planner: SignalPlanner, start: int, frames: int) -> None:
    """Let what works beside the callback do its part first, as offline rendering does."""
    for kept in planner.shared.values():
        if isinstance(kept, Attended):
            kept.before(start, frames)


def heard(signal: Signal, frames: int = FRAMES, blocks: tuple[int, ...] = (256,)) -> Sound:
    """What the engine's callback would give a device: (2, frames), from frame 0 on.

    The engine smooths the step from silence into the first 128 frames.
    """
    from loopmind.runtime.live.engine import Engine

    engine = Engine(RATE_HZ)
    engine.swap(signal_patch(signal, RATE_HZ))
    # The callback crossfades into what is new; a fresh start after it is that of a render.
    engine.serve(1024)
    engine.play(0)
    pieces, done, turn = [], 0, 0
    while done < frames:
        n = min(blocks[turn % len(blocks)], frames - done)
        pieces.append(engine.serve(n))
        done, turn = done + n, turn + 1
    return np.concatenate(pieces, axis=1)


def noise(seed: int = 1, frames: int = FRAMES, level: float = 0.3) -> Sound:
    """Bursts of noise: loud and silent in turn, so that dynamics have work to do."""
    wave = np.random.default_rng(seed).standard_normal((2, frames)) * level
    wave *= (np.arange(frames) // 2000) % 2 == 0
    return wave.astype(np.float32)


def settings_to_try(spec: NodeSpec) -> Iterator[dict[str, Any]]:
    """The defaults, then each control at its lowest and highest value or at each choice."""
    yield {}
    for control in spec.schema.controls:
        if control.choices:
            yield from ({control.name: choice} for choice in control.choices)
        elif control.type == "boolean":
            yield {control.name: not control.default}
        elif control.low is not None and control.high is not None:
            yield {control.name: control.low}
            yield {control.name: control.high}


def properties(
    function: Callable[..., Signal], *, sided: bool = False, **controls: Any
) -> dict[str, str]:
    """Property -> "" where the node has it, else what went wrong.

    declaration, block size (any blocks give the same samples), silence (in gives out), channels
    (left and right change places as they do in the input; not asked where sided: the node treats
    them differently on purpose), finite (loud input gives sound), no sound (NaN and infinity in
    one place do not spread), reset (a fresh start forgets), determinism (twice the same).
    """
    spec = spec_of(function)
    assert spec is not None, f"{function!r} is not declared with @node"
    streams = [port for port in spec.schema.inputs if port.type == "signal"]
    needed = [port.name for port in streams if not port.optional]

    def run(sound: Sound, blocks: tuple[int, ...] = (256,)) -> Sound:
        source = probe(sound)
        return rendered(function(**dict.fromkeys(needed, source), **controls), blocks=blocks)

    found: dict[str, str] = {"declaration": "; ".join(declaration_problems(spec))}
    sound = noise()
    whole = run(sound)
    found["determinism"] = "" if np.array_equal(whole, run(sound)) else "two runs differ"
    found["block size"] = ""
    for blocks in ((64,), (1024,), (1, 7, 441, 300)):
        if not np.array_equal(whole, run(sound, blocks)):
            found["block size"] = f"blocks of {blocks} frames give other samples than of 256"
    quiet = run(np.zeros((2, FRAMES), np.float32))
    loudest = float(np.abs(quiet).max())
    found["silence"] = "" if loudest < 1e-9 else f"silence gives {loudest:g}"
    found["channels"] = ""
    if not sided and not np.array_equal(whole[::-1], run(np.ascontiguousarray(sound[::-1]))):
        found["channels"] = "with left and right of the input changed, those of the output are not"
    loud = run(noise(2, level=3.0))
    found["finite"] = "" if np.isfinite(loud).all() else "loud noise gives what is no sound"
    broken = noise(3)
    broken[0, 5000], broken[1, 5001], broken[0, 5002] = np.nan, np.inf, -np.inf
    after = run(broken)
    found["no sound"] = "" if np.isfinite(after).all() else "one NaN in gives more out"
    planner = SignalPlanner(RATE_HZ)
    source = function(**dict.fromkeys(needed, probe(sound)), **controls)
    out = planner.stream(source).buffer
    program = planner.plan.build(256)
    turns = []
    for _ in range(2):
        program.reset()
        pieces = []
        for at in range(0, FRAMES - 256, 256):
            _attend(planner, at, 256)
            program.run(at, 256)
            pieces.append(program.buffer(out).copy())
        turns.append(np.concatenate(pieces))
    found["reset"] = "" if np.array_equal(turns[0], turns[1]) else "a fresh start remembers"
    return found


def check_stream(function: Callable[..., Signal], *, sided: bool = False, **controls: Any) -> None:
    """Check all properties with `controls`. Raises AssertionError saying what is wrong.

    sided: the node treats left and right differently on purpose.
    """
    found = properties(function, sided=sided, **controls)
    wrong = {name: text for name, text in found.items() if text}
    assert not wrong, "; ".join(f"{name}: {text}" for name, text in wrong.items())
