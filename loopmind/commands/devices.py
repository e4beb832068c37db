"""`loopmind devices`: lists the sound devices."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--json", action="store_true", help="tell of them as JSON")


def run(args: argparse.Namespace) -> int:
    """Tell of every device; without one say what to do."""
    from loopmind.runtime.live.devices import devices

    found = devices()
    if args.json:
        print(json.dumps([asdict(device) for device in found], indent=2, ensure_ascii=False))
        return 0
    if not found:
        print("there is no sound device; connect one, or start a sound server")
    for device in found:
        marks = "".join(
            mark for mark, is_it in
            ((">", device.is_default_output), ("<", device.is_default_input)) if is_it
        )  # fmt: skip
        print(
            f"{marks or ' ':2} {device.index:>3}  {device.name} ({device.system}): "
            f"{device.outputs} out, {device.inputs} in, {device.rate_hz} Hz"
        )
    if found:
        print("> plays, < records, where none is named; name one with --device")
    return 0
