"""Loudness and true peak against pyloudnorm, against EBU's reference signals, and by law."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from dsp_tools import noise
from numpy.typing import NDArray

from loopmind.dsp.levels import levels
from loopmind.dsp.loudness import (
    Meter,
    PeakMeter,
    integrated_lufs,
    k_weighting,
    measure,
    short_term_lufs,
    true_peak_dbtp,
)


def _tone(rate_hz: int, seconds: float, level_db: float, freq_hz: float = 1000.0):  # type: ignore[no-untyped-def]
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * freq_hz * t)
    return np.stack([wave, wave]).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [22050, 44100, 48000, 96000])
def test_reference_tone(rate_hz: int) -> None:
    """EBU Tech 3341, cases 1 and 2: a stereo sine of -23 dBFS at 1 kHz reads -23 LUFS."""
    assert integrated_lufs(_tone(rate_hz, 10, -23.0), rate_hz) == pytest.approx(-23.0, abs=0.1)
    assert integrated_lufs(_tone(rate_hz, 10, -33.0), rate_hz) == pytest.approx(-33.0, abs=0.1)


@pytest.mark.parametrize(
    "levels", [((10, -36), (60, -23), (10, -36)), ((10, -72), (10, -36), (60, -23), (10, -36))]
)
def test_gates(levels: tuple[tuple[int, int], ...]) -> None:
    """EBU Tech 3341, cases 3 and 4 (lengths as given): quiet parts are gated away."""
    sound = np.concatenate([_tone(48000, s, db) for s, db in levels], axis=1)
    assert integrated_lufs(sound, 48000) == pytest.approx(-23.0, abs=0.1)


def test_weighting_is_the_standards_table() -> None:
    table = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421],
        [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]  # fmt: skip
    np.testing.assert_allclose(k_weighting(48000), table, atol=1e-8)


@pytest.mark.parametrize("rate_hz", [44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_agrees_with_pyloudnorm(rate_hz: int, channels: int) -> None:
    rng = np.random.default_rng(3)
    level = np.repeat(10 ** (rng.uniform(-45, -6, 40) / 20), rate_hz // 4)
    sound = (rng.standard_normal((channels, len(level))) * level * 0.3).astype(np.float32)
    expected = pyloudnorm.Meter(rate_hz).integrated_loudness(sound.T.astype(float))
    assert integrated_lufs(sound, rate_hz) == pytest.approx(expected, abs=0.1)


def test_agrees_with_pyloudnorm_on_real_loops(real_loops: Path) -> None:
    paths = sorted(p for p in real_loops.rglob("*") if p.suffix in (".flac", ".wav"))[::25]
    for path in paths:
        sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        if len(sound) < rate_hz or not sound.any():
            continue
        expected = pyloudnorm.Meter(rate_hz).integrated_loudness(sound.astype(float))
        assert integrated_lufs(sound.T, rate_hz) == pytest.approx(expected, abs=0.1), path.name


def test_gain_is_loudness() -> None:
    sound = noise(100000)
    louder = sound * np.float32(2.0)
    gain = integrated_lufs(louder, 44100) - integrated_lufs(sound, 44100)
    assert gain == pytest.approx(20 * math.log10(2.0), abs=1e-3)


@pytest.mark.parametrize("frames", [0, 1, 100, 44100])
def test_silence_is_minus_infinity(frames: int) -> None:
    quiet = np.zeros((2, frames), np.float32)
    assert integrated_lufs(quiet, 44100) == -math.inf
    assert true_peak_dbtp(quiet, 44100) == -math.inf
    assert (short_term_lufs(quiet, 44100) == -math.inf).all()


def test_short_sounds_have_a_loudness() -> None:
    assert -30 < integrated_lufs(noise(2000), 44100) < -5


def test_short_term_follows() -> None:
    sound = np.concatenate([_tone(48000, 4, -30.0), _tone(48000, 4, -20.0)], axis=1)
    curve = short_term_lufs(sound, 48000)
    assert len(curve) == 51
    assert curve[0] == pytest.approx(-30.0, abs=0.1)
    assert curve[-1] == pytest.approx(-20.0, abs=0.1)
    assert (np.diff(curve) > -0.01).all()


def test_layout_does_not_matter() -> None:
    sound = noise(50000)
    other: NDArray[np.float32] = np.ascontiguousarray(sound.T).T
    assert integrated_lufs(sound, 44100) == integrated_lufs(other, 44100)
    assert true_peak_dbtp(sound, 44100) == true_peak_dbtp(other, 44100)
    other.setflags(write=False)
    assert integrated_lufs(sound, 44100) == integrated_lufs(other, 44100)


def test_true_peak_sees_between_samples() -> None:
    """BS.1770-4 annex 2: a sine at a quarter of the rate, 45 degrees off, reads 3 dB low."""
    wave = 0.5 * np.sin(2 * np.pi * 0.25 * np.arange(4000) + np.pi / 4)
    fade = np.minimum(1.0, np.minimum(np.arange(4000), np.arange(4000)[::-1]) / 500)
    sound = (wave * fade)[None].astype(np.float32)
    assert 20 * math.log10(np.abs(sound).max()) < -8.9
    assert true_peak_dbtp(sound, 48000) == pytest.approx(-6.02, abs=0.1)


def test_true_peak_is_never_below_the_samples() -> None:
    for seed in range(5):
        sound = noise(1000 + seed, seed)
        assert true_peak_dbtp(sound, 44100) >= 20 * math.log10(np.abs(sound).max()) - 1e-6


@pytest.mark.parametrize("shape", [(6, 10), (10,)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="channels"):
        integrated_lufs(np.zeros(shape, np.float32), 44100)


def test_measured_in_pieces_is_measured_whole() -> None:
    """Sound that is still being filled in measures like sound that was there at once."""
    whole = np.random.default_rng(3).standard_normal((2, 3 * 44100)).astype(np.float32) * 0.3
    filled = np.full_like(whole, np.nan)
    loudness, peak = Meter(filled, 44100), PeakMeter(filled, 44100)
    done = 0
    for frames in (0, 1, 40, 4410, 4409, 30000, 77, 60000):
        filled[:, done : done + frames] = whole[:, done : done + frames]
        done += frames
        loudness.advance(done)
        peak.advance(done)
    filled[:, done:] = whole[:, done:]
    expected, curve = measure(whole, 44100)
    assert loudness.result()[0] == expected
    np.testing.assert_array_equal(loudness.result()[1], curve)
    assert peak.result() == true_peak_dbtp(whole, 44100)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("seconds", [0.05, 0.4, 0.99, 2.34, 9.0])
def test_levels_side_by_side(rate_hz: int, channels: int, seconds: float) -> None:
    """Eight places weighed at once tell what one pass does, however loudness changes."""
    sound = noise(round(seconds * rate_hz), seed=5)[:channels].copy()
    sound *= np.linspace(0.001, 1.0, sound.shape[1], dtype=np.float32) ** 3
    lufs, peak, square = levels(sound, rate_hz)
    assert lufs == pytest.approx(integrated_lufs(sound, rate_hz), abs=1e-10)
    assert peak == np.abs(sound).max()
    assert square == pytest.approx(float(np.square(sound, dtype=np.float64).mean()), rel=1e-12)


def test_levels_of_silence_and_of_nothing() -> None:
    lufs, peak, square = levels(np.zeros((2, 100_000), np.float32), 44100)
    assert (lufs, peak) == (-math.inf, 0.0)
    assert square < 1e-50
    assert levels(np.zeros((1, 0), np.float32), 44100) == (-math.inf, 0.0, 0.0)
