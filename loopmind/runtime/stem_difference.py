"""What differs between the rendered stems of two songs, sample by sample, section by section.

The stems are 32-bit float files as the renderer writes them. A section that begins at another time
in the second song is compared from its beginning in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.files.decode import read_audio
from loopmind.music.song import Section, Song

AUDIBLE_DBFS = -120.0


@dataclass(frozen=True)
class StemPart:
    """One stem in one section.

    identical: every sample is. differs_s: from the section's start to the last sample that
    differs at all; audible_s: to the last that differs by more than AUDIBLE_DBFS. before_end_s:
    from the first sample that differs to the section's end. peak_db: the largest difference, dBFS
    (-inf where there is none).
    """

    stem: str
    section: str
    identical: bool
    differs_s: float
    audible_s: float
    before_end_s: float
    peak_db: float


def compare_stems(a: Path, b: Path, song_a: Song, song_b: Song) -> Iterator[StemPart]:
    """Compare the stems in folders `a` and `b` for every section that both songs have.

    A stem that only one song has counts as silence in the other. After the last section the tail
    is compared as a section called "tail".
    """
    names = {p.stem for folder in (a, b) for p in folder.glob("*.wav")} - {"premaster"}
    in_a = {section.name: section for section in song_a.sections}
    pairs = [(in_a[s.name], s) for s in song_b.sections if s.name in in_a]
    for name in sorted(names):
        one, rate = _read(a / f"{name}.wav")
        two, rate_b = _read(b / f"{name}.wav")
        rate = rate or rate_b
        for before, after in pairs:
            yield _compared(
                name, before.name, rate,
                _cut(one, song_a, before, rate), _cut(two, song_b, after, rate),
            )  # fmt: skip
        ends = (song.tempo.frame(song.beats, rate) for song in (song_a, song_b))
        start_a, start_b = ends
        yield _compared(name, "tail", rate, one[:, start_a:], two[:, start_b:])


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    if not path.is_file():
        return np.zeros((2, 0), np.float32), 0
    audio = read_audio(path)
    return audio.samples, audio.rate_hz


def _cut(
    samples: NDArray[np.float32], song: Song, section: Section, rate: int
) -> NDArray[np.float32]:
    first, beats = section.start_bar * song.beats_per_bar, section.bars * song.beats_per_bar
    start = song.tempo.frame(first, rate)
    return samples[:, start : song.tempo.frame(first + beats, rate)]


def _compared(
    stem: str, section: str, rate: int, a: NDArray[np.float32], b: NDArray[np.float32]
) -> StemPart:
    frames = max(a.shape[1], b.shape[1])
    if a.shape[1] == b.shape[1] and np.array_equal(a.view(np.uint32), b.view(np.uint32)):
        return StemPart(stem, section, True, 0.0, 0.0, 0.0, -np.inf)
    # In float64 no difference of two float32 samples is lost.
    gap = np.abs(_padded(a, frames) - _padded(b, frames)).max(axis=0)
    different = np.flatnonzero(gap > 0.0)
    if not different.size:  # zeros of another sign
        return StemPart(stem, section, True, 0.0, 0.0, 0.0, -np.inf)
    audible = np.flatnonzero(gap > 10.0 ** (AUDIBLE_DBFS / 20.0))
    return StemPart(
        stem,
        section,
        False,
        (int(different[-1]) + 1) / rate,
        (int(audible[-1]) + 1) / rate if audible.size else 0.0,
        (frames - int(different[0])) / rate,
        float(20.0 * np.log10(gap.max())),
    )


def _padded(samples: NDArray[np.float32], frames: int) -> NDArray[np.float64]:
    return np.pad(samples.astype(np.float64), ((0, 0), (0, frames - samples.shape[1])))
