"""`loopmind redo`: goes forward again after an undo."""

from __future__ import annotations

import argparse

from loopmind.commands._history_step import configure_step, take_steps


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    configure_step(parser, "forward")


def run(args: argparse.Namespace) -> int:
    """Take the steps forward and render the song as it is then."""
    return take_steps(args, "forward", lambda session, count: session.redo(count))
