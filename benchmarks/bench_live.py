"""Blocks served to a sound device while Python is busy, and what a session costs.

Three Python threads spin while JACK's dummy driver (true timing, 128 frames) asks for blocks: of
a plain Python callback, of an empty machine-code one, and of the engine playing 16 tracks (clip,
3-band EQ, compressor, reverb bus, true-peak limiter).

Then: idling with swaps and moves, the ways to sound, live against offline, load against
pedalboard on the same chain, and biquads against SciPy.

    python benchmarks/bench_live.py [--seconds 6] [--minutes 10] [--realtime]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from bench_idle import by_empty, idle, served_blocks, tone_signal
from bench_render import bench_biquads
from jack_server import jack_server

from loopmind.music.material import Material
from loopmind.music.mix import Mix
from loopmind.music.signal import Signal
from loopmind.music.song import Song
from loopmind.runtime.generate import song_graph, song_session
from loopmind.runtime.live.devices import look_again, release, sounddevice
from loopmind.runtime.live.engine import TAP_FRAMES, Engine
from loopmind.runtime.live.measuring import load_of, session, session_song
from loopmind.runtime.live.patch import PatchPlan
from loopmind.runtime.live.signal_patch import signal_patch
from loopmind.runtime.live.song_patch import song_patch
from loopmind.runtime.live.song_player import SongPlayer
from loopmind.runtime.offline import render
from loopmind.runtime.sounding import sounding

RATE_HZ = 44100


def by_python(seconds: float, block: int) -> int:
    module = sounddevice()
    blocks = [0]

    def fill(out: Any, frames: int, info: Any, status: Any) -> None:
        out[:] = 0.0
        blocks[0] += 1

    with module.OutputStream(
        samplerate=RATE_HZ, blocksize=block, channels=2, dtype="float32", callback=fill
    ):
        return served_blocks(lambda: blocks[0], seconds)


def by_engine(seconds: float, block: int, plan: PatchPlan) -> tuple[int, float, int]:
    with Engine(RATE_HZ) as engine:
        engine.swap(plan)
        engine.open(block=block)
        engine.play(0)
        time.sleep(0.5)
        blocks = served_blocks(lambda: engine.snapshot().blocks, seconds)
        now = engine.snapshot()
        return blocks, now.load, now.underruns


def blocks_served(seconds: float, block: int, rounds: int, plan: PatchPlan) -> None:
    """Tell how many blocks each callback served while Python was busy: medians."""
    # In turns, so that other work on the machine touches all alike.
    found = [
        (by_python(seconds, block), by_empty(seconds, block), by_engine(seconds, block, plan))
        for _ in range(rounds)
    ]
    python, empty = (int(np.median([r[i] for r in found])) for i in (0, 1))
    served = int(np.median([r[2][0] for r in found]))
    print(f"blocks of {block} frames due in {seconds:g} s: {seconds * RATE_HZ / block:.0f}")
    print(f"  plain Python callback   {python:6d}")
    print(f"  empty callback          {empty:6d}")
    print(
        f"  engine, 16 tracks       {served:6d}  {served / empty:.3f} of empty, "
        f"load {np.median([r[2][1] for r in found]):.2f}; medians of {rounds}",
        flush=True,
    )


def pedalboard_load(tracks: int, block: int, seconds: float) -> float:
    """The same chain in pedalboard, block by block: share of one core's time, best of three."""
    import pedalboard as pb

    rng = np.random.default_rng(1)
    sounds = rng.standard_normal((tracks, 2, 88200)).astype(np.float32) * np.float32(0.1)
    best = float("inf")
    for _ in range(3):
        boards = [
            pb.Pedalboard(
                [
                    pb.HighpassFilter(80.0),
                    pb.PeakFilter(400.0, -3.0, 1.0),
                    pb.HighShelfFilter(6000.0, 2.0),
                    pb.Compressor(-24.0, 3.0, 10.0, 100.0),
                    pb.Gain(-6.0),
                ]
            )
            for _ in range(tracks)
        ]
        reverb = pb.Pedalboard([pb.Reverb(wet_level=1.0, dry_level=0.0)])
        master = pb.Pedalboard([pb.HighpassFilter(25.0), pb.Limiter(-1.0)])
        count = int(seconds * RATE_HZ / block)
        started = time.thread_time()
        for turn in range(count):
            first = turn * block % (88200 - block)
            mix = np.zeros((2, block), np.float32)
            for sound, board in zip(sounds, boards, strict=True):
                mix += board(sound[:, first : first + block], RATE_HZ, reset=False)
            wet = reverb(mix * np.float32(0.2), RATE_HZ, reset=False)
            master(mix + wet, RATE_HZ, reset=False)
        best = min(best, (time.thread_time() - started) / (count * block / RATE_HZ))
    return best


def live_is_offline() -> dict[str, bool]:
    """Are the samples those of the renderer, bit for bit, at every block size?"""
    song, mix, material = session_song(8, 4)
    rendering = render(song, mix, material)
    plan = song_patch(
        song, mix, material, gain_db=rendering.gain_db, ceiling_dbtp=rendering.ceiling_dbtp,
        trim_db=rendering.trim_db,
    )  # fmt: skip
    found = {}
    for blocks in ([64], [128], [441], [1024], [64, 441, 1000, 1, 7, 4096]):
        engine = Engine(RATE_HZ)
        engine.swap(plan)
        engine.play(0)
        pieces, done, turn = [], 0, 0
        while done < rendering.master.frames + plan.latency:
            pieces.append(engine.serve(blocks[turn % len(blocks)]))
            done, turn = done + blocks[turn % len(blocks)], turn + 1
        heard = np.concatenate(pieces, axis=1)[:, plan.latency :][:, : rendering.master.frames]
        name = str(blocks[0]) if len(blocks) == 1 else "mixed"
        found[name] = bool(np.array_equal(heard, rendering.master.samples))
    return found


