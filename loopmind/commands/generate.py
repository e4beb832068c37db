"""`loopmind generate`: a folder of loops becomes a finished song."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from loopmind.commands._places import place
from loopmind.commands._song import add_wish, sing


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folders", nargs="+", metavar="FOLDER", type=place, help="your sounds")
    add_wish(parser)
    parser.add_argument(
        "--out", type=place, metavar="DIR", help="where to (default: a new folder under songs/)"
    )
    parser.add_argument(
        "--no-names", action="store_true", help="hear only; file names are no evidence"
    )


def run(args: argparse.Namespace) -> int:
    """Make the song."""
    out = args.out if args.out is not None else _new_folder(args.prompt or args.brain or "song")
    return sing(args, args.folders, out, use_names=not args.no_names)


def _new_folder(wish: str) -> Path:
    """songs/WISH, or with the first free number behind it: no song is ever overwritten unasked."""
    name = re.sub(r"[^\w]+", "-", wish.lower()).strip("-")[:40] or "song"
    place = Path("songs") / name
    number = 2
    while place.exists():
        place = Path("songs") / f"{name}-{number}"
        number += 1
    return place
