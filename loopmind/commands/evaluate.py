"""`loopmind evaluate`: how well LoopMind hears, judged on your own labelled files, peers beside."""

from __future__ import annotations

import argparse
import json

from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine
from loopmind.learn.evaluate import JUDGES, evaluate


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
    with ProgressLine() as line:
        judged = evaluate(args.what, args.data, line.progress(f"judging {args.what}"))
    if args.json:
        print(json.dumps(judged.as_plain(), indent=2, ensure_ascii=False))
    elif judged.figures:
        print("\n".join(judged.table()))
    judged.check()
    return 0
