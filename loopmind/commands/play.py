"""`loopmind play`: a project, a folder of loops, a graph or a sound file through a sound device."""

from __future__ import annotations

import argparse
import math
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from loopmind.commands._graphs import ShowEvents, apply_settings, find_graph
from loopmind.commands._keys import Keys
from loopmind.commands._terminal import ProgressLine, clock
from loopmind.errors import UsageError

if TYPE_CHECKING:
    from loopmind.runtime.live.engine import Engine, Snapshot
    from loopmind.runtime.live.song_player import SongPlayer
    from loopmind.runtime.sounding import Levels, Sounding

SEEK_S = 5.0
LONG_S = 300.0
"""A longer sound file is played from disk."""
_QUIETEST_DB = -60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = (
        "Keys while it plays: space stops and goes on, the arrows left and right seek by "
        f"{SEEK_S:g} seconds, l repeats the section that plays or goes on, q ends."
    )
    parser.add_argument(
        "what", metavar="WHAT",
        help="a song.loopmind or its folder, a folder of loops, a graph, or a sound file",
    )  # fmt: skip
    parser.add_argument("--device", metavar="NAME", help="the device (default: the system's)")
    parser.add_argument(
        "--block", type=int, default=0, metavar="N",
        help="frames at a time (default: as the device likes)",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="begin", type=_time, default=0.0, metavar="M:SS", help="begin there"
    )
    parser.add_argument("--loop", metavar="SECTION", help="repeat this section")
    parser.add_argument("--metronome", action="store_true", help="let the beats click")
    parser.add_argument("--count-in", type=int, default=0, metavar="BEATS", help="count before")
    parser.add_argument("--prompt", default="", metavar="TEXT", help="the wish, for a folder")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="for a folder")
    parser.add_argument(
        "--out-seconds", type=float, metavar="N", help="stop after so many seconds of time"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
        help="of a graph: set node.control=value or macro=value; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--midi", metavar="PORT", nargs="?", const="",
        help="let a MIDI keyboard play the graph's sampler (default: the first port)",
    )  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="show no line while it plays")


def _time(text: str) -> float:
    match = re.fullmatch(r"(?:([0-9]+):)?([0-9]+(?:\.[0-9]+)?)", text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"write minutes and seconds, such as 1:30, not {text!r}")
    return 60.0 * int(match.group(1) or 0) + float(match.group(2))


@dataclass
class Playing:
    """What was given to the engine: its length, and its song where it is one.

    failed: what went wrong behind, while it played.
    """

    end: Callable[[], int]
    player: SongPlayer | None = None
    failed: list[Exception] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)

    def keep(self, opened: AbstractContextManager[object]) -> None:
        """Close `opened` with the rest."""
        self._open.enter_context(opened)

    def close(self) -> None:
        """Close the project or the graph's session."""
        self._open.close()


def run(args: argparse.Namespace) -> int:
    """Play to the end, or until q."""
    from loopmind.runtime.live.devices import DeviceError, choose_device

    try:
        rate_hz = choose_device(args.device).rate_hz
    except DeviceError:
        if args.device is not None:
            raise
        rate_hz = 44100
    with ProgressLine() as line:
        from loopmind.runtime.kernels import KERNEL_MODULES, LIVE_MODULES, warm_up

        warm_up(
            line.progress("compiling, on the first start only"),
            modules=(*KERNEL_MODULES, *LIVE_MODULES),
        )
        from loopmind.runtime.live.engine import Engine

        with Engine(rate_hz, on_event=lambda text: _tell(line, text)) as engine:
            playing = prepare(
                args.what, engine, line, prompt=args.prompt, seed=args.seed, settings=args.settings
            )
            try:
                if args.midi is not None:
                    from loopmind.runtime.live.midi_in import MidiIn

                    playing.keep(MidiIn(engine, args.midi))
                return _perform(args, engine, playing, line)
            finally:
                playing.close()


