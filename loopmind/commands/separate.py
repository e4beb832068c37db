"""`loopmind separate`: sound files become one file per stem: drums, bass, vocals, other."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import LoopMindError, UsageError

if TYPE_CHECKING:
    from loopmind.analysis.listening.separation_files import SeparatedFile

DEFAULT_FOLDER = "separated"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", type=place, help="sound files")
    parser.add_argument(
        "--stems", default="", metavar="NAMES",
        help="only these, such as drums,bass (default: all: drums,bass,vocals,other)",
    )  # fmt: skip
    parser.add_argument(
        "--model", default="light", metavar="NAME",
        help="light (default), htdemucs, htdemucs_ft, htdemucs_6s (also guitar, keys), or the "
        "path of a model file",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=place, metavar="DIR",
        help=f"where to: DIR/NAME of the file/STEM.wav (default: {DEFAULT_FOLDER}/)",
    )  # fmt: skip
    parser.add_argument(
        "--download", action="store_true",
        help="fetch the weights of a named model if they are not on this computer (55 to 336 MB)",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads (default: 2)")
    parser.add_argument("--json", action="store_true", help="tell of it as JSON")


def run(args: argparse.Namespace) -> int:
    """Take the files apart, one after the other; what is finished stays whatever comes."""
    from loopmind.analysis.listening.separation import checked_stems
    from loopmind.analysis.listening.separation_files import separate_file
    from loopmind.analysis.listening.separators import open_separator

    threads = args.threads if args.threads is not None else 2
    if threads < 1:
        raise UsageError(f"--threads must be 1 or more, got {threads}")
    told: list[dict[str, Any]] = []
    taken: set[Path] = set()
    inputs = {path.resolve() for path in args.files}
    failed = 0
    with ProgressLine() as line:
        fetching = line.progress(f"fetching {args.model}, MB")
        separator = open_separator(
            args.model, threads=threads, download=args.download,
            progress=lambda done, size: fetching(done // 1_000_000, size // 1_000_000, ""),
        )  # fmt: skip
        stems = checked_stems([s.strip() for s in args.stems.split(",") if s.strip()], separator)
        for number, path in enumerate(args.files, 1):
            label = f"{path.name}  ({number} of {len(args.files)}), s"
            folder = _folder(path, args.out, taken, inputs, stems)
            try:
                made = separate_file(path, folder, separator, stems, line.progress(label))
            except LoopMindError as error:
                if error.exit_code != 1 or len(args.files) == 1:
                    raise
                failed += 1
                line.clear()
                print(f"loopmind: error: {error}", file=sys.stderr)
                told.append({"path": str(path), "error": str(error)})
                continue
            line.clear()
            told.append(_plain(made))
            for note in made.notes:
                print(f"loopmind: {path} {note}", file=sys.stderr)
            if not args.json:
                print(f"{path}  ->  {folder}  ({', '.join(made.stems)})", flush=True)
    if args.json:
        print(json.dumps({"model": separator.label, "files": told}, indent=2, ensure_ascii=False))
    return 1 if failed else 0


def _folder(
    path: Path, out: Path | None, taken: set[Path], inputs: set[Path], stems: Sequence[str]
) -> Path:
    """The folder for the stems of `path`; two files of one name never share one.

    Without --out nothing that is there already is written over; with it, stems of a run before
    are, but none of the `inputs`.
    """
    from loopmind.analysis.listening.separation_files import stem_places

    base = (out if out is not None else Path(DEFAULT_FOLDER)) / (path.stem or "sound")
    folder, number = base, 2
    while (
        folder in taken
        or (out is None and folder.exists())
        or not inputs.isdisjoint(stem_places(folder, stems))
    ):
        folder = base.with_name(f"{base.name}-{number}")
        number += 1
    taken.add(folder)
    return folder


def _plain(made: SeparatedFile) -> dict[str, Any]:
    return {
        "path": str(made.path),
        "seconds": round(made.seconds, 3),
        "stems": {name: str(file) for name, file in made.stems.items()},
        "notes": list(made.notes),
    }
