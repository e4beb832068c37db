"""What `loopmind undo` and `loopmind redo` share: so many steps through the history."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from loopmind.music.history import Revision
    from loopmind.runtime.project_session import ProjectSession


def configure_step(parser: argparse.ArgumentParser, where: str) -> None:
    """Declare the arguments of a command that goes `where`: "back" or "forward"."""
    add_project(parser)
    parser.add_argument(
        "count",
        nargs="?",
        type=step_count,
        default=1,
        metavar="N",
        help=f"go {where} this many steps (default 1)",
    )
    add_render(parser)


def take_steps(
    args: argparse.Namespace, where: str, step: Callable[[ProjectSession, int], Revision]
) -> int:
    """Take the steps and render the song as it is then."""
    with opened(args) as session:
        revision = step(session, args.count)
        rendering = render_now(session, args)
    lines = [f"{where} to revision {revision.id}: {revision_words(revision)}"]
    return tell(args, lines, revision_data(revision), rendering)
