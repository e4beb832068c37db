"""The engine: plays programs through a sound device, or keeps time silently where there is none.

Python prepares, the callback plays: every method here only leaves a message or looks at memory.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.errors import LoopMindError
from loopmind.runtime.live import layout as at
from loopmind.runtime.live.atomics import Ring, aligned_words, exchange_word, float_bits, read_word
from loopmind.runtime.live.callback import callback
from loopmind.runtime.live.devices import (
    Device,
    DeviceError,
    choose_device,
    look_again,
    release,
    sounddevice,
)
from loopmind.runtime.live.patch import Handle, Patch, PatchPlan
from loopmind.runtime.live.signal_patch import moves

TAP_FRAMES = 1 << 19
"""About twelve seconds of what was heard and of what came in are kept."""
POLL_S = 0.05
REOPEN_S = 2.0
METER_S = 0.3


@dataclass(frozen=True)
class Snapshot:
    """How playing stands: positions in frames of the song, levels as linear amplitude.

    position: what is heard now (latency taken off). load: share of the time that the callback
    needs, 0..1. heard: frames served since the engine began.
    """

    playing: bool
    position: int
    heard: int
    blocks: int
    underruns: int
    swaps: int
    load: float
    peak: tuple[float, float]
    rms: tuple[float, float]
    device: str | None


class Engine:
    """One player. Start it with `open`, give it something to play with `swap`; close it."""

    def __init__(self, rate_hz: int = 44100, *, on_event: Callable[[str], None] | None = None):
        self.rate_hz = rate_hz
        self.device: Device | None = None
        self.log: deque[str] = deque(maxlen=1000)
        self._on_event = on_event
        self._words = aligned_words(at.CONTROL_WORDS)
        self._commands, self._events = Ring(1024), Ring(1024)
        self._tap = np.zeros((TAP_FRAMES, 2), np.float32)
        self._in_tap = np.zeros((TAP_FRAMES, 2), np.float32)
        self._patches: dict[int, Patch] = {}
        self._current: Patch | None = None
        self._sending, self._reading = threading.Lock(), threading.Lock()
        self._stream: Any = None
        self._wanted: str | None = None
        self._want_device = self._want_input = False
        self._block = 0
        self._clock: threading.Thread | None = None
        self._clock_runs = threading.Event()
        self._watch: threading.Thread | None = None
        self._closing = threading.Event()
        words = self._words
        words[at.REST_CLOCK] = at.REST
        words[at.COMMANDS], words[at.COMMAND_PLACES] = self._commands.address, 1024
        words[at.EVENTS], words[at.EVENT_PLACES] = self._events.address, 1024
        words[at.OUT_TAP], words[at.OUT_TAP_FRAMES] = self._tap.ctypes.data, TAP_FRAMES
        words[at.IN_TAP], words[at.IN_TAP_FRAMES] = self._in_tap.ctypes.data, TAP_FRAMES
        words[at.OUT_CHANNELS] = 2
        words[at.POWER_SPEED] = float_bits(1.0 - math.exp(-1.0 / (METER_S * rate_hz)))

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # Devices

    def open(self, name: str | None = None, *, block: int = 0, with_input: bool = False) -> None:
        """Play through the device called `name`, by default the system's.

        block: frames at a time, 0 for what the device likes. Where no device can be opened the
        engine keeps time silently, says so in its log, and looks for one every two seconds.
        """
        self._wanted, self._block, self._want_input = name, block, with_input
        self._want_device = True
        try:
            self._open_stream()
        except DeviceError as error:
            self._say(f"no sound: {error}")
            self._start_clock()
        if self._watch is None:
            self._watch = threading.Thread(target=self._look_after, daemon=True)
            self._watch.start()

    def open_silent(self) -> None:
        """Keep time without any device."""
        self._start_clock()
        if self._watch is None:
            self._watch = threading.Thread(target=self._look_after, daemon=True)
            self._watch.start()

    def _open_stream(self) -> None:
        device = choose_device(self._wanted)
        module = sounddevice()
        ffi = module._ffi
        inputs = 0
        if self._want_input:
            inputs = min(choose_device(None, outputs=False).inputs, 2)
        outputs = min(device.outputs, 2)
        self._words[at.OUT_CHANNELS], self._words[at.IN_CHANNELS] = outputs, inputs
        kind = "duplex" if inputs else "output"
        both = inputs > 0
        try:
            stream = module._StreamBase(
                kind,
                samplerate=self.rate_hz,
                blocksize=self._block,
                device=(None, device.index) if both else device.index,
                channels=(inputs, outputs) if both else outputs,
                dtype=("float32", "float32") if both else "float32",
                latency=("low", "low") if both else "low",
                extra_settings=None,
                callback=ffi.cast("PaStreamCallback *", callback.address),
                finished_callback=None,
                clip_off=True,
                dither_off=True,
                never_drop_input=None,
                prime_output_buffers_using_stream_callback=None,
                userdata=ffi.cast("void *", self.control),
                wrap_callback=None,
            )
            self._stop_clock()
            stream.start()
        except module.PortAudioError as error:
            raise DeviceError(
                f"{device.name} cannot be opened at {self.rate_hz} Hz ({error}); choose another "
                "device or rate, or close the program that holds it"
            ) from error
        self._stream, self.device = stream, device
        self._say(f"playing through {device.name} ({device.system}, {self.rate_hz} Hz)")

    def _close_stream(self) -> None:
        stream, self._stream, self.device = self._stream, None, None
        if stream is not None:
            stream.close()
            release()

    def close(self) -> None:
        """Stop sounding and let the device go."""
        self._closing.set()
        if self._watch is not None:
            self._watch.join()
        self._close_stream()
        self._stop_clock()

    def _start_clock(self) -> None:
        if self._clock is None:
            self._words[at.OUT_CHANNELS] = 2
            self._clock_runs.set()
            self._clock = threading.Thread(target=self._keep_time, daemon=True)
            self._clock.start()

    def _stop_clock(self) -> None:
        clock, self._clock = self._clock, None
        if clock is not None:
            self._clock_runs.clear()
            clock.join()

    def _keep_time(self) -> None:
        frames = self._block or 512
        due = time.monotonic()
        while self._clock_runs.is_set():
            self.serve(frames)
            due += frames / self.rate_hz
            time.sleep(max(due - time.monotonic(), 0.0))
            due = max(due, time.monotonic() - 1.0)

    def serve(self, frames: int, source: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Run the callback once without a device: what the device would have got, (2, frames).

        Only for an engine that no device serves. source: (frames, channels) as if recorded.
        """
        out = np.zeros((frames, 2), np.float32)
        callback.ctypes(
            0 if source is None else source.ctypes.data,
            out.ctypes.data_as(callback.ctypes.argtypes[1]),
            frames, 0, 0, self.control,
        )  # fmt: skip
        return np.ascontiguousarray(out.T)

    def _look_after(self) -> None:
        looked = time.monotonic()
        while not self._closing.wait(POLL_S):
            self.read_events()
            stream = self._stream
            if stream is not None and not stream.active:
                self._lose_device()
            if self._want_device and self._stream is None:
                if time.monotonic() - looked < REOPEN_S:
                    continue
                looked = time.monotonic()
                with suppress(DeviceError):  # said once when it went; tried again in a while
                    look_again()
                    self._open_stream()

    def _lose_device(self) -> None:
        """The device went away by itself: keep time, and look for it again."""
        device, self._stream, self.device = self.device, None, None
        assert device is not None
        self._say(f"{device.name} is gone; time goes on silently until it is back")
        self._start_clock()
        with suppress(DeviceError):  # said again when a device is opened, or not
            look_again(lost=True)

    # Programs

    @property
    def control(self) -> int:
        """Address of the control block: the callback's user data."""
        return int(self._words.ctypes.data)

    @property
    def patch(self) -> Patch | None:
        """What was last given to play."""
        return self._current

    def swap(self, planned: PatchPlan) -> Patch:
        """Let `planned` be heard instead of what plays now, with a short crossfade.

        Raises LoopMindError for a plan at another rate than the engine's.
        """
        if planned.rate_hz != self.rate_hz:
            raise LoopMindError(
                f"the plan is for {planned.rate_hz} Hz, the device runs at {self.rate_hz} Hz; "
                "plan it anew for this rate"
            )
        patch = Patch(planned)
        self._patches[patch.id] = patch
        self._current = patch
        passed_over = exchange_word(self.control + 8 * at.PENDING, patch.address)
        if passed_over:  # the callback has never seen it
            for number, other in list(self._patches.items()):
                if other.address == passed_over:
                    del self._patches[number]
        return patch

    def update(self, planned: PatchPlan) -> bool:
        """Play `planned`: where it differs from what plays only in words that may move, these
        are moved (True), else it is swapped in."""
        patch = self._current
        found = None if patch is None else moves(patch.planned, planned)
        if patch is None or found is None:
            self.swap(planned)
            return False
        for operation, word, value in found:
            address = patch.parameter(Handle(operation, word))
            self._send(at.SET, address, float_bits(value), patch.id)
        patch.planned = planned
        return True

    def read_events(self) -> None:
        """Take what the callback has told: free old programs, log faults and ends."""
        with self._reading:
            while (event := self._events.pop()) is not None:
                kind, a, b, _ = event
                if kind == at.RETIRED:
                    self._patches.pop(a, None)
                elif kind == at.FAULT and a in self._patches:
                    name = self._patches[a].label(b)
                    self._say(f"{name} gave what is no sound and was muted; the rest plays on")
                elif kind == at.ENDED:
                    self._say(f"played to the end at {a / self.rate_hz:.2f} s")

    def _say(self, text: str) -> None:
        self.log.append(text)
        if self._on_event is not None:
            self._on_event(text)

    # Transport

    def _send(self, kind: int, a: int = 0, b: int = 0, c: int = 0) -> None:
        with self._sending:
            for _ in range(200):
                if self._commands.push(kind, a, b, c):
                    return
                time.sleep(0.005)
        raise LoopMindError("the sound device takes no commands; open it again")

    def _late(self) -> int:
        return 0 if self._current is None else self._current.planned.read_latency

    def play(self, frame: int | None = None, *, until: int = 0, fresh: bool = True) -> None:
        """Play from `frame` of the song on (None: from where it stopped), `until` a frame or on.

        fresh: begin with silent reverbs and filters at rest, as an export does.
        """
        begin = -1 if frame is None else self._place(frame)
        self._send(at.PLAY, begin, int(fresh and frame is not None), until and until + self._late())

    def _place(self, frame: int) -> int:
        """Position at which players are read so that `frame` is the next to sound.

        At the very beginning nothing lies before, so the latency is waited for, as exports do.
        """
        return 0 if frame <= 0 else frame + self._late()

    def stop(self) -> None:
        """Stop; reverbs ring out."""
        self._send(at.STOP)

    def seek(self, frame: int) -> None:
        """Go on from `frame`."""
        self._send(at.SEEK, self._place(frame))

    def loop(self, first: int, last: int) -> None:
        """Repeat frames `first` to `last` (not included); equal ends stop repeating."""
        late = self._late() if last > first else 0
        self._send(at.LOOP, first + late, last + late)

    def set_parameter(self, name: str, value: float) -> None:
        """Move a parameter of what plays. Raises LoopMindError naming those that there are."""
        patch = self._current
        handles = {} if patch is None else patch.planned.handles
        if patch is None or name not in handles:
            there = ", ".join(sorted(handles)) or "nothing"
            raise LoopMindError(f"{name!r} cannot be moved while playing; there are {there}")
        if not math.isfinite(value):
            raise LoopMindError(f"{name} needs a number, not {value}")
        self._send(at.SET, patch.parameter(handles[name]), float_bits(value), patch.id)

    # What is heard

    def snapshot(self) -> Snapshot:
        """Meters and counters now; peaks are those since the last snapshot."""
        words, floats = self._words, self._words.view(np.float64)
        peaks = [
            float(np.int64(exchange_word(self.control + 8 * place, 0)).view(np.float64))
            for place in (at.PEAK_LEFT, at.PEAK_RIGHT)
        ]
        late = 0 if self._current is None else self._current.planned.latency
        stream = self._stream
        return Snapshot(
            playing=bool(words[at.PLAYING]),
            position=max(int(words[at.POSITION]) - late, 0),
            heard=int(read_word(self.control + 8 * at.FRAMES)),
            blocks=int(words[at.BLOCKS]),
            underruns=int(words[at.UNDERRUNS]),
            swaps=int(words[at.SWAPS]),
            load=float(stream.cpu_load) if stream is not None else 0.0,
            peak=(peaks[0], peaks[1]),
            rms=(math.sqrt(floats[at.POWER_LEFT]), math.sqrt(floats[at.POWER_RIGHT])),
            device=self.device.name if self.device is not None else None,
        )

    def heard(self, first: int, frames: int, *, source: bool = False) -> NDArray[np.float32]:
        """What was heard (or with `source` came in), (2, frames), from frame `first` served on.

        Raises ValueError for frames that are not there yet, or no longer.
        """
        end = int(read_word(self.control + 8 * at.FRAMES))
        if first + frames > end or first < end - TAP_FRAMES:
            raise ValueError(f"frames {first}..{first + frames} are not kept; now it is {end}")
        places = np.arange(first, first + frames) % TAP_FRAMES
        return np.ascontiguousarray((self._in_tap if source else self._tap)[places].T)
