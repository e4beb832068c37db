"""Which clocks the callback may read: that of its own thread's processor time, and a steady one.

With them it tells what is its own doing: an underrun after a block for which it used more of the
processor than the block lasts. A block that was late by the steady clock alone was held up by
other work on the machine, while the callback waited for the processor.
"""

from __future__ import annotations

import ctypes
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import doubles_at, helper, words_at
from loopmind.runtime.live import layout as at
from loopmind.runtime.live.atomics import call_clock, float_bits


@helper("int64(int64, int64)")
def nanoseconds(control, clock):  # type: ignore[no-untyped-def]
    """What a clock shows. Reading it waits for nothing and takes no memory."""
    shared = words_at(control)
    call_clock(shared[at.CLOCK], clock, control + 8 * at.CLOCK_TIME)
    return shared[at.CLOCK_TIME] * 1000000000 + shared[at.CLOCK_TIME + 1]


@helper("void(int64, int64, int64, int64)")
def account(control, spent, took, frames):  # type: ignore[no-untyped-def]
    """Count what a block took of the processor, and by the clock on the wall."""
    shared = words_at(control)
    floats = doubles_at(control)
    there = floats[at.NS_A_FRAME] * frames
    shared[at.SPENT] += spent
    floats[at.BUSIEST] = max(floats[at.BUSIEST], spent / there)
    if spent > there:
        shared[at.OVER] += 1
    elif took > there:
        shared[at.HELD_UP] += 1


@dataclass(frozen=True)
class Work:
    """What the callback itself took of the processor since the engine began.

    share: of the time that its blocks last; busiest: the same for the block that took most. over:
    blocks for which it used more than their whole time: what is then missing is missing through
    the engine. held_up: blocks that were late by the clock alone.
    """

    share: float
    busiest: float
    over: int
    held_up: int


def set_clocks(words: NDArray[np.int64], rate_hz: int) -> None:
    """Let the callback know its clocks; where C has no such ones (Windows) it counts nothing."""
    words[at.NS_A_FRAME] = float_bits(1e9 / rate_hz)
    if sys.platform == "win32" or ctypes.sizeof(ctypes.c_long) != 8:
        return
    clock = getattr(ctypes.CDLL(None), "clock_gettime", None)
    if clock is None:
        return
    words[at.PROCESSOR_CLOCK] = time.CLOCK_THREAD_CPUTIME_ID
    words[at.WALL_CLOCK] = time.CLOCK_MONOTONIC
    words[at.CLOCK] = ctypes.cast(clock, ctypes.c_void_p).value or 0


def work_done(words: NDArray[np.int64]) -> Work | None:
    """What the callback has counted, None where it has no clocks."""
    if not words[at.CLOCK]:
        return None
    floats = words.view(np.float64)
    lasted = max(float(words[at.FRAMES]) * float(floats[at.NS_A_FRAME]), 1.0)
    return Work(
        share=float(words[at.SPENT]) / lasted,
        busiest=float(floats[at.BUSIEST]),
        over=int(words[at.OVER]),
        held_up=int(words[at.HELD_UP]),
    )
