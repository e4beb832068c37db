"""`loopmind evaluate`: how well LoopMind hears, judged on your own labelled files, peers beside."""

from __future__ import annotations

import argparse
import importlib
import json
import math
import warnings
from pathlib import Path
from typing import Any, cast

from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import LoopMindError

# what -> (module, function, what labels.csv needs)
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


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("what", choices=tuple(JUDGES), help="what to judge")
    parser.add_argument(
        "--data", type=place, required=True, metavar="LABELS.csv",
        help="a table whose first line names its columns: path (from the table's folder) and the "
        "truth; docs/learning.md tells them all",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="write the figures as JSON")
    parser.epilog = "The tables hold: " + "; ".join(f"{k}: {v[2]}" for k, v in JUDGES.items()) + "."


def run(args: argparse.Namespace) -> int:
    """Judge, and print a row for every figure."""
    from loopmind.learn.judging import NOTICE, UNUSABLE, Judge, in_short, packages_for

    module_name, function, _ = JUDGES[args.what]
    data: Path = args.data
    with ProgressLine() as line, warnings.catch_warnings(), packages_for(f"judging {args.what}"):
        warnings.simplefilter("ignore")  # what peers warn of is no concern of the user
        judge = cast(Judge, getattr(importlib.import_module(module_name), function))
        rows = judge(data, line.progress(f"judging {args.what}"))
    figures = [row for row in rows if row.unit not in (UNUSABLE, NOTICE)]
    bad = [row for row in rows if row.unit == UNUSABLE]
    unusable = [row.what for row in bad]
    notices = [row.what for row in rows if row.unit == NOTICE]
    judged = any(math.isfinite(row.value) and not _counts(row) for row in figures)
    if not judged:
        figures = []
    if args.json:
        table: list[dict[str, Any]] = [
            {"what": r.what, "value": r.value if math.isfinite(r.value) else None, "unit": r.unit,
             "of": r.of} for r in figures
        ]  # fmt: skip
        found = {"judged": args.what, "data": str(data), "figures": table, "unusable": unusable,
                 "notices": notices}  # fmt: skip
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif judged:
        print("\n".join(table_of(figures)))
        if unusable:
            print(f"\n{len(unusable)} could not be used")
            print("\n".join(f"  {text}" for text in unusable))
        if notices:
            print("\n" + "\n".join(notices))
    if not judged:
        why = f" ({in_short(bad)})" if bad else ""
        raise LoopMindError(
            f"nothing in {data} could be judged{why}; docs/learning.md tells what its columns hold"
        )
    return 0


def table_of(rows: list[Any]) -> list[str]:
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


def _counts(row: Any) -> bool:
    return bool(row.unit == "files" or row.what.split()[-1] in _COUNTS)


def _shown(row: Any) -> str:
    if not math.isfinite(row.value):
        return "-"
    if _counts(row) or (row.value == round(row.value) and abs(row.value) >= 10.0):
        return f"{row.value:.0f} {row.unit}".strip()
    return f"{row.value:.3f} {row.unit}".strip()
