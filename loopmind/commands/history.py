"""`loopmind history`: every step in the making of a song, and its branches."""

from __future__ import annotations

import argparse
import json

from loopmind.commands._project import add_project, opened, revision_data, revision_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project(parser)
    parser.add_argument(
        "--all", action="store_true",
        help="all steps, also those of other branches and those that were undone",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """List the steps."""
    with opened(args, read_only=True) as session:
        history = session.history()
    steps = history.revisions if args.all else (*history.line(), *history.redo_steps())
    if args.json:
        data = {
            "current": history.current,
            "head": history.head.id,
            "branches": dict(history.branches),
            "redo": [step.id for step in history.redo_steps()],
            "revisions": [revision_data(step) for step in steps],
        }
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return 0
    for step in steps:
        print(revision_line(step, history))
    undone = len(history.redo_steps())
    if undone and not args.all:
        print(f"the last {undone if undone > 1 else 'one'} can be redone")
    hidden = len(history.revisions) - len(steps)
    if hidden:
        print(f"{hidden} more on other branches or undone: --all shows them")
    return 0
