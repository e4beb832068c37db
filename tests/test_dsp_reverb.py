"""The reverb: decay time, level, density, no ringing, width, low cut."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from dsp_tools import RATE_HZ, noise, run_kernel
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from loopmind.dsp.reverb import reverb_params, reverb_state_words, reverberate


@functools.lru_cache
def _answer(
    decay_s: float = 1.8, seconds: float = 3.0, side: int = 2, **more: float
) -> NDArray[np.float32]:
    """The room's answer to one click on the left (0), the right (1) or both (2)."""
    click = np.zeros((2, round(seconds * RATE_HZ)), np.float32)
    click[:, 0] = 1.0
    if side < 2:
        click[1 - side, 0] = 0.0
    params = reverb_params(RATE_HZ, decay_s=decay_s, **more)
    return run_kernel(reverberate, [click], params, reverb_state_words(params), outputs=1)[0]


def _t60(answer: NDArray[np.float32], low_hz: float, high_hz: float) -> float:
    """Decay time of a band by Schroeder's backward integral, from -5 to -35 dB."""
    sos = butter(2, [low_hz, high_hz], "bandpass", fs=RATE_HZ, output="sos")
    energy = np.square(sosfiltfilt(sos, answer.astype(float), axis=1)).sum(axis=0)
    curve = np.cumsum(energy[::-1])[::-1]
    level = 10 * np.log10(curve / curve[0] + 1e-30)
    first, last = np.argmax(level < -5), np.argmax(level < -35)
    return 2.0 * (last - first) / RATE_HZ


@pytest.mark.parametrize("decay_s", [0.6, 1.8, 4.0])
def test_decay_time_is_kept(decay_s: float) -> None:
    answer = _answer(decay_s, max(2.0, decay_s * 1.2), damping=0.3)
    assert _t60(answer, 300.0, 900.0) == pytest.approx(decay_s, rel=0.1)


def test_damping_shortens_the_highs_only() -> None:
    dull, bright = _answer(damping=0.8), _answer(damping=0.0)
    assert _t60(bright, 6000.0, 9000.0) == pytest.approx(1.8, rel=0.12)
    assert _t60(dull, 6000.0, 9000.0) < 0.75 * _t60(bright, 6000.0, 9000.0)
    assert _t60(dull, 300.0, 600.0) == pytest.approx(1.8, rel=0.12)


@pytest.mark.parametrize("decay_s", [0.6, 1.8, 4.0])
def test_longer_rooms_are_not_louder(decay_s: float) -> None:
    answer = _answer(decay_s, 5.0, low_cut_hz=20.0, damping=0.0)
    energy = float(np.square(answer, dtype=float).sum()) / 2
    assert 10 * np.log10(energy) == pytest.approx(0.0, abs=2.0)


def test_predelay_is_silent() -> None:
    answer = _answer(predelay_s=0.05)
    first = np.argmax(np.abs(answer).max(axis=0) > 1e-6)
    assert 0.05 * RATE_HZ <= first < 0.1 * RATE_HZ


def test_echoes_grow_dense() -> None:
    """Normalised echo density (Abel & Huang 2006) reaches that of noise within 150 ms."""
    answer = _answer(damping=0.2, low_cut_hz=20.0, predelay_s=0.0)[0].astype(float)
    window = answer[round(0.15 * RATE_HZ) : round(0.25 * RATE_HZ)]
    share = np.mean(np.abs(window) > window.std())
    assert share / 0.3173 > 0.85


def test_no_mode_rings_on() -> None:
    """The tail's spectrum has the peaks of noise, and none that outlasts its neighbours."""
    answer = _answer(2.5, 4.0, damping=0.0, low_cut_hz=20.0)[0].astype(float)

    def spectrum(start_s: float) -> NDArray[np.float64]:
        piece = answer[round(start_s * RATE_HZ) :][: 1 << 15]
        power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)))) ** 2
        return power[400:12000]

    late = spectrum(2.0)
    smooth = np.convolve(late, np.ones(201) / 201, "same")[200:-200]
    # The power of noise is exponential: its largest of 11,000 values lies near 9.3 means (9.7 dB).
    assert 10 * np.log10((late[200:-200] / smooth).max()) < 13.0
    # A metallic mode stands out early and late alike: noise-like tails are uncorrelated.
    early = spectrum(0.5)[200:-200]
    correlation = np.corrcoef(np.log(early), np.log(late[200:-200]))[0, 1]
    assert abs(correlation) < 0.2


