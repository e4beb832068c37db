"""`loopmind transcribe`: recordings become a MIDI file for each instrument, data and a picture."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loopmind.commands._graphs import ShowEvents
from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import CancelledError, LoopMindError, UsageError
from loopmind.files.atomic import atomic_path, check_folder
from loopmind.files.folders import folder_beside, no_empty_folder
from loopmind.graph.document import Graph
from loopmind.music.transcript import Transcript

PRESET = "audio_to_midi"
_FOLDER = "transcripts"
_STEMS = "stems"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from loopmind.analysis.listening.quantise import GRIDS

    parser.add_argument("files", nargs="+", metavar="FILE", type=place, help="recordings")
    parser.add_argument(
        "--out", type=place, metavar="DIR",
        help=f"where to: a folder for each recording is made in it (default: {_FOLDER}/)",
    )  # fmt: skip
    parser.add_argument("--zip", action="store_true", help="pack each recording's files into a zip")
    parser.add_argument(
        "--quantize", metavar="GRID",
        help=f"put the notes of MIDI and picture onto a grid: {', '.join(GRIDS)} "
        "(default: where they were heard)",
    )  # fmt: skip
    parser.add_argument(
        "--strength", type=float, default=1.0, metavar="N",
        help="how far notes move onto the grid, 0 to 1 (default: 1)",
    )  # fmt: skip
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--separate", action="store_true", help="take it apart first and hear each stem for itself"
    )
    group.add_argument(
        "--stems", action="store_true", help="the same, and write the separated stems as well"
    )
    group.add_argument(
        "--no-separate", action="store_true", help="hear all in the mix (this is the default)"
    )
    parser.add_argument(
        "--model", type=place, metavar="FILE",
        help="another model of notes: an ONNX file of LoopMind's kind or of the MT3 family",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="tell what was done as JSON")


def run(args: argparse.Namespace) -> int:
    """Transcribe each file; one that cannot be is told of and does not stop the others."""
    from loopmind.analysis.listening.quantise import grid_parts

    if args.quantize is not None:
        grid_parts(args.quantize)
    if not 0.0 <= args.strength <= 1.0:
        raise UsageError(f"--strength lies between 0 and 1, not {args.strength:g}")
    base: Path = args.out if args.out is not None else Path(_FOLDER)
    check_folder(base)
    taken: set[Path] = set()
    told: list[dict[str, Any]] = []
    for file in args.files:
        out, met = folder_beside(
            base / (file.stem or "recording"), taken, lambda folder: _in_the_way(folder, args)
        )
        taken.add(out)
        started = time.monotonic()
        try:
            transcript, written = _transcribe(file, out, args)
        except CancelledError:
            raise
        except LoopMindError as error:
            message = " ".join(str(error).split())
            told.append({"file": str(file), "error": message})
            print(f"loopmind: error: {message}", file=sys.stderr)
            continue
        took_s = time.monotonic() - started
        told.append(_as_data(file, written, transcript, took_s))
        if args.out is not None and met is not None:
            aside = f"has its transcript in {written}, as {met} is not LoopMind's to replace"
            print(f"loopmind: {file} {aside}", file=sys.stderr)
        if not args.json:
            print(_in_words(file, written, transcript, took_s), flush=True)
    if args.json:
        print(json.dumps(told, indent=2, ensure_ascii=False))
    return 1 if any("error" in one for one in told) else 0


def _in_the_way(out: Path, args: argparse.Namespace) -> Path | None:
    """What is not to be replaced where the folder `out` or its zip is to be; None: nothing.

    Without --out that is all that is there; with it, all but files of a transcript and stems of a
    run before.
    """
    from loopmind.analysis.listening import separation_files
    from loopmind.nodes import write_transcript

    archive = _archive(out)
    if args.out is None:
        return next((place for place in (out, archive) if os.path.lexists(place)), None)
    if args.zip:
        return archive if os.path.lexists(archive) and not _is_own(archive, out.name) else None
    met = write_transcript.in_the_way(out)
    if met is None and args.stems:
        met = separation_files.in_the_way(out / _STEMS, recordings=args.files)
    return met


def _archive(out: Path) -> Path:
    return out.parent / f"{out.name}.zip"


def _is_own(archive: Path, name: str) -> bool:
    """Whether `_zipped` made it: every file in it has the one date, as people's have not."""
    try:
        with zipfile.ZipFile(archive) as packed:
            dates = {entry.date_time for entry in packed.infolist()}
            return dates == {_ZIP_DATE} and f"{name}/notes.json" in packed.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _transcribe(file: Path, out: Path, args: argparse.Namespace) -> tuple[Transcript, Path]:
    """Transcribe one file; what was written: a folder, or a zip."""
    if not args.zip:
        return _run(file, out, args), out
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "packed"
        transcript = _run(file, packed, args)
        return transcript, _zipped(packed, _archive(out), out.name)


