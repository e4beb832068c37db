"""Rendering against its peers in one run: a session against pedalboard, biquads against SciPy.

The session: 180 s at 44.1 kHz, 16 stereo WAV files, each through low cut, peak, high shelf,
compressor, gain and a reverb send; one reverb; a limiter on the master; master to a WAV file.
Both sides read and write the same kind of files. pedalboard runs as its manual shows (one board a
track) and again with its tracks on two threads. Run: python benchmarks/bench_render.py
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pedalboard
import soundfile
from numpy.typing import NDArray
from scipy.signal import sosfilt

from loopmind.dsp.filters import biquad, biquad_params, biquad_state_words, equalise
from loopmind.dsp.loudness import integrated_lufs, true_peak_dbtp
from loopmind.music.audio import Audio
from loopmind.music.brief import Brief
from loopmind.music.material import Material, clip_material
from loopmind.music.mix import Compressor, EqBand, Master, Mix, Reverb, Strip
from loopmind.music.song import Clip, Section, Song, Track
from loopmind.runtime.offline import render
from loopmind.runtime.program import ProgramPlan

RATE_HZ = 44100
BPM = 120.0


def make_files(folder: Path, seconds: float, tracks: int) -> list[Path]:
    """Stereo WAV files of bursts and tones, 16 bits, as a session might hold."""
    rng = np.random.default_rng(7)
    frames = round(seconds * RATE_HZ)
    t = np.arange(frames) / RATE_HZ
    paths = []
    for i in range(tracks):
        envelope = np.exp(-((t * (1 + i % 4)) % 1.0) * 5.0)
        tone = np.sin(2 * np.pi * 55.0 * (1 + i) * t)
        noise = rng.standard_normal((2, frames)) * 0.2
        paths.append(folder / f"track{i:02d}.wav")
        soundfile.write(paths[-1], ((noise + tone) * envelope * 0.2).T, RATE_HZ, "PCM_16")
    return paths


def ours(paths: list[Path], seconds: float, target: Path) -> None:
    def load(path: Path) -> NDArray[np.float32]:
        with soundfile.SoundFile(path) as file:
            sound = np.empty((file.frames, 2), np.float32)
            words = np.empty((1 << 15, 2), np.int16)
            for at in range(0, file.frames, len(words)):
                piece = file.read(out=words, dtype="int16")
                np.multiply(piece, np.float32(1.0 / 32768.0), out=sound[at : at + len(piece)])
        return sound.T

    with ThreadPoolExecutor(2) as pool:
        sounds = list(pool.map(load, paths))
    beats = seconds * BPM / 60.0
    names = [path.stem for path in paths]
    song = Song(
        "bench", Brief(), 0, BPM, None, 4, 0.5,
        (Section("all", "verse", 0, round(beats / 4), 0.5),),
        tuple(Track(n, n, "drums", "kick") for n in names),
        tuple(
            Clip(n, n, 0.0, beats, digest=n, source_bpm=BPM, loop_beats=beats) for n in names
        ),
        tail_beats=0.0,
    )  # fmt: skip
    material = Material(
        BPM,
        RATE_HZ,
        {
            clip_material(clip)[0]: Audio(sound, RATE_HZ)
            for clip, sound in zip(song.clips, sounds, strict=True)
        },
    )
    eq = (
        EqBand("lowcut", 60.0),
        EqBand("peak", 1000.0, 3.0, 1.0),
        EqBand("highshelf", 8000.0, 2.0),
    )
    strips = tuple(
        Strip(n, -6.0, 0.0, 1.0, eq, Compressor(-20.0, 3.0, 0.005, 0.1), 0.0, -12.0) for n in names
    )
    result = render(song, Mix("bench", strips, Reverb(), Master()), material, gain_db=0.0)
    soundfile.write(target, result.master.samples.T, RATE_HZ, "PCM_24")


def theirs(paths: list[Path], target: Path, threads: int) -> None:
    def track(path: Path) -> NDArray[np.float32]:
        with pedalboard.io.AudioFile(str(path)) as file:
            sound = file.read(file.frames)
        board = pedalboard.Pedalboard(
            [
                pedalboard.HighpassFilter(60.0),
                pedalboard.PeakFilter(1000.0, 3.0, 1.0),
                pedalboard.HighShelfFilter(8000.0, 2.0),
                pedalboard.Compressor(-20.0, 3.0, 5.0, 100.0),
                pedalboard.Gain(-6.0),
            ]
        )
        return board(sound, RATE_HZ)

    mix: NDArray[np.float32] | None = None
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(paths), threads):
            for sound in pool.map(track, paths[first : first + threads]):
                mix = sound if mix is None else mix + sound
    assert mix is not None
    send = mix * np.float32(10.0 ** (-12.0 / 20.0))
    mix = mix + pedalboard.Pedalboard([pedalboard.Reverb(wet_level=1.0, dry_level=0.0)])(
        send, RATE_HZ
    )
    mix = pedalboard.Pedalboard([pedalboard.Limiter(-1.0)])(mix, RATE_HZ)
    with pedalboard.io.AudioFile(str(target), "w", RATE_HZ, 2, bit_depth=24) as file:
        file.write(mix)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and seconds of processor over all threads."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def best_of(times: int, work: Callable[[], object]) -> float:
    """The shortest of several runs: other work on the machine only ever adds."""
    return min(timed(work)[0] for _ in range(times))


def bench_session(seconds: float, tracks: int, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = make_files(folder, seconds, tracks)
        mine, one, two = (folder / f"{n}.wav" for n in ("ours", "one", "two"))
        ours(paths, seconds, mine)  # loads the kernels
        # Taken in turns, so that a busy moment of the machine touches all alike.
        runs: tuple[Callable[[], None], ...] = (
            lambda: ours(paths, seconds, mine),
            lambda: theirs(paths, one, 1),
            lambda: theirs(paths, two, 2),
        )
        t = np.array([[timed(run) for run in runs] for _ in range(rounds)]).min(axis=0)
        return {
            "session_s": seconds,
            "loopmind_s": t[0, 0],
            "loopmind_x_realtime": seconds / t[0, 0],
            "pedalboard_s": t[1, 0],
            "pedalboard_2_threads_s": t[2, 0],
            "ratio": t[1, 0] / t[0, 0],
            "ratio_2_threads": t[2, 0] / t[0, 0],
            "loopmind_processor_s": t[0, 1],
            "pedalboard_processor_s": t[1, 1],
            "ratio_processor": t[1, 1] / t[0, 1],
        }


def bench_biquads() -> dict[str, float]:
    """Four biquads in a row over 16 channels: nanoseconds a sample."""
    frames, blocks = 512, 200
    rng = np.random.default_rng(0)
    bands = [biquad("peak", f, RATE_HZ, 3.0, 1.0) for f in (100.0, 500.0, 2000.0, 8000.0)]
    sos = np.array([[b[0], b[1], b[2], 1.0, b[3], b[4]] for b in bands])
    plan = ProgramPlan()
    groups = [[plan.new_buffer() for _ in range(4)] for _ in range(2)]
    for group in groups:
        params = biquad_params([bands] * 4)
        plan.add(equalise, group, group, params, biquad_state_words(4))
    program = plan.build(frames)
    for number in (n for group in groups for n in group):
        program.buffer(number)[:] = rng.standard_normal((frames, 2)) * 0.1
    mine = best_of(20, lambda: program.run(0, frames * blocks)) / (frames * blocks * 16) * 1e9
    x = rng.standard_normal((16, frames * 20))
    theirs_ns = best_of(10, lambda: sosfilt(sos, x)) / x.size * 1e9
    return {"loopmind_ns": mine, "sosfilt_ns": theirs_ns, "ratio": theirs_ns / mine}


def bench_loudness() -> dict[str, float]:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((2, 60 * RATE_HZ)) * 0.1).astype(np.float32)
    integrated_lufs(x, RATE_HZ)
    return {
        "integrated_x_realtime": 60.0 / best_of(5, lambda: integrated_lufs(x, RATE_HZ)),
        "true_peak_x_realtime": 60.0 / best_of(5, lambda: true_peak_dbtp(x, RATE_HZ)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--tracks", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    report = {
        "session": bench_session(given.seconds, given.tracks, given.rounds),
        "biquads": bench_biquads(),
        "loudness": bench_loudness(),
    }
    print(json.dumps(report, indent=2, default=lambda v: round(float(v), 3)))


if __name__ == "__main__":
    main()
