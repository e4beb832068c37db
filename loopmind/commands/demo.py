"""`loopmind demo`: a song of a small crate that LoopMind synthesises itself."""

from __future__ import annotations

import argparse
from pathlib import Path

from loopmind.commands._places import place
from loopmind.commands._song import add_wish, sing

_WISH = "dark trap, 140 bpm"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_wish(parser)
    parser.set_defaults(prompt=_WISH)
    parser.add_argument(
        "--out", type=place, default=Path("songs") / "demo", metavar="DIR",
        help="where to (default songs/demo); the loops go into its folder 'loops'",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Write the crate, then make the song."""
    from loopmind.demo_crate import write_demo_crate

    crate = args.out / "loops"
    write_demo_crate(crate)
    return sing(args, [crate], args.out)