def _tell(line: ProgressLine, text: str) -> None:
    line.clear()
    print(f"loopmind: {text}", file=sys.stderr)


def prepare(
    what: str,
    engine: Engine,
    line: ProgressLine | None = None,
    *,
    prompt: str = "",
    seed: int = 1,
    settings: Sequence[str] = (),
) -> Playing:
    """Give the engine what `what` names; nothing sounds yet. Raises UsageError, LoopMindError."""
    from loopmind.files.project import PROJECT_NAME

    line = line or ProgressLine()
    place = Path(what)
    if place.is_dir() and not (place / PROJECT_NAME).exists():
        return _folder(place, engine, line, prompt, seed)
    if place.is_dir() or place.suffix.lower() in (".loopmind", ".loopmindz"):
        return _project(place, engine, line)
    if place.suffix == ".json" or not place.exists():
        return _graph(what, engine, line, settings)
    return _sound(place, engine)


def _project(place: Path, engine: Engine, line: ProgressLine) -> Playing:
    from loopmind.runtime.live.song_player import SongPlayer
    from loopmind.runtime.project_session import ProjectSession

    player = SongPlayer(engine)
    playing = Playing(lambda: _song_end(player), player)
    listen = ShowEvents(line)
    session = playing._open.enter_context(
        ProjectSession.open(place, read_only=True, listener=listen, cancelled=player.is_closing)
    )
    playing._open.callback(player.close)
    player.show_in_time(
        session.sounding, keep=session.keep_levels, heard=line.clear, fail=playing.failed.append
    )
    return playing


def _folder(place: Path, engine: Engine, line: ProgressLine, prompt: str, seed: int) -> Playing:
    from loopmind.runtime.generate import song_graph, song_session
    from loopmind.runtime.live.song_player import SongPlayer
    from loopmind.runtime.sounding import keep_levels, kept_levels, sounding

    player = SongPlayer(engine)
    playing = Playing(lambda: _song_end(player), player)
    session = playing._open.enter_context(song_session())
    graph = song_graph({"folders": [str(place)], "wish": prompt, "seed": seed})
    playing._open.callback(player.close)
    show = ShowEvents(line)

    def fit(opening: bool) -> tuple[Sounding, Levels | None]:
        found = sounding(
            session, graph, opening=opening, listener=show, cancelled=player.is_closing
        )
        return found, kept_levels(session, found.song, found.mix, found.material.rate_hz)

    def keep(found: Sounding, levels: Levels) -> None:
        keep_levels(session, found.song, found.mix, found.material.rate_hz, levels)

    player.show_in_time(
        fit,
        keep=keep,
        heard=line.clear,
        fail=playing.failed.append,
    )
    return playing


def _song_end(player: SongPlayer) -> int:
    return player.song.frames(player.engine.rate_hz) + (
        0 if player.engine.patch is None else player.engine.patch.planned.latency
    )


def _graph(what: str, engine: Engine, line: ProgressLine, settings: Sequence[str] = ()) -> Playing:
    from loopmind.files.places import default_cache
    from loopmind.runtime.cache import DiskCache
    from loopmind.runtime.execute import Session
    from loopmind.runtime.live.graph_patch import graph_signal
    from loopmind.runtime.live.signal_patch import signal_patch

    graph = apply_settings(find_graph(what), settings)
    with Session(disk=DiskCache(default_cache() / "values")) as session:
        signal = graph_signal(graph, session, listener=ShowEvents(line))
    planned = signal_patch(signal, engine.rate_hz)
    engine.swap(planned)
    line.clear()
    return Playing(lambda: planned.end and planned.end + planned.latency)


