"""`loopmind merge`: takes a section of another branch over into the song as it is."""

from __future__ import annotations

import argparse

from loopmind.commands._project import (
    add_project,
    add_render,
    opened,
    render_now,
    revision_data,
    tell,
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project(parser)
    parser.add_argument("branch", metavar="BRANCH", help="the branch (or revision) to take from")
    parser.add_argument("section", metavar="SECTION", help="the section, such as 'hook 2'")
    add_render(parser)


def run(args: argparse.Namespace) -> int:
    """Take the section over and render the song."""
    with opened(args) as session:
        before = session.history().head.id
        revision = session.merge(args.branch, args.section)
        rendering = render_now(session, args)
    if revision.id == before:
        lines = [f"{args.section} is the same already; the song stays at revision {before}"]
    else:
        lines = [f"revision {revision.id}: {' '.join(revision.told)}"]
    return tell(args, lines, revision_data(revision), rendering)
