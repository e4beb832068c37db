"""The modes of `generate`: which preset each one runs, with what, and what is no use together."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopmind.commands._places import place
from loopmind.commands._song import More
from loopmind.errors import LoopMindError, UsageError
from loopmind.runtime.generate import PRESET, Made


@dataclass(frozen=True)
class Mode:
    """A way of making a song: its preset, the sounds to scan and the preset's own macros.

    more: what to tell of the song beyond what all songs are told of. name: for its folder.
    """

    preset: str
    folders: tuple[Path, ...]
    macros: dict[str, Any] = field(default_factory=dict)
    more: Callable[[Made], More] | None = None
    name: str = ""


def add_modes(parser: argparse.ArgumentParser) -> None:
    """Declare the options that choose a mode."""
    group = parser.add_argument_group("modes (one at a time)")
    group.add_argument(
        "--anchor", type=place, metavar="FILE",
        help="build the song round this loop: its tempo, its key",
    )  # fmt: skip
    group.add_argument(
        "--collab", action="store_true", help="two folders contribute equal shares, told apart"
    )
    group.add_argument(
        "--inspire", action="store_true", help="let LoopMind think of something, and say why"
    )
    group.add_argument(
        "--match", type=place, metavar="FILE",
        help="tempo, key, energy and tone of this finished track, from your own loops",
    )  # fmt: skip


def add_step(parser: argparse.ArgumentParser) -> None:
    """Declare the going through section by section, which goes with every mode."""
    parser.add_argument(
        "--step", action="store_true",
        help="go through the song section by section: accept, ask for another, or lock",
    )  # fmt: skip


def mode_of(args: argparse.Namespace) -> Mode:
    """The mode that `args` ask for. Raises UsageError for two at once, LoopMindError for a file."""
    asked = [f"--{name}" for name in ("anchor", "collab", "inspire", "match")
             if getattr(args, name, None)]  # fmt: skip
    if len(asked) > 1:
        raise UsageError(f"{asked[0]} and {asked[1]} are two ways to make a song; choose one")
    if args.anchor is not None:
        anchor = _file(args.anchor, "anchor")
        folders = (*args.folders, anchor)
        return Mode("hybrid", folders, {"anchor": str(anchor)}, name=f"round {anchor.stem}")
    if args.collab:
        return _collab(tuple(args.folders))
    if args.match is not None:
        track = _file(args.match, "reference")
        macros = {"reference": str(track)}
        return Mode("match", tuple(args.folders), macros, _match, f"like {track.stem}")
    if args.inspire:
        return Mode("inspire", tuple(args.folders), name="inspired")
    return Mode(PRESET, tuple(args.folders))


def _collab(folders: tuple[Path, ...]) -> Mode:
    if len(folders) != 2:
        raise UsageError(f"--collab needs two folders, not {len(folders)}")
    names = " and ".join(folder.resolve().name for folder in folders)
    return Mode("collab", folders, more=_contributions, name=names)


def _contributions(made: Made) -> More:
    from loopmind.compose.sharing import contributions, contributions_told

    found = contributions(made.song, made.crate, made.song.brief.sides)
    data = [
        {
            "folder": one.folder,
            "time_share": round(one.time_share, 3),
            "role_share": round(one.role_share, 3),
            "roles": dict(one.roles),
            "sounds_s": dict(one.sounds),
        }
        for one in found
    ]
    return More(contributions_told(found), {"contributions": data})


def _match(made: Made) -> More:
    from loopmind.compose.tone_match import match_told
    from loopmind.music.codec import to_plain

    before, after = made.result["tone.before"], made.result["compare"]
    reference = made.result["reference"]
    data = {"name": reference.name, "before": to_plain(before), "after": to_plain(after)}
    return More(match_told(before, after, reference), {"match": data})


def _file(path: Path, what: str) -> Path:
    if path.is_dir():
        raise LoopMindError(f"the {what} {path} is a folder; name one file")
    if not path.is_file():
        raise LoopMindError(f"there is no file {path} to be the {what}; check the path")
    return path
