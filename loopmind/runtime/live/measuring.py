"""What a machine can play: a session of tracks, its load, and how soon a change is heard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from loopmind.music.audio import Audio
from loopmind.music.brief import Brief
from loopmind.music.material import Material, MaterialKey, clip_material
from loopmind.music.mix import Compressor, EqBand, Master, Mix, Strip
from loopmind.music.song import Clip, Section, Song, Track, beat_to_frame
from loopmind.runtime.live.devices import DeviceError, choose_device
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.patch import PatchPlan
from loopmind.runtime.live.song_patch import song_patch

RATE_HZ = 44100


def session_song(
    tracks: int = 16, bars: int = 64, bpm: float = 120.0
) -> tuple[Song, Mix, Material]:
    """Loops of noise bursts on `tracks` tracks: 3-band EQ, compressor, reverb bus, limiter."""
    names = [f"t{i}" for i in range(tracks)]
    clips = tuple(
        Clip(f"{n}/0", n, 0.0, 4.0 * bars, digest=n, source_bpm=bpm, loop_beats=8.0) for n in names
    )
    song = Song(
        "bench", Brief(), 1, bpm, None, 4, 0.5, (Section("all", "verse", 0, bars, 0.5),),
        tuple(Track(n, n, "drums", "drums") for n in names), clips,
    )  # fmt: skip
    sounds: dict[MaterialKey, Audio] = {}
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
    return song, mix, Material(bpm, RATE_HZ, sounds)


def session(tracks: int = 16, bars: int = 64, bpm: float = 120.0) -> PatchPlan:
    """The plan of `session_song`."""
    return song_patch(*session_song(tracks, bars, bpm), rate_hz=RATE_HZ, gain_db=-3.0)


def load_of(plan: PatchPlan, block: int, seconds: float = 20.0, turns: int = 3) -> float:
    """Share of one core's time that the callback takes, without a device; best of `turns`.

    By the clock of the processor, so that other work on the machine does not count.
    """
    best = float("inf")
    for _ in range(turns):
        engine = Engine(plan.rate_hz)
        engine.swap(plan)
        engine.play(0)
        count = int(seconds * plan.rate_hz / block)
        engine.serve(block)
        started = time.thread_time()
        for _ in range(count):
            engine.serve(block)
        best = min(best, (time.thread_time() - started) / (count * block / plan.rate_hz))
    return best


class Busy:
    """Threads of Python that never rest, while the `with` statement runs."""

    def __init__(self, threads: int = 3) -> None:
        self._threads = [threading.Thread(target=self._spin, daemon=True) for _ in range(threads)]
        self._runs = True

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def _spin(self) -> None:
        n = 0
        while self._runs:
            n = (n * 3 + 1) % 1000003

    def __exit__(self, *error: object) -> None:
        self._runs = False
        for thread in self._threads:
            thread.join()


def measure(
    tracks: int, seconds: float, device: str | None, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Load by block size, tracks a core plays, re-patching, and blocks served to the device."""
    plan = session(tracks)
    found: dict[str, Any] = {"load": {}}
    for block in (128, 256, 512):
        tell(f"blocks of {block} frames")
        found["load"][block] = round(load_of(plan, block, seconds, 1), 4)
    found["tracks"] = int(tracks / max(found["load"][256], 1e-6))
    tell("re-patching")
    engine = Engine(RATE_HZ)
    engine.swap(plan)
    engine.serve(256)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        engine.swap(plan, follow=True)
        engine.serve(256)
        times.append(time.perf_counter() - started)
        engine.serve(1024)
    found["repatch_ms"] = round(1000.0 * float(np.median(times)), 2)
    found["device"] = None
    try:
        found["device"] = choose_device(device).name
    except DeviceError:
        return found
    tell("the device, while Python is busy")
    with Engine(choose_device(device).rate_hz) as engine:
        if engine.rate_hz == plan.rate_hz:
            engine.swap(plan)
        engine.open(device)
        engine.play(0)
        time.sleep(0.5)
        before = engine.snapshot()
        with Busy():
            time.sleep(seconds)
            now = engine.snapshot()
    found["blocks"] = now.blocks - before.blocks
    found["block"] = round((now.heard - before.heard) / max(found["blocks"], 1))
    found["underruns"] = now.underruns - before.underruns
    if now.work is not None and before.work is not None:
        found["over"] = now.work.over - before.work.over
        found["busiest"] = round(now.work.busiest, 4)
    return found
