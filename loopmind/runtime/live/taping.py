"""Recording: what is heard, or what comes in, drained from the engine's taps into a file or memory.

A thread of Python writes; the callback only keeps the last seconds in a ring.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from loopmind.errors import LoopMindError
from loopmind.files.encode import AudioWriter
from loopmind.runtime.live.engine import TAP_FRAMES, Engine

_DRAIN_S = 0.1
_AT_ONCE = 1 << 15


class Recorder:
    """Writes what is heard (or with `source` what comes in) to a file, from `start` to `stop`.

    frames: how much was written. lost: frames that the disk was too slow for; they are silent.
    peak: the loudest sample, as linear amplitude.
    """

    def __init__(self, engine: Engine, path: Path, *, source: bool = False) -> None:
        self.frames, self.lost, self.peak = 0, 0, 0.0
        self._engine, self._source = engine, source
        self._writer = AudioWriter(path, engine.rate_hz, 2)
        self._next = engine.served
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._error: Exception | None = None

    def __enter__(self) -> Recorder:
        self._writer.__enter__()
        # What comes in now was played to what was heard a moment ago.
        self._next = self._engine.served + (sum(self._engine.delays) if self._source else 0)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        failed = error or self._error
        self._writer.__exit__(None if failed is None else type(failed), failed, None)
        if error is None and self._error is not None:
            raise self._error

    def _drain(self) -> None:
        try:
            while not self._done.wait(_DRAIN_S):
                self._take()
            self._take()
        except Exception as error:
            self._error = error

    def _take(self) -> None:
        end = self._engine.served
        behind = end - TAP_FRAMES + _AT_ONCE - self._next
        if behind > 0:  # gone: a gap of silence keeps the time
            self.lost += behind
            self._write(np.zeros((2, behind), np.float32))
        while self._next < end:
            frames = min(end - self._next, _AT_ONCE)
            self._write(self._engine.heard(self._next, frames, source=self._source))

    def _write(self, samples: NDArray[np.float32]) -> None:
        self._writer.write(samples)
        self.peak = max(self.peak, float(np.abs(samples).max(initial=0.0)))
        self._next += samples.shape[1]
        self.frames += samples.shape[1]


def played_along(
    engine: Engine, first: int, last: int, *, latency: int | None = None
) -> NDArray[np.float32]:
    """What came in while frames `first` to `last` of the song were heard, (2, last - first).

    A punch-in: play over the place, then ask for it. A player hears a frame the device's output
    delay after it was served, and what is played to it comes in the input delay later still;
    both are taken off, with the program's own latency. latency: frames of the device in place of
    those that it tells. Raises LoopMindError where the place was not played, or is not kept.
    """
    patch = engine.patch
    late = 0 if patch is None else patch.planned.latency
    wanted = first + late
    turns = engine.placings
    ends = [served for _, served, _ in turns[1:]] + [engine.served]
    for (position, served, playing), end in reversed(list(zip(turns, ends, strict=True))):
        if not playing or position > wanted or position + end - served < wanted + last - first:
            continue
        at = served + wanted - position + (sum(engine.delays) if latency is None else latency)
        try:
            return engine.heard(at, last - first, source=True)
        except ValueError as error:
            raise LoopMindError(f"the recording is not kept any longer or not yet: {error}") from (
                error
            )
    raise LoopMindError(
        f"frames {first} to {last} of the song were not played in one go; play over them to record"
    )


def punch_in(
    engine: Engine,
    first: int,
    last: int,
    *,
    count_in_beats: float = 0.0,
    latency: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> NDArray[np.float32]:
    """Play from frame `first` on and give what comes in while frames up to `last` are heard.

    Aligned as `played_along`; of any length. count_in_beats: the metronome counts before. Where
    `stopped` says so it ends early, with what there is by then. Stops playing in the end.
    """
    patch = engine.patch
    late = 0 if patch is None else patch.planned.latency
    before = engine.served
    engine.play(first, count_in_beats=count_in_beats)
    while not (begun := [p for p in engine.placings if p[1] >= before and p[2]]):
        time.sleep(0.01)
    position, served, _ = begun[0]
    at = served + first + late - position
    at += sum(engine.delays) if latency is None else latency
    end, pieces = at + last - first, []
    while at < end and not stopped():
        frames = min(end, engine.served) - at
        if frames > 0:
            pieces.append(engine.heard(at, frames, source=True))
            at += frames
        time.sleep(0.05)
    engine.stop()
    return np.concatenate([np.zeros((2, 0), np.float32), *pieces], axis=1)
