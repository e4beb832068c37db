"""`loopmind record`: from a sound device into a file."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from loopmind.commands._keys import Keys
from loopmind.commands._places import place
from loopmind.commands._terminal import ProgressLine, clock


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("out", metavar="OUT.wav", type=place, help="the file to write")
    parser.add_argument("--seconds", type=float, metavar="N", help="how long (default: until q)")
    parser.add_argument("--input", metavar="NAME", help="the device to record from")
    parser.add_argument("--device", metavar="NAME", help="the device that keeps the time")
    parser.add_argument(
        "--play", metavar="WHAT", help="play a project or a sound meanwhile, to play along to"
    )
    parser.add_argument(
        "--output", action="store_true", help="record what is heard, not what comes in"
    )
    parser.add_argument("--block", type=int, default=0, metavar="N", help="frames at a time")


def run(args: argparse.Namespace) -> int:
    """Record until the time is over, or a key ends it."""
    from loopmind.commands.play import prepare
    from loopmind.errors import LoopMindError, UsageError
    from loopmind.runtime.live.devices import choose_device
    from loopmind.runtime.live.engine import Engine
    from loopmind.runtime.live.taping import Recorder

    if args.output and args.play is None:
        raise UsageError("to record what is heard, name what is to play with --play")
    with Keys() as keys:
        if args.seconds is None and not keys.there:
            raise UsageError("say how long with --seconds, as no key can end the recording here")
        source = None if args.output else choose_device(args.input, outputs=False)
        rate_hz = choose_device(args.device).rate_hz
        with Engine(rate_hz, on_event=_tell) as engine, ProgressLine() as line:
            playing = None
            if args.play is not None:
                playing = prepare(args.play, engine)
            engine.open(
                args.device, block=args.block, with_input=not args.output, input_name=args.input
            )
            if engine.device is None:
                raise LoopMindError("nothing can be recorded without a sound device")
            try:
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
    if recorder.lost:
        print(f"loopmind: {recorder.lost} frames are missing: the disk was slow", file=sys.stderr)
    return 0


def _tell(text: str) -> None:
    stamp = time.strftime("%H:%M:%S")
    print(f"loopmind: {stamp} {text}", file=sys.stderr)
