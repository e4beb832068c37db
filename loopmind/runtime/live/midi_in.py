"""MIDI in: what is played on a keyboard goes to a sampler, through the engine's commands.

mido and python-rtmidi are an extra; they are imported when a port is opened, nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from loopmind.errors import LoopMindError
from loopmind.runtime.live.engine import Engine

_PEDAL, _ALL_SOUND_OFF, _ALL_NOTES_OFF = 64, 120, 123


class MidiError(LoopMindError):
    """A MIDI port cannot be used; the message says what to do."""


class Port(Protocol):
    """What is opened: something that can be closed."""

    def close(self) -> None: ...


Opener = Callable[[str, Callable[[Any], None]], Port]


def _mido() -> Any:
    try:
        import mido
        import rtmidi  # noqa: F401 - mido finds it by itself, later and with a worse message
    except ImportError as error:
        raise MidiError(
            f"MIDI needs {error.name}, which is not installed; pip install 'loopmind[midi]'"
        ) from error
    return mido


def midi_ports() -> tuple[str, ...]:
    """Names of all ports that can be listened to. Raises MidiError without the extra."""
    module = _mido()
    try:
        return tuple(module.get_input_names())
    except Exception as error:  # rtmidi has its own errors for a system without MIDI
        raise MidiError(f"this system offers no MIDI ({error}); start its MIDI service") from error


def open_port(name: str, heard: Callable[[Any], None]) -> Port:
    """Open the port whose name is, or contains, `name` (empty: the first). Raises MidiError."""
    there = midi_ports()
    found = [p for p in there if p == name] or [p for p in there if name.lower() in p.lower()]
    if not found:
        known = ", ".join(there) or "none; connect a keyboard"
        raise MidiError(f"there is no MIDI port {name!r}; there are: {known}")
    try:
        port: Port = _mido().open_input(found[0], callback=heard)
    except Exception as error:  # as above
        raise MidiError(f"{found[0]} cannot be opened ({error}); is it in use?") from error
    return port


class MidiIn:
    """Listens to a port and plays the sampler called `keys`; use it in a `with` statement.

    channel: 1..16, None hears all. While the pedal is down, keys that are let go sound on.
    trouble: what could not be played, such as a key while no sampler is there.
    """

    def __init__(
        self,
        engine: Engine,
        port: str = "",
        *,
        keys: str = "keys",
        channel: int | None = None,
        opener: Opener = open_port,
    ) -> None:
        self.engine = engine
        self.keys = keys
        self.channel = channel
        self.trouble = ""
        self._down: set[int] = set()
        self._held: set[int] = set()
        self._pedal = False
        self._port = opener(port, self.heard)

    def __enter__(self) -> MidiIn:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port and let all keys go."""
        self._port.close()
        self._let_all_go()

    def heard(self, message: Any) -> None:
        """Take one mido message; called on the port's own thread."""
        try:
            self._take(message)
        except LoopMindError as error:
            # Nobody waits for an answer on this thread; the next key may be heard again.
            self.trouble = str(error)

    def _take(self, message: Any) -> None:
        if self.channel is not None and getattr(message, "channel", None) != self.channel - 1:
            return
        if message.type == "note_on" and message.velocity > 0:
            self._held.discard(message.note)
            self._down.add(message.note)
            self.engine.note(self.keys, message.note, message.velocity / 127.0)
        elif message.type in ("note_on", "note_off"):
            self._down.discard(message.note)
            if self._pedal:
                self._held.add(message.note)
            else:
                self.engine.note(self.keys, message.note, 0.0)
        elif message.type == "control_change":
            if message.control == _PEDAL:
                self._pedal = message.value >= 64
                if not self._pedal:
                    held, self._held = self._held, set()
                    for note in sorted(held):
                        self.engine.note(self.keys, note, 0.0)
            elif message.control in (_ALL_SOUND_OFF, _ALL_NOTES_OFF):
                self._let_all_go()

    def _let_all_go(self) -> None:
        sounding = sorted(self._down | self._held)
        self._down, self._held, self._pedal = set(), set(), False
        for note in sounding:
            try:
                self.engine.note(self.keys, note, 0.0)
            except LoopMindError:
                return  # the sampler is gone, and its notes with it