def until_heard(engine: Engine, work: Callable[[], None], limit_s: float = 60.0) -> float:
    """Seconds from calling `work` to the first frame that is not silent in what is heard."""
    first = engine.served
    started = time.perf_counter()
    work()
    while time.perf_counter() - started < limit_s:
        end = engine.served
        first = max(first, end - TAP_FRAMES // 2)  # what was served before is no longer kept
        while first < end:
            frames = min(end - first, 4096)
            if np.abs(engine.heard(first, frames)).max() > 1e-4:
                return time.perf_counter() - started
            first += frames
        time.sleep(0.0005)
    raise RuntimeError("nothing was heard")


def _show(engine: Engine, signal: Signal) -> None:
    engine.update(signal_patch(signal, RATE_HZ))


def ways_to_sound(block: int, song: tuple[Song, Mix, Material]) -> dict[str, float]:
    """Median seconds: from a change of the graph, and from Play, to the first sample."""
    repatch, play = [], []
    with Engine(RATE_HZ) as engine:
        engine.open(block=block)
        silent = tone_signal(220.0, (-120.0,))
        loud = [tone_signal(220.0, (-6.0, 0.0)), tone_signal(330.0, (-6.0, 0.0))]
        engine.swap(signal_patch(silent, RATE_HZ))
        engine.play(0)
        time.sleep(0.3)
        for turn in range(11):
            # Planning it is part of the change.
            repatch.append(until_heard(engine, partial(_show, engine, loud[turn % 2])))
            engine.swap(signal_patch(silent, RATE_HZ))
            time.sleep(0.2)
        engine.stop()
        planned = song_patch(*song, gain_db=-3.0)
        engine.swap(planned)
        for _ in range(11):
            time.sleep(0.3)
            play.append(until_heard(engine, lambda: engine.play(44100)))
            engine.stop()
            time.sleep(2.0)  # reverbs ring out
    return {"repatch_s": float(np.median(repatch)), "play_s": float(np.median(play))}


def generate_to_sound(loops: Path, count: int, block: int) -> dict[str, float]:
    """Seconds from Generate with a warm library to the first sound, and to the whole song."""
    files = [p for p in loops.rglob("*") if p.suffix.lower() in {".wav", ".flac", ".ogg", ".mp3"}]
    files = sorted(files, key=lambda p: -p.stat().st_size)[:count]
    with tempfile.TemporaryDirectory() as temp:
        os.environ["LOOPMIND_HOME"] = temp
        crate = Path(temp) / "crate"
        crate.mkdir()
        for number, file in enumerate(files):
            (crate / f"{number:03d}-{file.name}").symlink_to(file.resolve())

        def once(engine: Engine, seed: int) -> tuple[float, float]:
            with song_session() as session:
                graph = song_graph({"folders": [str(crate)], "seed": seed, "length_s": 150.0})
                player = SongPlayer(engine)

                def work() -> None:
                    player.show_in_time(
                        lambda opening: (sounding(session, graph, opening=opening), None),
                        heard=lambda: engine.play(0),
                    )

                started = time.perf_counter()
                heard = until_heard(engine, work)
                player.join()
                whole = time.perf_counter() - started
                engine.stop()
                time.sleep(3.0)
                return heard, whole

        with Engine(RATE_HZ) as engine:
            engine.open(block=block)
            once(engine, 1)  # fills the library
            turns = [once(engine, seed) for seed in (2, 3, 4)]
    heard, whole = np.median(turns, axis=0)
    return {"first_sound_s": float(heard), "whole_song_s": float(whole)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--block", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3, help="of the first figure")
    parser.add_argument("--only-blocks", action="store_true", help="only the first figure")
    parser.add_argument("--realtime", action="store_true", help="let the sound server go first")
    parser.add_argument(
        "--minutes", type=float, default=0.5, help="of idling; 10 for the table, 0 for none"
    )
    parser.add_argument("--loops", type=Path, default=Path("../shared/data/loops"))
    parser.add_argument("--count", type=int, default=100)
    args = parser.parse_args()
    plan = session()
    with (
        tempfile.TemporaryDirectory() as temp,
        jack_server(Path(temp), block=args.block, realtime=args.realtime) as server,
    ):
        look_again()
        blocks_served(args.seconds, args.block, args.rounds, plan)
        if args.only_blocks:
            release()
            return
        if args.minutes:
            print("idle:")
            for name, value in idle(args.minutes, Path(temp), server).items():
                print(f"  {name}: {value}", flush=True)
        print("to sound:", ways_to_sound(args.block, session_song()), flush=True)
        if args.loops.is_dir():
            print("generate:", generate_to_sound(args.loops, args.count, args.block), flush=True)
        release()
    print("live is offline:", live_is_offline())
    for block in (128, 256):
        ours = load_of(plan, block)
        theirs = pedalboard_load(16, block, 5.0)
        print(
            f"16 tracks, {block} frames: {ours:.1%} of one core, pedalboard {theirs:.1%}: "
            f"{theirs / ours:.1f}x",
            flush=True,
        )
    print("four biquads:", {k: round(v, 2) for k, v in bench_biquads().items()})


if __name__ == "__main__":
    main()
