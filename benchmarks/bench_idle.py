"""A tone through the engine for ten minutes: whose the late blocks are, and whether it clicks.

JACK's dummy driver is the device. Its xruns are told apart by who was late, beside those of the
same server with no stream and with an empty callback, before and after; the engine counts the
blocks for which its own callback needed more of the processor than they last.

    python benchmarks/bench_idle.py [--minutes 10] [--realtime]
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from jack_server import JackServer, jack_server

from loopmind.dsp.kernel import FLOATS, MachineCode
from loopmind.music.audio import Audio
from loopmind.music.signal import Signal
from loopmind.nodes.gain import gain
from loopmind.nodes.play_clip import play_clip
from loopmind.runtime.live.devices import look_again, release, sounddevice
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.measuring import Busy
from loopmind.runtime.live.signal_patch import signal_patch
from loopmind.runtime.live.taping import Recorder

RATE_HZ = 44100


def _nothing(source, output, frames, info, flags, count):  # type: ignore[no-untyped-def]
    for n in range(2 * np.int64(frames)):
        output[n] = np.float32(0.0)
    count[0] += 1
    return np.int32(0)


_empty = MachineCode(_nothing, f"int32(int64, {FLOATS}, uint64, int64, uint64, CPointer(int64))")


def served_blocks(count: Callable[[], int], seconds: float, busy: bool = True) -> int:
    """How many blocks are served in so many seconds, while Python is busy or not."""
    before = count()
    with Busy(3 if busy else 0):
        time.sleep(seconds)
        return count() - before


def by_empty(seconds: float, block: int, *, busy: bool = True) -> int:
    """Blocks that an empty callback serves."""
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
        return served_blocks(lambda: int(count[0]), seconds, busy)
    finally:
        stream.close()


def tone_signal(hz: float, gains: tuple[float, ...]) -> Signal:
    """A seamless sine behind faders."""
    frames = round(round(hz) * 10 * RATE_HZ / round(hz))
    wave = 0.3 * np.sin(2 * np.pi * round(hz) * np.arange(frames) / RATE_HZ)
    signal = play_clip(Audio(np.stack([wave, wave]).astype(np.float32), RATE_HZ), fade_s=0.0)
    for gain_db in gains:
        signal = gain(signal, gain_db)
    return signal


Late = dict[str, float]


def _late_a_minute(server: JackServer, before: dict[str, int], minutes: float) -> Late:
    """Xruns a minute by who was late; see JackServer.late."""
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


def page_reads() -> int:
    """How often this process had to wait for memory from disk."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_majflt


def idle(minutes: float, folder: Path, server: JackServer) -> dict[str, object]:
    """A tone for so long, with 100 swaps and 1,000 moves: late blocks, the biggest step.

    late: by whom, a minute; beside it the same server's with no stream and with an empty callback,
    before and after. over: blocks for which the callback itself used more of the processor than
    they last; busiest: the block that used most; page_reads: how often the whole process had to
    wait for memory from disk.
    """
    around = [late_without_us(min(minutes / 4.0, 0.5), server)]
    hz, moves, swaps = 220.0, 1000, 100
    one, two = tone_signal(hz, (-6.0,)), tone_signal(hz, (-3.0, -3.0))
    plans = [signal_patch(one, RATE_HZ), signal_patch(two, RATE_HZ)]
    with Engine(RATE_HZ) as engine:
        engine.swap(plans[0])
        engine.open(block=0)
        engine.play(0)
        time.sleep(0.5)
        before, late, reads = engine.snapshot(), server.late(), page_reads()
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
        reads = page_reads() - reads
    around.append(late_without_us(min(minutes / 4.0, 0.5), server))
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.5, help="10 for the table")
    parser.add_argument("--block", type=int, default=128)
    parser.add_argument("--realtime", action="store_true", help="let the sound server go first")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as temp,
        jack_server(Path(temp), block=args.block, realtime=args.realtime) as server,
    ):
        look_again()
        for name, value in idle(args.minutes, Path(temp), server).items():
            print(f"{name}: {value}", flush=True)
        release()


if __name__ == "__main__":
    main()
