"""`loopmind record`: from a sound device into a file."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loopmind.commands._keys import Keys
from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine, clock
from loopmind.music.loop import ROLES

if TYPE_CHECKING:
    from loopmind.commands.play import Playing
    from loopmind.music.audio import Audio
    from loopmind.runtime.live.engine import Engine


QUIETEST = 1e-4
"""A recording that is nowhere louder (-80 dB) holds nothing."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("out", metavar="OUT.wav", type=place, help="the file to write")
    parser.add_argument("--seconds", type=float, metavar="N", help="how long (default: until q)")
    parser.add_argument("--input", metavar="NAME", help="the device to record from")
    parser.add_argument("--device", metavar="NAME", help="the device that keeps the time")
    parser.add_argument(
        "--play", metavar="WHAT", help="play this meanwhile: a project, a graph or a sound"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
        help="of a graph to play: set node.control=value or macro=value; may be given several "
        "times",
    )  # fmt: skip
    parser.add_argument(
        "--output", action="store_true", help="record what is heard, not what comes in"
    )
    parser.add_argument(
        "--bars", type=_bars, metavar="A-B", help="only while these bars of the song play"
    )
    parser.add_argument(
        "--lay", metavar="TRACK", nargs="?", const="recording",
        help="with --bars: put what was recorded into the song, on this track (made where there "
        "is none; default: recording)",
    )  # fmt: skip
    parser.add_argument(
        "--role", choices=ROLES, default="vocal", help="of a track that --lay makes (default vocal)"
    )
    parser.add_argument("--count-in", type=int, default=4, metavar="BEATS", help="before --bars")
    parser.add_argument("--block", type=int, default=0, metavar="N", help="frames at a time")


def _bars(text: str) -> tuple[int, int]:
    """(5, 8) of "5-8": from the start of bar 5 to the end of bar 8."""
    match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", text.strip())
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError(f"write the first and last bar, such as 5-8, not {text!r}")
    return int(match[1]), int(match[2])


def run(args: argparse.Namespace) -> int:
    """Record until the time is over, or a key ends it."""
    from loopmind.commands.play import prepare
    from loopmind.errors import LoopMindError, UsageError
    from loopmind.runtime.live.devices import choose_device
    from loopmind.runtime.live.engine import Engine
    from loopmind.runtime.live.taping import Recorder
    from loopmind.runtime.project_place import is_project

    if args.output and args.play is None:
        raise UsageError("to record what is heard, name what is to play with --play")
    if args.lay is not None and (args.bars is None or not is_project(args.play or "")):
        raise UsageError("--lay needs --bars, and a project to --play (a song.loopmind)")
    if args.bars is not None and (args.output or args.play is None):
        raise UsageError("--bars records what comes in while a song plays; name it with --play")
    with Keys() as keys:
        if args.seconds is None and args.bars is None and not keys.there:
            raise UsageError("say how long with --seconds, as no key can end the recording here")
        source = None if args.output else choose_device(args.input, outputs=False)
        rate_hz = choose_device(args.device).rate_hz
        with Engine(rate_hz, on_event=_tell) as engine, ProgressLine() as line:
            playing = None
            if args.play is not None:
                playing = prepare(args.play, engine, settings=args.settings)
            engine.open(
                args.device, block=args.block, with_input=not args.output, input_name=args.input
            )
            try:
                if engine.device is None:
                    raise LoopMindError("nothing can be recorded without a sound device")
                if args.bars is not None and playing is not None:
                    audio = _punch_in(args, engine, playing, keys)
                    playing.close()
                    if args.lay is not None:
                        _lay(args, audio)
                    return 0
                with Recorder(engine, Path(args.out), source=not args.output) as recorder:
                    if playing is not None:
                        engine.play(0)
                    until = None if args.seconds is None else args.seconds * rate_hz
                    while (until is None or recorder.frames < until) and keys.get(0.05) != "q":
                        line.show(f"recording {clock(recorder.frames / rate_hz)}  q ends")
            finally:
                if playing is not None:
                    playing.close()
    seconds = recorder.frames / rate_hz
    name = source.name if source is not None else "what was heard"
    print(f"{args.out}: {seconds:.1f} s of {name}, {rate_hz} Hz")
    _warn_of_silence(recorder.peak)
    if recorder.lost:
        print(f"loopmind: {recorder.lost} frames are missing: the disk was slow", file=sys.stderr)
    return 0


def _warn_of_silence(peak: float) -> None:
    if peak < QUIETEST:
        _tell(
            "nothing was heard; check the level and what is connected, or name another device "
            "(see 'loopmind devices')"
        )


def _punch_in(args: argparse.Namespace, engine: Engine, playing: Playing, keys: Keys) -> Audio:
    """Record some bars of a song, to the frame as long as they are."""
    import numpy as np

    from loopmind.errors import UsageError
    from loopmind.files.encode import write_audio
    from loopmind.music.audio import Audio
    from loopmind.runtime.live.taping import punch_in

    if playing.player is None:
        raise UsageError("only a song has bars; name a project or a folder of loops with --play")
    per_bar = playing.player.song.beats_per_bar
    first = playing.player.frame((args.bars[0] - 1) * per_bar)
    last = playing.player.frame(args.bars[1] * per_bar)
    samples = punch_in(
        engine, first, last, count_in_beats=args.count_in, stopped=lambda: keys.get(0.0) == "q"
    )
    audio = Audio(samples, engine.rate_hz)
    write_audio(Path(args.out), audio)
    print(
        f"{args.out}: bars {args.bars[0]} to {args.bars[1]} at {playing.player.song.bpm:g} bpm, "
        f"{samples.shape[1] / engine.rate_hz:.2f} s, begins on the beat"
    )
    _warn_of_silence(float(np.abs(samples).max(initial=0.0)))
    return audio


def _lay(args: argparse.Namespace, audio: Audio) -> None:
    """Put the recording into the song that was played."""
    from loopmind.runtime.project_session import ProjectSession
    from loopmind.runtime.recording import lay_recording

    with ProjectSession.open(args.play) as session:
        revision = lay_recording(session, audio, args.bars, track=args.lay, role=args.role)
        print(f"{session.path}: revision {revision.id}, {'; '.join(revision.told)}")


def _tell(text: str) -> None:
    print(f"loopmind: {text}", file=sys.stderr)
