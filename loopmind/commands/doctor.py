"""`loopmind doctor`: what is wrong with a folder of sounds, what it lacks, and the remedies."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loopmind.commands._places import place
from loopmind.commands._sounds import common_folder, print_line, short_path
from loopmind.commands._terminal import ProgressLine

if TYPE_CHECKING:
    from loopmind.library.doctor import Finding

_SHOWN = 8
_PATHS_SHOWN = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "folders", nargs="+", metavar="FOLDER", type=place, help="folders with your sounds"
    )
    parser.add_argument("--json", action="store_true", help="tell of all findings as JSON")
    parser.add_argument("--all", action="store_true", help="list every finding and every file")
    parser.add_argument("--library", type=place, metavar="DIR", help="folder of the library to use")


def run(args: argparse.Namespace) -> int:
    """Scan the folders and tell what was found."""
    from loopmind.library.doctor import examine
    from loopmind.library.library import Library
    from loopmind.library.report import check_usable

    with Library(args.library) as library, ProgressLine() as line:
        for note in library.notes:
            print(f"loopmind: {note}", file=sys.stderr)
        believed = library.scan(args.folders, progress=line.progress("analysing"))
        midi = len(library.report.midi)
        heard = library.scan(args.folders, use_names=False)
        line.clear()
    if not believed.unusable:  # else that is the first finding
        check_usable(args.folders, believed, midi)
    findings = examine(heard, believed)
    base = common_folder([loop.path for loop in believed.loops])
    if args.json:
        data = {
            "folders": [str(folder) for folder in args.folders],
            "sounds": len(believed.loops),
            "findings": [dataclasses.asdict(finding) for finding in findings],
        }
        print_line(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        _print(findings, len(believed.loops), base, everything=args.all)
    return 0


def _print(findings: Sequence[Finding], sounds: int, base: str, *, everything: bool) -> None:
    from loopmind.library.doctor import HEADINGS

    counted = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
    print_line(f"{sounds} sounds, {counted if findings else 'nothing to complain of'}")
    for kind, heading in HEADINGS.items():
        some = [finding for finding in findings if finding.kind == kind]
        if not some:
            continue
        print_line(f"\n{heading} ({len(some)})")
        shown = some if everything else some[:_SHOWN]
        remedies = {finding.remedy for finding in shown}
        for finding in shown:
            print_line(f"  {finding.what}")
            if len(finding.paths) > 1:
                paths = finding.paths if everything else finding.paths[:_PATHS_SHOWN]
                for path in paths:
                    print_line(f"      {short_path(path, base)}")
                if len(paths) < len(finding.paths):
                    print_line(f"      and {len(finding.paths) - len(paths)} more")
            if len(remedies) > 1:
                print_line(f"    -> {finding.remedy}")
        if len(shown) < len(some):
            print_line(f"  and {len(some) - len(shown)} more; --all shows them")
        if len(remedies) == 1:
            print_line(f"    -> {shown[0].remedy}")
