"""`loopmind apply`: applies exact edits, as docs/schema/edit.schema.json has them, to a project."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loopmind.commands._project import (
    add_project,
    add_render,
    opened,
    render_now,
    revision_data,
    tell,
)
from loopmind.errors import LoopMindError

if TYPE_CHECKING:
    from loopmind.music.edit import Edit

_LARGEST_BYTES = 16 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project(parser)
    parser.add_argument(
        "--edits", required=True, metavar="FILE",
        help="a JSON file with a list of edits, or - to read it from the standard input",
    )  # fmt: skip
    parser.add_argument("--words", default="", metavar="TEXT", help="what to call this step")
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would be done, and change nothing"
    )
    add_render(parser)


def run(args: argparse.Namespace) -> int:
    """Apply them as one step, or tell what they would do."""
    edits = read_edits(args.edits)
    with opened(args, read_only=args.dry_run) as session:
        if args.dry_run:
            before = len(session.draft.told)
            told = session.preview(edits).told[before:]
            lines = [f"would do: {text}" for text in told] or ["would change nothing"]
            return tell(args, lines, {"dry_run": True, "told": list(told)}, None)
        revision = session.apply(edits, args.words)
        rendering = render_now(session, args)
    return tell(args, list(revision.told), revision_data(revision), rendering)


def read_edits(name: str) -> list[Edit]:
    """The edits in a JSON file, or on the standard input for "-". Raises LoopMindError."""
    from loopmind.music.codec import CodecError
    from loopmind.music.edit import edit_from_plain

    where = "the standard input" if name == "-" else name
    try:
        if name == "-":
            text = sys.stdin.read(_LARGEST_BYTES)
        else:
            with Path(name).open(encoding="utf-8") as stream:
                text = stream.read(_LARGEST_BYTES)
        data = json.loads(text)
    except OSError as error:
        raise LoopMindError(f"cannot read {where}: {error.strerror}; check the path") from error
    except ValueError as error:
        raise LoopMindError(f"{where} is no JSON ({error}); give a list of edits") from error
    except RecursionError as error:
        raise LoopMindError(f"{where} is nested too deep; give a list of edits") from error
    items = data if isinstance(data, list) else [data]
    edits = []
    for number, item in enumerate(items, 1):
        try:
            edits.append(edit_from_plain(item))
        except CodecError as error:
            raise LoopMindError(
                f"{where}, edit {number}: {error}; docs/schema/edit.schema.json has them all"
            ) from error
    return edits
