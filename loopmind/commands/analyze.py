"""`loopmind analyze`: what LoopMind hears in sound files, and telling it where it is wrong."""

from __future__ import annotations

import argparse
import sys

from loopmind.commands._places import place
from loopmind.commands._sounds import (
    TABLE_HEAD,
    as_json,
    common_folder,
    print_json,
    print_line,
    print_table,
    short_path,
    table_row,
    unusable_json,
)
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import UsageError
from loopmind.music.loop import Crate, Unusable

_MIDI = ("is a MIDI file: noted, not analysed", "render it to WAV to use it as a sound")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "folders", nargs="+", metavar="FOLDER", type=place, help="folders or files to analyse"
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object a line and file")
    parser.add_argument("--no-names", action="store_true", help="hear only; ignore all names")
    parser.add_argument(
        "--correct",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="remember what the named files are, for ever: bpm=140, key='F# minor', "
        "instrument=bass, role=lead, kind=loop, tags=dark,warm, licence=CC0; an empty value "
        "takes it back",
    )
    parser.add_argument("--library", type=place, metavar="DIR", help="folder of the library to use")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")


def run(args: argparse.Namespace) -> int:
    """Scan the folders and print what was found."""
    from loopmind.library.library import Library
    from loopmind.library.report import check_usable

    if args.workers is not None and args.workers < 0:
        raise UsageError(f"--workers must be 0 or more, got {args.workers}")
    corrections = [_correction(text) for text in args.correct]
    with Library(args.library) as library, ProgressLine() as line:
        for note in library.notes:
            print(f"loopmind: {note}", file=sys.stderr)
        for field, value in corrections:
            for name in args.folders:
                if not name.is_file():
                    raise UsageError(f"--correct needs files, and {name} is none")
                library.correct(name, field, value)
        crate = library.scan(
            args.folders,
            use_names=not args.no_names,
            workers=args.workers,
            progress=line.progress("analysing"),
        )
        line.clear()
        midi = [Unusable(path, *_MIDI) for path in library.report.midi]
    if args.json:
        _print_json_lines(crate, midi)
    else:
        _print_table(crate, midi)
    check_usable(args.folders, crate, len(midi))
    return 0


def _correction(text: str) -> tuple[str, str | None]:
    field, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--correct {text!r} has no '='; write for example --correct bpm=140")
    return field.strip(), value.strip() or None


def _print_json_lines(crate: Crate, midi: list[Unusable]) -> None:
    objects = [as_json(loop) for loop in crate.loops]
    objects += [unusable_json(bad) for bad in crate.unusable]
    objects += [unusable_json(file, "midi") for file in midi]
    for found in sorted(objects, key=lambda item: str(item["path"])):
        print_json(found)


def _print_table(crate: Crate, midi: list[Unusable]) -> None:
    base = common_folder([loop.path for loop in crate.loops])
    if crate.loops:
        print_table(TABLE_HEAD, [table_row(loop, base) for loop in crate.loops])
    counts = [f"{len(crate.loops)} usable"]
    counts += [f"{len(crate.unusable)} not usable"] if crate.unusable else []
    counts += [f"{len(midi)} MIDI (noted for later)"] if midi else []
    if crate.loops:
        print_line(f"\n{', '.join(counts)} in {base}")
    for bad in crate.unusable:
        print_line(f"  {short_path(bad.path, base)} {bad.reason}; {bad.remedy}")
