"""The node that plays a long sound file from disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.signal import Setting, Signal


def _state(controls: Mapping[str, Any]) -> str:
    """Size and time of the file: a long one is not read through to know it."""
    try:
        seen = Path(controls.get("path") or "").stat()
    except OSError:
        return "missing"
    return f"{seen.st_size} {seen.st_mtime_ns}"


@node(
    id="loopmind.stream_file",
    category="Stream",
    output="signal",
    kind="stream",
    touches_files=True,
    fingerprint=_state,
)
def stream_file(
    path: Annotated[Path, "A sound file, hours long if it must be."],
    start_s: Annotated[float, Range(0, 86400, unit="s"), "When it begins."] = 0.0,
    offset_s: Annotated[float, Range(0, 86400, unit="s"), "Where in the file."] = 0.0,
    gain_db: Annotated[float, Range(-60, 24, unit="dB"), "Louder or softer."] = 0.0,
) -> Signal:
    """Play a file from disk, a few seconds of it in memory at a time; see play_clip for loops.

    What a slow disk does not give in time is silent, and told. Rendered, it waits for the disk.

    Errors: a file that is missing, or no audio.
    """
    stamp = _state({"path": path})
    settings: dict[str, Setting] = {
        "start_s": start_s, "offset_s": offset_s, "gain_db": gain_db, "name": f"{path} {stamp}",
    }  # fmt: skip
    unit = "loopmind.runtime.live.prefetch:STREAM"
    return Signal(unit, settings, values=(path,), label=Path(path).name)
