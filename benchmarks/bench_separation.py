"""How fast sound is taken apart, and in how much memory, beside librosa's HPSS in the same run.

    python benchmarks/bench_separation.py [--seconds 60] [--threads 2] [--model light]
    python benchmarks/bench_separation.py --minutes 10

"wall" is what a watch shows; "cpu" is processor time over all threads, which other programs on
the machine hardly change: divided by the threads it bounds what a quiet machine would show. The
second form separates a file of that length by the command line and tells its peak memory.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from loopmind.analysis.listening.separation import separate
from loopmind.analysis.listening.separators import open_separator
from loopmind.files.encode import AudioWriter
from loopmind.music.audio import Audio

RATE_HZ = 44_100


def music(seconds: float, seed: int = 0) -> np.ndarray:
    """Something of every stem: clicks, a bass line, chords, noise."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    beat = rng.standard_normal(at.size) * np.exp(-30.0 * (at % 0.5))
    low = np.sin(2 * np.pi * 55.0 * 2.0 ** (np.floor(at) % 5 / 12) * at)
    chord = sum(np.sin(2 * np.pi * f * at) for f in (220.0, 277.2, 329.6, 880.0)) / 4
    sides = np.stack((beat + low + chord, 0.8 * beat + low + 1.2 * chord))
    return (0.2 * sides).astype(np.float32)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the watch and of the processor."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return time.monotonic() - wall, time.process_time() - cpu


def speed(seconds: float, threads: int, model: str) -> None:
    import librosa

    mix = music(seconds)
    audio = Audio(mix, RATE_HZ)
    separator = open_separator(model, threads=threads)
    separate(Audio(mix[:, : RATE_HZ * 4].copy(), RATE_HZ), separator)  # the first run prepares it

    def hpss() -> None:
        for side in mix:
            librosa.effects.hpss(side)

    librosa.effects.hpss(mix[0, : RATE_HZ * 4])
    works: dict[str, Callable[[], object]] = {
        f"{model}, all stems": lambda: separate(audio, separator),
        f"{model}, drums only": lambda: separate(audio, separator, ("drums",)),
        "librosa HPSS, one thread": hpss,
    }
    for name, work in works.items():
        wall, cpu = timed(work)
        own = 1 if "librosa" in name else threads
        print(f"{name:26} wall {seconds / wall:6.1f}x   cpu {seconds / cpu * own:6.1f}x real time "
              f"on {own} thread(s)", flush=True)  # fmt: skip


def memory(minutes: float, threads: int, model: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.flac"
        with AudioWriter(path, RATE_HZ, 2) as writer:
            part = music(20.0)
            for _ in range(round(minutes * 3)):
                writer.write(part)
        command = [sys.executable, "-m", "loopmind.cli", "separate", str(path), "--model", model,
                   "--threads", str(threads), "--out", folder]  # fmt: skip
        begun = time.monotonic()
        subprocess.run(command, check=True, capture_output=True)
        wall = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"{minutes:.0f} minutes by `loopmind separate`: {60 * minutes / wall:.1f}x real time, "
          f"peak memory {used:.2f} GB")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="light")
    options = parser.parse_args()
    if options.minutes:
        memory(options.minutes, options.threads, options.model)
    else:
        speed(options.seconds, options.threads, options.model)


if __name__ == "__main__":
    main()
