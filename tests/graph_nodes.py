"""Small nodes for the tests of graph and runtime; importable by worker processes too."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np

from loopmind.graph.context import Context
from loopmind.graph.node import Migrated, node
from loopmind.graph.ports import Range, Seed
from loopmind.graph.registry import Registry
from loopmind.music.audio import Audio
from loopmind.music.loop import Crate, Loop

CALLS: list[str] = []


@node(id="test.number", category="Test")
def number(value: Annotated[float, Range(-1000.0, 1000.0)] = 1.0) -> float:
    """The number itself."""
    CALLS.append("number")
    return value


@node(id="test.add", category="Test")
def add(a: float = 0.0, b: float = 0.0, seed: Seed = 0) -> float:
    """a + b."""
    CALLS.append("add")
    return a + b


@node(id="test.numbers", category="Test")
def numbers(count: Annotated[int, Range(0, 1000)] = 3) -> tuple[float, ...]:
    """0, 1, ... count - 1."""
    return tuple(float(i) for i in range(count))


@node(id="test.total", category="Test")
def total(values: tuple[float, ...] = ()) -> float:
    """The sum of many."""
    return float(sum(values))


class Halves(NamedTuple):
    low: float
    high: float


@node(id="test.halve", category="Test")
def halve(value: float) -> Halves:
    """Two outputs: half, and the other half."""
    return Halves(value / 2, value - value / 2)


@node(id="test.fail", category="Test")
def fail(value: float = 0.0, when: bool = True) -> float:
    """Fails when told to."""
    if when:
        raise ValueError("it was told to fail\nand did")
    return value


@node(id="test.tone", category="Test", cache="disk")
def tone(hz: Annotated[float, Range(20, 20000, unit="Hz", scale="log")] = 440.0) -> Audio:
    """A sine of 100 frames."""
    CALLS.append("tone")
    wave = np.sin(2 * np.pi * hz * np.arange(100) / 8000).astype(np.float32)
    return Audio(wave[None], 8000)


@node(id="test.gain", category="Test")
def gain(
    sound: Audio,
    other: Audio | None = None,
    gain_db: Annotated[float, Range(-60, 12, unit="dB"), "How loud."] = 0.0,
    mode: Literal["clean", "dirty"] = "clean",
) -> Audio:
    """sound * 10 ** (gain_db / 20)."""
    factor = np.float32(10 ** (gain_db / 20))
    return Audio(sound.samples * factor, sound.rate_hz)


def _stamp(controls: dict[str, object]) -> str:
    path = Path(str(controls["path"]))
    return str(path.stat().st_mtime_ns) if path.exists() else "missing"


@node(id="test.read", category="Test", touches_files=True, fingerprint=_stamp)
def read(path: Path) -> float:
    """The number in a file."""
    CALLS.append("read")
    return float(path.read_text())


@node(id="test.read_always", category="Test", touches_files=True)
def read_always(path: Path) -> float:
    """The number in a file, without telling the file's state."""
    CALLS.append("read_always")
    return float(path.read_text())


@node(id="test.write", category="Test", writes_files=True, fingerprint=_stamp)
def write(value: float, path: Path) -> Path:
    """Write a number into a file."""
    CALLS.append("write")
    path.write_text(str(value))
    return path


@node(id="test.length", category="Test")
def length(loop: Loop) -> float:
    """Length of a loop in seconds."""
    CALLS.append("length")
    return loop.duration_s


@node(id="test.length_apart", category="Test", per_item="processes")
def length_apart(loop: Loop) -> float:
    """Length of a loop in seconds, in other processes."""
    return loop.duration_s


@node(id="test.crate_of", category="Test")
def crate_of(frames: tuple[int, ...] = (100, 200, 300)) -> Crate:
    """Loops of given lengths."""
    return Crate(tuple(example_loop(f"{i}.wav", n) for i, n in enumerate(frames)))


@node(id="test.wait", category="Test")
def wait(
    context: Context, seconds: float = 10.0, kind: Literal["polite", "rude"] = "polite"
) -> float:
    """Takes its time; the polite kind looks whether it should stop."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if kind == "polite":
            context.check_cancelled()
        time.sleep(0.01)
    return seconds


def slow_square(x: int) -> int:
    """x * x, after 10 ms."""
    time.sleep(0.01)
    return x * x


def process_of(x: int) -> int:
    """The id of the process that works on the item."""
    time.sleep(0.02)
    return os.getpid()


def refuse_seven(x: int) -> int:
    """Fails on 7 and 9."""
    time.sleep(0.005)
    if x in (7, 9):
        raise LookupError(f"not {x}")
    return x


def die_on_seven(x: int) -> int:
    """Takes the whole process down on 7."""
    time.sleep(0.005)
    if x == 7:
        os._exit(3)
    return x


def sleep_long(x: int) -> int:
    """Hangs, as a decoder may."""
    time.sleep(60 if x > 1 else 0.4)
    return x


FUNCTIONS = {
    f.__name__: f for f in (slow_square, process_of, refuse_seven, die_on_seven, sleep_long)
}


@node(id="test.spread", category="Test")
def spread(
    context: Context, function: str = "slow_square", count: int = 10, processes: bool = True
) -> tuple[int, ...]:
    """Maps a function over 0 .. count - 1."""
    return tuple(context.map(FUNCTIONS[function], range(count), processes=processes, name=str))


@node(id="test.parts", category="Test")
def parts(context: Context, values: tuple[float, ...] = (1.0, 2.0), scale: float = 1.0) -> float:
    """Sum of squares, each remembered by itself."""

    def square(x: float) -> float:
        def make() -> float:
            CALLS.append("square")
            return x * x

        return context.remember(("square", x), "number", make)

    return scale * sum(square(x) for x in values)


def _from_old(version: int, controls: dict[str, object]) -> Migrated:
    if version == 1:  # "volume" was a share of full scale, the input was called "signal"
        share = float(str(controls.pop("volume", 1.0)))
        controls["level"] = share * 100.0
    return Migrated(controls, inputs={"signal": "value"}, outputs={"result": "louder"})


@node(id="test.newer", category="Test", version=2, migrate=_from_old, output="louder")
def newer(value: float = 0.0, level: float = 100.0) -> float:
    """A node that was different in version 1."""
    return value * level / 100.0


ALL = (
    number, add, numbers, total, halve, fail, tone, gain, read, read_always, write, length,
    length_apart, crate_of, wait, spread, parts, newer,
)  # fmt: skip


def registry() -> Registry:
    """A registry of these nodes alone."""
    return Registry(entry_points=(), folder="no-such-folder").add(*ALL)


def example_loop(path: str, frames: int) -> Loop:
    """A loop of which nothing is known but its length."""
    return Loop(
        path=path, digest=path, kind="loop", kind_confidence=1.0, rate_hz=100, channels=1,
        frames=frames, tempo=(), beats_per_bar=4, downbeat_s=0.0, seamless=True, swing=0.5,
        onsets_s=(), onset_strengths=(), rhythm=(), key=(), pitched=0.0, pitch_midi=None,
        tuning_cents=0.0, chroma=(), chroma_slices=(), loudness_lufs=-20.0, peak_dbfs=-1.0,
        crest_db=10.0, spectrum_db=(), brightness_hz=1000.0, energy=0.5, instrument=(), role=(),
        tags=(), embedding=(),
    )  # fmt: skip
