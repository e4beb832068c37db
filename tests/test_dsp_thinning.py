"""Thinned sound: what rounding may do, where it must stay unheard, and that FLAC packs it small."""

from __future__ import annotations

import gc
import io
from contextlib import closing

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from loopmind.dsp.resample import resample
from loopmind.dsp.thinning import BLOCK, THIN_RATE_HZ, quietest_bits, thin, thinned
from loopmind.files.encode import FlacPacker
from loopmind.runtime.packing import PackedBeside, Packer


def music(seconds: float, seed: int = 1) -> NDArray[np.float32]:
    """Two channels of noise as steep as music (3 dB an octave), with a beat every half second."""
    random = np.random.default_rng(seed)
    frames = int(seconds * THIN_RATE_HZ)
    spectrum = np.fft.rfft(random.standard_normal((2, frames)))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(frames, 1 / THIN_RATE_HZ), 30.0))
    sound = np.fft.irfft(spectrum, frames)
    decay = np.exp(-((np.arange(frames) / THIN_RATE_HZ) % 0.5) * 6.0)
    return (0.3 * sound / np.abs(sound).max() * (0.1 + decay)).astype(np.float32)


def flac_bytes(pieces: list[NDArray[np.int16]], channels: int, rate_hz: int) -> bytes:
    packer = FlacPacker(channels, rate_hz)
    for piece in pieces:
        packer.write(piece)
    return packer.finish()


def bits_of(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.min([quietest_bits(channel) for channel in samples], axis=0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3 * BLOCK), st.floats(1e-5, 1.5), st.integers(1, 2))
def test_each_block_holds_multiples_of_its_step_near_the_samples(
    frames: int, level: float, channels: int
) -> None:
    random = np.random.default_rng(frames)
    samples = (level * random.standard_normal((channels, frames))).astype(np.float32)
    bits = bits_of(samples)
    thinned = thin(samples, bits)
    assert thinned.shape == (frames, channels) and len(bits) == -(-frames // BLOCK)
    for block, fraction in enumerate(bits):
        here = slice(block * BLOCK, (block + 1) * BLOCK)
        step = 2 ** min(max(int(np.floor(fraction)), 0), 10)
        assert not np.any(thinned[here] % step)
        wanted = np.clip(samples[:, here].T * 32768.0, -32768 + step, 32767 - step)
        inside = np.abs(samples[:, here].T * 32768.0) <= 32767 - step
        assert np.all(np.abs(thinned[here] - wanted)[inside] <= step / 2 + 0.01)


def test_the_noise_lies_below_the_music_in_every_band() -> None:
    samples = music(4.0)
    thinned = thin(samples, bits_of(samples))
    noise = thinned.T / 32768.0 - samples
    edges = np.array([500, 1000, 2000, 4000, 8000, 14000]) * samples.shape[1] // THIN_RATE_HZ
    power = [
        np.add.reduceat(np.abs(np.fft.rfft(x)) ** 2, edges, axis=1)[:, :-1]
        for x in (samples, noise)
    ]
    assert np.all(10.0 * np.log10(power[0] / power[1]) > 14.0)


def test_no_noise_runs_ahead_of_a_beat() -> None:
    samples = np.zeros((1, 2 * BLOCK), np.float32)
    samples[0, BLOCK + 3000 :] = music(1.0)[0, : BLOCK - 3000]
    thinned = thin(samples, bits_of(samples))
    assert not np.any(thinned[: BLOCK + 3000])


def test_what_is_quiet_keeps_all_bits() -> None:
    samples = (music(1.0) * 1e-3).astype(np.float32)
    assert np.array_equal(thin(samples, bits_of(samples)).T, np.rint(samples * 32768.0))


def test_flac_holds_the_very_samples_in_a_third_of_the_space() -> None:
    samples = music(10.0)
    thinned = thin(samples, bits_of(samples))
    packed = flac_bytes([thinned], 2, THIN_RATE_HZ)
    again, rate_hz = soundfile.read(io.BytesIO(packed), dtype="int16")
    assert rate_hz == THIN_RATE_HZ and np.array_equal(again, thinned)
    assert packed == flac_bytes([thinned], 2, THIN_RATE_HZ)
    whole = flac_bytes([np.rint(samples.T * 32767.0).astype(np.int16)], 2, THIN_RATE_HZ)
    assert len(packed) < 0.55 * len(whole)
    assert len(packed) * 8 / 10.0 < 420_000


def test_flac_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        FlacPacker(9, THIN_RATE_HZ)


def test_made_in_pieces_it_is_the_same() -> None:
    samples = np.random.default_rng(4).normal(0.0, 0.1, (2, 21 * BLOCK + 777)).astype(np.float32)
    samples *= np.linspace(0.0, 1.0, samples.shape[1], dtype=np.float32) ** 3
    whole = thin(samples, bits_of(samples))
    pieces = [thinned(samples, at, at + 5) for at in range(0, 22, 5)]
    assert np.array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("frames", [0, 1, 44_100, 700_001])
def test_packed_while_it_is_made_it_is_the_same(frames: int) -> None:
    sound = np.random.default_rng(5).normal(0.0, 0.1, (2, frames)).astype(np.float32)
    whole = Packer(44_100, 2)
    whole.write(sound)
    made = resample(sound, 44_100, THIN_RATE_HZ)
    packed = flac_bytes([thin(made, bits_of(made))] if frames else [], 2, THIN_RATE_HZ)
    assert whole.finish().data.tobytes() == packed
    with PackedBeside(44_100, 2) as beside:
        beside.write(sound[:, ::-1])  # void, as it begins again
        beside.start()
        for first in range(0, frames, 30_000):
            beside.write(sound[:, first : first + 30_000])
        assert beside.finish().data.tobytes() == packed


def test_what_is_given_up_is_closed_and_complains_of_nothing() -> None:
    sound = np.random.default_rng(6).normal(0.0, 0.1, (2, 400_000)).astype(np.float32)
    with closing(Packer(44_100, 2)) as packer:
        packer.write(sound)
    with PackedBeside(44_100, 2) as beside:
        beside.write(sound)
    held: list[object] = [packer, beside]
    held.append(held)  # as the frames of an error hold each other
    del packer, beside, held
    gc.collect()  # an encoder left open would end its file now, after the file's memory
