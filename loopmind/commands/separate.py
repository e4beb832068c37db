"""`loopmind separate`: sound files become one file per stem: drums, bass, vocals, other."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import LoopMindError, UsageError
from loopmind.files.folders import folder_beside

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
            folder, beside = _folder(path, args.out, taken, args.files, stems)
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
            notes = (*made.notes, *beside)
            told.append(_plain(made, notes))
            for note in notes:
                print(f"loopmind: {path} {note}", file=sys.stderr)
            if not args.json:
                print(f"{path}  ->  {folder}  ({', '.join(made.stems)})", flush=True)
    if args.json:
        print(json.dumps({"model": separator.label, "files": told}, indent=2, ensure_ascii=False))
    return 1 if failed else 0


def _folder(
    path: Path, out: Path | None, taken: set[Path], recordings: Sequence[Path], stems: Sequence[str]
) -> tuple[Path, tuple[str, ...]]:
    """The folder for the stems of `path`, and what is to be said of it.

    Two files of one name never share one. Without --out nothing that is there already is written
    over; with it, stems of a run before are, but none of the `recordings` and no other file.
    """
    from loopmind.analysis.listening.separation_files import in_the_way

    def kept(folder: Path) -> Path | None:
        if out is None:
            return folder if os.path.lexists(folder) else None
        return in_the_way(folder, stems, recordings)

    base = (out if out is not None else Path(DEFAULT_FOLDER)) / (path.stem or "sound")
    folder, met = folder_beside(base, taken, kept)
    taken.add(folder)
    if out is None or met is None:
        return folder, ()
    return folder, (f"has its stems in {folder}, as {met} is not LoopMind's to replace",)


def _plain(made: SeparatedFile, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "path": str(made.path),
        "seconds": round(made.seconds, 3),
        "stems": {name: str(file) for name, file in made.stems.items()},
        "notes": list(notes),
    }
