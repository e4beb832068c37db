"""A program made ready for the callback: its descriptor, and handles on what may move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loopmind.runtime.live import layout as at
from loopmind.runtime.live.atomics import aligned_words, float_bits
from loopmind.runtime.program import ProgramPlan

LIVE_BLOCK = 1024
"""Longest piece that a program renders at once; devices with longer blocks get several."""


@dataclass(frozen=True)
class Handle:
    """One parameter of a program that can be moved while it plays."""

    operation: int
    word: int


@dataclass(frozen=True, eq=False)
class PatchPlan:
    """What the engine is to play: a plan, the buffer that is heard, and its timing.

    latency: frames by which everything comes late. read_latency: how much of it players make by
    reading behind the position (the rest is made by kernels that look ahead). scale: factor
    behind the last kernel. end: frames until silence, 0 where there is no end. handles: by
    "node.control" or "track.parameter". moving: by operation, the parameter words that may change
    while it plays.
    """

    plan: ProgramPlan
    out: int
    rate_hz: int
    latency: int = 0
    read_latency: int = 0
    scale: float = 1.0
    end: int = 0
    handles: dict[str, Handle] = field(default_factory=dict)
    moving: dict[int, tuple[int, ...]] = field(default_factory=dict)


class Patch:
    """A built program that the callback can play; states are its own."""

    _ids: Iterator[int] = iter(range(1, 1 << 62))

    def __init__(self, planned: PatchPlan, block: int = LIVE_BLOCK) -> None:
        self.planned = planned
        self.program = planned.plan.build(block)
        self.id = next(Patch._ids)
        count = len(planned.plan.operations)
        self._states = aligned_words(max(2 * count, 1))
        self._guards = aligned_words(max(2 * count, 1))
        for i, operation in enumerate(planned.plan.operations):
            self._states[2 * i] = self.program.ops[i, 3]
            self._states[2 * i + 1] = max(operation.state_words, 1)
            self._guards[2 * i] = len(operation.outputs)
        self.descriptor = aligned_words(at.PROGRAM_WORDS)
        self.descriptor[at.P_OPS] = self.program.ops.ctypes.data
        self.descriptor[at.P_COUNT] = count
        self.descriptor[at.P_OUT] = self.program.buffer(planned.out).ctypes.data
        self.descriptor[at.P_BLOCK] = block
        self.descriptor[at.P_ID] = self.id
        self.descriptor[at.P_STATES] = self._states.ctypes.data
        self.descriptor[at.P_GUARDS] = self._guards.ctypes.data
        self.descriptor[at.P_SCALE] = float_bits(planned.scale)
        self.descriptor[at.P_LATENCY] = planned.read_latency

    @property
    def address(self) -> int:
        return int(self.descriptor.ctypes.data)

    def parameter(self, handle: Handle) -> int:
        """Address of the word that a handle moves."""
        return int(self.program.ops[handle.operation, 4]) + 8 * handle.word

    def label(self, operation: int) -> str:
        """Name of an operation, for messages."""
        found = self.planned.plan.operations[operation]
        return found.label or found.kernel.name.strip("_")

    @property
    def muted(self) -> tuple[int, ...]:
        """Numbers of operations that were muted for what they put out."""
        flags: NDArray[np.int64] = self._guards[1::2]
        return tuple(int(i) for i in np.flatnonzero(flags))
