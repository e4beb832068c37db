"""`loopmind remix`: another version of a finished track, or of a LoopMind project."""

from __future__ import annotations

import argparse
from pathlib import Path

from loopmind.commands._places import new_song_folder, place
from loopmind.commands._song import add_wish, sing
from loopmind.errors import LoopMindError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "song", metavar="FILE", type=place, help="a finished track (audio), or a song.loopmind"
    )
    parser.add_argument(
        "folders", nargs="*", metavar="FOLDER", type=place,
        help="sounds for drums on top (default: the track alone)",
    )  # fmt: skip
    add_wish(parser)
    parser.add_argument(
        "--out", type=place, metavar="DIR", help="where to (default: a new folder under songs/)"
    )


def run(args: argparse.Namespace) -> int:
    """Make the remix."""
    song: Path = args.song
    if song.is_dir():
        raise LoopMindError(f"{song} is a folder; name the file of a finished track")
    if not song.is_file():
        raise LoopMindError(f"there is no file {song}; check the path")
    out = args.out if args.out is not None else new_song_folder(f"{song.stem} remix")
    return sing(args, [song, *args.folders], out, preset="remix", track=str(song))
