"""Judging LoopMind on anyone's labelled files: which judge is asked, and its figures as a table."""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from loopmind.errors import LoopMindError
from loopmind.learn.judging import NOTICE, UNUSABLE, Judge, Progress, Row, in_short, packages_for

# what -> (module, function, what its table needs)
JUDGES: dict[str, tuple[str, str, str]] = {
    "separate": ("loopmind.learn.separation.judge", "judge", "stems of each mix"),
    "transcribe": ("loopmind.learn.notes.judge", "judge", "the MIDI of each recording"),
    "drums": ("loopmind.learn.drums.judge", "judge", "the MIDI of each drum recording"),
    "tag": ("loopmind.learn.tagger.judge", "judge", "the instrument of each sound"),
    "tempo": ("loopmind.learn.tempo_key.judge", "judge_tempo", "the bpm of each loop or track"),
    "key": ("loopmind.learn.tempo_key.judge", "judge_key", "the key of each loop or track"),
    "fit": ("loopmind.learn.fit.judge", "judge", "the group that each loop belongs to"),
}

_WIDEST = 110
_COUNTS = ("files", "mixes", "questions")


@dataclass(frozen=True)
class Judged:
    """What came of judging `what` by the table `data`.

    figures: LoopMind's rows and its peers', empty where nothing could be judged. unusable: files
    that took no part, and why. notices: what took part otherwise than one might think.
    """

    what: str
    data: Path
    figures: tuple[Row, ...]
    unusable: tuple[Row, ...]
    notices: tuple[Row, ...]

    def check(self) -> None:
        """Raise LoopMindError, with the reasons, where nothing could be judged."""
        if not self.figures:
            why = f" ({in_short(self.unusable)})" if self.unusable else ""
            raise LoopMindError(
                f"nothing in {self.data} could be judged{why}; docs/learning.md tells what its "
                "columns hold"
            )

    def table(self) -> list[str]:
        """The figures side by side, and below them what was left out."""
        lines = table_of(self.figures)
        if self.unusable:
            lines += ["", f"{len(self.unusable)} could not be used"]
            lines += [f"  {row.what}" for row in self.unusable]
        if self.notices:
            lines += ["", *(row.what for row in self.notices)]
        return lines

    def as_plain(self) -> dict[str, Any]:
        """The same as data for JSON."""
        return {
            "judged": self.what, "data": str(self.data),
            "figures": [
                {"what": r.what, "value": r.value if math.isfinite(r.value) else None,
                 "unit": r.unit, "of": r.of} for r in self.figures
            ],
            "unusable": [row.what for row in self.unusable],
            "notices": [row.what for row in self.notices],
        }  # fmt: skip


def evaluate(what: str, data: Path, progress: Progress) -> Judged:
    """Judge `what` (one of JUDGES) by the table `data` of labels (`learn.judging.read_labels`).

    Raises LoopMindError for a table that cannot be read, or a package that is not installed.
    """
    module, function, _ = JUDGES[what]
    with warnings.catch_warnings(), packages_for(f"judging {what}"):
        warnings.simplefilter("ignore")  # what peers warn of is no concern of the user
        judge = cast(Judge, getattr(importlib.import_module(module), function))
        rows = judge(data, progress)
    figures = tuple(row for row in rows if row.unit not in (UNUSABLE, NOTICE))
    if not any(math.isfinite(row.value) and not _counts(row) for row in figures):
        figures = ()
    return Judged(
        what, data, figures,
        tuple(row for row in rows if row.unit == UNUSABLE),
        tuple(row for row in rows if row.unit == NOTICE),
    )  # fmt: skip


def table_of(rows: Sequence[Row]) -> list[str]:
    """One line a figure, whose it is in columns side by side; more columns than fit follow below.

    The first column, LoopMind's own, stands in front of them again.
    """
    whose = list(dict.fromkeys(row.of for row in rows))
    names = list(dict.fromkeys(row.what for row in rows))
    cells = {(row.what, row.of): _shown(row) for row in rows}
    width = max([len(name) for name in names] + [4])
    columns = {of: max([len(of)] + [len(cells.get((n, of), "")) for n in names]) for of in whose}
    lines: list[str] = []
    rest = whose[1:]
    while rest or not lines:
        shown, told = whose[:1], names
        while rest and sum(2 + columns[of] for of in (*shown, rest[0])) + width <= _WIDEST:
            shown.append(rest.pop(0))
        if rest and len(shown) == 1:
            shown.append(rest.pop(0))
        if lines:
            lines.append("")
            told = [n for n in names if any((n, of) in cells for of in shown[1:])]
        head = [" " * width, *(of.rjust(columns[of]) for of in shown)]
        lines.append("  ".join(head).rstrip())
        for name in told:
            own = [cells.get((name, of), "-").rjust(columns[of]) for of in shown]
            lines.append("  ".join([name.ljust(width), *own]))
    return lines


def _counts(row: Row) -> bool:
    return row.unit == "files" or row.what.split()[-1] in _COUNTS


def _shown(row: Row) -> str:
    if not math.isfinite(row.value):
        return "-"
    if _counts(row) or (row.value == round(row.value) and abs(row.value) >= 10.0):
        return f"{row.value:.0f} {row.unit}".strip()
    return f"{row.value:.3f} {row.unit}".strip()
