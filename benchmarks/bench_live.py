"""Blocks served to a sound device while Python is busy, and what a session costs.

Three Python threads spin while JACK's dummy driver (true timing, 128 frames) asks for blocks:
served by a plain Python callback, by an empty machine-code callback, and by the engine playing 16
tracks (clip, 3-band EQ, compressor, reverb bus, true-peak limiter).

    python benchmarks/bench_live.py [--seconds 6] [--block 128]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import cfunc, types

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from jack_server import jack_server

from loopmind.dsp.kernel import FLOATS
from loopmind.music.audio import Audio
from loopmind.music.brief import Brief
from loopmind.music.material import Material, clip_material
from loopmind.music.mix import Compressor, EqBand, Master, Mix, Strip
from loopmind.music.song import Clip, Section, Song, Track, beat_to_frame
from loopmind.runtime.live.devices import look_again, release, sounddevice
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.patch import PatchPlan
from loopmind.runtime.live.song_patch import song_patch

RATE_HZ = 44100


@cfunc(
    types.int32(
        types.int64, FLOATS, types.uint64, types.int64, types.uint64, types.CPointer(types.int64)
    )
)
def _empty(source, output, frames, info, flags, count):  # type: ignore[no-untyped-def]
    for n in range(2 * np.int64(frames)):
        output[n] = np.float32(0.0)
    count[0] += 1
    return np.int32(0)


def session(tracks: int = 16, bars: int = 64, bpm: float = 120.0) -> PatchPlan:
    """Loops of noise bursts on `tracks` tracks with a full mix."""
    names = [f"t{i}" for i in range(tracks)]
    clips = tuple(
        Clip(f"{n}/0", n, 0.0, 4.0 * bars, digest=n, source_bpm=bpm, loop_beats=8.0) for n in names
    )
    song = Song(
        "bench", Brief(), 1, bpm, None, 4, 0.5, (Section("all", "verse", 0, bars, 0.5),),
        tuple(Track(n, n, "drums", "drums") for n in names), clips,
    )  # fmt: skip
    sounds = {}
    for clip in clips:
        (key,) = clip_material(clip)
        frames = beat_to_frame(key.beats, bpm, RATE_HZ)
        rng = np.random.default_rng(len(sounds))
        wave = rng.standard_normal((2, frames)) * np.exp(-(np.arange(frames) % 11025) / 4000) * 0.1
        sounds[key] = Audio(wave.astype(np.float32), RATE_HZ)
    eq = (EqBand("lowcut", 80.0), EqBand("peak", 400.0, -3.0, 1.0), EqBand("highshelf", 6e3, 2.0))
    strips = tuple(
        Strip(n, -6.0, eq=eq, compressor=Compressor(-24.0, 3.0, 0.01, 0.1), reverb_send_db=-14.0)
        for n in names
    )
    mix = Mix("bench", strips, master=Master((EqBand("lowcut", 25.0),)))
    return song_patch(song, mix, Material(bpm, RATE_HZ, sounds), rate_hz=RATE_HZ, gain_db=-3.0)


class _Busy:
    """Three threads of Python that never rest."""

    def __enter__(self) -> None:
        self.run = True
        self.threads = [threading.Thread(target=self._spin, daemon=True) for _ in range(3)]
        for thread in self.threads:
            thread.start()

    def _spin(self) -> None:
        n = 0
        while self.run:
            n = (n * 3 + 1) % 1000003

    def __exit__(self, *error: object) -> None:
        self.run = False
        for thread in self.threads:
            thread.join()


def _served(count: Callable[[], int], seconds: float) -> int:
    before = count()
    with _Busy():
        time.sleep(seconds)
        return count() - before


def by_python(seconds: float, block: int) -> int:
    module = sounddevice()
    blocks = [0]

    def fill(out: Any, frames: int, info: Any, status: Any) -> None:
        out[:] = 0.0
        blocks[0] += 1

    with module.OutputStream(
        samplerate=RATE_HZ, blocksize=block, channels=2, dtype="float32", callback=fill
    ):
        return _served(lambda: blocks[0], seconds)


def by_empty(seconds: float, block: int) -> int:
    module = sounddevice()
    ffi = module._ffi
    count = np.zeros(8, np.int64)
    stream = module._StreamBase(
        "output", samplerate=RATE_HZ, blocksize=block, device=None, channels=2, dtype="float32",
        latency="low", extra_settings=None,
        callback=ffi.cast("PaStreamCallback *", _empty.address), finished_callback=None,
        clip_off=True, dither_off=True, never_drop_input=None,
        prime_output_buffers_using_stream_callback=None,
        userdata=ffi.cast("void *", count.ctypes.data), wrap_callback=None,
    )  # fmt: skip
    stream.start()
    try:
        return _served(lambda: int(count[0]), seconds)
    finally:
        stream.close()


def by_engine(seconds: float, block: int, plan: PatchPlan) -> tuple[int, float, int]:
    with Engine(RATE_HZ) as engine:
        engine.swap(plan)
        engine.open(block=block)
        engine.play(0)
        time.sleep(0.5)
        blocks = _served(lambda: engine.snapshot().blocks, seconds)
        now = engine.snapshot()
        return blocks, now.load, now.underruns


def offline_load(plan: PatchPlan, block: int, seconds: float = 20.0) -> float:
    """Share of one core that the callback takes, without a device; best of three."""
    best = float("inf")
    for _ in range(3):
        engine = Engine(RATE_HZ)
        engine.swap(plan)
        engine.play(0)
        count = int(seconds * RATE_HZ / block)
        engine.serve(block)
        started = time.perf_counter()
        for _ in range(count):
            engine.serve(block)
        best = min(best, (time.perf_counter() - started) / (count * block / RATE_HZ))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--block", type=int, default=128)
    args = parser.parse_args()
    plan = session()
    due = args.seconds * RATE_HZ / args.block
    with tempfile.TemporaryDirectory() as temp, jack_server(Path(temp), block=args.block):
        look_again()
        python = by_python(args.seconds, args.block)
        empty = by_empty(args.seconds, args.block)
        engine, load, underruns = by_engine(args.seconds, args.block, plan)
        empty_again = by_empty(args.seconds, args.block)
        release()
    print(f"blocks of {args.block} frames due in {args.seconds:g} s: {due:.0f}")
    print(f"  plain Python callback   {python:6d}")
    print(f"  empty callback          {empty:6d}, again {empty_again:6d}")
    print(
        f"  engine, 16 tracks       {engine:6d}  {engine / max(empty, empty_again):.3f} of empty, "
        f"{underruns} underruns, load {load:.2f}"
    )
    for block in (128, 256):
        print(f"16 tracks, {block} frames: {offline_load(plan, block):.1%} of one core")


if __name__ == "__main__":
    main()
