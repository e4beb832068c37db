"""`loopmind branch`: lists the branches of a project, starts one, or works on another."""

from __future__ import annotations

import argparse
import json

from loopmind.commands._project import (
    add_project,
    add_render,
    opened,
    render_now,
    revision_data,
    revision_words,
    tell,
)
from loopmind.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help="a branch to start")
    parser.add_argument("--at", metavar="REVISION", help="start it there (default: as it is now)")
    parser.add_argument("--switch", metavar="NAME", help="work on this branch")
    add_render(parser)


def run(args: argparse.Namespace) -> int:
    """List, start or switch."""
    if args.name is not None and args.switch is not None:
        raise UsageError("give a branch to start or one to switch to, not both")
    if args.at is not None and args.name is None:
        raise UsageError("--at needs the name of the branch to start")
    if args.name is None and args.switch is None:
        return _list(args)
    with opened(args) as session:
        before = session.history().head
        if args.switch is not None:
            revision = session.switch(args.switch)
        else:
            at = None if args.at is None else session.history().find(args.at).id
            revision = session.branch(args.name, at)
        moved = revision.id != before.id
        rendering = render_now(session, args) if moved else None
        name = session.history().current
    lines = [f"on branch {name}, revision {revision.id}: {revision_words(revision)}"]
    return tell(args, lines, {"branch": name, **revision_data(revision)}, rendering)


def _list(args: argparse.Namespace) -> int:
    with opened(args, read_only=True) as session:
        history = session.history()
    if args.json:
        data = {"current": history.current, "branches": dict(history.branches)}
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return 0
    for name, head in history.branches.items():
        mark = "*" if name == history.current else " "
        print(f"{mark} {name}  revision {head}: {revision_words(history.revisions[head])}")
    return 0
