"""`loopmind uses`: which songs were made, and which of your sounds play in them."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from loopmind.commands._places import place
from loopmind.commands._sounds import print_line, print_table
from loopmind.errors import UsageError

if TYPE_CHECKING:
    from loopmind.library.wear import SongUse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", type=place, help="tell of the songs with these sounds"
    )
    parser.add_argument("--json", action="store_true", help="tell of them as JSON")
    parser.add_argument("--library", type=place, metavar="DIR", help="folder of the library to use")


def run(args: argparse.Namespace) -> int:
    """Tell what the library remembers of songs."""
    from loopmind.files.digest import file_digest
    from loopmind.library.library import Library

    wanted = set()
    for file in args.files:
        if not file.is_file():
            raise UsageError(f"{file} is no file; name a sound, or none to see all songs")
        wanted.add(file_digest(file))
    with Library(args.library) as library:
        songs = [s for s in library.songs() if not wanted or wanted & set(s.digests)]
        places = library.where({digest for song in songs for digest in song.digests})
    paths = {digest: where[0] for digest, where in places.items()}
    if args.json:
        print_line(json.dumps([_data(song, paths) for song in songs], indent=2, ensure_ascii=False))
    elif not songs:
        print_line("no song was made of these sounds yet" if wanted else "no song was made yet")
    elif wanted:
        print_table(("song", "made"), [(song.song, _when(song)) for song in songs])
    else:
        for song in songs:
            names = sorted(Path(paths[d]).stem if d in paths else d[:8] for d in song.digests)
            print_line(f"{_when(song)}  {song.song}")
            print_line(f"    {', '.join(names)}")
    return 0


def _data(song: SongUse, paths: dict[str, str]) -> dict[str, object]:
    return {
        "song": song.song,
        "made_s": song.used_s,
        "sounds": [{"digest": digest, "path": paths.get(digest)} for digest in song.digests],
    }


def _when(song: SongUse) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(song.used_s))
