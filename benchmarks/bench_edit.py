"""One section of a 2:30 song made anew: from the edit to the updated song.wav, in seconds.

In an open session (as chat and the window keep it), in a fresh process each (as `loopmind edit`),
and, as the peer of the same run, everything rendered from nothing. The updated song.wav is then
compared byte for byte with one rendered from nothing.

    python benchmarks/bench_edit.py [--loops DIR] [--count 100] [--length 2:30]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_song import SUFFIXES, surroundings

WORK = """
import json, sys, time
started = time.perf_counter()
from loopmind.cli import keep_freed_memory
keep_freed_memory()  # as every command does
from loopmind.music.edit import RegenerateSection
from loopmind.runtime.events import NodeFinished
from loopmind.runtime.project_session import ProjectSession
place, section, seeds, again = json.loads(sys.argv[1])
nodes = {}
def listen(event):
    if isinstance(event, NodeFinished):
        nodes[event.node] = event.seconds
with ProjectSession.open(place, listener=listen) as session:
    rows = []
    if again:
        session.render(place)
    for seed in seeds:
        nodes.clear()
        begun = time.perf_counter()
        if seed:
            session.apply([RegenerateSection(section, seed)])
        applied = time.perf_counter()
        session.render(place)
        done = time.perf_counter()
        rows.append((applied - begun, done - applied, done - begun, dict(nodes)))
print(json.dumps(rows))
"""


def run(place: Path, home: Path, section: str, seeds: list[int], again: bool = False):  # type: ignore[no-untyped-def]
    """Seconds of the whole process, and (apply, render, both, nodes) of each edit."""
    given = json.dumps([str(place), section, seeds, again])
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WORK, given],
        env=surroundings(home),
        check=True,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - started, json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, default=Path("../shared/data/loops"))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--length", default="2:30")
    parser.add_argument("--section", default="hook 1")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    files = sorted(p for p in args.loops.rglob("*") if p.suffix.lower() in SUFFIXES)
    files = sorted(files, key=lambda p: -p.stat().st_size)[: args.count]
    with tempfile.TemporaryDirectory() as temp:
        crate, home, song = (Path(temp) / n for n in ("crate", "home", "song"))
        for number, file in enumerate(files):
            link = crate / file.parent.name / f"{number:03d} {file.name}"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file.resolve())
        subprocess.run(
            [sys.executable, "-m", "loopmind.cli", "generate", str(crate), "--prompt",
             "pop, 110 bpm", "--length", args.length, "--seed", "1", "--out", str(song)],
            env=surroundings(home), check=True, capture_output=True,
        )  # fmt: skip
        print("seconds, the shortest and the middle of", args.rounds, "edits, each another seed")
        seeds = list(range(101, 101 + args.rounds))
        _, rows = run(song, home, args.section, seeds, again=True)
        show("open session: edit to song.wav", [row[2] for row in rows])
        for part, name in ((0, "  of it: applying the edit"), (1, "  of it: fit and render")):
            show(name, [row[part] for row in rows])
        for node in sorted({node for row in rows for node in row[3]}):
            show(f"    node {node}", [row[3].get(node, 0.0) for row in rows])
        whole = []
        for seed in range(201, 201 + args.rounds):
            took, rows = run(song, home, args.section, [seed])
            whole.append((took, rows[0][2]))
        show("fresh process: whole", [took for took, _ in whole])
        show("  of it: edit to song.wav", [took for _, took in whole])
        kept = (song / "song.wav").read_bytes()
        nothing = []
        for _ in range(max(1, args.rounds // 2)):
            shutil.rmtree(home / "cache" / "values", ignore_errors=True)
            for folder in home.rglob("values"):
                shutil.rmtree(folder)
            took, rows = run(song, home, args.section, [0])
            nothing.append((took, rows[0][3].get("render", rows[0][1])))
        show("peer: all rendered from nothing, fresh process", [took for took, _ in nothing])
        show("  of it: the renderer", [took for _, took in nothing])
        same = kept == (song / "song.wav").read_bytes()
        print("song.wav as if rendered from nothing:", "the same bytes" if same else "DIFFERS")


def show(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    print(f"{name:<52}{ordered[0]:7.2f}{ordered[len(ordered) // 2]:7.2f}")


if __name__ == "__main__":
    main()
