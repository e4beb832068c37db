"""Units: a stream kernel with what it needs to know, so that nodes can name it and plans hold it.

A unit turns settings (as the user sees them, with units such as dB and Hz) into the parameter
words of its kernel for one sample rate. Kernels that glide to a changed word by themselves name
it as moving: such a word is changed while playing, every other change plans anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import Kernel


@dataclass(frozen=True, eq=False)
class Part:
    """What a unit's kernel needs at one rate.

    params: float64 words. state_words: float64 words of state, zero at the start. latency: frames
    by which the output comes late. tables: (parameter word, array): the word gets the array's
    address and the plan keeps the array. keeps: further arrays that must live as long as the
    plan, such as those that a table points to. moving: words that may change while playing.
    """

    params: NDArray[np.float64]
    state_words: int = 0
    latency: int = 0
    tables: Sequence[tuple[int, NDArray[np.generic]]] = ()
    keeps: Sequence[NDArray[np.generic]] = ()
    moving: tuple[int, ...] = ()


class Attended:
    """Something shared (see Unit) that works beside the callback, such as reading from disk."""

    def start(self) -> None:
        """It is going to be played live."""

    def before(self, start: int, frames: int) -> None:
        """Offline: be ready for these frames of the song."""

    def tell(self) -> list[str]:
        """What went wrong since this was last asked."""
        return []


@dataclass(frozen=True, eq=False)
class Unit:
    """A kernel and the function that prepares it: prepare(rate_hz, settings, *values) -> Part.

    lanes: streams that the kernel expects at most (unused ones hear silence). gang: the kernel
    serves four streams at once and fills as many outputs; the unit uses the first. shared: makes
    what outlives programs, such as a meter's readings or a keyboard's queue; it is kept by the
    setting "name" and comes last to `prepare`.
    """

    kernel: Kernel
    prepare: Callable[..., Part]
    lanes: int = 1
    gang: bool = False
    shared: Callable[[], object] | None = None
