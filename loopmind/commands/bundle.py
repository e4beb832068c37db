"""`loopmind bundle`: packs a project and the sounds it plays into one file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from loopmind.commands._places import place
from loopmind.commands._project import add_project, opened, tell
from loopmind.commands._terminal import ProgressLine


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project(parser)
    parser.add_argument(
        "--out", type=place, metavar="FILE", help="where to (default: NAME.loopbundle beside it)"
    )


def run(args: argparse.Namespace) -> int:
    """Pack it and tell how much it is."""
    from loopmind.files.bundle import write_bundle
    from loopmind.files.project import BUNDLE_SUFFIX

    with opened(args, read_only=True) as session:
        used = session.sounds_of_history()
        there = session.crate.by_digest()
        sounds = {d: Path(there[d].path) for d in used if d in there}
        sounds = {d: path for d, path in sounds.items() if path.is_file()}
        home = session.path.resolve().parent
        out = args.out if args.out is not None else home / f"{home.name}{BUNDLE_SUFFIX}"
        if out.suffix.lower() != BUNDLE_SUFFIX:
            out = out.with_name(out.name + BUNDLE_SUFFIX)
        with ProgressLine() as line:
            changed = write_bundle(out, session.project, sounds, progress=line.progress("packing"))
    lost = len(used) - len(sounds) + len(changed)
    if lost:
        many = f"{lost} sounds are" if lost > 1 else "1 sound is"
        print(f"loopmind: {many} missing and not in the bundle", file=sys.stderr)
    size = out.stat().st_size
    packed = len(sounds) - len(changed)
    lines = [
        f"{out}: the project and {packed} sound{'' if packed == 1 else 's'}, {size / 1e6:.1f} MB"
    ]
    return tell(args, lines, {"file": str(out), "sounds": packed, "missing": lost}, None)
