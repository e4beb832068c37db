"""Long files from disk: rendered exactly, heard exactly, bounded memory, jumps and gaps told."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

from loopmind.dsp.effects.stream_file import PINNED, PLACES
from loopmind.dsp.resample import resample
from loopmind.files.encode import AudioWriter, write_audio
from loopmind.music.audio import Audio
from loopmind.music.signal import Signal
from loopmind.nodes.gain import gain
from loopmind.nodes.stream_file import stream_file
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.long_audio import LongAudio
from loopmind.runtime.live.prefetch import Prefetch
from loopmind.runtime.live.signal_patch import signal_patch
from loopmind.runtime.live.signal_render import render_signal

RATE_HZ = 44100


def sound(seconds: float = 20.0, rate_hz: int = RATE_HZ) -> np.ndarray:
    wave = np.random.default_rng(3).standard_normal((2, round(seconds * rate_hz)))
    return (0.2 * wave).astype(np.float32)


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    return write_audio(tmp_path / "long.wav", Audio(sound(), RATE_HZ), subtype="FLOAT")


def playing(signal: Signal) -> tuple[Engine, Prefetch]:
    engine = Engine(RATE_HZ)
    planned = signal_patch(signal, RATE_HZ)
    engine.swap(planned)
    engine.serve(1024)
    (prefetch,) = planned.shared.values()
    assert isinstance(prefetch, Prefetch)
    return engine, prefetch


def settle(prefetch: Prefetch) -> None:
    """Wait until the thread has read all that it wants."""
    until = time.monotonic() + 10.0
    while prefetch.step() and time.monotonic() < until:
        time.sleep(0.0)


def test_a_render_reads_the_file_exactly(long_file: Path) -> None:
    made = render_signal(stream_file(long_file, start_s=0.5, offset_s=1.0), 19.0).samples
    wanted = np.zeros((2, 19 * RATE_HZ), np.float32)
    wanted[:, RATE_HZ // 2 :] = sound()[:, RATE_HZ : RATE_HZ + 37 * RATE_HZ // 2]
    assert np.array_equal(made, wanted)


def test_heard_is_rendered(long_file: Path) -> None:
    engine, prefetch = playing(stream_file(long_file))
    engine.play(0)
    pieces = []
    for block in [441, 64, 1024, 2000] * 200:
        pieces.append(engine.serve(block))
        if len(pieces) % 20 == 0:
            settle(prefetch)
    out = np.concatenate(pieces, axis=1)
    assert prefetch.missed == 0 and out.shape[1] > 15 * RATE_HZ
    assert np.array_equal(out[:, 128:], sound()[:, 128 : out.shape[1]])


def test_another_rate_is_the_whole_file_resampled(tmp_path: Path) -> None:
    whole = sound(4.0, 48000)
    file = write_audio(tmp_path / "a.wav", Audio(whole, 48000), subtype="FLOAT")
    made = render_signal(stream_file(file), 4.0).samples
    inner = slice(200, -200)  # soxr guesses what lies beyond a sound's ends
    assert np.abs(made - resample(whole, 48000, RATE_HZ))[:, inner].max() < 1e-6
    pages = LongAudio(file, RATE_HZ)
    backwards = [pages.read_page(n) for n in reversed(range(8))][::-1]
    again = LongAudio(file, RATE_HZ)
    assert all(np.array_equal(page, again.read_page(n)) for n, page in enumerate(backwards))
    assert pages.page % 147 == 0 and pages.frames == 4 * RATE_HZ


def test_a_jump_is_refilled_and_a_second_one_there_is_seamless(long_file: Path) -> None:
    engine, prefetch = playing(stream_file(long_file))
    prefetch._thread = threading.current_thread()  # this test alone reads
    engine.play(0)
    engine.serve(1000)
    engine.seek(15 * RATE_HZ)
    first = engine.serve(2000)
    assert prefetch.missed == 2000 and np.abs(first[:, 200:]).max() < 0.05
    engine.read_events()
    assert "not read in time" in engine.log[-1] and "long.wav" in engine.log[-1]
    settle(prefetch)
    wanted = sound()[:, 15 * RATE_HZ + 2000 :]
    assert np.array_equal(engine.serve(1024), wanted[:, :1024])
    missed = prefetch.missed
    for turn in range(3):  # a loop longer than the window: back to where it was
        engine.seek(2 * RATE_HZ)
        engine.serve(1024)
        settle(prefetch)
        if turn:
            assert prefetch.missed == missed
        missed = prefetch.missed
        engine.seek(18 * RATE_HZ)
        engine.serve(512)
        settle(prefetch)
        missed = prefetch.missed


def test_an_hour_takes_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "hour.flac"
    minute = np.zeros((2, 60 * 8000), np.float32)
    with AudioWriter(file, 8000, 2) as writer:
        for _ in range(60):
            writer.write(minute)
    planned = signal_patch(stream_file(file), 8000)
    (prefetch,) = planned.shared.values()
    assert isinstance(prefetch, Prefetch)
    assert prefetch.sound.frames == 3600 * 8000
    assert prefetch.samples.nbytes == (PLACES + PINNED) * 8192 * 8  # under five megabytes
    for second in range(0, 3600, 100):
        prefetch.before(second * 8000, 8000)
    assert prefetch.sound._kept.nbytes <= 8 * (1 << 17)


def test_the_thread_reads_ahead_and_ends_with_what_it_serves(long_file: Path) -> None:
    engine, prefetch = playing(stream_file(long_file))
    until = time.monotonic() + 10.0
    while (prefetch.pages[:40] < 0).any() and time.monotonic() < until:
        time.sleep(0.01)
    assert (prefetch.pages[:40] >= 0).all()
    # Another gain in front of it: the same pages serve on.
    patch = engine.patch
    assert patch is not None
    planned = signal_patch(gain(stream_file(long_file)), RATE_HZ, patch.planned.shared)
    assert list(planned.shared.values()) == [prefetch]
    thread, gone = prefetch._thread, weakref.ref(prefetch)
    assert thread is not None
    del engine, prefetch, patch, planned
    gc.collect()
    thread.join(5.0)
    assert gone() is None and not thread.is_alive()


def test_a_file_that_goes_away_is_silent_and_told(long_file: Path) -> None:
    engine, prefetch = playing(stream_file(long_file))

    def broken(number: int) -> np.ndarray:
        from loopmind.files.decode import AudioFileError

        raise AudioFileError(long_file, "cannot be read on", "copy it again")

    prefetch.sound.read_page = broken  # type: ignore[method-assign]
    engine.play(0)
    engine.seek(15 * RATE_HZ)
    engine.serve(512)
    settle(prefetch)
    assert np.abs(engine.serve(2000)[:, 200:]).max() < 1e-3
    engine.read_events()
    assert any("cannot be read on" in line for line in engine.log)
