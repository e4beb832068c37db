"""`loopmind remix`: another version of a finished track, or of a LoopMind project."""

from __future__ import annotations

import argparse
from pathlib import Path

from loopmind.commands._places import new_song_folder, place
from loopmind.commands._song import More, add_wish, sing
from loopmind.errors import LoopMindError
from loopmind.files.project import PROJECT_NAME, read_project
from loopmind.music.draft import Draft
from loopmind.runtime.generate import Made


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "song", metavar="FILE", type=place, help="a finished track (audio), or a song.loopmind"
    )
    parser.add_argument(
        "folders", nargs="*", metavar="FOLDER", type=place,
        help="of a track: sounds for drums on top; of a project: where its sounds are now",
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
    is_project = song.suffix == Path(PROJECT_NAME).suffix
    name = song.resolve().parent.name if is_project else song.stem
    out = args.out if args.out is not None else new_song_folder(f"{name} remix")
    if is_project:
        if out.resolve() == song.resolve().parent:
            raise LoopMindError(
                f"the new version would take the place of {song}; choose another --out"
            )
        before = read_project(song).draft()  # what is wrong with it is told at once
        return sing(
            args, args.folders, out, preset="vary", project=str(song),
            more=lambda made: _changed(before, made),
        )  # fmt: skip
    return sing(args, [song, *args.folders], out, preset="remix", track=str(song))


def _changed(before: Draft, made: Made) -> More:
    """What is new in the whole song; the sounds are told in the palette's notes."""
    old, new = before.song, made.song
    lines = [
        f"stayed: {new.bpm:g} bpm" if new.bpm == old.bpm else f"{old.bpm:g} bpm -> {new.bpm:g}",
        "form: " + " ".join(f"{s.name} ({s.bars})" for s in old.sections)
        + " -> " + " ".join(f"{s.name} ({s.bars})" for s in new.sections),
        f"mix: {before.mix.style} -> {made.mix.style}",
    ]  # fmt: skip
    return More(tuple(lines), {"notes": list(made.palette.notes), "changed": lines})
