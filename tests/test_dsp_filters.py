"""Equalisers and sweeps against SciPy and against their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from dsp_tools import RATE_HZ, noise, rms_db, run_kernel, sine
from scipy.signal import freqz, sosfilt

from loopmind.dsp.filters import (
    BIQUAD_KINDS,
    SWEEP_STATE_WORDS,
    biquad,
    biquad_params,
    biquad_state_words,
    equalise,
    sweep,
    sweep_params,
    sweep_table,
)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7])
def test_cascade_equals_scipy(count: int) -> None:
    kinds = [BIQUAD_KINDS[i % 5] for i in range(count)]
    bands = [biquad(k, 40.0 * 3**i, RATE_HZ, 5.0, 0.9) for i, k in enumerate(kinds)]
    sos = np.array([[b[0], b[1], b[2], 1.0, b[3], b[4]] for b in bands])
    sound = noise(5000)
    (out,) = run_kernel(equalise, [sound], biquad_params([bands]), biquad_state_words(count))
    np.testing.assert_allclose(out, sosfilt(sos, sound.astype(float)), atol=1e-6)


def test_cascades_of_different_length_share_a_gang() -> None:
    band = biquad("lowcut", 200.0, RATE_HZ)
    sounds = [noise(2000, seed) for seed in range(4)]
    params = biquad_params([[band], [], [band] * 3, [band] * 2])
    outs = run_kernel(equalise, sounds, params, biquad_state_words(3))
    np.testing.assert_array_equal(outs[1], sounds[1])
    (alone,) = run_kernel(equalise, [sounds[2]], biquad_params([[band] * 3]), 48)
    np.testing.assert_array_equal(outs[2], alone)


@pytest.mark.parametrize(
    ("kind", "freq_hz", "expected_db"),
    [
        ("peak", 1000.0, 6.0),
        ("lowshelf", 20.0, 6.0),
        ("highshelf", 20000.0, 6.0),
        ("lowcut", 1000.0, -3.01),
        ("highcut", 1000.0, -3.01),
        ("lowshelf", 1000.0, 3.0),
        ("highshelf", 1000.0, 3.0),
    ],
)
def test_bands_reach_their_gain(kind: str, freq_hz: float, expected_db: float) -> None:
    b = biquad(kind, 1000.0, RATE_HZ, 6.0, 0.7071)
    _, response = freqz(b[:3], [1.0, b[3], b[4]], [freq_hz], fs=RATE_HZ)
    assert 20 * np.log10(abs(response[0])) == pytest.approx(expected_db, abs=0.15)


def test_low_frequency_filters_stay_clean() -> None:
    """A 25 Hz low cut in float32 recursions would add noise; here the rest is rounding."""
    bands = [biquad("lowcut", 25.0, RATE_HZ)] * 2
    sound = sine(30000, 50.0)
    (out,) = run_kernel(equalise, [sound], biquad_params([bands]), 32)
    sos = np.array([[b[0], b[1], b[2], 1.0, b[3], b[4]] for b in bands])
    error = out - sosfilt(sos, sound.astype(float))
    assert rms_db(error.astype(np.float32)) < -140.0


@pytest.mark.parametrize("bad", [("bell", 100.0, 1.0), ("peak", 0.0, 1.0), ("peak", 100.0, 0.0)])
def test_impossible_bands_are_refused(bad: tuple[str, float, float]) -> None:
    with pytest.raises(ValueError, match=r"band|positive"):
        biquad(bad[0], bad[1], RATE_HZ, 0.0, bad[2])


def _swept(mode: str, cutoff_hz: float, freq_hz: float) -> float:
    table = sweep_table(mode, np.full(400, cutoff_hz), RATE_HZ)
    params = sweep_params([mode] * 4, [table.ctypes.data] * 4, 400, [0] * 4)
    sound = sine(20000, freq_hz)
    (out,) = run_kernel(sweep, [sound], params, SWEEP_STATE_WORDS)
    return rms_db(out[:, 10000:]) - rms_db(sound[:, 10000:])


@pytest.mark.parametrize(("mode", "step"), [("lowpass", 2.0), ("highpass", 0.5)])
def test_sweep_is_a_24_db_butterworth(mode: str, step: float) -> None:
    assert _swept(mode, 500.0, 500.0) == pytest.approx(-3.01, abs=0.1)
    assert _swept(mode, 500.0, 500.0 / step**3) == pytest.approx(0.0, abs=0.1)
    assert _swept(mode, 500.0, 500.0 * step) == pytest.approx(-24.1, abs=0.5)


@pytest.mark.parametrize(("mode", "open_hz"), [("lowpass", 20000.0), ("highpass", 20.0)])
def test_open_sweep_changes_no_sample(mode: str, open_hz: float) -> None:
    table = sweep_table(mode, np.full(100, open_hz), RATE_HZ)
    params = sweep_params([mode] * 4, [table.ctypes.data] * 4, 100, [0] * 4)
    sound = noise(5000)
    (out,) = run_kernel(sweep, [sound], params, SWEEP_STATE_WORDS)
    np.testing.assert_array_equal(out, sound)


def test_fast_sweep_stays_stable_and_smooth() -> None:
    cutoffs = np.geomspace(30.0, 18000.0, 20)
    cutoffs = np.concatenate([cutoffs, cutoffs[::-1]] * 8)
    table = sweep_table("lowpass", cutoffs, RATE_HZ)
    params = sweep_params(["lowpass"] * 4, [table.ctypes.data] * 4, len(table), [0] * 4)
    sound = sine(len(table) * 64, 110.0)
    (out,) = run_kernel(sweep, [sound], params, SWEEP_STATE_WORDS)
    assert np.abs(out).max() < 1.0
    assert np.abs(np.diff(out[0])).max() < 0.03
