"""Compressor and ducker against a plain NumPy twin and against their static curves."""

from __future__ import annotations

import numpy as np
import pytest
from dsp_tools import RATE_HZ, db, noise, run_kernel, sine
from numpy.typing import NDArray

from loopmind.dsp.dynamics import (
    COMPRESSOR_STATE_WORDS,
    DUCKER_STATE_WORDS,
    STRIDE,
    CompressorSettings,
    DuckerSettings,
    compress,
    compressor_params,
    duck,
    ducker_params,
    static_gain_db,
)

SQUEEZE = CompressorSettings(-24.0, 4.0, 0.005, 0.08, 2.0, 6.0)


def _compressed(
    sound: NDArray[np.float32], settings: CompressorSettings | None
) -> NDArray[np.float32]:
    params = compressor_params([settings], RATE_HZ) if settings else compressor_params([], RATE_HZ)
    return run_kernel(compress, [sound], params, COMPRESSOR_STATE_WORDS)[0]


def _twin(sound: NDArray[np.float32], c: CompressorSettings) -> NDArray[np.float64]:
    """The smooth decoupled detector in decibels, judged every STRIDE frames."""
    slow, fast = (np.exp(-STRIDE / (t * RATE_HZ)) for t in (c.release_s, c.attack_s))
    held = smooth = 0.0
    gain, step = 10 ** (c.makeup_db / 20), 0.0
    out = np.zeros(sound.shape)
    for start in range(0, sound.shape[1], STRIDE):
        piece = sound[:, start : start + STRIDE].astype(float)
        gains = gain + step * np.arange(1, piece.shape[1] + 1)
        out[:, start : start + STRIDE] = piece * gains
        gain = gains[-1]
        level = 20 * np.log10(np.abs(piece).max() + 1e-8)
        wanted = c.makeup_db - static_gain_db(level, c)
        held = max(wanted, slow * held + (1 - slow) * wanted)
        smooth = fast * smooth + (1 - fast) * held
        step = (10 ** ((c.makeup_db - smooth) / 20) - gain) / STRIDE
    return out


def test_compressor_equals_its_twin() -> None:
    sound = noise(8000, 1, 0.3) * np.linspace(0, 1, 8000, dtype=np.float32)
    np.testing.assert_allclose(_compressed(sound, SQUEEZE), _twin(sound, SQUEEZE), atol=5e-6)


@pytest.mark.parametrize("level_db", [-50.0, -27.0, -24.0, -22.0, -12.0, 0.0])
def test_steady_level_settles_on_the_static_curve(level_db: float) -> None:
    level = 10 ** (level_db / 20)
    square = np.full((2, 40000), level, np.float32)
    square[:, ::2] *= -1
    out = _compressed(square, SQUEEZE)
    gain = db(float(np.abs(out[:, -1]).max())) - level_db
    assert gain == pytest.approx(static_gain_db(level_db, SQUEEZE), abs=0.01)


def test_time_constants() -> None:
    c = CompressorSettings(-20.0, 10.0, 0.02, 0.1, 0.0, 0.0)
    loud, quiet = 10 ** (0 / 20), 10 ** (-40 / 20)
    frames = RATE_HZ
    square = np.full((2, 2 * frames), loud, np.float32)
    square[:, frames:] = quiet
    square[:, ::2] *= -1
    gain = np.abs(_compressed(square, c)[0]) / np.abs(square[0])
    reduction = -20 * np.log10(gain)
    settled = reduction[frames - 1]
    at_attack = reduction[round(c.attack_s * RATE_HZ)]
    assert at_attack / settled == pytest.approx(1 - 1 / np.e, abs=0.03)
    at_release = reduction[frames + round((c.attack_s + c.release_s) * RATE_HZ)]
    assert 0.25 < at_release / settled < 0.5


def test_both_channels_share_the_gain() -> None:
    sound = noise(6000, 2, 0.3)
    sound[1] *= 0.1
    out = _compressed(sound, SQUEEZE)
    ratio = out[0, 100:] / sound[0, 100:] - out[1, 100:] / sound[1, 100:]
    assert np.abs(ratio).max() < 1e-5


def test_impossible_ratio_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        compressor_params([CompressorSettings(ratio=0.5)], RATE_HZ)


def _ducked(key: NDArray[np.float32]) -> NDArray[np.float32]:
    settings = DuckerSettings(12.0, 0.005, 0.1, -6.0)
    sound = np.full((2, key.shape[1]), 0.25, np.float32)
    quiet = np.zeros_like(sound)
    sounds = [sound, quiet, quiet, quiet, key, quiet, quiet, quiet]
    params = ducker_params([settings], RATE_HZ)
    return run_kernel(duck, sounds, params, DUCKER_STATE_WORDS, outputs=1)[0] / 0.25


def test_ducker_lowers_by_its_depth_and_lets_go() -> None:
    key = sine(2 * RATE_HZ, 60.0, 0.5)
    key[:, RATE_HZ:] = 0.0
    gain = _ducked(key)[0]
    assert db(gain[RATE_HZ - 1]) == pytest.approx(-12.0, abs=0.3)
    assert db(gain[-1]) == pytest.approx(0.0, abs=0.05)
    assert db(gain.min()) >= -12.01


def test_quiet_key_does_not_duck() -> None:
    np.testing.assert_array_equal(_ducked(sine(20000, 60.0, 0.02)), 1.0)
