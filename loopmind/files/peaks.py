"""Peaks of a sound for drawing: lowest and highest sample of stretches, coarser and coarser.

Worked out once for a file's content and kept in the user's cache; drawing any part at any zoom
then touches only about as many numbers as there are pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgpack
import numpy as np
import soundfile
from numpy.typing import NDArray

from loopmind.errors import CancelledError
from loopmind.files.atomic import atomic_write
from loopmind.files.decode import AudioFileError, open_sound, to_stereo
from loopmind.files.digest import file_digest
from loopmind.files.places import default_cache

VERSION = 1
FINEST = 256
"""Frames of a stretch at the finest level; each level above is FACTOR times as coarse."""
FACTOR = 4
_BLOCK = FINEST * 1024
_FULL = 32767.0

Pairs = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Peaks:
    """Levels of (channels, stretches, 2) int16: lowest and highest sample, 32767 being 1.0.

    Law: lowest and highest are rounded outwards, so that no sample lies outside them. Samples
    beyond 1.0 are shown as 1.0.
    """

    rate_hz: int
    frames: int
    levels: tuple[NDArray[np.int16], ...]

    @property
    def channels(self) -> int:
        return int(self.levels[0].shape[0])

    def view(self, first: int, last: int, columns: int) -> Pairs:
        """(channels, columns, 2): lowest and highest sample of each of `columns` equal parts of
        frames `first` to `last` (not included); a column outside the sound is 0.

        Each column covers at least its own frames, at most a stretch more at either side.
        """
        if columns < 1 or last <= first:
            raise ValueError(f"cannot draw frames {first}..{last} in {columns} columns")
        span = (last - first) / columns
        wanted = max(span / FINEST, 1.0)
        level = min(int(math.log(wanted, FACTOR) + 1e-9), len(self.levels) - 1)
        rows, stretch = self.levels[level], FINEST * FACTOR**level
        edges = first + span * np.arange(columns + 1)
        begin = np.clip(np.floor(edges[:-1] / stretch).astype(int), 0, rows.shape[1])
        end = np.clip(np.ceil(edges[1:] / stretch).astype(int), 0, rows.shape[1])
        inside = (edges[1:] > 0) & (edges[:-1] < self.frames) & (end > begin)
        made = np.zeros((self.channels, columns, 2), np.float32)
        if inside.any():
            # reduceat takes begin and end in turn; every second result is a gap between columns.
            places = np.stack([begin[inside], end[inside]], axis=1).ravel()
            padded = np.concatenate([rows, rows[:, -1:]], axis=1)
            lows = np.minimum.reduceat(padded[:, :, 0], places, axis=1)[:, ::2]
            highs = np.maximum.reduceat(padded[:, :, 1], places, axis=1)[:, ::2]
            made[:, inside, 0] = lows / _FULL
            made[:, inside, 1] = highs / _FULL
        return made


def peaks_of(
    path: str | Path,
    *,
    digest: str | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Peaks:
    """The peaks of a sound file, from the cache where its content was seen before.

    digest: that of the file, where it is known. Reads an hour's file in pieces. Raises
    AudioFileError, OSError, CancelledError.
    """
    file = Path(path)
    digest = digest or file_digest(file, cancelled=cancelled)
    kept = (cache or default_cache() / "peaks") / f"{digest}-{VERSION}.peaks"
    found = _read(kept)
    if found is not None:
        return found
    made = _measure(file, progress, cancelled)
    kept.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(kept, _packed(made))
    return made


def pyramid(finest: NDArray[np.int16], rate_hz: int, frames: int) -> Peaks:
    """All levels above the finest, (channels, stretches, 2), down to a single stretch."""
    levels = [finest]
    while levels[-1].shape[1] > 1:
        rows = levels[-1]
        gap = -rows.shape[1] % FACTOR
        if gap:
            rows = np.concatenate([rows, np.repeat(rows[:, -1:], gap, axis=1)], axis=1)
        parts = rows.reshape(rows.shape[0], -1, FACTOR, 2)
        low, high = parts[..., 0].min(axis=2), parts[..., 1].max(axis=2)
        levels.append(np.stack([low, high], axis=-1))
    return Peaks(rate_hz, frames, tuple(levels))


def _measure(
    file: Path,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Peaks:
    pieces: list[NDArray[np.int16]] = []
    done = 0
    with open_sound(file) as sound:
        rate_hz, total = int(sound.samplerate), int(sound.frames)
        while True:
            try:
                block = sound.read(_BLOCK, dtype="float32", always_2d=True)
            except (soundfile.LibsndfileError, RuntimeError):
                break  # what could be read is drawn; playing it tells of the damage
            if len(block) == 0:
                break
            pieces.append(_stretches(to_stereo(block.T)))
            done += len(block)
            if cancelled is not None and cancelled():
                raise CancelledError(f"reading {file} was cancelled")
            if progress is not None:
                progress(done, max(total, done))
    if not pieces:
        raise AudioFileError(file, "holds no samples", "copy it again from its source")
    return pyramid(np.concatenate(pieces, axis=1), rate_hz, done)


def _stretches(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """(channels, stretches, 2) of a block; only the last stretch may be short."""
    samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    gap = -samples.shape[1] % FINEST
    if gap:
        samples = np.concatenate([samples, np.repeat(samples[:, -1:], gap, axis=1)], axis=1)
    parts = np.clip(samples, -1.0, 1.0).reshape(samples.shape[0], -1, FINEST)
    low = np.floor(parts.min(axis=2).astype(np.float64) * _FULL)
    high = np.ceil(parts.max(axis=2).astype(np.float64) * _FULL)
    return np.stack([low, high], axis=-1).astype(np.int16)


def _packed(peaks: Peaks) -> bytes:
    finest = peaks.levels[0].astype("<i2")
    tree = [VERSION, peaks.rate_hz, peaks.frames, peaks.channels, finest.tobytes()]
    return bytes(msgpack.packb(tree))


def _read(kept: Path) -> Peaks | None:
    """What is kept; None where there is nothing, or nothing whole: it is then made again."""
    try:
        version, rate_hz, frames, channels, data = msgpack.unpackb(kept.read_bytes())
        finest = np.frombuffer(data, "<i2").reshape(channels, -1, 2).astype(np.int16)
    except (OSError, ValueError, TypeError, msgpack.UnpackException):
        return None
    if version != VERSION or finest.shape[1] != -(-frames // FINEST):
        return None
    return pyramid(finest, rate_hz, frames)
