"""`loopmind render`: writes the song of a project, with its page and all other files."""

from __future__ import annotations

import argparse

from loopmind.commands._places import place
from loopmind.commands._project import add_project, opened, tell
from loopmind.commands._terminal import ProgressLine


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project(parser)
    parser.add_argument("--out", type=place, metavar="DIR", help="where to (default: the project)")
    parser.add_argument("--revision", default="", metavar="R", help="a revision or branch")
    parser.add_argument("--format", choices=("wav", "flac", "mp3", "ogg"), help="of the song")
    parser.add_argument("--stems", action="store_true", help="also write one file for each track")


def run(args: argparse.Namespace) -> int:
    """Render and tell where it is."""
    from loopmind.files.atomic import check_folder
    from loopmind.runtime.kernels import warm_up

    if args.out is not None:
        check_folder(args.out)
    settings = {"format": args.format} if args.format else {}
    if args.stems:
        settings["stems"] = True
    with ProgressLine() as line:
        warm_up(line.progress("compiling, on the first start only"))
    with opened(args, read_only=True) as session:
        revision = session.history().find(args.revision)
        rendering = session.render(args.out, revision=revision.id, documents=True, **settings)
    page = rendering.out / "song.html"
    lines = [f"revision {revision.id} rendered: open {page}"]
    data = {"revision": revision.id, "out": str(rendering.out), "page": str(page)}
    return tell(args, lines, data, rendering)
