"""`loopmind clone-style`: finished songs become a genre brain of the user's own."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from loopmind.commands._graphs import ShowEvents
from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import LoopMindError
from loopmind.runtime.generate import song_graph, song_session


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "songs", nargs="+", metavar="FILE", type=place,
        help="finished songs: audio files, song.loopmind files, or folders with a song.loopmind",
    )  # fmt: skip
    parser.add_argument("--name", required=True, help="what the genre is to be called")
    parser.add_argument(
        "--like", default="", metavar="GENRE", help="the genre that lends what cannot be measured"
    )
    parser.add_argument(
        "--replace", action="store_true", help="write over a genre of your own with this name"
    )
    parser.add_argument("--json", action="store_true", help="tell of the genre as JSON")


def run(args: argparse.Namespace) -> int:
    """Measure the songs and write the genre."""
    songs = [_song(file) for file in args.songs]
    graph = song_graph(
        {
            "songs": [str(song) for song in songs],
            "name": args.name,
            "like": args.like,
            "replace": args.replace,
        },
        "clone_style",
    )
    with ProgressLine() as line, song_session() as session:
        show = ShowEvents(line)
        result = session.evaluate(graph, listener=show)
    result.check_for_user()
    for trouble in show.troubles:
        print(f"loopmind: {trouble}", file=sys.stderr)
    file, style = result["write.file"], result["hear"]
    measured, kept = result["write.measured"], result["write.kept"]
    if args.json:
        data = {
            "file": str(file),
            "genre": json.loads(file.read_text("utf-8")),
            "measured": list(measured),
            "kept": list(kept),
            "songs": [song.name for song in style.songs],
        }
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return 0
    name = json.loads(file.read_text("utf-8"))["name"]
    count = len(style.songs)
    print(f"{name}, measured of {count} song{'s' * (count > 1)}: {file}")
    for said in measured:
        print(f"  {said}")
    print(f"  as in {args.like or 'the default genre'}: {'; '.join(kept)}")
    print(f"  try: loopmind generate FOLDER --brain {json.dumps(name) if ' ' in name else name}")
    return 0


def _song(path: Path) -> Path:
    inside = path / "song.loopmind"
    if path.is_dir() and not inside.is_file():
        raise LoopMindError(f"{path} holds no song.loopmind; name songs, not folders of sounds")
    return inside if path.is_dir() else path
