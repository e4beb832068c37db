"""Words shared between Python and the audio callback: atomic access, and a ring for messages.

A ring has one writer and one reader and never blocks: head counts what was written, tail what was
read; a message is visible only once the head has passed it (release, acquire).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import compiled, emitted, words_at

RING_HEADER = 16  # head and tail lie a cache line apart
MESSAGE_WORDS = 4
_TAIL = 8


_OPS = "loopmind.runtime.live.atomic_ops"
load_word = emitted(f"{_OPS}:load_word")
store_word = emitted(f"{_OPS}:store_word")
swap_word = emitted(f"{_OPS}:swap_word")
bits_at = emitted(f"{_OPS}:bits_at")
call_clock = emitted(f"{_OPS}:call_clock")


@compiled("int64(int64)")
def read_word(address):  # type: ignore[no-untyped-def]
    """`load_word` for Python."""
    return load_word(address)


@compiled("void(int64, int64)")
def write_word(address, value):  # type: ignore[no-untyped-def]
    """`store_word` for Python."""
    store_word(address, value)


@compiled("int64(int64, int64)")
def exchange_word(address, value):  # type: ignore[no-untyped-def]
    """`swap_word` for Python."""
    return swap_word(address, value)


def aligned_words(count: int) -> NDArray[np.int64]:
    """Zeros that begin on a cache line."""
    raw = np.zeros(8 * count + 64, np.uint8)
    shift = -raw.ctypes.data % 64
    return raw[shift : shift + 8 * count].view(np.int64)


@compiled("boolean(int64, int64, int64, int64, int64, int64)")
def push(ring, capacity, kind, a, b, c):  # type: ignore[no-untyped-def]
    """Write one message into the ring at address `ring`; False where it is full."""
    head = load_word(ring)
    if head - load_word(ring + 8 * _TAIL) >= capacity:
        return False
    message = words_at(ring + 8 * (RING_HEADER + MESSAGE_WORDS * (head % capacity)))
    message[0] = kind
    message[1] = a
    message[2] = b
    message[3] = c
    store_word(ring, head + 1)
    return True


@compiled("int64(int64, int64)")
def peek(ring, capacity):  # type: ignore[no-untyped-def]
    """Address of the oldest unread message, 0 where there is none."""
    tail = load_word(ring + 8 * _TAIL)
    if tail >= load_word(ring):
        return 0
    return ring + 8 * (RING_HEADER + MESSAGE_WORDS * (tail % capacity))


@compiled("void(int64)")
def drop(ring):  # type: ignore[no-untyped-def]
    """The oldest message was read: its place may be written again."""
    store_word(ring + 8 * _TAIL, load_word(ring + 8 * _TAIL) + 1)


class Ring:
    """A ring for messages (kind, a, b, c) with `capacity` places."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._words = aligned_words(RING_HEADER + MESSAGE_WORDS * capacity)
        self.address = int(self._words.ctypes.data)

    def push(self, kind: int, a: int = 0, b: int = 0, c: int = 0) -> bool:
        return bool(push(self.address, self.capacity, kind, a, b, c))

    def pop(self) -> tuple[int, int, int, int] | None:
        place = int(peek(self.address, self.capacity))
        if place == 0:
            return None
        first = (place - self.address) // 8
        kind, a, b, c = (int(word) for word in self._words[first : first + MESSAGE_WORDS])
        drop(self.address)
        return kind, a, b, c


def float_bits(value: float) -> int:
    """The float64 `value` as the int64 that carries it through a ring.

    >>> float_bits(1.0) == 0x3FF0000000000000
    True
    """
    return int(np.float64(value).view(np.int64))
