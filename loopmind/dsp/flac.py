"""Decoding FLAC frames (RFC 9639), as kernels; files are opened and checked in `files.flac`.

Residuals are read subframe by subframe. What predicts samples from earlier ones has to go sample
by sample, but frames know nothing of each other: eight subframes of neighbouring frames lie in
eight lanes of float64, in which all sums of such whole numbers are exact.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.bits import (
    bits_at,
    bits_down,
    bytes_at,
    floor8,
    integers_at,
    leading_zeros,
    load8_integers,
    store8_integers,
    store8_narrowed,
)
from loopmind.dsp.flac_subframes import (
    COEFFICIENTS,
    HISTORY,
    JOINED,
    LANES,
    MOST_ORDER,
    ORDERS,
    SAMPLES,
    SCALES,
    TILE,
    TILES,
    WASTED,
    subframe,
)
from loopmind.dsp.kernel import MachineCode, compiled, doubles_at, floats_at, helper, words_at
from loopmind.dsp.lanes import load8, splat8, store8, turn8_singles

PADDING = 128
"""Bytes that must follow the stream in memory, whatever they are."""

MOST_BITS = 24


@helper("void(int64, int64, int64)")
def _predict(block, stride, work_at):  # type: ignore[no-untyped-def]
    """Turn what prediction left over into samples, from sample MOST_ORDER on, in all lanes."""
    work, words, floats = doubles_at(work_at), words_at(work_at), floats_at(work_at)
    tile_at = work_at + 8 * TILES
    tile = integers_at(tile_at)
    order = 0
    for lane in range(LANES):
        order = max(order, words[ORDERS + lane])
        samples = integers_at(work_at + 8 * SAMPLES + 4 * lane * stride)
        for j in range(MOST_ORDER):
            work[HISTORY + LANES * j + lane] = samples[j]
    if order == 0:
        return
    scales, newest = load8(work, SCALES), load8(work, COEFFICIENTS)
    sample = load8(work, HISTORY + LANES * (MOST_ORDER - 1))
    for first in range(MOST_ORDER, block, TILE):
        count = min(TILE, block - first)
        for i in range(0, count, 8):
            turn8_singles(floats, 2 * SAMPLES + first + i, stride, 2 * TILES + LANES * i, LANES)
        for i in range(count):
            here = HISTORY + LANES * (MOST_ORDER + i)
            # The sample before comes last: all else can be summed while it is being made.
            total, others = splat8(0.0), splat8(0.0)
            for j in range(order, 1, -2):
                total = total + load8(work, COEFFICIENTS + LANES * (j - 1)) * load8(
                    work, here - LANES * j
                )
            for j in range(order - 1, 1, -2):
                others = others + load8(work, COEFFICIENTS + LANES * (j - 1)) * load8(
                    work, here - LANES * j
                )
            total = (total + others) + newest * sample
            sample = load8_integers(tile, LANES * i) + floor8(total * scales)
            store8(work, here, sample)
            store8_integers(tile, LANES * i, sample)
        for i in range(0, count, 8):
            turn8_singles(floats, 2 * TILES + LANES * i, LANES, 2 * SAMPLES + first + i, stride)
        for j in range(MOST_ORDER):
            store8(work, HISTORY + LANES * j, load8(work, HISTORY + LANES * (TILE + j)))


@helper("void(int64, int64, int64, int64, int64, int64, float64, int64, int64)")
def _join(joined, block, one_at, other_at, wasted, others, scale, left_at, right_at):  # type: ignore[no-untyped-def]
    """Two subframes as left and right: both as they are (0), or one of them as a difference."""
    one, other = integers_at(one_at), integers_at(other_at)
    left, right = floats_at(left_at), floats_at(right_at)
    one_scale, other_scale = scale * (1 << wasted), scale * (1 << others)
    # An odd difference tells that the mean of both was rounded down.
    odd = scale if joined == 10 and others == 0 else 0.0
    for i in range(0, block, 8):
        a, b = load8_integers(one, i), load8_integers(other, i)
        half = b * 0.5
        lost = (half - floor8(half)) * odd
        a, b = a * one_scale, b * other_scale
        if joined == 8:
            b = a - b
        elif joined == 9:
            a = a + b
        elif joined == 10:
            a = a + (b * 0.5 + lost)
            b = a - b
        if i + 8 <= block:
            store8_narrowed(left, i, a)
            store8_narrowed(right, i, b)
        else:
            # What is left over is written by way of where `one` and `other` were read.
            store8_narrowed(floats_at(one_at), i, a)
            store8_narrowed(floats_at(other_at), i, b)
            for k in range(i, block):
                left[k] = floats_at(one_at)[k]
                right[k] = floats_at(other_at)[k]


@helper("int64(int64, int64, int64, int64)")
def _remainder(data_at, first, last, tables_at):  # type: ignore[no-untyped-def]
    """CRC-16 of the bytes from `first` to before `last`, eight at a time: 0 of a whole frame."""
    data, tables = bytes_at(data_at), integers_at(tables_at)
    crc = 0
    while first + 8 <= last:
        word = bits_at(data_at, 8 * first)
        later = tables[1280 + ((word >> 40) & 255)] ^ tables[1024 + ((word >> 32) & 255)]
        later ^= tables[768 + ((word >> 24) & 255)] ^ tables[512 + ((word >> 16) & 255)]
        later ^= tables[256 + ((word >> 8) & 255)] ^ tables[word & 255]
        crc = (
            tables[1792 + (bits_down(word, 56) ^ (crc >> 8))]
            ^ tables[1536 + ((bits_down(word, 48) ^ crc) & 255)]
        ) ^ later
        first += 8
    while first < last:
        crc = ((crc << 8) & 0xFFFF) ^ tables[(crc >> 8) ^ data[first]]
        first += 1
    return crc


@compiled("int64(int64, int64, int64, int64, int64, int64, int64, int64, int64, int64)")
def _decode(data, size, place, channels, bits, largest, total, out_at, work_at, tables_at):  # type: ignore[no-untyped-def]
    """Decode frames from byte `place` on until `total` samples are there; how many were.

    out float32 (channels, total), work as laid out above with samples (lanes, stride), tables
    of `_crc_tables`. Stops at the first frame that is damaged or unusual.
    """
    words = words_at(work_at)
    end = 8 * size
    stride = largest + MOST_ORDER + TILE
    scale = 1.0 / (1 << (bits - 1))
    done = 0
    while done < total:
        frames = 0
        block = 0
        sound = True
        while sound and (frames + 1) * channels <= LANES and done + frames * block < total:
            head = bits_at(data, 8 * place)
            extra = leading_zeros(~(bits_at(data, 8 * place + 32)))
            at = place + 4 + max(extra, 1)
            code = (head >> 44) & 15
            length = 576 << (code - 2) if 2 <= code <= 5 else 256 << (code & 7)
            if code == 1:
                length = 192
            elif code == 6:
                length = bits_down(bits_at(data, 8 * at), 56) + 1
                at += 1
            elif code == 7:
                length = bits_down(bits_at(data, 8 * at), 48) + 1
                at += 2
            rate = (head >> 40) & 15
            at += 1 + (1 if rate == 12 else 2 if rate > 12 else 0)
            joined = (head >> 36) & 15
            depth = (head >> 33) & 7
            if frames > 0 and length != block:
                break
            sound = (
                bits_down(head, 49) == 0x7FFC
                and place + 8 <= size
                and extra < 8
                and code != 0
                and rate != 15
                and (joined == channels - 1 or (channels == 2 and 8 <= joined <= 10))
                and (depth == 0 or (depth == 1 and bits == 8) or (depth == 2 and bits == 12)
                     or (depth == 4 and bits == 16) or (depth == 5 and bits == 20)
                     or (depth == 6 and bits == 24))
                and length <= largest
                and done + (frames + 1) * length <= total
            )  # fmt: skip
            if not sound:
                break
            bit = 8 * at
            for channel in range(channels):
                lane = frames * channels + channel
                wider = 1 if joined == (9 if channel == 0 else 8) else 0
                wider = 1 if joined == 10 and channel == 1 else wider
                bit = subframe(
                    data, bit, end, bits + wider, length, lane,
                    work_at + 8 * SAMPLES + 4 * lane * stride, work_at,
                )  # fmt: skip
                if bit < 0 or bit > end:
                    sound = False
                    break
            if not sound:
                break
            last = (bit + 7) // 8 + 2
            if last > size or _remainder(data, place, last, tables_at) != 0:
                sound = False
                break
            words[JOINED + frames] = joined
            block = length
            place = last
            frames += 1
        for lane in range(frames * channels, LANES):
            words[ORDERS + lane] = 0
        if frames > 0 and block > MOST_ORDER:
            _predict(block, stride, work_at)
        for frame in range(frames):
            lane = frame * channels
            first = work_at + 8 * SAMPLES + 4 * lane * stride
            other = lane + channels - 1
            second = work_at + 8 * SAMPLES + 4 * other * stride
            left = out_at + 4 * done
            _join(
                words[JOINED + frame], block, first, second, words[WASTED + lane],
                words[WASTED + other], scale, left, left + 4 * total * (channels - 1),
            )  # fmt: skip
            done += block
        if not sound:
            break
    return done


@lru_cache(maxsize=1)
def _crc_tables() -> NDArray[np.int32]:
    """(8, 256): what a byte leaves in a CRC-16 (x^16 + x^15 + x^2 + 1) when k bytes follow it."""
    crc = np.arange(256, dtype=np.int32) << 8
    for _ in range(8):
        crc = ((crc << 1) & 0xFFFF) ^ np.where(crc & 0x8000, 0x8005, 0).astype(np.int32)
    tables = [crc]
    for _ in range(7):
        tables.append(((tables[-1] << 8) & 0xFFFF) ^ crc[tables[-1] >> 8])
    return np.ascontiguousarray(np.stack(tables), np.int32)


def is_at_hand() -> bool:
    """Is the decoder compiled, or is numba, which would compile it, here anyway?"""
    return cast(MachineCode, _decode).is_at_hand


def decode_frames(
    stream: NDArray[np.uint8], first: int, bits: int, largest: int, out: NDArray[np.float32]
) -> int:
    """Decode FLAC frames into `out`, float32 (1 or 2 channels, frames); how many frames are right.

    stream: the bytes of a file and PADDING more, frames from `first` on. bits: of a sample, at
    most MOST_BITS. largest: samples of the longest block. Fewer than `out` holds mean a stream
    that is damaged there, or unusual; what lies behind in `out` is undefined.
    """
    channels, total = out.shape
    if not 1 <= channels <= 2 or not 4 <= bits <= MOST_BITS or not 1 <= largest <= 1 << 16:
        raise ValueError(f"no FLAC of {channels} channels, {bits} bits and blocks of {largest}")
    if out.dtype != np.float32 or not out.flags.c_contiguous or stream.size < PADDING:
        raise ValueError("decoding FLAC needs contiguous float32 to fill, and padding")
    stride = largest + MOST_ORDER + TILE
    work = np.empty(SAMPLES + LANES * stride // 2 + TILE)
    return int(_decode(
        stream.ctypes.data, stream.size - PADDING, first, channels, bits, largest, total,
        out.ctypes.data, work.ctypes.data, _crc_tables().ctypes.data,
    ))  # fmt: skip
