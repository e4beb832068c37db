"""Loops as `loopmind analyze` and `loopmind search` show them: JSON objects and table rows."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loopmind.music.loop import Loop, Unusable

_TAG_SHOWN = 0.25


def as_json(loop: Loop) -> dict[str, Any]:
    """A heard file by docs/schema/analysis.schema.json."""
    bpm = loop.bpm if loop.kind != "oneshot" else None
    beats = loop.beats_at(bpm) if bpm else None
    if beats is not None and loop.seamless and abs(beats - round(beats)) < 0.05:
        beats = float(round(beats))
    return {
        "path": loop.path,
        "status": "ok",
        "error": None,
        "kind": loop.kind,
        "duration_s": round(loop.duration_s, 6),
        "bpm": _rounded(bpm, 3),
        "bpm_confidence": _rounded(loop.tempo[0].weight, 4) if bpm else None,
        "bpm_candidates": [
            {"bpm": round(b.value, 3), "weight": round(b.weight, 4)} for b in loop.tempo
        ],
        "beats": _rounded(beats, 3),
        "bars": _rounded(beats / loop.beats_per_bar, 3) if beats is not None else None,
        "key": str(loop.best_key) if loop.best_key else None,
        "key_confidence": _rounded(loop.key[0].weight, 4) if loop.key else None,
        "key_candidates": [{"key": str(b.value), "weight": round(b.weight, 4)} for b in loop.key],
        "instrument": loop.best_instrument,
        "instrument_confidence": _rounded(loop.instrument[0].weight, 4)
        if loop.instrument
        else None,
        "role": loop.best_role,
        "loudness_lufs": round(loop.loudness_lufs, 2),
        "tags": list(shown_tags(loop)),
        "evidence": list(loop.evidence),
    }


def unusable_json(bad: Unusable, status: str = "unusable") -> dict[str, Any]:
    """A file that could not be used, with all the fields of a heard one."""
    nothing: dict[str, Any] = {
        "path": bad.path, "status": status, "error": f"{bad.reason}; {bad.remedy}",
        "kind": None, "duration_s": None, "bpm": None, "bpm_confidence": None,
        "bpm_candidates": [], "beats": None, "bars": None, "key": None, "key_confidence": None,
        "key_candidates": [], "instrument": None, "instrument_confidence": None, "role": None,
        "loudness_lufs": None, "tags": [], "evidence": [],
    }  # fmt: skip
    return nothing


def shown_tags(loop: Loop) -> tuple[str, ...]:
    """The tags that are believed enough to be named."""
    return tuple(belief.value for belief in loop.tags if belief.weight >= _TAG_SHOWN)


def table_row(loop: Loop, base: str) -> tuple[str, ...]:
    """Name, kind, length, tempo, key, instrument, role and tags of a loop."""
    bpm = f"{loop.bpm:.4g}" if loop.bpm and loop.kind != "oneshot" else "-"
    key = loop.best_key
    return (
        short_path(loop.path, base),
        loop.kind,
        f"{loop.duration_s:.2f}",
        bpm,
        str(key) if key else "-",
        loop.best_instrument or "-",
        loop.best_role or "-",
        " ".join(shown_tags(loop)[:4]),
    )


TABLE_HEAD = ("file", "kind", "s", "bpm", "key", "instrument", "role", "tags")


def short_path(path: str, base: str) -> str:
    """`path` below `base`, or whole where it lies elsewhere."""
    if base and path.startswith(base + os.sep):
        return path[len(base) + 1 :]
    return path


def common_folder(paths: Sequence[str]) -> str:
    """The deepest folder that holds all `paths`; empty where there is none."""
    try:
        return os.path.commonpath([str(Path(path).parent) for path in paths])
    except ValueError:
        return ""


def print_line(text: str) -> None:
    """Print, with letters that the terminal cannot show replaced."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def print_json(data: dict[str, Any]) -> None:
    """One JSON object on one line."""
    print_line(json.dumps(data, ensure_ascii=False))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns; the first is shortened at its beginning to fit the terminal."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    room = shutil.get_terminal_size((140, 24)).columns - sum(widths[1:]) - 2 * len(head)
    widths[0] = min(widths[0], max(24, room))
    for row in (head, *rows):
        first = row[0] if len(row[0]) <= widths[0] else "…" + row[0][1 - widths[0] :]
        cells = [first, *row[1:]]
        line = "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True))
        print_line(line.rstrip())


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
