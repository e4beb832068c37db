"""`loopmind generate`: a folder of loops becomes a finished song."""

from __future__ import annotations

import argparse

from loopmind.commands._modes import add_modes, add_step, mode_of
from loopmind.commands._places import new_song_folder, place
from loopmind.commands._song import add_wish, sing
from loopmind.commands._steps import stepped


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folders", nargs="+", metavar="FOLDER", type=place, help="your sounds")
    add_wish(parser)
    add_modes(parser)
    add_step(parser)
    parser.add_argument(
        "--out", type=place, metavar="DIR", help="where to (default: a new folder under songs/)"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="prefer sounds that your latest songs did not use"
    )
    parser.add_argument(
        "--no-names", action="store_true", help="hear only; file names are no evidence"
    )


def run(args: argparse.Namespace) -> int:
    """Make the song."""
    mode = mode_of(args)
    out = args.out
    if out is None:
        out = new_song_folder(args.prompt or args.brain or mode.name or "song")
    macros = {"use_names": not args.no_names, **({"fresh": True} if args.fresh else {})}
    macros |= mode.macros
    if args.step:
        return stepped(args, list(mode.folders), out, preset=mode.preset, **macros)
    return sing(args, list(mode.folders), out, preset=mode.preset, more=mode.more, **macros)
