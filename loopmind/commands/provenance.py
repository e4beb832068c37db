"""`loopmind provenance`: which files a song is made of, bar by bar, and their licences."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from loopmind.commands._places import place
from loopmind.commands._sounds import common_folder, print_line, print_table, short_path

if TYPE_CHECKING:
    from loopmind.present.provenance import Sounding


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "project", metavar="PROJECT", type=place, help="a song.loopmind file, or its folder"
    )
    parser.add_argument(
        "--csv", type=place, metavar="FILE",
        help="write the sheet of every bar to this file; - prints it",
    )  # fmt: skip
    parser.add_argument("--library", type=place, metavar="DIR", help="folder of the library to use")
    parser.add_argument("--json", action="store_true", help="tell of every bar as JSON")


def run(args: argparse.Namespace) -> int:
    """Tell what the song is made of, or write the sheet."""
    from loopmind.files.atomic import atomic_write
    from loopmind.library.library import Library
    from loopmind.present.provenance import provenance, provenance_csv, sounds_of
    from loopmind.runtime.project_session import ProjectSession

    with ProjectSession.open(args.project, read_only=True) as session:
        song = session.draft.song
        paths = {r.digest: r.path for r in session.project.references}
    with Library(args.library) as library:
        for digest, places in library.where(paths).items():
            if not Path(paths[digest]).is_file():
                paths[digest] = next((p for p in places if Path(p).is_file()), paths[digest])
        said = {
            digest: fields["licence"]
            for digest, fields in library.corrections().items()
            if "licence" in fields
        }
    rows = provenance(song, sounds_of(song, paths, said))
    if args.csv is not None:
        text = provenance_csv(rows)
        if str(args.csv) == "-":
            sys.stdout.write(text.replace("\r\n", "\n"))
        else:
            atomic_write(args.csv, text.encode("utf-8"))
            print_line(f"{args.csv}: {len(rows)} lines for {song.bars} bars")
    elif args.json:
        print_line(json.dumps(_data(rows), indent=2, ensure_ascii=False))
    else:
        _print(rows)
    return 0


def _data(rows: Iterable[Sounding]) -> list[dict[str, object]]:
    return [
        {
            "bar": row.bar,
            "start_s": row.start_s,
            "section": row.section,
            "track": row.track,
            "path": row.sound.path or None,
            "change": row.change,
            "licence": row.sound.licence or None,
            "licence_from": row.sound.licence_from or None,
            "digest": row.sound.digest,
        }
        for row in rows
    ]


def _print(rows: list[Sounding]) -> None:
    """One line a file: where it plays, and its licence."""
    by_file: dict[str, list[Sounding]] = {}
    for row in rows:
        by_file.setdefault(row.sound.digest, []).append(row)
    base = common_folder([row.sound.path for row in rows if row.sound.path])
    table, unknown = [], []
    for own in sorted(by_file.values(), key=lambda own: own[0].sound.path):
        sound = own[0].sound
        name = short_path(sound.path, base) if sound.path else f"missing ({sound.digest[:8]})"
        tracks = ", ".join(dict.fromkeys(row.track for row in own))
        bars = _ranges(sorted({row.bar for row in own}))
        table.append((name, tracks, bars, sound.licence or "unknown"))
        if not sound.licence:
            unknown.append(sound.path)
    print_table(("file", "tracks", "bars", "licence"), table)
    if base:
        print_line(f"\n{len(table)} files in {base}")
    if unknown:
        some = f"{len(unknown)} licences are" if len(unknown) > 1 else "one licence is"
        print_line(
            f"{some} unknown; say what you know: loopmind analyze FILE --correct licence=CC0"
        )


def _ranges(bars: list[int]) -> str:
    """Bars as ranges.

    >>> _ranges([1, 2, 3, 7, 9, 10])
    '1-3, 7, 9-10'
    """
    spans: list[list[int]] = []
    for bar in bars:
        if spans and bar == spans[-1][1] + 1:
            spans[-1][1] = bar
        else:
            spans.append([bar, bar])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
