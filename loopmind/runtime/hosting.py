"""Other people's effects: VST3 and Audio Unit plugins, through pedalboard.

pedalboard is an extra, imported when a plugin is opened and nowhere else. Its own effects are
hosted by the same door, as "pedalboard:Reverb".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from loopmind.errors import LoopMindError

OWN = "pedalboard:"
PIECE = 256
"""Frames that a plugin gets at once, whatever is asked for: live and offline alike."""
Sound = NDArray[np.float32]


class HostError(LoopMindError):
    """A plugin cannot be hosted; the message says what to do."""


class Hosted(Protocol):
    """A plugin that is ready: takes stereo sound piece by piece."""

    name: str

    def process(self, samples: Sound, rate_hz: float) -> Sound:
        """What comes out for these (2, frames); fewer frames while the plugin looks ahead."""

    def reset(self) -> None:
        """As freshly opened, but with its parameters."""


class Through:
    """No plugin at all: the sound itself."""

    name = "nothing"

    def process(self, samples: Sound, rate_hz: float) -> Sound:
        return samples

    def reset(self) -> None:
        pass


class PedalboardPlugin:
    """A plugin that pedalboard hosts."""

    def __init__(self, plugin: Any, name: str) -> None:
        self.plugin = plugin
        self.name = name

    def process(self, samples: Sound, rate_hz: float) -> Sound:
        made = self.plugin.process(
            np.ascontiguousarray(samples), rate_hz, buffer_size=PIECE, reset=False
        )
        return np.asarray(made, np.float32)

    def reset(self) -> None:
        self.plugin.reset()


def open_plugin(plugin: str | Path, parameters: Sequence[str] = (), inner: str = "") -> Hosted:
    """The plugin in the file (or bundle) `plugin`, or one of pedalboard's own by "pedalboard:Name".

    parameters: "name=value" as the plugin calls them. inner: which one, where a file holds
    several. "" is no plugin: sound passes. Raises HostError.
    """
    name = str(plugin).strip()
    if not name:
        return Through()
    library = _pedalboard()
    found = _own(library, name) if name.startswith(OWN) else _load(library, Path(name), inner)
    for setting in parameters:
        _set(found, setting, name)
    if getattr(found, "is_instrument", False):
        raise HostError(f"{name} is an instrument, which takes no sound; choose an effect")
    return PedalboardPlugin(found, Path(name).stem if not name.startswith(OWN) else name)


def _pedalboard() -> Any:
    try:
        import pedalboard
    except ImportError as error:
        raise HostError(
            "hosting plugins needs pedalboard, which is not installed; pip install 'loopmind[vst]'"
        ) from error
    return pedalboard


def _own(library: Any, name: str) -> Any:
    wanted = name.removeprefix(OWN)
    # Containers and the base classes cannot be made without arguments of other kinds.
    left_out = {"Plugin", "PluginContainer", "ExternalPlugin", "VST3Plugin", "AudioUnitPlugin"}
    made = getattr(library, wanted, None)
    if wanted in left_out or not isinstance(made, type) or not issubclass(made, library.Plugin):
        known = sorted(
            n for n in dir(library)
            if n not in left_out and isinstance(k := getattr(library, n), type)
            and issubclass(k, library.Plugin)
        )  # fmt: skip
        raise HostError(f"pedalboard has no effect {wanted!r}; it has {', '.join(known)}")
    try:
        return made()
    except TypeError as error:
        raise HostError(f"{name} cannot be made without arguments ({error})") from error


def _load(library: Any, file: Path, inner: str) -> Any:
    if not file.exists():
        raise HostError(f"there is no plugin {file}; give the path of a .vst3 or .component")
    try:
        return library.load_plugin(str(file), plugin_name=inner or None)
    except Exception as error:  # whatever a foreign plugin leads the host to
        reason = " ".join(str(error).split()) or type(error).__name__
        raise HostError(f"{file} cannot be opened as a plugin: {reason}") from error


def _set(plugin: Any, setting: str, name: str) -> None:
    key, equals, text = (part.strip() for part in setting.partition("="))
    known = sorted(getattr(plugin, "parameters", None) or _settable(plugin))
    if not equals or key not in known:
        raise HostError(f"{name}: {setting!r} sets nothing; write name=value of {', '.join(known)}")
    value: object = text
    if text.lower() in ("true", "false"):
        value = text.lower() == "true"
    else:
        try:
            value = float(text)
        except ValueError:
            value = text
    try:
        setattr(plugin, key, value)
    except Exception as error:  # each plugin refuses in its own way
        raise HostError(f"{name}: {key} cannot be {text!r}: {error}") from error


def _settable(plugin: Any) -> list[str]:
    """Properties of one of pedalboard's own effects that can be set."""
    return [
        n for n in dir(type(plugin))
        if not n.startswith("_") and getattr(getattr(type(plugin), n), "fset", None) is not None
    ]  # fmt: skip


def process_whole(hosted: Hosted, samples: Sound, rate_hz: float, tail_frames: int = 0) -> Sound:
    """A whole sound (2, frames) through a plugin from a fresh start, in time; with a tail.

    Law: frames out = frames in + tail_frames, frame n of the one belonging to frame n of the
    other: what the plugin is late is made up for.
    """
    hosted.reset()
    frames = samples.shape[1] + tail_frames
    fed = np.concatenate([samples, np.zeros((2, tail_frames), np.float32)], axis=1)
    pieces, got = [], 0
    quiet = np.zeros((2, 4096), np.float32)
    for turn in range(4096):
        piece = hosted.process(fed if turn == 0 else quiet, rate_hz)
        pieces.append(piece)
        got += piece.shape[1]
        if got >= frames:
            break
    else:
        raise HostError(f"{hosted.name} gives no sound back; try another plugin")
    return np.ascontiguousarray(np.concatenate(pieces, axis=1)[:, :frames])
