"""Sound devices: which there are, choosing one by name, and what to say where there is none."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopmind.errors import LoopMindError


class DeviceError(LoopMindError):
    """A sound device cannot be used; the message names it and the remedy."""


@dataclass(frozen=True)
class Device:
    """A sound device as PortAudio tells of it."""

    index: int
    name: str
    system: str
    inputs: int
    outputs: int
    rate_hz: int
    is_default_output: bool
    is_default_input: bool


def sounddevice() -> Any:
    """The sounddevice module. Raises DeviceError where PortAudio is not installed."""
    try:
        import sounddevice as module
    except OSError as error:
        raise DeviceError(
            f"PortAudio cannot be loaded ({error}); install it (Debian: libportaudio2)"
        ) from error
    if not module._initialized:
        module._initialize()
    return module


def release() -> None:
    """Let PortAudio go while nothing is open, so that a sound server may end without harm."""
    module = sounddevice()
    while module._initialized:
        module._terminate()


def look_again(*, lost: bool = False) -> None:
    """Let PortAudio see devices that came or went; no stream may be open.

    lost: the sound server of an open stream died. PortAudio's JACK part ends the whole process
    when it is closed after that (an assertion), so that copy of the library is left as it is and
    a fresh one is loaded.
    """
    module = sounddevice()
    if lost:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            # The loader gives the same library for the same file; another file is another one.
            fresh = Path(folder) / f"portaudio{next(_copies)}.so"
            shutil.copyfile(_library_file(module), fresh)
            _abandoned.append(module._lib)  # its threads still run: it must not be unloaded
            module._lib = module._ffi.dlopen(str(fresh))
        module._initialized = 0
    else:
        module._terminate()
    module._initialize()


_copies = itertools.count()
_abandoned: list[Any] = []


def _library_file(module: Any) -> Path:
    """Where the loaded PortAudio lies."""
    name = Path(module._libname).name
    if Path(module._libname).is_file():
        return Path(module._libname)
    maps = Path("/proc/self/maps")
    if maps.is_file():
        for line in maps.read_text().splitlines():
            place = line.rpartition(" ")[2]
            if Path(place).name.startswith(name.partition(".")[0]) and Path(place).is_file():
                return Path(place)
    raise DeviceError(f"the sound server is gone and {name} was not found to load it anew; restart")


def devices() -> tuple[Device, ...]:
    """All devices. Raises DeviceError where PortAudio is missing."""
    module = sounddevice()
    systems = module.query_hostapis()
    found = []
    for index, info in enumerate(module.query_devices()):
        system = systems[info["hostapi"]]
        found.append(
            Device(
                index, info["name"], system["name"], info["max_input_channels"],
                info["max_output_channels"], round(info["default_samplerate"]),
                index in (module.default.device[1], system["default_output_device"]),
                index in (module.default.device[0], system["default_input_device"]),
            )
        )  # fmt: skip
    return tuple(found)


def choose_device(name: str | None, *, outputs: bool = True) -> Device:
    """The device called `name` (or whose name holds it, or its number), by default the system's.

    Raises DeviceError listing what there is.
    """
    usable = [d for d in devices() if (d.outputs if outputs else d.inputs)]
    way = "output" if outputs else "input"
    if not usable:
        raise DeviceError(f"there is no sound {way} device; connect one, or start a sound server")
    if name is None:
        default = [d for d in usable if (d.is_default_output if outputs else d.is_default_input)]
        return (default or usable)[0]
    wanted = name.strip().lower()
    for test in (
        lambda d: str(d.index) == wanted,
        lambda d: d.name.lower() == wanted,
        lambda d: wanted in f"{d.name} {d.system}".lower(),
    ):
        matching = [d for d in usable if test(d)]
        if matching:
            return matching[0]
    there = "; ".join(f"{d.index}: {d.name}" for d in usable)
    raise DeviceError(f"there is no {way} device {name!r}; there are {there}")
