"""The FLAC decoder gives libsndfile's samples, bit for bit, or leaves the file to libsndfile."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numba  # noqa: F401 - so that the decoder is at hand
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from loopmind.dsp.flac import decode_frames
from loopmind.files.decode import AudioFileError, decode
from loopmind.files.flac import read_flac

F64 = NDArray[np.float64]
RATE = 44100


def _noise(frames: int, channels: int) -> F64:
    return np.random.default_rng(frames).uniform(-0.9, 0.9, (frames, channels))


def _tones(frames: int, channels: int) -> F64:
    t = np.arange(frames)[:, None] / RATE
    return 0.5 * np.sin(2 * np.pi * (200 + 50 * np.arange(channels)) * t)


def _alike(frames: int, channels: int) -> F64:
    """Channels that are almost the same: their mean and difference are stored."""
    one = 0.5 * _tones(frames, 1) + 0.1 * _noise(frames, 1)
    return one + 0.003 * _noise(frames, channels)


def _one_sided(frames: int, channels: int) -> F64:
    """A quiet copy of the left on the right: one channel and a difference are stored."""
    one = 0.9 * _noise(frames, 1)
    return one * (1.0 - 0.001 * np.arange(channels)) + 0.0005 * _noise(frames, channels)


def _rare(frames: int, channels: int) -> F64:
    """Silence with far clicks: long runs of zeros among the bits."""
    sound = np.zeros((frames, channels))
    sound[:: max(1, frames // 7)] = 0.99
    return sound


def _coarse(frames: int, channels: int) -> F64:
    """Whole steps of 1/64: the lowest bits are always zero."""
    return np.round(_tones(frames, channels) * 64.0) / 64.0


def _constant(frames: int, channels: int) -> F64:
    return np.full((frames, channels), -0.25)


def _square(frames: int, channels: int) -> F64:
    """From one end of the range to the other and back."""
    sign = np.where(np.arange(frames)[:, None] // 50 % 2, 1.0, -1.0)
    return np.repeat(sign, channels, axis=1)


SOUNDS = (_noise, _tones, _alike, _one_sided, _rare, _coarse, _constant, _square)


def _written(file: Path, sound: F64, subtype: str = "PCM_16", level: float = 0.5) -> None:
    soundfile.write(file, sound, RATE, subtype, format="FLAC", compression_level=level)


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
def test_samples_are_those_of_libsndfile(
    tmp_path: Path, sound: Callable[[int, int], F64], channels: int, subtype: str
) -> None:
    for frames, level in ((1, 0.5), (31, 0.0), (4096, 1.0), (4129, 0.6), (50_001, 1.0)):
        file = tmp_path / "a.flac"
        _written(file, sound(frames, channels), subtype, level)
        expected, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
        got = read_flac(file)
        assert got is not None
        assert got[1] == rate_hz
        np.testing.assert_array_equal(got[0], expected.T)


def test_quick_and_thorough_encoders(tmp_path: Path) -> None:
    """Short blocks, fixed predictors and high orders: all that compression levels choose."""
    sound = 0.4 * _tones(30_000, 2) + 0.05 * _noise(30_000, 2)
    for level in np.linspace(0.0, 1.0, 9):
        file = tmp_path / "a.flac"
        _written(file, sound, "PCM_24", float(level))
        got = read_flac(file)
        assert got is not None
        np.testing.assert_array_equal(got[0].T, soundfile.read(file, dtype="float32")[0])


def test_what_is_no_usual_flac_is_left_alone(tmp_path: Path) -> None:
    wav, wide = tmp_path / "a.wav", tmp_path / "b.flac"
    soundfile.write(wav, _tones(5000, 2), RATE)
    soundfile.write(wide, _tones(5000, 3), RATE)
    assert read_flac(wav) is None
    assert read_flac(wide) is None
    assert decode(wide).audio.channels == 2
    _written(tmp_path / "c.flac", _tones(5000, 2))
    endless = bytearray((tmp_path / "c.flac").read_bytes())
    endless[21] &= 0xF0
    endless[22:26] = bytes(4)  # how many frames there are is not known
    (tmp_path / "c.flac").write_bytes(endless)
    assert read_flac(tmp_path / "c.flac") is None


def test_every_damage_is_noticed(tmp_path: Path) -> None:
    """One wrong bit anywhere in a frame, or a missing end, and the file is left to libsndfile."""
    file = tmp_path / "a.flac"
    _written(file, _alike(9000, 2))
    whole = file.read_bytes()
    first = 4 + 38
    while not whole[first:].startswith(b"\xff\xf8"):
        first += 1
    random = np.random.default_rng(4)
    for _ in range(150):
        broken = bytearray(whole)
        broken[random.integers(first, len(whole))] ^= 1 << int(random.integers(8))
        file.write_bytes(broken)
        assert read_flac(file) is None
    for size in (len(whole) - 1, len(whole) // 2, first, 20, 4):
        file.write_bytes(whole[:size])
        assert read_flac(file) is None
        try:  # and what can be saved is saved, as of any file
            decode(file)
        except AudioFileError:
            continue


def test_nonsense_is_survived() -> None:
    """Bytes of any kind behind a right head, and heads of frames before anything."""
    random = np.random.default_rng(6)
    stream = io.BytesIO()
    soundfile.write(stream, _alike(9000, 2), RATE, "PCM_24", format="FLAC")
    whole = np.frombuffer(stream.getvalue(), np.uint8)
    first = whole.tobytes().index(b"\xff\xf8")
    for turn in range(400):
        out = np.zeros((2, 9000), np.float32)
        data = np.zeros(whole.size + 128, np.uint8)
        data[: whole.size] = whole
        spoilt = random.integers(first + 4, whole.size, 1 + turn % 40)
        data[spoilt] = random.integers(0, 256, spoilt.size)
        if turn % 3 == 0:
            data[first + 7 : -128] = random.integers(0, 256, whole.size - first - 7)
        assert 0 <= decode_frames(data, first, 24, 4096, out) < 9000


def test_decoding_is_the_same_through_either_door(tmp_path: Path) -> None:
    file = tmp_path / "a.flac"
    _written(file, _alike(20_000, 2), "PCM_24")
    own = decode(file)
    theirs = decode(file, max_seconds=100.0)
    np.testing.assert_array_equal(own.audio.samples, theirs.audio.samples)
    assert own.info == theirs.info
    assert own.notes == theirs.notes == ()


def test_wrong_requests_are_refused() -> None:
    data = np.zeros(200, np.uint8)
    with pytest.raises(ValueError, match="3 channels"):
        decode_frames(data, 0, 16, 4096, np.zeros((3, 10), np.float32))
    with pytest.raises(ValueError, match="contiguous"):
        decode_frames(data, 0, 16, 4096, np.zeros((10, 2), np.float32).T)
