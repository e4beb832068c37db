"""A 20,000-file library: rescan with nothing changed, similarity and word queries, peak memory.

Sounds are written as tiny WAV files and their rows are made up at realistic sizes (hearing has a
benchmark of its own), so what is measured is the library. Peers in the same run: `os.walk` with a
stat of every file for the rescan, a NumPy matrix product for the similarity query. `--hear` scans
real sounds besides and reports the memory of the scan with all its processes.

    python benchmarks/bench_library.py [--files 20000] [--hear FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from loopmind.files.digest import file_digest
from loopmind.library.hearing import HeardRow
from loopmind.library.library import Library
from loopmind.library.merging import analysis_version
from loopmind.library.rows import pack_loop
from loopmind.music.belief import rank
from loopmind.music.key import Key
from loopmind.music.loop import INSTRUMENTS, MOODS, ROLES, Loop

EMBEDDING = 64
WORDS = ("Dark", "Tape", "Warm", "Kick", "Pad", "Bass", "Loop", "Vox", "Snare", "Keys")


def made_up(path: str, digest: str, rng: np.random.Generator) -> Loop:
    """A loop with as many numbers and beliefs as a heard one."""
    onsets = np.sort(rng.uniform(0.0, 8.0, 48))
    vector = rng.standard_normal(EMBEDDING)
    return Loop(
        path=path, digest=digest, kind="loop", kind_confidence=0.9, rate_hz=44100, channels=2,
        frames=352800, tempo=rank([(120.0 + n, 8.0 - n) for n in range(6)]), beats_per_bar=4,
        downbeat_s=0.0, seamless=True, swing=0.5, onsets_s=tuple(onsets.tolist()),
        onset_strengths=tuple(rng.uniform(size=48).tolist()),
        rhythm=tuple(rng.uniform(size=16).tolist()),
        key=rank([(Key(int(t), "minor"), 1.0 + t) for t in rng.permutation(12)[:6]]),
        pitched=0.8, pitch_midi=None, tuning_cents=2.0, chroma=tuple(rng.uniform(size=12).tolist()),
        chroma_slices=tuple(tuple(row) for row in rng.uniform(size=(8, 12)).tolist()),
        loudness_lufs=-14.0, peak_dbfs=-1.0, crest_db=12.0,
        spectrum_db=tuple(rng.uniform(-60, 0, 10).tolist()), brightness_hz=2000.0, energy=0.5,
        instrument=rank([(i, rng.uniform()) for i in rng.permutation(INSTRUMENTS)[:6].tolist()]),
        role=rank([(r, rng.uniform()) for r in rng.permutation(ROLES)[:4].tolist()]),
        tags=rank([(m, rng.uniform()) for m in rng.permutation(MOODS)[:5].tolist()]),
        embedding=tuple((vector / np.linalg.norm(vector)).tolist()),
    )  # fmt: skip


def write_tree(root: Path, count: int) -> None:
    """`count` WAV files of 64 samples, 200 to a folder, each of its own content."""
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 164, b"WAVE", b"fmt ", 16, 1, 1, 44100, 88200,
                       2, 16, b"data", 128)  # fmt: skip
    for number in range(count):
        folder = root / f"Pack {number // 200:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{WORDS[number % 10]}{WORDS[number // 10 % 10]}_{80 + number % 80}bpm_{number}.wav"
        (folder / name).write_bytes(head + struct.pack("<I", number) * 32)


def remember(library: Library, root: Path) -> None:
    """Enter every file of `root` as heard."""
    rng = np.random.default_rng(0)
    version = analysis_version()
    with library._store.changing():
        for path in sorted(root.rglob("*.wav")):
            digest = file_digest(path)
            loop = made_up(str(path), digest, rng)
            embedding = np.asarray(loop.embedding, np.float32).tobytes()
            row = HeardRow(pack_loop(replace(loop, path=str(path))), embedding)
            library._store.put_heard(digest, version, row)


def best_of(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of `times` runs."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def walk_and_stat(root: Path) -> int:
    count = 0
    for folder, _, names in os.walk(root):
        for name in names:
            count += os.stat(os.path.join(folder, name)).st_size >= 0  # noqa: PTH116, PTH118
    return count


def in_new_process(code: str) -> dict[str, float]:
    """Run `code` in a fresh Python; it prints one JSON object."""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


COLD = """
import json, time
from loopmind.library.library import Library
start, cpu = time.perf_counter(), time.process_time()
library = Library({directory!r})
crate = library.scan([{root!r}])
scan, cpu = time.perf_counter() - start, time.process_time() - cpu
start = time.perf_counter()
library.search(crate.loops[7], 10)
query = time.perf_counter() - start
start = time.perf_counter()
library.search(crate.loops[9], 10)
warm = time.perf_counter() - start
try:  # not ru_maxrss, which a child takes over from its parent
    status = open("/proc/self/status").read()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
