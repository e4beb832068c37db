"""Kernels that sum spectra into bands, against plain NumPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from loopmind.analysis.features import _envelope
from loopmind.analysis.mel import Filters, mel_powers
from loopmind.analysis.onsets import mel_filters, onset_mel

RATE, BINS = 22050, 513


def spectra(frames: int) -> NDArray[np.float32]:
    random = np.random.default_rng(frames)
    return (random.standard_normal((frames, BINS)) ** 2).astype(np.float32)


def plain_mel(power: NDArray[np.float32], bands: int) -> NDArray[np.float64]:
    """Triangles that meet, on O'Shaughnessy's mel scale from 30 Hz to 10.8 kHz."""
    hertz = np.arange(BINS) * (RATE / 2 / (BINS - 1))
    low, high = (2595.0 * np.log10(1.0 + f / 700.0) for f in (30.0, 10800.0))
    place = (2595.0 * np.log10(1.0 + hertz / 700.0) - low) / (high - low) * (bands + 1) - 1.0
    weights = np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(bands)[None, :]))
    weights[0] = 0.0
    return power.astype(np.float64) @ weights


@pytest.mark.parametrize("frames", [0, 1, 7, 8, 9, 100])
@pytest.mark.parametrize("bands", [32, 48])
def test_mel_powers(frames: int, bands: int) -> None:
    power = spectra(frames)
    mel, total, centroid = mel_powers(power, RATE, bands)
    np.testing.assert_allclose(mel, plain_mel(power, bands), rtol=2e-4, atol=1e-4)
    sounding = power[:, 1:].astype(np.float64)
    np.testing.assert_allclose(total, sounding.sum(axis=1), rtol=1e-5)
    hertz = np.arange(1, BINS) * (RATE / 2 / (BINS - 1))
    np.testing.assert_allclose(centroid, sounding @ hertz / sounding.sum(axis=1), rtol=1e-5)


def test_frames_know_nothing_of_each_other() -> None:
    """A frame gives the same bits wherever it stands among others; silence has no centroid."""
    power = spectra(21)
    power[4] = 0.0
    mel, total, centroid = mel_powers(power, RATE, 32)
    assert centroid[4] == total[4] == mel[4].max() == 0.0
    for first in (1, 5, 13):
        for whole, part in zip(
            (mel, total, centroid), mel_powers(power[first:], RATE, 32), strict=True
        ):
            np.testing.assert_array_equal(whole[first:], part)


@pytest.mark.parametrize("frames", [1, 8, 30])
def test_filters(frames: int) -> None:
    power = spectra(frames)
    expected = power.astype(np.float64) @ mel_filters(RATE)
    np.testing.assert_allclose(onset_mel(power, RATE), expected, rtol=1e-5)
    np.testing.assert_allclose(onset_mel(power[::4], RATE), expected[::4], rtol=1e-5)
    with pytest.raises(ValueError, match="513 bins"):
        Filters(mel_filters(RATE)).of(power[:, :-1])


@pytest.mark.parametrize("size", [1, 63, 64, 65, 200, 1000])
def test_envelope(size: int) -> None:
    mono = np.random.default_rng(size).standard_normal(size).astype(np.float32)
    mono[size // 2] = 0.0
    steps = np.zeros(max(1, size // 64), np.float32)
    crossings = _envelope(mono.ctypes.data, size, steps.size, steps.ctypes.data)
    assert crossings == np.count_nonzero(np.diff(np.concatenate([[False], mono < 0.0])))
    edges = [*range(0, 64 * steps.size, 64), size]
    parts = [np.abs(mono[a:b]).max() for a, b in pairwise(edges)]
    np.testing.assert_array_equal(steps, parts)
