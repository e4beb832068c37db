"""A hosted plugin in a live program: its worker thread is ahead of what is heard by a latency.

The callback never waits for the plugin. It sends frames through one ring and takes what the
worker made from another, LATENCY frames later; what is not ready by then is silent, and told.
"""

from __future__ import annotations

import json
import threading
import weakref
from typing import Any

import numpy as np

from loopmind.dsp.effects import outside
from loopmind.dsp.effects.outside import GENERATION, MADE, MADE_OF, MISSED, RING, SENT
from loopmind.dsp.unit import Attended, Part, Unit
from loopmind.runtime.hosting import PIECE, Hosted, HostError, Through, open_plugin
from loopmind.runtime.live.atomics import read_word, write_word

CHUNK = PIECE
"""Frames are handed over in multiples of this, counted from a fresh start."""
AT_ONCE = 16
"""So many of them at most, so that a worker that was kept waiting catches up in one go."""
SLACK = 3840
"""Frames left for the device's block, and for a worker that Python keeps waiting."""
LONGEST_LOOK = 1 << 14


class Outside(Attended):
    """A plugin, the rings to and from it, and the worker that serves it while something plays."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosted: Hosted | None = None
        self._thread: threading.Thread | None = None
        self._run, self._done, self._made = 0, 0, 0
        self._told = 0
        self._said: list[str] = []
        self.rate_hz = 0.0
        self.latency = 0
        self.control = np.zeros(8, np.int64)
        self.sent = np.zeros((RING, 2), np.float32)
        self.made = np.zeros((RING, 2), np.float32)

    def open(self, plugin: str, parameters: list[str], inner: str, rate_hz: float) -> None:
        """Open the plugin and find out how late it is. Raises HostError."""
        with self._lock:
            if self._hosted is not None and self.rate_hz == rate_hz:
                return
            hosted = open_plugin(plugin, parameters, inner)
            fed = got = 0
            while fed < 2 * LONGEST_LOOK:
                got += hosted.process(np.zeros((2, CHUNK), np.float32), rate_hz).shape[1]
                fed += CHUNK
            if fed - got > LONGEST_LOOK:
                raise HostError(
                    f"{hosted.name} is {fed - got} frames late, more than can be played live; "
                    "use host_plugin on the sound instead"
                )
            hosted.reset()
            self._hosted, self.rate_hz = hosted, rate_hz
            self.latency = CHUNK + SLACK + (fed - got)

    @property
    def missed(self) -> int:
        """Frames that were not made in time."""
        return int(self.control[MISSED])

    def start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=_serve, args=(weakref.ref(self),), daemon=True
                )
                self._thread.start()

    def before(self, start: int, frames: int) -> None:
        while self.step():
            pass

    def step(self) -> bool:
        """Let the plugin make what was sent, in whole chunks; False where there is none."""
        with self._lock:
            base = self.control.ctypes.data
            run = read_word(base + 8 * GENERATION)
            hosted = self._hosted or Through()
            if run != self._run:
                hosted.reset()
                self._run, self._done, self._made = run, 0, 0
                write_word(base + 8 * MADE, 0)
                write_word(base + 8 * MADE_OF, run)
            sent = read_word(base + 8 * SENT)
            if read_word(base + 8 * GENERATION) != run or sent - self._done < CHUNK:
                return False
            if sent - self._done > RING - 2 * CHUNK:
                # Kept waiting for so long that the ring has gone round: go on from now.
                hosted.reset()
                self._done = sent // CHUNK * CHUNK - CHUNK
                self._made = self._done
                self.made[:] = 0.0
            frames = min((sent - self._done) // CHUNK, AT_ONCE) * CHUNK
            places = np.arange(self._done, self._done + frames) % RING
            try:
                made = hosted.process(np.ascontiguousarray(self.sent[places].T), self.rate_hz)
            except Exception as error:  # a foreign plugin; the sound goes on without it
                self._say(f"{hosted.name} failed ({error}); its sound passes unchanged")
                self._hosted = Through()
                made = np.ascontiguousarray(self.sent[places].T)
            self._done += frames
            self.made[np.arange(self._made, self._made + made.shape[1]) % RING] = made.T
            self._made += made.shape[1]
            write_word(base + 8 * MADE, self._made)
            return True

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.append(" ".join(text.split()))

    def tell(self) -> list[str]:
        found, self._said = self._said, []
        missed = self.missed
        if missed > self._told and self._hosted is not None:
            seconds = (missed - self._told) / (self.rate_hz or 44100.0)
            found.append(f"{self._hosted.name} was not done in time: {seconds:.2f} s of silence")
            self._told = missed
        return found


def _serve(held: weakref.ref[Outside]) -> None:
    wait = threading.Event()
    while True:
        worker = held()
        if worker is None:
            return
        busy = worker.step()
        pause = 0.25 * CHUNK / (worker.rate_hz or 44100.0)
        del worker  # so that it can go while this thread sleeps
        if not busy:
            wait.wait(pause)


def prepare(rate_hz: float, settings: dict[str, Any], worker: Outside) -> Part:
    """Settings: plugin, parameters (a JSON list of "name=value"), inner."""
    worker.open(
        str(settings["plugin"]), json.loads(settings["parameters"]), str(settings["inner"]), rate_hz
    )
    return outside.prepare(worker.latency, worker.control, worker.sent, worker.made)


OUTSIDE = Unit(outside.OUTSIDE, prepare, shared=Outside)
