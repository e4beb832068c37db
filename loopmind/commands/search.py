"""`loopmind search`: finding remembered sounds by words or by a similar sound."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from loopmind.commands._places import place
from loopmind.commands._sounds import (
    TABLE_HEAD,
    as_json,
    common_folder,
    print_json,
    print_line,
    print_table,
    table_row,
)
from loopmind.errors import LoopMindError, UsageError
from loopmind.music.loop import INSTRUMENTS, KINDS, ROLES


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("query", metavar="TEXT|FILE", help='words ("warm pad 90 bpm") or a file')
    parser.add_argument("-k", type=int, default=10, metavar="N", help="how many (default 10)")
    parser.add_argument("--json", action="store_true", help="write one JSON object a line and file")
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--role", choices=ROLES)
    parser.add_argument("--instrument", choices=INSTRUMENTS)
    parser.add_argument("--bpm", metavar="LOW-HIGH", help="tempo, such as 140 or 85-95")
    parser.add_argument("--key", help="key or its relative, such as 'F# minor'")
    parser.add_argument("--tag", action="append", default=[], help="a mood; may be repeated")
    parser.add_argument("--library", type=place, metavar="DIR", help="folder of the library to use")


def run(args: argparse.Namespace) -> int:
    """Print the best matches."""
    from loopmind.library.library import Library

    if args.k < 1:
        raise UsageError(f"-k must be 1 or more, got {args.k}")
    query = _query(args.query)
    try:
        with Library(args.library) as library:
            for note in library.notes:
                print(f"loopmind: {note}", file=sys.stderr)
            if library.size == 0:
                raise LoopMindError(
                    "the library holds no sounds; run 'loopmind analyze FOLDER' first"
                )
            matches = library.search(
                query, args.k, kind=args.kind, role=args.role, instrument=args.instrument,
                bpm=_tempo(args.bpm), key=args.key, tags=args.tag,
            )  # fmt: skip
    except ValueError as error:
        raise UsageError(str(error)) from None
    if args.json:
        for match in matches:
            found = as_json(match.loop)
            print_json({**found, "score": round(match.score, 4), "why": list(match.why)})
        return 0
    if not matches:
        print_line("nothing in the library fits; ask for less, or analyse more folders")
        return 0
    base = common_folder([match.loop.path for match in matches])
    rows = [(*table_row(match.loop, base), f"{match.score:.2f}") for match in matches]
    print_table((*TABLE_HEAD, "score"), rows)
    print_line(f"\nin {base}")
    return 0


def _query(text: str) -> str | Path:
    """The file that `text` names, if it is a path; else the words."""
    if not text.strip():
        raise UsageError("the search is empty; write words or name a file")
    from loopmind.files.decode import AUDIO_SUFFIXES, probe

    path = Path(text)
    if path.is_file():
        probe(path)  # what is wrong with the file is said first, whatever the library holds
        return path
    if path.is_dir():
        raise UsageError(f"{text} is a folder; name one file, or search for words")
    if path.suffix.lower() in AUDIO_SUFFIXES:
        raise LoopMindError(f"the file {text} does not exist; check the path")
    return text


def _tempo(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    low, dash, high = text.partition("-")
    try:
        first = float(low)
        last = float(high) if dash else first
    except ValueError:
        raise UsageError(f"--bpm {text!r} is no tempo; write 140 or 85-95") from None
    spread = 0.01 if first == last else 0.0  # a tempo alone allows for its rounding
    return min(first, last) * (1 - spread), max(first, last) * (1 + spread)
