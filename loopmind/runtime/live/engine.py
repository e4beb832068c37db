"""The engine: plays programs through a sound device, or keeps time silently where there is none.

Python prepares, the callback plays: every method here only leaves a message or looks at memory.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.unit import Attended
from loopmind.errors import LoopMindError
from loopmind.runtime.live import layout as at
from loopmind.runtime.live.atomics import Ring, aligned_words, exchange_word, float_bits, read_word
from loopmind.runtime.live.clocks import Work, set_clocks, work_done
from loopmind.runtime.live.devices import Device
from loopmind.runtime.live.outlet import Outlet
from loopmind.runtime.live.patch import Handle, Patch, PatchPlan
from loopmind.runtime.live.signal_patch import moves

TAP_FRAMES = 1 << 19
"""About twelve seconds of what was heard and of what came in are kept."""
METER_S = 0.3
SCRUB_S = 0.08


@dataclass(frozen=True)
class Snapshot:
    """How playing stands: positions in frames of the song, levels as linear amplitude.

    position: what is heard now (latency taken off). load: share of the time that the callback
    takes by the clock, 0..1. heard: frames served since the engine began. work: what it takes of
    the processor, None where the system has no clock for it.
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
    work: Work | None = None


class Engine:
    """One player. Start it with `open`, give it something to play with `swap`; close it."""

    def __init__(self, rate_hz: int = 44100, *, on_event: Callable[[str], None] | None = None):
        self.rate_hz = rate_hz
        self.log: deque[str] = deque(maxlen=1000)
        self._on_event = on_event
        self._words = aligned_words(at.CONTROL_WORDS)
        self._commands, self._events = Ring(1024), Ring(1024)
        # Written once, so that the callback finds all of it in its place.
        self._tap = np.full((TAP_FRAMES, 2), 0.0, np.float32)
        self._in_tap = np.full((TAP_FRAMES, 2), 0.0, np.float32)
        self._patches: dict[int, Patch] = {}
        self._current: Patch | None = None
        self._sending, self._reading = threading.Lock(), threading.Lock()
        self._before: Patch | None = None
        self._placings: deque[tuple[int, int, bool]] = deque(maxlen=4096)
        self._outlet = Outlet(self._words, rate_hz, self._say, self.read_events)
        words = self._words
        words[at.REST_CLOCK] = at.REST
        words[at.COMMANDS], words[at.COMMAND_PLACES] = self._commands.address, 1024
        words[at.EVENTS], words[at.EVENT_PLACES] = self._events.address, 1024
        words[at.OUT_TAP], words[at.OUT_TAP_FRAMES] = self._tap.ctypes.data, TAP_FRAMES
        words[at.IN_TAP], words[at.IN_TAP_FRAMES] = self._in_tap.ctypes.data, TAP_FRAMES
        words[at.OUT_CHANNELS] = 2
        set_clocks(words, rate_hz)
        words[at.POWER_SPEED] = float_bits(1.0 - math.exp(-1.0 / (METER_S * rate_hz)))

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # Devices

    @property
    def device(self) -> Device | None:
        """The device that plays, None while time is kept silently."""
        return self._outlet.device

    def open(
        self,
        name: str | None = None,
        *,
        block: int = 0,
        with_input: bool = False,
        input_name: str | None = None,
    ) -> None:
        """Play through the device called `name`, by default the system's.

        block: frames at a time, 0 for what the device likes. Where no device can be opened the
        engine keeps time silently, says so in its log, and looks for one every two seconds.
        """
        self._outlet.open(name, block=block, with_input=with_input, input_name=input_name)

    def open_silent(self) -> None:
        """Keep time without any device."""
        self._outlet.open_silent()

    def close(self) -> None:
        """Stop sounding and let the device go."""
        self._outlet.close()

    def serve(self, frames: int, source: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Run the callback once without a device: what the device would have got, (2, frames).

        Only for an engine that no device serves. source: (frames, channels) as if recorded, for
        as many channels as were said to come in.
        """
        return self._outlet.serve(frames, source)

    # Programs

    @property
    def control(self) -> int:
        """Address of the control block: the callback's user data."""
        return int(self._words.ctypes.data)

    @property
    def patch(self) -> Patch | None:
        """What was last given to play."""
        return self._current

    def swap(self, planned: PatchPlan, *, follow: bool = False) -> Patch:
        """Let `planned` be heard instead of what plays now, with a short crossfade.

        follow: it is the same music, changed: go on at the same musical place, also at another
        tempo, and let reverbs and whatever else did not change ring on. Raises LoopMindError for
        a plan at another rate than the engine's.
        """
        if planned.rate_hz != self.rate_hz:
            raise LoopMindError(
                f"the plan is for {planned.rate_hz} Hz, the device runs at {self.rate_hz} Hz; "
                "plan it anew for this rate"
            )
        patch = Patch(planned)
        for kept in planned.shared.values():
            if isinstance(kept, Attended):
                kept.start()
        with self._sending:
            # What the callback has not seen yet is taken back: nothing must rest on it.
            passed_over = exchange_word(self.control + 8 * at.PENDING, 0)
            before = self._before if passed_over else self._current
            for number, other in list(self._patches.items()):
                if passed_over and other.address == passed_over:
                    del self._patches[number]
            if follow and before is not None:
                patch.follow(before)
            self._patches[patch.id] = patch
            self._before, self._current = before, patch
            exchange_word(self.control + 8 * at.PENDING, patch.address)
        return patch

    def update(self, planned: PatchPlan) -> bool:
        """Play `planned`: where it differs from what plays only in words that may move, these
        are moved (True), else it is swapped in."""
        patch = self._current
        found = None if patch is None else moves(patch.planned, planned)
        if patch is None or found is None:
            self.swap(planned, follow=True)
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
                elif kind in (at.PLACED, at.LOOPED):
                    self._placings.append((a, b, kind == at.LOOPED or bool(event[3])))
                elif kind == at.ENDED:
                    self._placings.append((a, b, False))
                    self._say(f"played to the end at {a / self.rate_hz:.2f} s")

            shared = {} if self._current is None else self._current.planned.shared
            for kept in list(shared.values()):
                if isinstance(kept, Attended):
                    for text in kept.tell():
                        self._say(text)

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

    def play(
        self,
        frame: int | None = None,
        *,
        until: int = 0,
        fresh: bool = True,
        count_in_beats: float = 0.0,
    ) -> None:
        """Play from `frame` of the song on (None: from where it stopped), `until` a frame or on.

        fresh: begin with silent reverbs and filters at rest, as an export does. count_in_beats:
        the metronome counts that long before, while the song is silent.
        """
        begin = at.HERE if frame is None else self._place(frame)
        planned = None if self._current is None else self._current.planned
        if planned is not None and "metronome.hush_until" in planned.handles:
            hush = -(2.0**52)
            if count_in_beats > 0 and planned.beats is not None:
                first = frame if frame is not None else self.snapshot().position
                bpm = planned.beats.bpm(planned.beats.beat(max(first, 0) / self.rate_hz))
                before = round(count_in_beats * 60.0 * self.rate_hz / bpm)
                begin = first + self._late() - before
                hush = float(first)
            self.set_parameter("metronome.hush_until", hush)
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

    def scrub(self, frame: int) -> None:
        """Let a moment of sound at `frame` be heard, and stop there: called while a hand drags."""
        self._send(at.PLAY, self._place(frame), 0, self._place(frame) + int(SCRUB_S * self.rate_hz))

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

    def note(self, keys: str, pitch: int, velocity: float) -> None:
        """Press a key (velocity 0: let it go) of the sampler called `keys` in what plays.

        Raises LoopMindError naming the samplers that there are.
        """
        from loopmind.dsp.effects.sampler import NoteQueue

        patch = self._current
        shared = {} if patch is None else patch.planned.shared
        queue = shared.get(keys)
        if patch is None or not isinstance(queue, NoteQueue):
            there = ", ".join(n for n, q in shared.items() if isinstance(q, NoteQueue)) or "none"
            raise LoopMindError(f"there is no sampler {keys!r} to play; there are: {there}")
        self._send(at.NOTE, queue.address, NoteQueue.word(pitch, velocity), patch.id)

    def set_words(self, moves: list[tuple[int, int, float]]) -> None:
        """Move parameter words of what plays: (operation, word, value). See StripHandle."""
        patch = self._current
        for operation, word, value in moves:
            if patch is not None:
                address = patch.parameter(Handle(operation, word))
                self._send(at.SET, address, float_bits(value), patch.id)

    # What is heard

    def snapshot(self) -> Snapshot:
        """Meters and counters now; peaks are those since the last snapshot."""
        words, floats = self._words, self._words.view(np.float64)
        peaks = [
            float(np.int64(exchange_word(self.control + 8 * place, 0)).view(np.float64))
            for place in (at.PEAK_LEFT, at.PEAK_RIGHT)
        ]
        late = 0 if self._current is None else self._current.planned.latency
        return Snapshot(
            playing=bool(words[at.PLAYING]),
            position=max(int(words[at.POSITION]) - late, 0),
            heard=int(read_word(self.control + 8 * at.FRAMES)),
            blocks=int(words[at.BLOCKS]),
            underruns=int(words[at.UNDERRUNS]),
            swaps=int(words[at.SWAPS]),
            load=self._outlet.load,
            peak=(peaks[0], peaks[1]),
            rms=(math.sqrt(floats[at.POWER_LEFT]), math.sqrt(floats[at.POWER_RIGHT])),
            device=self.device.name if self.device is not None else None,
            work=work_done(words),
        )

    @property
    def served(self) -> int:
        """Frames served since the engine began."""
        return int(read_word(self.control + 8 * at.FRAMES))

    @property
    def delays(self) -> tuple[int, int]:
        """Frames that the device takes from the air to the engine, and from it to the air."""
        return self._outlet.delays

    @property
    def placings(self) -> list[tuple[int, int, bool]]:
        """(position, frames served, playing?) wherever time jumped, oldest first."""
        self.read_events()
        return list(self._placings)

    def heard(self, first: int, frames: int, *, source: bool = False) -> NDArray[np.float32]:
        """What was heard (or with `source` came in), (2, frames), from frame `first` served on.

        Raises ValueError for frames that are not there yet, or no longer.
        """
        end = int(read_word(self.control + 8 * at.FRAMES))
        if first + frames > end or first < end - TAP_FRAMES:
            raise ValueError(f"frames {first}..{first + frames} are not kept; now it is {end}")
        places = np.arange(first, first + frames) % TAP_FRAMES
        return np.ascontiguousarray((self._in_tap if source else self._tap)[places].T)
