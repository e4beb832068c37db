"""`loopmind undo`: goes back to an earlier song of the project's history."""

from __future__ import annotations

import argparse

from loopmind.commands._history_step import configure_step, take_steps


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    configure_step(parser, "back")


def run(args: argparse.Namespace) -> int:
    """Take the steps back and render the song as it is then."""
    return take_steps(args, "back", lambda session, count: session.undo(count))
