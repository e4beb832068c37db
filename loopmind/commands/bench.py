"""`loopmind bench`: how much this machine can play, in half a minute."""

from __future__ import annotations

import argparse
import json

from loopmind.commands._terminal import ProgressLine


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--device", metavar="NAME", help="the device (default: the system's)")
    parser.add_argument("--tracks", type=int, default=16, metavar="N", help="of the test session")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="N", help="for each figure")
    parser.add_argument("--json", action="store_true", help="tell of it as JSON")


def run(args: argparse.Namespace) -> int:
    """Measure and tell."""
    from loopmind.errors import UsageError

    if not 1 <= args.tracks <= 256 or not 0.5 <= args.seconds <= 600:
        raise UsageError("give 1 to 256 tracks and 0.5 to 600 seconds")
    with ProgressLine() as line:
        from loopmind.runtime.kernels import KERNEL_MODULES, LIVE_MODULES, warm_up

        progress = line.progress("compiling, on the first start only")
        warm_up(progress, modules=(*KERNEL_MODULES, *LIVE_MODULES))
        from loopmind.runtime.live.measuring import measure

        found = measure(
            args.tracks, args.seconds, args.device, lambda what: line.show("measuring", what=what)
        )
    if args.json:
        print(json.dumps(found, indent=2))
        return 0
    for block, share in found["load"].items():
        print(f"{args.tracks} tracks, {block} frames: {share:.1%} of one core")
    print(f"tracks that one core plays: about {found['tracks']}")
    print(f"from a changed graph to its sound: {found['repatch_ms']:.1f} ms")
    if found["device"] is None:
        print("no sound device: nothing was played")
    else:
        print(
            f"{found['device']}: {found['blocks']} blocks of about {found['block']} frames in "
            f"{args.seconds:g} s while Python is busy, {found['underruns']} underruns"
        )
        if "busiest" in found:
            print(
                f"the busiest block took {found['busiest']:.0%} of its time of the processor; "
                f"{found['over']} took more than all of it"
            )
    return 0
