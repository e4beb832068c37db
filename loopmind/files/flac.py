"""Reading whole FLAC files of the usual kinds, three times as fast as libsndfile reads them.

What is unusual or damaged is left to libsndfile and to what is made of damaged files in `decode`.
The samples are the same.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.flac import MOST_BITS, PADDING, decode_frames, is_at_hand

_MAGIC = b"fLaC"
_LARGEST_BYTES = 1 << 28
_MOST_SAMPLES = 1 << 28


class Stream(NamedTuple):
    """What the head of a FLAC file says. first: byte of the first frame."""

    rate_hz: int
    channels: int
    bits: int
    frames: int
    largest_block: int
    first: int


def read_flac(file: Path) -> tuple[NDArray[np.float32], int] | None:
    """(samples (channels, frames), rate in Hz) of all of `file`; None where libsndfile is to read.

    That is what is no FLAC, has more than two channels or MOST_BITS bits, is damaged in any place,
    or doesn't say how long it is. OSError where it cannot be read.
    """
    if sys.byteorder != "little" or not is_at_hand():
        return None
    with file.open("rb") as opened:
        if opened.read(4) != _MAGIC:
            return None
        size = opened.seek(0, 2)
        if size > _LARGEST_BYTES:
            return None
        opened.seek(0)
        data = np.empty(size + PADDING, np.uint8)
        data[size:] = 0
        if opened.readinto(data.data[:size]) != size:
            return None
    head = _stream(data, size)
    if head is None:
        return None
    samples = np.empty((head.channels, head.frames), np.float32)
    got = decode_frames(data, head.first, head.bits, head.largest_block, samples)
    return (samples, head.rate_hz) if got == head.frames else None


def _stream(data: NDArray[np.uint8], size: int) -> Stream | None:
    """The head of a usual stream in `data` of `size` bytes, or None."""
    place, last, found = len(_MAGIC), False, None
    while not last:
        if place + 4 > size:
            return None
        kind = int(data[place])
        length = int.from_bytes(data[place + 1 : place + 4].tobytes(), "big")
        if place == len(_MAGIC):
            if kind & 127 or length != 34 or place + 38 > size:
                return None
            found = data[place + 4 : place + 38].tobytes()
        last = kind >= 128
        place += 4 + length
    assert found is not None
    largest = int.from_bytes(found[2:4], "big")
    numbers = int.from_bytes(found[10:18], "big")
    rate, channels = numbers >> 44, (numbers >> 41 & 7) + 1
    bits, frames = (numbers >> 36 & 31) + 1, numbers & ((1 << 36) - 1)
    if channels > 2 or not 8 <= bits <= MOST_BITS or rate == 0 or largest == 0:
        return None
    if not 0 < frames * channels <= _MOST_SAMPLES:
        return None
    return Stream(rate, channels, bits, frames, largest, place)
