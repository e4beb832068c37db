"""What works beside the callback while Python is busy: reading from disk, and hosted plugins.

JACK's dummy driver (true timing) asks for blocks while none or three Python threads spin; told are
the frames that were not there in time, and what the callback counted as late itself.

    python benchmarks/bench_beside.py [--seconds 10] [--block 128]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from jack_server import jack_server

from loopmind.files.encode import write_audio
from loopmind.music.audio import Audio
from loopmind.nodes.host_live import host_live
from loopmind.nodes.stream_file import stream_file
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.hosting_unit import Outside
from loopmind.runtime.live.measuring import Busy
from loopmind.runtime.live.prefetch import Prefetch
from loopmind.runtime.live.signal_patch import signal_patch

RATE_HZ = 44100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--block", type=int, default=128)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wave = np.random.default_rng(1).standard_normal((2, 180 * RATE_HZ)).astype(np.float32)
        file = write_audio(Path(folder) / "long.flac", Audio(wave * np.float32(0.1), RATE_HZ))
        with jack_server(Path(folder), block=args.block):
            for threads in (0, 3):
                for name in ("stream_file", "stream_file, a jump a second", "host_live"):
                    _run(name, file, threads, args.seconds)


def _run(name: str, file: Path, threads: int, seconds: float) -> None:
    signal = stream_file(file)
    if name == "host_live":
        signal = host_live(signal, "pedalboard:Reverb")
    with Engine(RATE_HZ) as engine:
        planned = signal_patch(signal, RATE_HZ)
        engine.swap(planned)
        time.sleep(1.0)
        engine.open()
        engine.play(0)
        busy = Busy(threads)
        with busy:
            before = engine.snapshot()
            until, jumps = time.monotonic() + seconds, 0
            while time.monotonic() < until:
                time.sleep(1.0)
                if "jump" in name:
                    engine.seek((37 * jumps) % 170 * RATE_HZ)
                    jumps += 1
            after = engine.snapshot()
    beside = [k for k in planned.shared.values() if isinstance(k, (Prefetch, Outside))]
    told = {type(k).__name__: k.missed for k in beside}
    frames = after.heard - before.heard
    per_jump = f", {1000.0 * told['Prefetch'] / RATE_HZ / jumps:.0f} ms a jump" if jumps else ""
    print(
        f"{threads} spinning threads, {name}: {frames} frames in {after.blocks - before.blocks} "
        f"blocks, {after.underruns - before.underruns} underruns; not in time {told}{per_jump}"
    )


if __name__ == "__main__":
    main()
