"""One soundfont in memory, played in many parts at once: each part comes out alone.

libfluidsynth is called through ctypes, because its program writes only the sum of all channels.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note, programs_in

F32 = NDArray[np.float32]

PARTS = 16
_BLOCK = 64
_FAILED = -1
_DRUMS, _MELODIC = 1, 0


@dataclass(frozen=True)
class Part:
    """Notes for one preset: General MIDI `program`, or the kit of that number for `drums`."""

    program: int
    notes: tuple[Note, ...]
    drums: bool = False


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("fluidsynth")
    if name is None:
        raise FileNotFoundError("libfluidsynth is not installed; apt-get install fluidsynth")
    lib = ctypes.CDLL(name)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for function, result, arguments in (
        ("new_fluid_settings", pointer, ()),
        ("fluid_settings_setint", number, (pointer, text, number)),
        ("fluid_settings_setnum", number, (pointer, text, ctypes.c_double)),
        ("new_fluid_synth", pointer, (pointer,)),
        ("delete_fluid_synth", None, (pointer,)),
        ("delete_fluid_settings", None, (pointer,)),
        ("fluid_set_log_function", pointer, (number, pointer, pointer)),
        ("fluid_synth_sfload", number, (pointer, text, number)),
        ("fluid_synth_system_reset", number, (pointer,)),
        ("fluid_synth_set_channel_type", number, (pointer, number, number)),
        ("fluid_synth_program_change", number, (pointer, number, number)),
        ("fluid_synth_noteon", number, (pointer, number, number, number)),
        ("fluid_synth_noteoff", number, (pointer, number, number)),
        ("fluid_synth_nwrite_float", number, (pointer, number, pointer, pointer, pointer, pointer)),
    ):
        entry = getattr(lib, function)
        entry.restype, entry.argtypes = result, arguments
    for level in range(5):
        lib.fluid_set_log_function(level, None, None)
    return lib


class Player:
    """A loaded soundfont. Close it, or use it in a `with`.

    Raises FileNotFoundError where libfluidsynth or the soundfont is missing, ValueError or
    RuntimeError where the soundfont cannot be loaded.
    """

    def __init__(self, font: Path) -> None:
        if not font.is_file():
            raise FileNotFoundError(f"there is no soundfont {font}")
        self._programs = programs_in(font)
        self._lib = _library()
        self._settings = self._lib.new_fluid_settings()
        for name, value in (
            ("synth.audio-groups", PARTS), ("synth.audio-channels", PARTS),
            ("synth.midi-channels", PARTS), ("synth.reverb.active", 0),
            ("synth.chorus.active", 0), ("synth.polyphony", 512),
        ):  # fmt: skip
            self._lib.fluid_settings_setint(self._settings, name.encode(), value)
        self._lib.fluid_settings_setnum(self._settings, b"synth.sample-rate", RENDER_RATE_HZ)
        self._lib.fluid_settings_setnum(self._settings, b"synth.gain", 0.4)
        self._synth = self._lib.new_fluid_synth(self._settings)
        if self._lib.fluid_synth_sfload(self._synth, str(font).encode(), 1) == _FAILED:
            self.close()
            raise RuntimeError(f"{font} is no soundfont that fluidsynth can load")

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        """Free the soundfont."""
        if self._synth is not None:
            self._lib.delete_fluid_synth(self._synth)
            self._lib.delete_fluid_settings(self._settings)
        self._synth = None

    def play(self, parts: Sequence[Part], seconds: float) -> list[F32]:
        """Each part alone, float32 (2, frames), dry, as loud as it is beside the others.

        Notes begin on the nearest block of 64 frames (1.5 ms). At most PARTS parts. A part on a
        program that the soundfont does not have is silent: fluidsynth itself would take another.
        """
        if len(parts) > PARTS:
            raise ValueError(f"at most {PARTS} parts play together, got {len(parts)}")
        lib, synth = self._lib, self._synth
        lib.fluid_synth_system_reset(synth)
        for channel, part in enumerate(parts):
            lib.fluid_synth_set_channel_type(synth, channel, _DRUMS if part.drums else _MELODIC)
            lib.fluid_synth_program_change(synth, channel, part.program)
        blocks = round(seconds * RENDER_RATE_HZ / _BLOCK)
        sound = np.zeros((2, PARTS, blocks * _BLOCK), np.float32)
        known = [part if part.drums or part.program in self._programs
                 else Part(part.program, ()) for part in parts]  # fmt: skip
        events = sorted(_events(known))
        at, now = 0, 0
        while now < blocks:
            while at < len(events) and events[at][0] <= now:
                _, on, channel, pitch, velocity = events[at]
                if on:
                    lib.fluid_synth_noteon(synth, channel, pitch, velocity)
                else:
                    lib.fluid_synth_noteoff(synth, channel, pitch)
                at += 1
            until = min(events[at][0], blocks) if at < len(events) else blocks
            self._write(sound, now * _BLOCK, (until - now) * _BLOCK)
            now = until
        return [np.ascontiguousarray(sound[:, channel]) for channel in range(len(parts))]

    def _write(self, sound: F32, first: int, frames: int) -> None:
        if frames <= 0:
            return
        rows = [
            (ctypes.c_void_p * PARTS)(*(sound[side, channel, first:].ctypes.data
                                        for channel in range(PARTS)))
            for side in (0, 1)
        ]  # fmt: skip
        # The effect units are off, but the call needs somewhere to write their silence.
        spare = [np.zeros((PARTS, frames), np.float32) for _ in range(2)]
        effects = [
            (ctypes.c_void_p * PARTS)(*(buffer[row].ctypes.data for row in range(PARTS)))
            for buffer in spare
        ]
        done = self._lib.fluid_synth_nwrite_float(self._synth, frames, *rows, *effects)
        if done == _FAILED:
            raise RuntimeError("fluidsynth could not render")


def _events(parts: Sequence[Part]) -> Iterator[tuple[int, int, int, int, int]]:
    """(block, 1 on or 0 off, channel, pitch, velocity): a note ends before the next begins."""
    for channel, part in enumerate(parts):
        for note in part.notes:
            on = round(note.start_s * RENDER_RATE_HZ / _BLOCK)
            off = round((note.start_s + note.length_s) * RENDER_RATE_HZ / _BLOCK)
            yield on, 1, channel, note.pitch, note.velocity
            yield max(off, on + 1), 0, channel, note.pitch, 0
