"""Reading the subframes of a FLAC frame (RFC 9639), as kernels, and how they are laid out.

A subframe becomes its first samples and what prediction left over of the others.
"""

from __future__ import annotations

import numpy as np

from loopmind.dsp.bits import bits_at, bits_down, bits_up, integers_at, leading_zeros
from loopmind.dsp.kernel import doubles_at, helper, words_at

LANES, MOST_ORDER, TILE = 8, 32, 64
# What a group of frames is made in, in words of 64 bits: prediction by lane, samples before and
# of a tile, scale by lane; by lane order and wasted bits, by frame how its channels are joined.
COEFFICIENTS = 0
HISTORY = COEFFICIENTS + LANES * MOST_ORDER
SCALES = HISTORY + LANES * (MOST_ORDER + TILE)
ORDERS = SCALES + LANES
WASTED = ORDERS + LANES
JOINED = WASTED + LANES
TILES = JOINED + LANES
SAMPLES = TILES + LANES * TILE // 2


@helper("int64(int64, int64, int64, int64, int64)")
def _slow_rice(data, bit, end, k, out_at):  # type: ignore[no-untyped-def]
    """Read one number of any length; the bit behind it, -1 where there is none."""
    high = 0
    zeros = leading_zeros(bits_at(data, bit))
    while zeros >= 57:
        high += 57
        bit += 57
        if bit > end:
            return -1
        zeros = leading_zeros(bits_at(data, bit))
    high += zeros
    bit += zeros + 1
    if high >= 1 << (32 - k):
        return -1
    u = (high << k) | bits_down(bits_down(bits_at(data, bit), 1), 63 - k)
    integers_at(out_at)[0] = (u >> 1) ^ -(u & 1)
    return bit + k


@helper("int64(int64, int64, int64, int64, int64, int64)")
def _residual(data, bit, end, order, block, out_at):  # type: ignore[no-untyped-def]
    """Read what prediction left over into `out` from `order` on; the bit behind it, or -1."""
    out = integers_at(out_at)
    word = bits_at(data, bit)
    wide = 4 + bits_down(word, 62)
    if wide > 5:
        return -1
    parts = 1 << bits_down(word << 2, 60)
    each = block // parts
    if each * parts != block or each < order:
        return -1
    bit += 6
    at = order
    for part in range(parts):
        stop = (part + 1) * each
        k = bits_down(bits_at(data, bit), 64 - wide)
        bit += wide
        if k == (1 << wide) - 1:
            plain = bits_down(bits_at(data, bit), 59)
            bit += 5
            for i in range(at, stop):
                out[i] = bits_at(data, bit) >> (64 - plain) if plain > 0 else 0
                bit += plain
                if bit > end:
                    return -1
            at = stop
            continue
        down = 63 - k
        while at < stop:
            # Two numbers of one look at the stream, where both lie in it, as they mostly do.
            word = bits_at(data, bit)
            zeros = leading_zeros(word)
            rest = bits_up(word, zeros + 1)
            more = bits_up(rest, k)
            others = leading_zeros(more)
            size = zeros + others + 2 + 2 * k
            if size <= 57 and at + 1 < stop:
                u = (zeros << k) | bits_down(bits_down(rest, 1), down)
                out[at] = (u >> 1) ^ -(u & 1)
                u = (others << k) | bits_down(bits_down(bits_up(more, others + 1), 1), down)
                out[at + 1] = (u >> 1) ^ -(u & 1)
                at += 2
                bit += size
            else:
                bit = _slow_rice(data, bit, end, k, out_at + 4 * at)
                at += 1
            if bit > end or bit < 0:
                return -1
    return bit


@helper("int64(int64, int64, int64, int64, int64, int64, int64, int64)")
def subframe(data, bit, end, bits, block, lane, out_at, work_at):  # type: ignore[no-untyped-def]
    """Read one subframe as far as its samples need no other lane; the bit behind it, or -1."""
    out = integers_at(out_at)
    work, words = doubles_at(work_at), words_at(work_at)
    for j in range(MOST_ORDER):
        work[COEFFICIENTS + LANES * j + lane] = 0.0
    head = bits_down(bits_at(data, bit), 56)
    kind = head >> 1
    bit += 8
    wasted = 0
    if head & 1:
        wasted = leading_zeros(bits_at(data, bit)) + 1
        bit += wasted
        bits -= wasted
    if head >= 128 or bits < 1:
        return -1
    words[WASTED + lane] = wasted
    words[ORDERS + lane] = 0
    work[SCALES + lane] = 1.0
    if kind == 0:
        out[0] = bits_at(data, bit) >> (64 - bits)
        for i in range(1, block):
            out[i] = out[0]
        return bit + bits
    if kind == 1:
        if bit + bits * block > end:
            return -1
        for i in range(block):
            out[i] = bits_at(data, bit) >> (64 - bits)
            bit += bits
        return bit
    order = kind - 31 if kind >= 32 else kind - 8
    if order < 0 or (kind < 32 and order > 4) or order > block or bit + bits * order > end:
        return -1
    for i in range(order):
        out[i] = bits_at(data, bit) >> (64 - bits)
        bit += bits
    shift = 0
    if kind >= 32:
        precision = bits_down(bits_at(data, bit), 60) + 1
        shift = (bits_at(data, bit) << 4) >> 59
        bit += 9
        if precision > 15 or shift < 0:
            return -1
        for j in range(order):
            work[COEFFICIENTS + LANES * j + lane] = bits_at(data, bit) >> (64 - precision)
            bit += precision
    else:
        # Differences of this order are zero: binomial coefficients with changing signs.
        one = 1
        for j in range(order):
            one = -one * (order - j) // (j + 1)
            work[COEFFICIENTS + LANES * j + lane] = -one
    words[ORDERS + lane] = order
    work[SCALES + lane] = 1.0 / (1 << shift)
    bit = _residual(data, bit, end, order, block, out_at)
    if bit < 0:
        return -1
    # Where subframes of any order have their beginnings, lanes don't march in step.
    for i in range(order, min(MOST_ORDER, block)):
        total = 0
        for j in range(order):
            total += np.int64(work[COEFFICIENTS + LANES * j + lane]) * out[i - 1 - j]
        out[i] += total >> shift
    return bit