except OSError:
    peak = float("nan")
count = len(crate.loops)
print(json.dumps(dict(scan=scan, cpu=cpu, query=query, warm=warm, peak=peak, files=count)))
"""


def memory_of(parent: int) -> float:
    """MiB in proportional shares (PSS) of a process and its children; 0 where not known."""
    total = 0.0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            stat = (place / "stat").read_text().rsplit(")", 1)[1].split()
            if int(place.name) == parent or int(stat[1]) == parent:
                for line in (place / "smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) / 1024
        except (OSError, IndexError):
            continue
    return total


def hear(folder: Path) -> dict[str, float]:
    """Seconds and peak memory (all processes together) of a first scan of `folder`."""
    peak = 0.0
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.05):
            peak = max(peak, memory_of(os.getpid()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with tempfile.TemporaryDirectory() as place, Library(Path(place) / "library") as library:
        started = time.perf_counter()
        crate = library.scan([folder])
        seconds = time.perf_counter() - started
    over.set()
    watcher.join()
    return {"seconds": seconds, "files": len(crate.loops), "peak_mib": peak}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--hear", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "sounds"
        write_tree(root, options.files)
        library = Library(Path(place) / "library")
        remember(library, root)
        started = time.perf_counter()
        crate = library.scan([root])
        first = time.perf_counter() - started
        rescan = best_of(lambda: library.scan([root]), 3)
        walk = best_of(lambda: walk_and_stat(root))
        matrix = np.array([loop.embedding for loop in crate.loops], np.float32)
        query = matrix[11].copy()
        product = best_of(lambda: np.argsort(-(matrix @ query))[:10])
        similar = best_of(lambda: library.search(crate.loops[11], 10))
        filtered = best_of(lambda: library.search(crate.loops[11], 10, instrument="pad"))
        words = best_of(lambda: library.search("warm pad", 10))
        library.close()
        cold = in_new_process(COLD.format(directory=str(Path(place) / "library"), root=str(root)))
    print(f"files {options.files}, embedding {EMBEDDING}")
    print(f"index and merge (contents known)   {first:8.3f} s")
    print(
        f"rescan, nothing changed            {rescan:8.3f} s   {rescan / walk:5.1f} x os.walk+stat"
    )
    print(f"  in a new process                 {cold['scan']:8.3f} s, {cold['cpu']:.3f} s of CPU")
    print(f"similar, warm                      {similar * 1e3:8.2f} ms  "
          f"{similar / product:5.2f} x NumPy product and sort")  # fmt: skip
    print(f"  first query of a new process     {cold['query'] * 1e3:8.2f} ms, "
          f"then {cold['warm'] * 1e3:.2f} ms")  # fmt: skip
    print(f"similar, one instrument            {filtered * 1e3:8.2f} ms")
    print(f"words 'warm pad'                   {words * 1e3:8.2f} ms")
    print(f"peak memory of the rescan process  {cold['peak']:8.0f} MiB")
    if options.hear:
        print("first scan:", json.dumps(hear(options.hear)))


if __name__ == "__main__":
    main()
