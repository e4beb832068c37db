"""What commands that work on a project share: naming and opening it, rendering, telling."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopmind.commands._graphs import ShowEvents
from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import UsageError

if TYPE_CHECKING:
    from loopmind.music.history import History, Revision
    from loopmind.runtime.project_session import ProjectSession
    from loopmind.runtime.project_work import Rendering


def add_project(parser: argparse.ArgumentParser) -> None:
    """Declare the project that a command works on, and where to look for moved sounds."""
    parser.add_argument(
        "project", metavar="PROJECT", type=place, help="a song.loopmind file, or its folder"
    )
    parser.add_argument(
        "--look-in", action="append", default=[], type=place, metavar="FOLDER",
        help="where to look for sounds that were moved; may be given again",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="tell of it as JSON")


def add_render(parser: argparse.ArgumentParser) -> None:
    """Declare what a command that changes the song renders afterwards."""
    parser.add_argument(
        "--no-render", action="store_true", help="leave the sound as it is; render it later"
    )


@contextmanager
def opened(args: argparse.Namespace, *, read_only: bool = False) -> Iterator[ProjectSession]:
    """The project that `args` name, with progress shown; what it has to say goes to stderr."""
    from loopmind.runtime.project_session import ProjectSession

    with ProgressLine() as line:
        show = ShowEvents(line)
        with ProjectSession.open(
            args.project, read_only=read_only, look_in=args.look_in, listener=show
        ) as session:
            yield session
            notes = session.notes if session.has_looked else ()
        line.clear()
    for note in dict.fromkeys((*notes, *show.troubles)):
        print(f"loopmind: {note}", file=sys.stderr)


def render_now(session: ProjectSession, args: argparse.Namespace) -> Rendering | None:
    """Render the song as it is now, unless `args` say not to."""
    if args.no_render:
        return None
    from loopmind.runtime.kernels import warm_up

    with ProgressLine() as line:
        warm_up(line.progress("compiling, on the first start only"))
    return session.render(documents=True)  # the page tells of the song that lies beside it


def tell(
    args: argparse.Namespace, lines: list[str], data: dict[str, Any], rendering: Rendering | None
) -> int:
    """Print what was done: `lines`, or `data` as JSON; gives the exit code."""
    if rendering is not None:
        measured = rendering.measured
        song = rendering.out / dict(measured.files)["song"]
        lines = [*lines, f"  {song}: {measured.loudness_lufs:.1f} LUFS"]
        data = {
            **data,
            "file": str(song),
            "loudness_lufs": round(measured.loudness_lufs, 2),
            "duration_s": round(measured.duration_s, 3),
        }
    if args.json:
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines))
    return 0


def revision_line(revision: Revision, history: History) -> str:
    """A revision in one line: number, time, what was said, what was done."""
    marks = [name for name, head in history.branches.items() if head == revision.id]
    here = "*" if history.head.id == revision.id else " "
    when = ""
    if revision.time_s:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(revision.time_s))
    return (
        f"{here} {revision.id:>4}  {when:<16}  {revision_words(revision)}"
        + (f"  [{', '.join(marks)}]" if marks else "")
    )  # fmt: skip


def revision_words(revision: Revision) -> str:
    """What was said and done in a revision."""
    said = f'"{revision.words}"' if revision.words else ""
    if revision.kind == "generated":
        return f"made of {said}" if said else "made"
    done = " ".join(revision.told)
    return ": ".join(part for part in (said, done) if part)


def revision_data(revision: Revision) -> dict[str, Any]:
    """A revision for other programs."""
    from loopmind.music.edit import edit_to_plain

    return {
        "revision": revision.id,
        "parent": revision.parent,
        "kind": revision.kind,
        "branch": revision.branch,
        "words": revision.words,
        "told": list(revision.told),
        "edits": [edit_to_plain(edit) for edit in revision.edits],
        "time_s": revision.time_s,
        "merged": None if revision.merged is None else list(revision.merged),
    }


def split_revision(text: str) -> tuple[Path, str]:
    """("song.loopmind", "12") of "song.loopmind@12"; "" where no revision is named.

    A file whose own name holds an @ is taken as it is.
    """
    whole = Path(text)
    if whole.exists() or "@" not in text:
        return whole, ""
    path, _, revision = text.rpartition("@")
    if not path:
        raise UsageError(f"{text!r} names no project; write PROJECT@REVISION")
    return Path(path), revision


def step_count(text: str) -> int:
    """A whole number of steps from 1."""
    if not text.strip().isascii() or not text.strip().isdigit() or not 1 <= int(text) <= 10**6:
        raise argparse.ArgumentTypeError(f"give a whole number of steps from 1, not {text!r}")
    return int(text)
