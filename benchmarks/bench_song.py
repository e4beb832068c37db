"""The whole job in seconds: cold, warm, one control changed late; the demo with no kernel compiled.

Each line is a fresh process, as a user starts it (with Python's compiled files, which installing
makes), except those of an open session: one process that made the song before, as chat and the
window keep it. A late change is measured twice: until song.wav is there, and until all documents
are, the page with the sound in it being the last.
"loudness" changes the mastering and what follows, "mix style" everything behind the mix.
Peer for scale: librosa alone loading and tracking beats of the same files, in a process of its own.

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


# A change that was never made before; rendering remembers what it did.
CHANGES: tuple[tuple[str, list[str], dict[str, object]], ...] = (
    ("loudness", ["--loudness", "-12"], {"loudness_lufs": -12.0}),
    ("mix style", ["--mix", "tape"], {"mix": "tape"}),
)
SESSION = """
import json, os, sys, time
from loopmind.cli import keep_freed_memory
from loopmind.runtime.generate import make_song, song_graph, song_session
keep_freed_memory()  # as every command does
macros, changes = json.loads(sys.argv[1])
rows = []
with song_session() as session:
    make_song(song_graph(macros), session)
    for change in changes:
        started = time.time()
        made = make_song(song_graph({**macros, **change}), session)
        done = time.time()
        heard = os.stat(made.out / "song.wav").st_ctime
        rows.append((heard - started, done - started, len(made.result.ran)))
print(json.dumps(rows))
"""


def surroundings(home: Path, **extra: str) -> dict[str, str]:
    """The environment of a fresh process: it may keep Python's compiled files, as usual."""
    env = {**os.environ, "LOOPMIND_HOME": str(home), **extra}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def seconds(command: list[str], home: Path, **extra: str) -> tuple[float, str]:
    """How long `command` takes, and what it printed."""
    env = surroundings(home, **extra)
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
    minutes, _, rest = args.length.rpartition(":")
    length_s = 60.0 * float(minutes or 0) + float(rest)
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

        def fresh(seed: str, *more: str) -> tuple[float, float, str]:
            """Seconds until song.wav is there, until all is, and what was made."""
            song = place / f"song {seed}"
            started = time.time()
            command = [*base, *wish, "--seed", seed, *more, "--out", str(song)]
            took, out = seconds(command, place / "home")
            told = json.loads(out)
            note = f"{told['duration_s']:.0f} s song, {told['nodes_ran']} ran"
            return (song / "song.wav").stat().st_ctime - started, took, note

        subprocess.run([*loopmind, "generate", "--help"], env=surroundings(place / "home0"),
                       check=True, capture_output=True)  # fmt: skip
        for name, seed in (
            ("cold: nothing heard yet", "1"),
            ("warm: another song of the same library", "2"),
        ):
            _, took, note = fresh(seed)
            rows.append((name, took, note))
        for name, more, _ in CHANGES:
            heard, took, note = fresh("2", *more)
            rows.append((f"late, {name}, fresh process: to song.wav", heard, note))
            rows.append((f"late, {name}, fresh process: to all documents", took, ""))
        macros = {
            "folders": [str(crate)], "wish": wish[1], "length_s": length_s, "seed": 3,
            "out": str(place / "session"),
        }  # fmt: skip
        given = json.dumps([macros, [change for _, _, change in CHANGES]])
        _, out = seconds([sys.executable, "-c", SESSION, given], place / "home")
        for (name, _, _), (heard, took, ran) in zip(CHANGES, json.loads(out), strict=True):
            rows.append((f"late, {name}, open session: to song.wav", heard, f"{ran} ran"))
            rows.append((f"late, {name}, open session: to all documents", took, ""))
        took, _ = seconds(
            [*loopmind, "demo", "--out", str(place / "demo")],
            place / "home2",
            NUMBA_CACHE_DIR=str(place / "numba"),
        )
        rows.append(("demo, empty numba cache and library", took, ""))
        took, _ = seconds([sys.executable, "-c", PEER, *map(str, files)], place / "home3")
        rows.append((f"librosa: load and track beats of the {len(files)} files", took, ""))
    for name, took, note in rows:
        print(f"{name:<60}{took:7.2f} s  {note}")
    if hasattr(os, "getloadavg"):
        print(f"load over the last minute: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
