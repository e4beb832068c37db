"""How fast recordings are heard: notes beside Basic Pitch, on the same sound in the same run.

    python benchmarks/bench_notes.py [FILE ...] [--seconds 120] [--threads 2]

Without files the sound is a made-up piece for lines and chords. Figures are seconds of sound heard
in a second, reading and resampling of the file left out; memory is the growth of the process.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from loopmind.analysis.listening.pitched import transcribe_pitched
from loopmind.analysis.listening.spectrogram import RATE_HZ, note_spectrogram
from loopmind.files.decode import read_audio
from loopmind.learn.notes.judge import basic_pitch
from loopmind.music.audio import Audio


def made_up(seconds: float) -> Audio:
    """Four decaying voices that begin a note every quarter of a second."""
    rng = np.random.default_rng(1)
    out = np.zeros(round(seconds * 44100), np.float32)
    t = np.arange(44100) / 44100
    for start in np.arange(0.0, seconds - 1.0, 0.25):
        for low in (33, 48, 60, 72):
            hertz = 440.0 * 2.0 ** ((low + rng.integers(12) - 69) / 12)
            wave = sum(np.sin(2 * np.pi * h * hertz * t) / h for h in range(1, 7))
            first = round(start * 44100)
            out[first : first + t.size] += (0.05 * wave * np.exp(-4 * t)).astype(np.float32)
    return Audio(np.stack([out, out]), 44100)


def speed(run: Callable[[], object], seconds: float, rounds: int = 3) -> float:
    """Seconds of sound in a second, the best of a few rounds after one that warms up."""
    run()
    best = min(_seconds(run) for _ in range(rounds))
    return seconds / best


def _seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def peak_mb() -> float:
    """Largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def bench_notes(audio: Audio, threads: int) -> None:
    """Rows of the pitched transcriber."""
    length = audio.duration_s
    mono = np.ascontiguousarray(audio.samples[0, : round(length * RATE_HZ)])
    before = peak_mb()
    rows = [("front end alone", speed(lambda: note_spectrogram(mono), mono.size / RATE_HZ))]
    for texture in ("mix", "chords", "line"):
        rows.append(
            (f"notes, {texture}",
             speed(lambda t=texture: transcribe_pitched(audio, texture=t, threads=threads), length))
        )  # fmt: skip
    grown = peak_mb() - before
    peer = basic_pitch()
    if peer is not None:
        rows.append(("Basic Pitch (ONNX)", speed(lambda: peer(audio), length, 1)))
    for name, value in rows:
        print(f"{name:24s} {value:8.1f} x real time")
    print(f"{'memory of ' + format(length, '.0f') + ' s':24s} {grown:8.0f} MB more")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    for file in args.files or [None]:
        audio = read_audio(file, max_seconds=args.seconds) if file else made_up(args.seconds)
        print(file or "made-up piece", f"{audio.duration_s:.0f} s")
        bench_notes(audio, args.threads)


if __name__ == "__main__":
    main()
