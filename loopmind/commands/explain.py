"""`loopmind explain`: what plays, why these loops, and what the mix does, in plain words."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from loopmind.commands._places import place


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "project", metavar="PROJECT", type=place, help="a song.loopmind file, or its folder"
    )
    parser.add_argument(
        "section", nargs="*", metavar="SECTION", help="tell of one section alone, such as hook 2"
    )
    parser.add_argument("--json", action="store_true", help="tell of it as JSON")


def run(args: argparse.Namespace) -> int:
    """Tell of the song, or of one section."""
    from loopmind.compose.tell import section_lines, song_lines, tell_section, tell_song
    from loopmind.runtime.project_session import ProjectSession

    # The project knows the names of its sounds, so nothing need be scanned for this.
    with ProjectSession.open(args.project, read_only=True) as session:
        draft = session.draft
        names = {r.digest: Path(r.path).stem for r in session.project.references}
    name = _section_name(" ".join(args.section), [s.name for s in draft.song.sections])
    if name:
        section = tell_section(draft, names, name)
        lines, data = section_lines(section), dataclasses.asdict(section)
    else:
        song = tell_song(draft, names)
        lines, data = song_lines(song), dataclasses.asdict(song)
    print(json.dumps(data, indent=2, ensure_ascii=False) if args.json else "\n".join(lines))
    return 0


def _section_name(said: str, names: list[str]) -> str:
    """The section that is meant: "Hook2" is "hook 2"; a lone "bridge" is the only one there is."""
    plain = "".join(said.lower().split())
    exact = [name for name in names if name.replace(" ", "") == plain]
    alike = [name for name in names if name.rstrip(" 0123456789") == plain]
    if exact:
        return exact[0]
    return alike[0] if len(alike) == 1 else said
