"""The node that sends a stream through a VST3 or Audio Unit plugin while it plays."""

from __future__ import annotations

import json
from typing import Annotated

from loopmind.graph.node import node
from loopmind.music.signal import Setting, Signal


@node(id="loopmind.host_live", category="Stream", output="signal", kind="stream")
def host_live(
    signal: Signal,
    plugin: Annotated[
        str, "Path of a .vst3 or .component; or pedalboard:Reverb and its like; empty: none."
    ] = "",
    parameters: Annotated[tuple[str, ...], "name=value, as the plugin calls them."] = (),
    inner: Annotated[str, "Which one, where a file holds several."] = "",
) -> Signal:
    """Send a stream through an effect plugin; it comes 4096 frames and the plugin's own latency
    late, and parallel streams are delayed to match.

    The plugin runs on a thread beside the sound: what is not done in time is silent, and told.
    Needs the extra loopmind[vst].
    """
    given = json.dumps(list(parameters))
    settings: dict[str, Setting] = {
        "plugin": plugin, "parameters": given, "inner": inner,
        "name": f"{plugin} {inner} {given}",
    }  # fmt: skip
    unit = "loopmind.runtime.live.hosting_unit:OUTSIDE"
    return Signal(unit, settings, (signal,), label=f"plugin {plugin}".strip())
