"""Limiter and saturation: the ceiling between samples, latency, transparency, no fold-back."""

from __future__ import annotations

import numpy as np
import pytest
from dsp_tools import RATE_HZ, db, noise, run_kernel, sine
from numpy.typing import NDArray
from scipy.signal import resample_poly

from loopmind.dsp import limiter, saturation


def _limit(sound: NDArray[np.float32], gain_db: float, ceiling: float = -1.0):  # type: ignore[no-untyped-def]
    params = limiter.limiter_params(RATE_HZ, gain_db=gain_db, ceiling_dbtp=ceiling)
    padded = np.pad(sound, ((0, 0), (0, limiter.LATENCY)))
    out = run_kernel(limiter.limit, [padded], params, limiter.STATE_WORDS, outputs=1)[0]
    return out[:, limiter.LATENCY :]


def _true_peak_db(sound: NDArray[np.float32]) -> float:
    return db(float(np.abs(resample_poly(sound.astype(float), 8, 1, axis=1)).max()))


def _drums(frames: int = 40000) -> NDArray[np.float32]:
    t = np.arange(frames) / RATE_HZ
    hits = noise(frames, 5, 1.0) * np.exp(-((t * 8) % 1.0) * 12.0)
    kick = np.sin(2 * np.pi * 50 * t) * np.exp(-((t * 4) % 1.0) * 6.0)
    return (hits * 0.4 + kick * 0.7).astype(np.float32)


@pytest.mark.parametrize("gain_db", [0.0, 6.0, 15.0])
@pytest.mark.parametrize("what", ["drums", "noise", "high sine", "square", "click"])
def test_ceiling_holds_between_samples(what: str, gain_db: float) -> None:
    frames = 20000
    high = (0.9 * np.sin(2 * np.pi * 0.25 * np.arange(frames) + np.pi / 4)).astype(np.float32)
    click = np.zeros((2, frames), np.float32)
    click[:, 5000] = 1.0
    sound = {
        "drums": _drums(),
        "noise": noise(frames, 1, 0.5),
        "high sine": np.stack([high, high]),
        "square": np.sign(sine(frames, 441.0)),
        "click": click,
    }[what]
    # Wide-band noise and squares reach past what four times the rate can see.
    room = 0.25 if what in ("noise", "square") else 0.06
    assert _true_peak_db(_limit(sound.astype(np.float32), gain_db)) <= -1.0 + room


def test_below_the_ceiling_nothing_changes() -> None:
    sound = noise(10000, 1, 0.1)
    np.testing.assert_allclose(_limit(sound, 0.0), sound, atol=1e-7)


def test_latency_is_as_stated() -> None:
    sound = np.zeros((2, 2000), np.float32)
    sound[:, 1000] = 0.5
    out = _limit(sound, 0.0)
    assert np.argmax(np.abs(out[0])) == 1000


def test_gain_moves_smoothly() -> None:
    sound = sine(20000, 100.0, 0.2)
    sound[:, 10000:10002] = 1.0
    out = _limit(sound, 0.0, -6.0)
    for calm in (slice(9000, 9999), slice(10003, 12000)):
        gain = out[0, calm] / np.where(np.abs(sound[0, calm]) < 0.01, np.nan, sound[0, calm])
        assert np.nanmax(np.abs(np.diff(gain))) < 0.02


def _saturate(sound: NDArray[np.float32], drive: float) -> NDArray[np.float32]:
    params = saturation.saturator_params([drive])
    padded = np.pad(sound, ((0, 0), (0, saturation.LATENCY)))
    out = run_kernel(saturation.saturate, [padded], params, saturation.SATURATOR_STATE_WORDS)[0]
    return out[:, saturation.LATENCY :]


def test_undriven_block_is_only_delayed() -> None:
    sound = noise(2000)
    np.testing.assert_array_equal(_saturate(sound, 0.0), sound)


@pytest.mark.parametrize("freq_hz", [100.0, 1000.0, 10000.0])
def test_quiet_sound_passes_the_saturator(freq_hz: float) -> None:
    sound = sine(4000, freq_hz, 0.001)
    np.testing.assert_allclose(_saturate(sound, 0.5)[:, 100:-40], sound[:, 100:-40], atol=2e-5)


def test_drive_bends_peaks_with_odd_harmonics() -> None:
    frames = 1 << 14
    freq = 100 * RATE_HZ / frames
    sound = sine(frames * 2, freq, 0.5)
    out = _saturate(sound, 0.8)[0, frames:].astype(float)
    level = 20 * np.log10(np.abs(np.fft.rfft(out)) / frames * 2 + 1e-12)
    assert level[300] > -35.0
    assert level[200] < level[300] - 50.0
    assert np.abs(out).max() < 0.5


def test_harmonics_do_not_fold_back() -> None:
    """A 15 kHz tone's third harmonic would fold to 900 Hz without the doubled rate."""
    frames = 1 << 14
    bin_of_tone = 5573
    sound = sine(frames * 2, bin_of_tone * RATE_HZ / frames, 0.7)
    out = _saturate(sound, 1.0)[0, frames:].astype(float)
    level = 20 * np.log10(np.abs(np.fft.rfft(out)) / frames * 2 + 1e-12)
    folded = abs(3 * bin_of_tone - frames)
    assert level[folded] < level[bin_of_tone] - 40.0


def test_impossible_drive_is_refused() -> None:
    with pytest.raises(ValueError, match="drive"):
        saturation.saturator_params([1.5])
