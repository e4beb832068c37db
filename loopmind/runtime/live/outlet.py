"""Where the engine's sound goes: a device's stream, or a clock that keeps time where there is none.

Devices that go away are noticed, and looked for again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.runtime.live import layout as at
from loopmind.runtime.live.callback import callback
from loopmind.runtime.live.devices import (
    Device,
    DeviceError,
    choose_device,
    look_again,
    release,
    sounddevice,
)

POLL_S = 0.05
REOPEN_S = 2.0


class Outlet:
    """Serves the control block `words` to a device or to nobody.

    say: is told what happens to the device. poll: is called twenty times a second.
    """

    def __init__(
        self,
        words: NDArray[np.int64],
        rate_hz: int,
        say: Callable[[str], None],
        poll: Callable[[], None],
    ) -> None:
        self.device: Device | None = None
        self.input: Device | None = None
        self._words, self._rate_hz = words, rate_hz
        self._say, self._poll = say, poll
        self._stream: Any = None
        self._wanted: str | None = None
        self._wanted_input: str | None = None
        self._want_device = self._want_input = False
        self._block = 0
        self._clock: threading.Thread | None = None
        self._clock_runs = threading.Event()
        self._watch: threading.Thread | None = None
        self._closing = threading.Event()

    def open(
        self, name: str | None, *, block: int, with_input: bool, input_name: str | None
    ) -> None:
        """Play through a device, or keep time silently until there is one; see Engine.open."""
        self._wanted, self._block, self._want_input = name, block, with_input
        self._wanted_input = input_name
        self._want_device = True
        try:
            self._open_stream()
        except DeviceError as error:
            self._say(f"no sound: {error}")
            self._start_clock()
        self._watch_over()

    def open_silent(self) -> None:
        """Keep time without any device."""
        self._start_clock()
        self._watch_over()

    def close(self) -> None:
        """Let the device go and stop the clock."""
        self._closing.set()
        if self._watch is not None:
            self._watch.join()
        stream, self._stream, self.device = self._stream, None, None
        if stream is not None:
            stream.close()
            release()
        self._stop_clock()

    @property
    def load(self) -> float:
        """Share of the time that the callback takes, 0..1."""
        stream = self._stream
        return float(stream.cpu_load) if stream is not None else 0.0

    @property
    def delays(self) -> tuple[int, int]:
        """Frames from the air into the callback, and from it to the air."""
        stream = self._stream
        if stream is None:
            return 0, 0
        latency = stream.latency
        both = latency if isinstance(latency, tuple) else (0.0, latency)
        return round(both[0] * self._rate_hz), round(both[1] * self._rate_hz)

    def serve(self, frames: int, source: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Run the callback once: what a device would have got, (2, frames)."""
        out = np.zeros((frames, 2), np.float32)
        callback.ctypes(
            0 if source is None else source.ctypes.data, out.ctypes.data,
            frames, 0, 0, int(self._words.ctypes.data),
        )  # fmt: skip
        return np.ascontiguousarray(out.T)

    def _open_stream(self) -> None:
        device = choose_device(self._wanted)
        module = sounddevice()
        ffi = module._ffi
        source = choose_device(self._wanted_input, outputs=False) if self._want_input else None
        inputs = 0 if source is None else min(source.inputs, 2)
        outputs = min(device.outputs, 2)
        both = source is not None
        try:
            stream = module._StreamBase(
                "duplex" if both else "output",
                samplerate=self._rate_hz,
                blocksize=self._block,
                device=device.index if source is None else (source.index, device.index),
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
                userdata=ffi.cast("void *", int(self._words.ctypes.data)),
                wrap_callback=None,
            )
        except module.PortAudioError as error:
            raise self._refused(device, error) from error
        self._stop_clock()
        self._words[at.OUT_CHANNELS], self._words[at.IN_CHANNELS] = outputs, inputs
        try:
            stream.start()
        except module.PortAudioError as error:
            stream.close()
            raise self._refused(device, error) from error
        self._stream, self.device, self.input = stream, device, source
        self._say(f"playing through {device.name} ({device.system}, {self._rate_hz} Hz)")

    def _refused(self, device: Device, error: Exception) -> DeviceError:
        return DeviceError(
            f"{device.name} cannot be opened at {self._rate_hz} Hz ({error}); choose another "
            "device or rate, or close the program that holds it"
        )

    def _start_clock(self) -> None:
        if self._clock is None:
            self._words[at.OUT_CHANNELS], self._words[at.IN_CHANNELS] = 2, 0
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
            due += frames / self._rate_hz
            time.sleep(max(due - time.monotonic(), 0.0))
            due = max(due, time.monotonic() - 1.0)

    def _watch_over(self) -> None:
        if self._watch is None:
            self._watch = threading.Thread(target=self._look_after, daemon=True)
            self._watch.start()

    def _look_after(self) -> None:
        looked = time.monotonic()
        while not self._closing.wait(POLL_S):
            self._poll()
            stream = self._stream
            if stream is not None and not stream.active:
                self._lose_device()
            if self._want_device and self._stream is None:
                if time.monotonic() - looked < REOPEN_S:
                    continue
                looked = time.monotonic()
                try:
                    look_again()
                    self._open_stream()
                except DeviceError:  # said once when it went; tried again in a while
                    self._start_clock()

    def _lose_device(self) -> None:
        """The device went away by itself: keep time, and look for it again."""
        device, self._stream, self.device = self.device, None, None
        assert device is not None
        self._say(f"{device.name} is gone; time goes on silently until it is back")
        self._start_clock()
        with suppress(DeviceError):  # said again when a device is opened, or not
            look_again(lost=True)