def _sound(place: Path, engine: Engine) -> Playing:
    from loopmind.files.decode import probe, read_audio
    from loopmind.music.signal import Signal
    from loopmind.runtime.live.signal_patch import signal_patch

    seconds = probe(place).duration_s
    if seconds > LONG_S:
        from loopmind.nodes.stream_file import stream_file

        engine.swap(signal_patch(stream_file(place), engine.rate_hz))
        return Playing(lambda: round(seconds * engine.rate_hz))
    audio = read_audio(place)
    settings = {
        "start_s": 0.0, "rate": 1.0, "reverse": False, "repeat": False, "gain_db": 0.0,
        "fade_s": 0.0,
    }  # fmt: skip
    signal = Signal("loopmind.runtime.live.clip_unit:CLIP", settings, values=(audio,))
    engine.swap(signal_patch(signal, engine.rate_hz))
    return Playing(lambda: round(audio.duration_s * engine.rate_hz))


def _perform(args: argparse.Namespace, engine: Engine, playing: Playing, line: ProgressLine) -> int:
    """Open the device and follow the keys until the end."""
    player, rate_hz = playing.player, engine.rate_hz
    if args.loop is not None:
        if player is None:
            raise UsageError("only a song has sections to repeat")
        player.loop_section(args.loop)
    first = round(args.begin * rate_hz)
    if args.loop is not None and player is not None and not args.begin:
        from loopmind.runtime.sounding import section_beats

        first = player.frame(section_beats(player.song, args.loop)[0])
    engine.open(args.device, block=args.block)
    if player is not None and args.metronome:
        player.metronome(0.3)
    started = time.monotonic()
    end = playing.end()
    until = 0 if args.loop is not None else end
    engine.play(first, until=until, count_in_beats=args.count_in)
    looping = args.loop
    time.sleep(0.05)
    with Keys() as keys:
        while True:
            key = keys.get(0.05)
            now = engine.snapshot()
            if playing.failed:
                raise playing.failed[0]
            if args.out_seconds is not None and time.monotonic() - started >= args.out_seconds:
                break
            if key == "q":
                break
            if key == " ":
                engine.stop() if now.playing else engine.play(fresh=False, until=until)
            elif key in ("left", "right"):
                step = SEEK_S * rate_hz * (1 if key == "right" else -1)
                engine.seek(max(round(now.position + step), 0))
            elif key == "l" and player is not None:
                name = player.section_at(now.position)
                looping = None if looping else name or None
                player.loop_section(looping) if looping else engine.loop(0, 0)
            elif not now.playing and not keys.there:
                break
            if not args.quiet:
                line.show(_line(now, rate_hz, end, player, looping))
    line.clear()
    now = engine.snapshot()
    if not args.quiet:
        print(
            f"{clock(now.heard / rate_hz)} played in {now.blocks} blocks, "
            f"{now.underruns} underruns{_whose(now)}"
        )
    return 0


def _whose(now: Snapshot) -> str:
    """Through whom blocks were late, where some were and the system can tell."""
    if not now.underruns or now.work is None:
        return ""
    ours = "none" if now.work.over == 0 else f"at most {now.work.over}"
    return (
        f", {ours} of them through loopmind (its busiest block needed {now.work.busiest:.0%} of "
        "its time); close what runs beside, or choose a longer --block"
    )


def _line(
    now: Snapshot, rate_hz: int, end: int, player: SongPlayer | None, looping: str | None
) -> str:
    """Position, section and meters on one line."""
    minutes, seconds = divmod(now.position / rate_hz, 60.0)
    parts = ["playing" if now.playing else "stopped", f"{int(minutes)}:{seconds:04.1f}"]
    if end:
        parts.append(f"of {clock(end / rate_hz)}")
    if player is not None:
        parts.append(player.section_at(now.position))
    if looping:
        parts.append(f"(repeating {looping})")
    parts += [_meter(peak) for peak in now.peak]
    parts.append(now.device or "no device")
    return "  ".join(part for part in parts if part)


def _meter(peak: float) -> str:
    """A level as a bar of twelve."""
    db = 20.0 * math.log10(max(peak, 1e-9))
    filled = round(12 * min(max(1.0 - db / _QUIETEST_DB, 0.0), 1.0))
    return "#" * filled + "." * (12 - filled)
