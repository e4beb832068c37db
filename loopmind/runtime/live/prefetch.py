"""Reading ahead from disk for the callback: one thread a file, a window of pages in memory."""

from __future__ import annotations

import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from loopmind.dsp.effects import stream_file
from loopmind.dsp.effects.stream_file import AHEAD, MISSED, PINNED, PLACES, WANTED
from loopmind.dsp.unit import Attended, Part, Unit
from loopmind.files.decode import AudioFileError
from loopmind.runtime.live.atomics import read_word, write_word
from loopmind.runtime.live.long_audio import LongAudio

POLL_S = 0.005
_FIRST = 4


class Prefetch(Attended):
    """Pages of one file in memory, and the thread that reads them while something plays.

    The thread ends with this object. Offline there is none: `before` reads at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sound: LongAudio | None = None
        self._thread: threading.Thread | None = None
        self._told = 0
        self._said: list[str] = []
        self.control = np.zeros(8, np.int64)
        self.first = 0

    def open(self, path: Path, rate_hz: int, frame: int = 0) -> None:
        """Get ready for `path`; its pages from `frame` on are read. Raises AudioFileError."""
        with self._lock:
            if self._sound is not None and self._sound.rate_hz == rate_hz:
                return
            self._sound = LongAudio(path, rate_hz)
            self.pages = np.full(PLACES + PINNED, -1, np.int64)
            self.samples = np.zeros((PLACES + PINNED, self._sound.page, 2), np.float32)
            self._pin = self._last = frame // self._sound.page
            self.control[WANTED] = frame
            for number in range(self._pin, self._pin + _FIRST):
                self._load(number)
            for number in range(self._pin, self._pin + PINNED):
                self._load(number, pinned=True)

    @property
    def sound(self) -> LongAudio:
        """The open file."""
        assert self._sound is not None, "open it first"
        return self._sound

    @property
    def missed(self) -> int:
        """Frames that were played as silence because they were not there in time."""
        return int(self.control[MISSED])

    def start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=_read_ahead, args=(weakref.ref(self),), daemon=True
                )
                self._thread.start()

    def before(self, start: int, frames: int) -> None:
        with self._lock:
            first, page = start - self.first, self.sound.page
            last = min(first + frames, self.sound.frames) - 1
            for number in range(max(first, 0) // page, max(last, -1) // page + 1):
                if self.pages[number % PLACES] != number:
                    self._load(number)

    def step(self) -> bool:
        """Read one page that will be needed, if one is missing; False where nothing is."""
        with self._lock:
            page = self.sound.page
            here = read_word(self.control.ctypes.data + 8 * WANTED) // page
            if here < self._last - 1 and here != self._pin:
                self._pin = here
            self._last = here
            end = -(-self.sound.frames // page)
            for number in range(here, min(here + AHEAD, end)):
                if self.pages[number % PLACES] != number:
                    self._load(number)
                    return True
            for number in range(self._pin, min(self._pin + PINNED, end)):
                if self.pages[PLACES + number % PINNED] != number:
                    self._load(number, pinned=True)
                    return True
            return False

    def _load(self, number: int, *, pinned: bool = False) -> None:
        place = PLACES + number % PINNED if pinned else number % PLACES
        word = self.pages.ctypes.data + 8 * place
        other = number % PLACES if pinned else PLACES + number % PINNED
        write_word(word, -1)
        if self.pages[other] == number:
            self.samples[place] = self.samples[other]
        else:
            try:
                self.samples[place] = self.sound.read_page(number).T
            except AudioFileError as error:
                self.samples[place] = 0.0
                if str(error) not in self._said:
                    self._said.append(str(error))
        write_word(word, number)

    def tell(self) -> list[str]:
        """What went wrong since this was last asked."""
        found, self._said = self._said, []
        missed = self.missed
        if missed > self._told:
            seconds = (missed - self._told) / self.sound.rate_hz
            found.append(f"{self.sound.path.name} was not read in time: {seconds:.2f} s of silence")
            self._told = missed
        return found


def _read_ahead(held: weakref.ref[Prefetch]) -> None:
    wait = threading.Event()
    while True:
        prefetch = held()
        if prefetch is None:
            return
        busy = prefetch.step()
        del prefetch  # so that it can go while this thread sleeps
        if not busy:
            wait.wait(POLL_S)


def prepare(rate_hz: float, settings: dict[str, Any], path: Path, prefetch: Prefetch) -> Part:
    """Settings: start_s, offset_s, gain_db. Value: the file. Raises AudioFileError."""
    offset = round(settings["offset_s"] * rate_hz)
    prefetch.open(path, int(rate_hz), offset)
    sound = prefetch.sound
    prefetch.first = round(settings["start_s"] * rate_hz) - offset
    return stream_file.prepare(
        rate_hz, settings, sound.frames, sound.page, prefetch.pages, prefetch.samples,
        prefetch.control,
    )  # fmt: skip


STREAM = Unit(stream_file.STREAM_FILE, prepare, shared=Prefetch)