def test_sides_are_decorrelated_and_equally_loud() -> None:
    answer = _answer(low_cut_hz=20.0)[:, 4000:40000].astype(float)
    assert abs(np.corrcoef(answer)[0, 1]) < 0.15
    power = np.square(answer).sum(axis=1)
    assert abs(10 * np.log10(power[0] / power[1])) < 1.5
    one = _answer(side=0)[:, 4000:40000].astype(float)
    power = np.square(one).sum(axis=1)
    assert abs(10 * np.log10(power[0] / power[1])) < 4.0


def test_low_cut_keeps_the_bass_dry() -> None:
    def bass(low_cut_hz: float) -> float:
        spectrum = np.abs(np.fft.rfft(_answer(low_cut_hz=low_cut_hz)[0].astype(float))) ** 2
        hz = np.fft.rfftfreq(round(3.0 * RATE_HZ), 1 / RATE_HZ)
        return float(10 * np.log10(spectrum[(hz > 40) & (hz < 80)].mean()))

    assert bass(300.0) < bass(20.0) - 15.0


def test_other_rates_sound_the_same_length() -> None:
    click = np.zeros((2, 96000), np.float32)
    click[:, 0] = 1.0
    params = reverb_params(96000, decay_s=0.5)
    answer = run_kernel(reverberate, [click], params, reverb_state_words(params), outputs=1)[0]
    energy = np.square(answer, dtype=float).sum(axis=0)
    assert energy[48000:].sum() / energy.sum() < 10**-5.0


def test_linear_in_level() -> None:
    params = reverb_params(RATE_HZ)
    words = reverb_state_words(params)
    sound = noise(20000)
    one = run_kernel(reverberate, [sound], params, words, outputs=1)[0]
    two = run_kernel(reverberate, [sound * np.float32(2)], params, words, outputs=1)[0]
    np.testing.assert_allclose(two, 2 * one, atol=2e-6)


def test_impossible_decay_is_refused() -> None:
    with pytest.raises(ValueError, match="decay"):
        reverb_params(RATE_HZ, decay_s=0.0)


def test_two_networks_in_turns_sound_like_one() -> None:
    """Where the networks change, nothing is heard: the turning matrix is one for both."""
    params = reverb_params(RATE_HZ, decay_s=0.8)
    sound = noise(3 * RATE_HZ, 5)
    words = reverb_state_words(params)
    alone = run_kernel(reverberate, [sound], params, words, outputs=1)[0]
    change = int(params[5])
    start = change - RATE_HZ
    turned = params.copy()
    turned[5] = 4 * change  # one network for all of it
    one, two = (
        run_kernel(reverberate, [sound], p, words, outputs=1, start=start)[0]
        for p in (turned, params)
    )
    assert np.abs(two).max() > 0.01
    np.testing.assert_allclose(two, one, atol=1e-6)
    # The matrix has turned elsewhere at another place of the song.
    assert np.abs(one - alone).max() > 1e-3


def test_sound_before_the_last_turn_and_its_tail_is_forgotten() -> None:
    params = reverb_params(RATE_HZ, decay_s=0.6)
    words = reverb_state_words(params)
    period, tail = int(params[5]), int(params[6])
    start = period - 4000
    one, other = noise(4000 + tail + 2000, 1), noise(4000 + tail + 2000, 1)
    other[:, :4000] = noise(4000, 2)
    heard, otherwise = (
        run_kernel(reverberate, [x], params, words, outputs=1, start=start)[0] for x in (one, other)
    )
    assert not np.array_equal(heard[:, : 4000 + tail - 100], otherwise[:, : 4000 + tail - 100])
    np.testing.assert_array_equal(heard[:, 4000 + tail :], otherwise[:, 4000 + tail :])
