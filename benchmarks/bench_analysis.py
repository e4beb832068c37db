"""Speed of hearing against librosa's usual pipeline, on the same FLAC loops in the same run.

    python benchmarks/bench_analysis.py FOLDER [--files N] [--repeats N]

Both decode from disk. librosa: load at 22,050 Hz, beat_track, chroma_cqt (for the key), MFCC.
LoopMind: everything `hear` tells, which is more. One core, warm; processor time, so that a busy
machine distorts little; of each file the best of the repeats counts, for both.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


def hear_with_loopmind(path: Path) -> float:
    """Seconds of sound that were heard."""
    from loopmind.analysis.hear import hear
    from loopmind.files.decode import read_audio

    audio = read_audio(path)
    hear(audio, path=str(path), digest="")
    return audio.duration_s


def hear_with_librosa(path: Path) -> float:
    """Seconds of sound that went through librosa's pipeline."""
    import librosa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sound, rate = librosa.load(path, sr=22050)
        librosa.beat.beat_track(  # type: ignore[attr-defined]
            y=sound, sr=rate
        )
        librosa.feature.chroma_cqt(y=sound, sr=rate)
        librosa.feature.mfcc(y=sound, sr=rate)
    return float(sound.size / rate)


def decode_only(path: Path) -> float:
    """Seconds of sound decoded, which bounds all hearing."""
    from loopmind.files.decode import read_audio

    return read_audio(path).duration_s


def speeds(works: list[Callable[[Path], float]], paths: list[Path], repeats: int) -> list[float]:
    """Seconds of sound per second of one core for each of `works`, after a warm-up.

    They take turns file by file, and of each file the shortest time of all rounds counts: what
    else the machine does meets them alike.
    """
    for work in works:
        for path in paths[:2]:
            work(path)
    best = [[float("inf")] * len(paths) for _ in works]
    heard = [0.0] * len(works)
    for _ in range(repeats):
        heard = [0.0] * len(works)
        for place, path in enumerate(paths):
            for number, work in enumerate(works):
                start = time.process_time()
                heard[number] += work(path)
                best[number][place] = min(best[number][place], time.process_time() - start)
    return [seconds / sum(times) for seconds, times in zip(heard, best, strict=True)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="a folder with FLAC loops, searched recursively")
    parser.add_argument("--files", type=int, default=40, help="how many files at most")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--least-seconds", type=float, default=2.0, help="leave out shorter files")
    given = parser.parse_args()
    import soundfile

    paths = [
        path for path in sorted(given.folder.rglob("*.flac"))
        if soundfile.info(path).duration >= given.least_seconds
    ][: given.files]  # fmt: skip
    if not paths:
        print(f"{given.folder} holds no FLAC file of {given.least_seconds} s", file=sys.stderr)
        return 1
    works: list[Callable[[Path], float]] = [hear_with_loopmind, decode_only, hear_with_librosa]
    ours, decoding, peer = speeds(works, paths, given.repeats)
    print(json.dumps({
        "files": len(paths),
        "loopmind_seconds_per_second": round(ours, 1),
        "librosa_seconds_per_second": round(peer, 1),
        "decoding_alone_seconds_per_second": round(decoding, 1),
        "ratio": round(ours / peer, 2),
    }))  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
