"""What `generate` and `demo` share: the arguments of a wish, making the song, telling of it."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopmind.commands._graphs import ShowEvents
from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine
from loopmind.files.atomic import check_folder
from loopmind.files.project import PROJECT_NAME
from loopmind.graph.ports import SEED_HIGH
from loopmind.runtime.generate import PRESET, Made, make_song, song_graph, song_session
from loopmind.runtime.kernels import warm_up

_MIXES = ("raw", "polished", "tape")
_FORMATS = ("wav", "flac", "mp3", "ogg")
_LONGEST_PROMPT = 2000
_LENGTHS_S = (10.0, 1200.0)
_LOUDNESS_LUFS = (-30.0, -6.0)


def add_wish(parser: argparse.ArgumentParser) -> None:
    """Declare what can be wished of a song."""
    parser.add_argument(
        "--prompt", type=_prompt, default="", metavar="TEXT",
        help="the wish: 'dark trap, 140 bpm, no vocals'",
    )  # fmt: skip
    parser.add_argument("--brain", default="", metavar="NAME", help="the genre brain to use")
    parser.add_argument(
        "--seed",
        type=_seed,
        default=1,
        metavar="N",
        help="another number, another song (default 1)",
    )
    parser.add_argument("--length", type=_length, metavar="M:SS", help="length of the song")
    parser.add_argument("--mix", choices=_MIXES, help="character of the mix")
    parser.add_argument(
        "--loudness", type=_loudness, metavar="LUFS", help="of the master (default -14)"
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=_FORMATS, default="wav", help="of the song (default wav)"
    )
    parser.add_argument("--stems", action="store_true", help="also write one file for each track")
    parser.add_argument(
        "--library", type=place, metavar="DIR", help="use the library in this folder"
    )
    parser.add_argument("--json", action="store_true", help="tell of the song as JSON")


def _prompt(text: str) -> str:
    """The wish; what of it is no text, and could be written to no file, becomes '?'."""
    if len(text) > _LONGEST_PROMPT:
        raise argparse.ArgumentTypeError(
            f"say it in at most {_LONGEST_PROMPT} letters, not {len(text)}"
        )
    return text.encode("utf-8", "replace").decode("utf-8")


def _length(text: str) -> float:
    """Seconds of "2:30", "150" or "150s"."""
    match = re.fullmatch(r"(?:([0-9]+):)?([0-9]+(?:\.[0-9]+)?)\s*s?", text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"write minutes and seconds, such as 2:30, not {text!r}")
    seconds = 60.0 * int(match.group(1) or 0) + float(match.group(2))
    if not _LENGTHS_S[0] <= seconds <= _LENGTHS_S[1]:
        raise argparse.ArgumentTypeError(f"a song is 0:10 to 20:00 long, not {text}")
    return seconds


def _seed(text: str) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,18}", text.strip()) else -1
    if not 0 <= number <= SEED_HIGH:
        raise argparse.ArgumentTypeError(f"give a whole number from 0 to {SEED_HIGH}, not {text}")
    return number


def _loudness(text: str) -> float:
    try:
        lufs = float(text)
    except ValueError:
        lufs = math.nan
    if not _LOUDNESS_LUFS[0] <= lufs <= _LOUDNESS_LUFS[1]:
        low, high = _LOUDNESS_LUFS
        raise argparse.ArgumentTypeError(f"give {low:g} to {high:g} LUFS, such as -14, not {text}")
    return lufs


@dataclass(frozen=True)
class More:
    """What a mode has to tell of the song beyond what all songs are told of."""

    lines: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)


def sing(
    args: argparse.Namespace, folders: list[Path], out: Path, *, preset: str = PRESET,
    more: Callable[[Made], More] | None = None, **macros: Any,
) -> int:  # fmt: skip
    """Make a song of `folders` in `out` by `preset`, as `args` wish, and tell of it.

    more: what else to tell. macros: further macros of the preset.
    """
    started = time.monotonic()
    made = make(args, folders, out, preset=preset, **macros)
    took_s = time.monotonic() - started
    told = more(made) if more is not None else More()
    if args.json:
        data = {**as_data(made, took_s), **told.data}
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        *lines, last = in_words(made, took_s)
        print("\n".join([*lines, *(f"  {line}" for line in told.lines), last]))
    return 0


def make(
    args: argparse.Namespace, folders: list[Path], out: Path, *, preset: str = PRESET, **more: Any
) -> Made:
    """Make a song of `folders` in `out` by `preset`, as `args` wish, showing its progress."""
    check_folder(out)  # before minutes of work, not after them
    macros: dict[str, Any] = {
        "folders": [str(folder) for folder in folders],
        "wish": args.prompt,
        "genre": args.brain,
        "seed": args.seed,
        "mix": args.mix or "",
        "out": str(out),
        "format": args.format,
        "stems": args.stems,
        **more,
    }
    if args.loudness is not None:
        macros["loudness_lufs"] = args.loudness
    if args.length is not None:
        macros["length_s"] = args.length
    if args.library is not None:
        macros["library"] = str(args.library)
    with ProgressLine() as line:  # before the graph is read, which would compile them one by one
        warm_up(line.progress("compiling, on the first start only"))
    graph = song_graph(macros, preset)
    with ProgressLine() as line, song_session() as session:
        show = ShowEvents(line)
        made = make_song(graph, session, listener=show)
    for trouble in (*show.troubles, *_note_uses(args.library, made)):
        print(f"loopmind: {trouble}", file=sys.stderr)
    return made


def _note_uses(directory: Path | None, made: Made) -> list[str]:
    """Let the library remember what plays in the song; what kept it from that, for the user."""
    from loopmind.library.library import Library, LibraryError

    clips = made.song.clips
    played = {clip.digest for clip in clips} | {hit.digest for c in clips for hit in c.hits}
    try:
        with Library(directory) as library:
            library.note_song(made.out / PROJECT_NAME, played - {""}, time.time())
    except LibraryError as error:  # the song itself is done
        return [f"what plays in the song is not remembered: {error}"]
    return []


def as_data(made: Made, took_s: float) -> dict[str, Any]:
    """The song in figures, for other programs; timeline.json tells everything."""
    song, loops = made.song, made.crate.by_digest()
    return {
        "out": str(made.out),
        "files": [str(made.out / place) for _, place in made.measured.files],
        "title": song.title,
        "genre": song.brief.genre,
        "seed": song.seed,
        "bpm": song.bpm,
        "key": str(song.key) if song.key else None,
        "duration_s": round(made.measured.duration_s, 3),
        "sections": [
            {"name": s.name, "start_bar": s.start_bar, "bars": s.bars, "energy": s.energy}
            for s in song.sections
        ],
        "tracks": [{"name": t.name, "role": t.role} for t in song.tracks],
        "choices": [
            {
                "slot": c.slot,
                "path": loops[c.picked.digest].path,
                "score": round(c.picked.score, 3),
                "reason": c.reason,
            }
            for c in made.palette.choices
        ],
        "why": list(song.brief.why),
        "unfilled": dict(made.palette.unfilled),
        "understood": list(made.brief.understood),
        "ignored": list(made.brief.ignored),
        "unusable": [u.path for u in made.crate.unusable],
        "loudness_lufs": round(made.measured.loudness_lufs, 2),
        "true_peak_dbtp": round(made.measured.true_peak_dbtp, 2),
        "mix": made.mix.style,
        "took_s": round(took_s, 2),
        "nodes_ran": len(made.result.ran),
    }


def in_words(made: Made, took_s: float) -> list[str]:
    """The song in a few lines for a person."""
    song, measured, loops = made.song, made.measured, made.crate.by_digest()
    minutes, seconds = divmod(round(measured.duration_s), 60)
    key = song.key.written if song.key else "no key"
    lines = [
        f"{song.title}: {song.bpm:g} bpm, {key}, {minutes}:{seconds:02d}, "
        f"{measured.loudness_lufs:.1f} LUFS, true peak {measured.true_peak_dbtp:.1f} dBTP",
        "  sections  " + ", ".join(f"{s.name} ({s.bars})" for s in song.sections),
    ]
    for choice in made.palette.choices:
        name = Path(loops[choice.picked.digest].path).name
        lines.append(f"  {choice.slot:<12} {name}: {choice.reason}")
    lines += [f"  {reason}" for reason in song.brief.why]
    lines += [f"  no {role}: {reason}" for role, reason in made.palette.unfilled]
    lines += [f"  {note}" for note in made.palette.notes]
    if made.brief.ignored:
        lines.append("  not understood: " + ", ".join(made.brief.ignored))
    if made.crate.unusable:
        count = len(made.crate.unusable)
        first = made.crate.unusable[0]
        lines.append(
            f"  {count} file{'s' if count > 1 else ''} left out; "
            f"the first: {first.path} {first.reason}"
        )
    lines.append(f"  open {made.out / 'song.html'} (made in {took_s:.1f} s)")
    return lines
