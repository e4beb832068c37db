"""The node that sends a sound through a VST3 or Audio Unit plugin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.audio import Audio


def _state(controls: Mapping[str, Any]) -> str:
    """Size and time of the plugin's file: another version may sound otherwise."""
    try:
        seen = Path(controls.get("plugin") or "").stat()
    except OSError:
        return "built in or missing"
    return f"{seen.st_size} {seen.st_mtime_ns}"


@node(
    id="loopmind.host_plugin",
    category="Effects",
    output="audio",
    touches_files=True,
    fingerprint=_state,
)
def host_plugin(
    audio: Audio,
    plugin: Annotated[str, "Path of a .vst3 or .component; or pedalboard:Reverb and its like."],
    parameters: Annotated[tuple[str, ...], "name=value, as the plugin calls them."] = (),
    inner: Annotated[str, "Which one, where a file holds several."] = "",
    tail_s: Annotated[float, Range(0, 60, unit="s"), "Ring on for so long."] = 0.0,
) -> Audio:
    """Send a sound through an effect plugin, from a fresh start and in time.

    Needs the extra loopmind[vst]. Errors: a plugin that is missing or cannot be opened, an
    instrument, an unknown parameter.
    """
    from loopmind.runtime.hosting import open_plugin, process_whole

    samples = audio.samples
    if audio.channels == 1:
        samples = np.repeat(samples, 2, axis=0)
    elif audio.channels > 2:
        samples = np.repeat(samples.mean(axis=0, keepdims=True, dtype=np.float32), 2, axis=0)
    hosted = open_plugin(plugin, parameters, inner)
    made = process_whole(hosted, samples, audio.rate_hz, round(tail_s * audio.rate_hz))
    return Audio(made, audio.rate_hz)
