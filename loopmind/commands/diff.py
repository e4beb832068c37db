"""`loopmind diff`: what differs between two songs, by section and track."""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopmind.commands._places import place
from loopmind.commands._project import opened, split_revision
from loopmind.commands._terminal import ProgressLine
from loopmind.errors import UsageError

if TYPE_CHECKING:
    from loopmind.compose.difference_report import Difference
    from loopmind.music.draft import Draft
    from loopmind.runtime.stem_difference import StemPart


LEAD_S = 0.02
"""A difference in the last moment before a change belongs to the change."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "songs", nargs="+", metavar="SONG",
        help="two projects, each perhaps with @REVISION or @BRANCH; of one project A@R, the "
        "second may be left out (it is A as it is now), or be @REVISION alone",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as docs/schema/difference.schema.json")
    parser.add_argument("--picture", type=place, metavar="FILE.svg", help="draw both arrangements")
    parser.add_argument(
        "--stems", action="store_true",
        help="render both and compare every track and section sample by sample",
    )  # fmt: skip
    parser.add_argument(
        "--look-in", action="append", default=[], type=place, metavar="FOLDER",
        help="where to look for sounds that were moved; may be given again",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Compare and tell."""
    from loopmind.compose.difference import difference
    from loopmind.compose.difference_report import in_words
    from loopmind.music.codec import to_plain

    places = _two(args.songs)
    with tempfile.TemporaryDirectory(prefix="loopmind-diff-") as folder:
        sides = [
            _side(args, *where, Path(folder) / name)
            for where, name in zip(places, ("a", "b"), strict=True)
        ]
        (a, name_a, names_a), (b, name_b, names_b) = sides
        found = difference(a, b, names=names_a | names_b, before=name_a, after=name_b)
        stems: list[StemPart] = []
        if args.stems:
            from loopmind.runtime.stem_difference import compare_stems

            stems = list(
                compare_stems(
                    Path(folder) / "a" / "stems", Path(folder) / "b" / "stems", a.song, b.song
                )
            )
    lines = [*in_words(found), *_stem_lines(stems, found)]
    if args.picture is not None:
        _draw(args.picture, a, b, found, tuple(_stem_lines(stems, found)))
        lines.append(f"  drawn in {args.picture}")
    if args.json:
        data = to_plain(found)
        if args.stems:
            data["stems"] = [_stem_data(part) for part in stems]
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines))
    return 0


def _two(songs: list[str]) -> list[tuple[Path, str]]:
    """The two songs meant, as (project, revision)."""
    if len(songs) > 2:
        raise UsageError(f"{len(songs)} songs cannot be compared; give two")
    first = split_revision(songs[0])
    if len(songs) == 1:
        if not first[1]:
            raise UsageError(
                "one song alone cannot be compared; name a second project, or PROJECT@REVISION"
            )
        return [first, (first[0], "")]
    if songs[1].startswith("@"):
        return [first, (first[0], songs[1])]
    return [first, split_revision(songs[1])]


def _side(
    args: argparse.Namespace, path: Path, revision: str, out: Path
) -> tuple[Draft, str, dict[str, str]]:
    """The song on one side, what to call it, and its sounds' names; rendered for --stems."""
    args.project = path
    with opened(args, read_only=True) as session:
        step, branches = session.history().find(revision), session.history().branches
        draft = session.draft_at(step.id)
        names = {r.digest: Path(r.path).stem for r in session.project.references}
        if args.stems:
            from loopmind.runtime.kernels import warm_up

            with ProgressLine() as line:
                warm_up(line.progress("compiling, on the first start only"))
            session.render(out, revision=step.id, stems=True, format="wav")
    shown = path.name if path.suffix else f"{path.name}/song.loopmind"
    # A branch goes by the name it was asked for; steps back and the like by the revision they mean.
    asked = revision.removeprefix("@")
    return draft, f"{shown}@{asked if asked in branches else step.id}", names


def _stem_lines(parts: list[StemPart], found: Difference) -> list[str]:
    """What the samples say, section by section."""
    if not parts:
        return []
    lines = ["  samples:"]
    touched = set(found.touched)
    # What holds for a track or the mix as a whole is heard wherever it sounds, also in the reverb.
    everywhere = {track.track for track in found.tracks if track.status != "identical"}
    mixed = bool(everywhere or found.mix or found.song)
    for section in dict.fromkeys(part.section for part in parts):
        mine = [part for part in parts if part.section == section]
        same = [part.stem for part in mine if part.identical]
        other = [part for part in mine if not part.identical]
        if not other:
            lines.append(f"    {section}: all {len(same)} stems identical")
            continue
        said = [_told(part, section not in touched and not mixed) for part in other]
        if same:
            said.append(f"identical: {', '.join(same)}")
        lines.append(f"    {section}: " + "; ".join(said))
    return lines


def _told(part: StemPart, tail: bool) -> str:
    if not tail:
        return f"{part.stem} differs (by up to {part.peak_db:.0f} dBFS)"
    if part.before_end_s <= LEAD_S:
        # A symmetric filter, as saturation is oversampled with, hears a moment ahead.
        return f"{part.stem} leads into the change in the last {1000 * part.before_end_s:.1f} ms"
    return (
        f"{part.stem} rings on from the change before it for {part.differs_s:.2f} s "
        f"({part.audible_s:.2f} s above -120 dBFS)"
    )


def _stem_data(part: StemPart) -> dict[str, Any]:
    return {
        "stem": part.stem,
        "section": part.section,
        "identical": part.identical,
        "differs_s": round(part.differs_s, 4),
        "audible_s": round(part.audible_s, 4),
        "before_end_s": round(part.before_end_s, 4),
        "peak_db": round(part.peak_db, 1) if math.isfinite(part.peak_db) else None,
    }


def _draw(path: Path, a: Draft, b: Draft, found: Difference, lines: tuple[str, ...]) -> None:
    from loopmind.files.atomic import atomic_write
    from loopmind.present.difference import difference_svg

    marks: dict[tuple[str, str], str] = {}
    whole = {
        track.track: "; ".join(change.words for change in track.changes) or track.status
        for track in found.tracks
        if track.status != "identical"
    }
    for section in found.sections:
        if section.status != "identical":
            said = "; ".join(change.words for change in section.changes)
            marks[section.name, ""] = said or section.status
        for cell in section.cells:
            said = "; ".join(change.words for change in cell.changes) or cell.status
            if cell.status != "identical":
                marks[section.name, cell.track] = said
            elif cell.track in whole:
                marks[section.name, cell.track] = whole[cell.track]
    picture = difference_svg(
        a.song, b.song, marks,
        title=b.song.title, names=(found.before, found.after), lines=lines,
    )  # fmt: skip
    atomic_write(path, picture.encode("utf-8"))
