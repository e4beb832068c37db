"""Blocks served to a sound device while Python is busy, and what a session costs.

Three Python threads spin while JACK's dummy driver (true timing, 128 frames) asks for blocks:
served by a plain Python callback, by an empty machine-code callback, and by the engine playing 16
tracks (clip, 3-band EQ, compressor, reverb bus, true-peak limiter).

Then: idling with swaps and moves, the ways to sound, live against offline, load against
pedalboard on the same chain, and biquads against SciPy.

    python benchmarks/bench_live.py [--seconds 6] [--block 128] [--minutes 10]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from bench_render import bench_biquads
from jack_server import JackServer, jack_server

from loopmind.dsp.kernel import FLOATS, MachineCode
from loopmind.music.audio import Audio
from loopmind.music.material import Material
from loopmind.music.mix import Mix
from loopmind.music.signal import Signal
from loopmind.music.song import Song
from loopmind.nodes.gain import gain
from loopmind.nodes.play_clip import play_clip
from loopmind.runtime.generate import song_graph, song_session
from loopmind.runtime.live.devices import look_again, release, sounddevice
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.measuring import Busy, load_of, session, session_song
from loopmind.runtime.live.patch import PatchPlan
from loopmind.runtime.live.signal_patch import signal_patch
from loopmind.runtime.live.song_patch import song_patch
from loopmind.runtime.live.song_player import SongPlayer
from loopmind.runtime.live.taping import Recorder
from loopmind.runtime.offline import render
from loopmind.runtime.sounding import sounding

RATE_HZ = 44100


def _nothing(source, output, frames, info, flags, count):  # type: ignore[no-untyped-def]
    for n in range(2 * np.int64(frames)):
        output[n] = np.float32(0.0)
    count[0] += 1
    return np.int32(0)


_empty = MachineCode(_nothing, f"int32(int64, {FLOATS}, uint64, int64, uint64, CPointer(int64))")


def _served(count: Callable[[], int], seconds: float, busy: bool = True) -> int:
    before = count()
    with Busy(3 if busy else 0):
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


def by_empty(seconds: float, block: int, *, busy: bool = True) -> int:
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
        return _served(lambda: int(count[0]), seconds, busy)
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


def pedalboard_load(tracks: int, block: int, seconds: float) -> float:
    """The same chain in pedalboard, block by block: share of one core, best of three."""
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
        started = time.perf_counter()
        for turn in range(count):
            first = turn * block % (88200 - block)
            mix = np.zeros((2, block), np.float32)
            for sound, board in zip(sounds, boards, strict=True):
                mix += board(sound[:, first : first + block], RATE_HZ, reset=False)
            wet = reverb(mix * np.float32(0.2), RATE_HZ, reset=False)
            master(mix + wet, RATE_HZ, reset=False)
        best = min(best, (time.perf_counter() - started) / (count * block / RATE_HZ))
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


def tone_signal(hz: float, gains: tuple[float, ...]) -> Signal:
    """A seamless sine behind faders."""
    frames = round(round(hz) * 10 * RATE_HZ / round(hz))
    wave = 0.3 * np.sin(2 * np.pi * round(hz) * np.arange(frames) / RATE_HZ)
    signal = play_clip(Audio(np.stack([wave, wave]).astype(np.float32), RATE_HZ), fade_s=0.0)
    for gain_db in gains:
        signal = gain(signal, gain_db)
    return signal


Late = dict[str, float]
"""Xruns a minute by who was late; see JackServer.late."""


def _late_a_minute(server: JackServer, before: dict[str, int], minutes: float) -> Late:
    now = server.late()
    return {who: round((now[who] - before[who]) / minutes, 1) for who in now}


def late_without_us(minutes: float, server: JackServer) -> tuple[Late, Late]:
    """Xruns while no stream is open, and with an empty callback: what the machine makes of them."""
    before = server.late()
    time.sleep(minutes * 60.0)
    nobody = _late_a_minute(server, before, minutes)
    before = server.late()
    by_empty(minutes * 60.0, 0, busy=False)
    return nobody, _late_a_minute(server, before, minutes)


def idle(minutes: float, folder: Path, server: JackServer) -> dict[str, object]:
    """A tone for so long, with 100 swaps and 1,000 moves: late blocks, the biggest step.

    late: by whom, a minute; beside it the same server's with no stream and with an empty callback,
    before and after. over: blocks for which the callback itself used more of the processor than
    they last; busiest: the block that used most; page_reads: how often the whole process had to
    wait for memory from disk.
    """
    around = [late_without_us(min(minutes / 4.0, 1.0), server)]
    hz, moves, swaps = 220.0, 1000, 100
    one, two = tone_signal(hz, (-6.0,)), tone_signal(hz, (-3.0, -3.0))
    plans = [signal_patch(one, RATE_HZ), signal_patch(two, RATE_HZ)]
    with Engine(RATE_HZ) as engine:
        engine.swap(plans[0])
        engine.open(block=0)
        engine.play(0)
        time.sleep(0.5)
        before, late, reads = engine.snapshot(), server.late(), _page_reads()
        with Recorder(engine, folder / "idle.wav") as recorder:
            started = time.monotonic()
            rng = np.random.default_rng(0)
            for step in range(moves):
                if step % (moves // swaps) == 0:
                    engine.swap(plans[step // (moves // swaps) % 2], follow=True)
                else:
                    level = float(10.0 ** (rng.uniform(-12.0, 0.0) / 20.0))
                    engine.set_words([(1, 0, level)])  # the first gain behind the clip
                due = started + minutes * 60.0 * (step + 1) / moves
                time.sleep(max(due - time.monotonic(), 0.0))
        now = engine.snapshot()
        found = _late_a_minute(server, late, minutes)
        reads = _page_reads() - reads
    around.append(late_without_us(min(minutes / 4.0, 1.0), server))
    heard, _ = soundfile.read(folder / "idle.wav", dtype="float32", always_2d=True)
    smooth = 2 * np.pi * hz / RATE_HZ * 0.3  # the tone's own steepest step, at full level
    return {
        "minutes": minutes,
        "swaps": now.swaps - before.swaps,
        "blocks": now.blocks - before.blocks,
        "underruns": now.underruns - before.underruns,
        "late": found,
        "late_without_a_stream": [nobody for nobody, _ in around],
        "late_empty_callback": [empty for _, empty in around],
        **({} if now.work is None else asdict(now.work)),
        "page_reads": reads,
        "lost_frames": recorder.lost,
        "biggest_step": float(np.abs(np.diff(heard[:, 0])).max()),
        "step_of_a_smooth_tone": smooth,
    }


def _page_reads() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_majflt


def until_heard(engine: Engine, work: Callable[[], None], limit_s: float = 60.0) -> float:
    """Seconds from calling `work` to the first frame that is not silent in what is heard."""
    first = engine.served
    started = time.perf_counter()
    work()
    while time.perf_counter() - started < limit_s:
        end = engine.served
        while first < end:
            frames = min(end - first, 4096)
            if np.abs(engine.heard(first, frames)).max() > 1e-4:
                return time.perf_counter() - started
            first += frames
        time.sleep(0.0005)
    raise RuntimeError("nothing was heard")


def _update(engine: Engine, signal: Signal) -> None:
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
            change = partial(_update, engine, loud[turn % 2])
            repatch.append(until_heard(engine, change))
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
    parser.add_argument("--minutes", type=float, default=0.5, help="of idling; 10 for the table")
    parser.add_argument("--loops", type=Path, default=Path("../shared/data/loops"))
    parser.add_argument("--count", type=int, default=100)
    args = parser.parse_args()
    plan = session()
    due = args.seconds * RATE_HZ / args.block
    with tempfile.TemporaryDirectory() as temp, jack_server(Path(temp), block=args.block) as server:
        look_again()
        # In turns, so that other work on the machine touches all alike.
        rounds = [
            (
                by_python(args.seconds, args.block),
                by_empty(args.seconds, args.block),
                by_engine(args.seconds, args.block, plan),
            )
            for _ in range(args.rounds)
        ]
        python, empty = (int(np.median([r[i] for r in rounds])) for i in (0, 1))
        served = int(np.median([r[2][0] for r in rounds]))
        print(f"blocks of {args.block} frames due in {args.seconds:g} s: {due:.0f}")
        print(f"  plain Python callback   {python:6d}")
        print(f"  empty callback          {empty:6d}")
        print(
            f"  engine, 16 tracks       {served:6d}  {served / empty:.3f} of empty, "
            f"load {np.median([r[2][1] for r in rounds]):.2f}; medians of {args.rounds}",
            flush=True,
        )
        if args.only_blocks:
            release()
            return
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
