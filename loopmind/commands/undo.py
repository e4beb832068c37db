"""`loopmind undo`: goes back to an earlier song of the project's history."""

from __future__ import annotations

import argparse

from loopmind.commands._project import (
    add_project,
    add_render,
    opened,
    render_now,
    revision_data,
    revision_words,
    step_count,
    tell,
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project(parser)
    parser.add_argument(
        "count",
        nargs="?",
        type=step_count,
        default=1,
        metavar="N",
        help="go back this many steps (default 1)",
    )
    add_render(parser)


def run(args: argparse.Namespace) -> int:
    """Take the steps and render the song as it is then."""
    with opened(args) as session:
        revision = session.undo(args.count)
        rendering = render_now(session, args)
    lines = [f"back to revision {revision.id}: {revision_words(revision)}"]
    return tell(args, lines, revision_data(revision), rendering)
