"""The whole job in seconds: cold, warm, one control changed late; the demo with no kernel compiled.

Each line is a fresh process, as a user starts it. Peer for scale: librosa alone loading and
tracking beats of the same files, in a process of its own.

    python benchmarks/bench_song.py [--loops DIR] [--count 100] [--length 2:30]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SUFFIXES = {".wav", ".flac", ".ogg", ".mp3", ".aiff"}
PEER = """
import sys, warnings, librosa
warnings.simplefilter("ignore")
for path in sys.argv[1:]:
    y, sr = librosa.load(path)
    librosa.beat.beat_track(y=y, sr=sr)
"""


def seconds(command: list[str], home: Path, **extra: str) -> tuple[float, str]:
    """How long `command` takes, and what it printed."""
    env = {**os.environ, "LOOPMIND_HOME": str(home), **extra}
    started = time.perf_counter()
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return time.perf_counter() - started, done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, default=Path("../shared/data/loops"))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--length", default="2:30")
    args = parser.parse_args()
    files = sorted(p for p in args.loops.rglob("*") if p.suffix.lower() in SUFFIXES)
    # Loops first (they are the longer files), so that `count` of them make a crate of loops.
    files = sorted(files, key=lambda p: -p.stat().st_size)[: args.count]
    loopmind = [sys.executable, "-m", "loopmind.cli"]
    with tempfile.TemporaryDirectory() as temp:
        place = Path(temp)
        crate = place / "crate"
        for number, file in enumerate(files):
            link = crate / file.parent.name / f"{number:03d} {file.name}"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file.resolve())
        base = [*loopmind, "generate", str(crate), "--length", args.length, "--json"]
        wish = ["--prompt", "pop, 110 bpm"]
        rows = []
        for name, more in (
            ("cold: nothing heard yet", ["--seed", "1"]),
            ("warm: another song of the same library", ["--seed", "2"]),
            ("late: the same song, another mix style", ["--seed", "2", "--mix", "tape"]),
        ):
            took, out = seconds([*base, *wish, *more, "--out", str(place / "song")], place / "home")
            told = json.loads(out)
            rows.append((name, took, f"{told['duration_s']:.0f} s song, {told['nodes_ran']} ran"))
        took, _ = seconds(
            [*loopmind, "demo", "--out", str(place / "demo")],
            place / "home2",
            NUMBA_CACHE_DIR=str(place / "numba"),
        )
        rows.append(("demo, empty numba cache and library", took, ""))
        took, _ = seconds([sys.executable, "-c", PEER, *map(str, files)], place / "home3")
        rows.append((f"librosa: load and track beats of the {len(files)} files", took, ""))
    for name, took, note in rows:
        print(f"{name:<56}{took:7.2f} s  {note}")


if __name__ == "__main__":
    main()
