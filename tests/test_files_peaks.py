"""Peaks for drawing: no sample lies outside, any zoom, kept by content, damage made again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from loopmind.errors import CancelledError
from loopmind.files import peaks as module
from loopmind.files.decode import AudioFileError
from loopmind.files.encode import write_audio
from loopmind.files.peaks import FINEST, peaks_of
from loopmind.music.audio import Audio

RATE_HZ = 44100
STEP = 1.0 / 32767.0


@pytest.fixture
def wave() -> np.ndarray:
    made = np.random.default_rng(1).standard_normal((2, 300_001)) * 0.2
    return np.clip(made, -1.0, 1.0).astype(np.float32)


@pytest.fixture
def file(tmp_path: Path, wave: np.ndarray) -> Path:
    return write_audio(tmp_path / "a.wav", Audio(wave, RATE_HZ), subtype="FLOAT")


@pytest.mark.parametrize("first, last, columns", [
    (0, 300_001, 1), (0, 300_001, 777), (12_345, 280_000, 100), (1000, 60_000, 33),
    (5000, 5600, 40), (-50_000, 350_000, 400),
])  # fmt: skip
def test_columns_hold_all_their_samples(
    file: Path, wave: np.ndarray, tmp_path: Path, first: int, last: int, columns: int
) -> None:
    made = peaks_of(file, cache=tmp_path / "c").view(first, last, columns)
    span = (last - first) / columns
    # At most two stretches of the level in use lie beside a column's own frames.
    beside = max(FINEST, int(span)) + 1
    for column in range(columns):
        a, b = first + span * column, first + span * (column + 1)
        own = wave[:, max(int(np.ceil(a)), 0) : max(int(b), 0)]
        near = wave[:, max(int(a) - beside, 0) : max(int(b) + beside, 0)]
        low, high = made[:, column, 0], made[:, column, 1]
        if b <= 0 or a >= wave.shape[1]:
            assert not low.any() and not high.any()
            continue
        if own.shape[1]:
            assert (low <= own.min(axis=1) + 1e-7).all() and (high >= own.max(axis=1) - 1e-7).all()
        assert (low >= near.min(axis=1) - 2 * STEP).all()
        assert (high <= near.max(axis=1) + 2 * STEP).all()


def test_kept_by_content(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "c"
    first = peaks_of(file, cache=cache)
    copy = tmp_path / "b.wav"
    copy.write_bytes(file.read_bytes())
    real = module._measure
    monkeypatch.setattr(module, "_measure", lambda *a: pytest.fail("measured again"))
    again = peaks_of(copy, cache=cache)
    assert all(np.array_equal(a, b) for a, b in zip(first.levels, again.levels, strict=True))
    assert (again.rate_hz, again.frames, again.channels) == (RATE_HZ, 300_001, 2)
    monkeypatch.setattr(module, "_measure", real)
    (kept,) = cache.iterdir()
    for damaged in (b"", kept.read_bytes()[:1000], b"\x00" * 50):
        kept.write_bytes(damaged)
        assert np.array_equal(peaks_of(file, cache=cache).levels[0], first.levels[0])
    assert kept.stat().st_size < file.stat().st_size / 80


def test_trouble_is_named_and_long_work_stops(file: Path, tmp_path: Path) -> None:
    empty = tmp_path / "e.wav"
    empty.write_bytes(b"")
    with pytest.raises(AudioFileError, match="empty"):
        peaks_of(empty, cache=tmp_path / "c")
    with pytest.raises(CancelledError):
        peaks_of(file, cache=tmp_path / "d", cancelled=lambda: True)
    told: list[tuple[int, int]] = []
    peaks_of(file, cache=tmp_path / "d", progress=lambda a, b: told.append((a, b)))
    assert told[-1] == (300_001, 300_001)
    with pytest.raises(ValueError, match="columns"):
        peaks_of(file, cache=tmp_path / "d").view(0, 0, 5)