def _run(file: Path, out: Path, args: argparse.Namespace) -> Transcript:
    """Transcribe into the folder `out`; what fails leaves no empty one."""
    check_recording(file)
    with no_empty_folder(out):
        return _heard(file, out, args)


def _heard(file: Path, out: Path, args: argparse.Namespace) -> Transcript:
    from loopmind.files.stream import open_stream
    from loopmind.runtime.generate import song_session

    with ProgressLine() as line, song_session() as session:
        stems = _separated(file, out / _STEMS, line) if args.stems else ""
        graph = transcribing(
            recording=str(file), title=file.name, out=str(out), strength=args.strength,
            grid=args.quantize or "1/16", quantised=args.quantize is not None,
            separate="light" if args.separate else "", stems=stems,
            model=str(args.model) if args.model is not None else "",
        )  # fmt: skip
        result = session.evaluate(graph, ["write", "transcribe"], listener=ShowEvents(line))
    result.check_for_user()
    for note in open_stream(file).notes:  # not of the node: what is remembered says nothing
        print(f"loopmind: {file} {note}", file=sys.stderr)
    transcript: Transcript = result["transcribe"]
    return transcript


def _separated(file: Path, folder: Path, line: ProgressLine) -> str:
    """Write the stems of `file` into `folder`, which is given back."""
    from loopmind.analysis.listening.separation_files import separate_file
    from loopmind.analysis.listening.separators import open_separator

    separate_file(file, folder, open_separator(), (), line.progress("separate"))
    return str(folder)


def transcribing(**macros: Any) -> Graph:
    """The graph of the preset, its macros turned."""
    from loopmind.runtime.generate import song_graph

    return song_graph(macros, PRESET)


def check_recording(file: Path) -> None:
    """Raise LoopMindError for what is no recording that can be transcribed, before it is read."""
    from loopmind.analysis.listening.recording import check_length
    from loopmind.files.decode import probe

    if file.is_dir():
        raise LoopMindError(f"{file} is a folder; name the file of a recording")
    if not file.is_file():
        raise LoopMindError(f"there is no recording {file}; check the path")
    check_length(probe(file).duration_s, str(file))


def _zipped(folder: Path, target: Path, name: str) -> Path:
    """The files below `folder` as a zip in which they lie in a folder `name`; always the same."""
    with (
        atomic_path(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                inside = f"{name}/{path.relative_to(folder).as_posix()}"
                entry = zipfile.ZipInfo(inside, _ZIP_DATE)
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.file_size = path.stat().st_size
                with path.open("rb") as source, archive.open(entry, "w") as packed:
                    shutil.copyfileobj(source, packed, 1 << 20)
    return target


def _counts(transcript: Transcript) -> dict[str, int]:
    return {track.instrument: len(track.notes) for track in transcript.tracks}


def _as_data(file: Path, written: Path, transcript: Transcript, took_s: float) -> dict[str, Any]:
    return {
        "file": str(file),
        "out": str(written),
        "duration_s": transcript.duration_s,
        "bpm": transcript.bpm if transcript.beats_s else None,
        "key": str(transcript.key) if transcript.key else None,
        "notes": _counts(transcript),
        "chords": len(transcript.chords),
        "took_s": round(took_s, 2),
    }


def _in_words(file: Path, written: Path, transcript: Transcript, took_s: float) -> str:
    counts: Sequence[str] = [f"{name} {count}" for name, count in _counts(transcript).items()]
    heard = ", ".join(counts) if counts else "no notes were heard"
    bpm = f"{round(transcript.bpm, 1):g} bpm" if transcript.beats_s else "no beat"
    key = transcript.key.written if transcript.key else "no key"
    return f"{file.name}: {bpm}, {key}; {heard}\n  {written} ({took_s:.1f} s)"
