"""`loopmind interpret`: new loops of a user's sounds, and if wished a song of them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from loopmind.commands._graphs import ShowEvents
from loopmind.commands._places import new_song_folder, place
from loopmind.commands._song import More, add_wish, sing
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import LoopMindError
from loopmind.files.atomic import check_folder
from loopmind.runtime.generate import Made, song_graph, song_session

REPORT_NAME = "interpretation.json"
LOOPS_FOLDER = "interpretation"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folders", nargs="+", metavar="FOLDER", type=place, help="your sounds")
    parser.add_argument(
        "--notes", type=place, metavar="MIDI", help="play the notes of this MIDI file"
    )
    parser.add_argument("--song", action="store_true", help="also make a song with the new loops")
    parser.add_argument(
        "--out", type=place, metavar="DIR", help="where to (default: a new folder under songs/)"
    )
    add_wish(parser)


def run(args: argparse.Namespace) -> int:
    """Make the loops."""
    if args.notes is not None and not args.notes.is_file():
        raise LoopMindError(f"there is no MIDI file {args.notes}; check the path")
    out: Path = args.out if args.out is not None else new_song_folder("interpretation")
    macros: dict[str, Any] = {"notes": str(args.notes)} if args.notes is not None else {}
    if args.song:
        loops = out / LOOPS_FOLDER
        return sing(
            args, args.folders, out, preset="interpret_song", loops=str(loops),
            more=lambda made: _with_song(made, loops), **macros,
        )  # fmt: skip
    check_folder(out)
    macros |= {"folders": [str(f) for f in args.folders], "out": str(out), "seed": args.seed}
    if args.library is not None:
        macros["library"] = str(args.library)
    graph = song_graph(macros, "interpret")
    with ProgressLine() as line, song_session() as session:
        show = ShowEvents(line)
        result = session.evaluate(graph, ["scan"], listener=show)
    result.check_for_user()
    for trouble in show.troubles:
        print(f"loopmind: {trouble}", file=sys.stderr)
    report = _report(out)
    if args.json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print("\n".join([*_in_words(report), f"loops in {out}"]))
    return 0


def _report(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / REPORT_NAME).read_text("utf-8"))
    return read


def _with_song(made: Made, loops: Path) -> More:
    report = _report(loops)
    return More(tuple(_in_words(report)), {"interpretation": report})


def _in_words(report: dict[str, Any]) -> list[str]:
    """Each loop in a line: how it was made, how near it is to its sources, how little a copy."""
    lines = []
    for made in report["loops"]:
        name = Path(made["path"]).name
        lines.append(
            f"{name}: {made['told']} ({len(made['sources'])} sounds); timbre "
            f"{made['timbre_distance']:.2f} from its sources (two sounds here: "
            f"{made['usual_distance']:.2f}), longest copied stretch {made['copied_s']:.2f} s, "
            f"highest correlation {made['highest_correlation']:.2f}"
        )
    return lines
