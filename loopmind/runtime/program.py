"""Flat programs: lists of kernel addresses over preallocated buffers, run block by block.

The same `run_program` is called by the offline renderer and by the audio callback. Building a
program compiles nothing; a built program is data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.kernel import Kernel, call_kernel, compiled, doubles_at, helper, words_at

OP_WORDS = 6
"""Words of an operation: kernel address, then those of inputs, outputs, state, parameters, and
how many words of state are rounded."""

SPAN = 1 << 15
"""States are rounded at every multiple of this many absolute frames."""

_GRAIN = 2.0**-26  # -156 dB

MAX_BLOCK = 8192


@helper("void(int64, int64)")
def round_states(ops_at, count):  # type: ignore[no-untyped-def]
    """Round the states of `count` operations far below hearing: due at every multiple of SPAN.

    Two programs whose sounds once differed so come to the same bits, instead of staying apart by
    rounding errors for ever: what was rendered before can be taken up again after a change.
    """
    ops = words_at(ops_at)
    for i in range(count):
        state = doubles_at(ops[OP_WORDS * i + 3])
        for k in range(ops[OP_WORDS * i + 5]):
            state[k] = math.floor(state[k] * (1.0 / _GRAIN) + 0.5) * _GRAIN


@compiled("void(int64, int64, int64, int64, int64)")
def _run_program(ops_at, count, start, frames, block):  # type: ignore[no-untyped-def]
    ops = words_at(ops_at)
    done = 0
    while done < frames:
        n = min(block, frames - done)
        n = min(n, SPAN - ((start + done) & (SPAN - 1)))
        for i in range(0, OP_WORDS * count, OP_WORDS):
            call_kernel(ops[i], ops[i + 1], ops[i + 2], ops[i + 3], ops[i + 4], start + done, n)
        done += n
        if (start + done) & (SPAN - 1) == 0:
            round_states(ops_at, count)


def run_program(ops: NDArray[np.int64], start: int, frames: int, block: int) -> None:
    """Run all operations in order over frames start .. start + frames, `block` at a time.

    The machine code neither allocates nor locks.
    """
    _run_program(ops.ctypes.data, len(ops), start, frames, block)


@dataclass(frozen=True)
class Operation:
    """One kernel in a plan: buffers by number, parameters and the length of its state."""

    kernel: Kernel
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    params: NDArray[np.float64]
    state_words: int
    label: str


class Program:
    """A runnable program; made by `ProgramPlan.build`.

    state: all that its kernels remember. Copied out and in again at the same frame, it lets the
    program go on as if nothing had been in between.
    """

    def __init__(self, plan: ProgramPlan, block: int) -> None:
        if not 1 <= block <= MAX_BLOCK:
            raise ValueError(f"block must be 1 to {MAX_BLOCK} frames, got {block}")
        self.block = block
        self.plan = plan
        # Rows are a page and a bit apart, so that equal places in two buffers never share the
        # low address bits (a false dependency that costs half the speed).
        words = (2 * block + 15) // 16 * 16 + 1040
        self._buffers = _aligned(plan.buffers * words, np.float32).reshape(plan.buffers, words)
        # All states lie in one piece, each on a cache line of its own.
        sizes = [-(-op.state_words // 8) * 8 for op in plan.operations]
        memory = _aligned(sum(sizes) + 8, np.float64)  # a line more, for those without any
        self.state: NDArray[np.float64] = memory[: sum(sizes)]
        states = np.split(memory, np.cumsum(sizes))
        self._keep: list[NDArray[np.generic]] = []
        ops = np.zeros((len(plan.operations), OP_WORDS), np.int64)
        for row, op, state in zip(ops, plan.operations, states, strict=False):
            params = _aligned(len(op.params), np.float64)
            params[:] = op.params
            places = [
                np.array([self._buffers[b].ctypes.data for b in side] or [0], np.int64)
                for side in (op.inputs, op.outputs)
            ]
            self._keep += [params, *places]
            row[:] = (
                op.kernel.address,
                places[0].ctypes.data,
                places[1].ctypes.data,
                state.ctypes.data,
                params.ctypes.data,
                op.state_words if op.kernel.forgets is True else int(op.kernel.forgets),
            )
        self.ops: NDArray[np.int64] = ops

    def run(self, start: int, frames: int) -> None:
        """Process `frames` frames from absolute frame `start` on."""
        run_program(self.ops, start, frames, self.block)

    def buffer(self, number: int) -> NDArray[np.float32]:
        """What a buffer holds after the last block: (block, 2), a view."""
        held: NDArray[np.float32] = self._buffers[number, : 2 * self.block]
        return held.reshape(self.block, 2)

    @property
    def layout(self) -> tuple[tuple[str, int], ...]:
        """Whose memory lies where in `state`: names of kernels with the words of each."""
        operations = self.plan.operations
        return tuple((op.kernel.name, op.state_words) for op in operations if op.state_words)

    def reset(self) -> None:
        """All kernels as freshly started."""
        self.state[:] = 0.0

    def touch(self) -> None:
        """Have all memory in its place, so that no first use of it takes longer than the next."""
        self.state.fill(0.0)
        self._buffers.fill(0.0)

    @property
    def bytes(self) -> int:
        """Memory that the program owns."""
        held = sum(a.nbytes for a in (self.state, *self._keep))
        return int(self._buffers.nbytes + held)


def _aligned(words: int, dtype: Any) -> Any:
    """Zeros on a 64-byte boundary, so that lanes lie in one cache line."""
    size = np.dtype(dtype).itemsize
    raw = np.zeros(words * size + 64, np.uint8)
    shift = -raw.ctypes.data % 64
    return raw[shift : shift + words * size].view(dtype)


SILENCE = 0
"""Buffer that stays silent: for unused inputs."""
TRASH = 1
"""Buffer that nobody reads: for unused outputs."""


@dataclass
class ProgramPlan:
    """What a program will do, in order: printable data until it is built."""

    operations: list[Operation] = field(default_factory=list)
    buffers: int = 2
    tables: list[NDArray[np.generic]] = field(default_factory=list)

    def new_buffer(self) -> int:
        self.buffers += 1
        return self.buffers - 1

    def keep(self, table: NDArray[np.generic]) -> int:
        """Hold `table` as long as the plan and its programs live; returns its address."""
        self.tables.append(table)
        return int(table.ctypes.data)

    def add(
        self,
        kernel: Kernel,
        inputs: Sequence[int],
        outputs: Sequence[int],
        params: NDArray[np.float64],
        state_words: int = 0,
        label: str = "",
    ) -> None:
        for number in (*inputs, *outputs):
            if not 0 <= number < self.buffers:
                raise ValueError(f"{kernel.name}: there is no buffer {number}")
        if SILENCE in outputs:
            raise ValueError(f"{kernel.name} would write to the silent buffer")
        self.operations.append(
            Operation(kernel, tuple(inputs), tuple(outputs), params, state_words, label)
        )

    def build(self, block: int) -> Program:
        return Program(self, block)

    def __str__(self) -> str:
        return "\n".join(
            f"{i:3d} {op.kernel.name.strip('_'):12s} {list(op.inputs)} -> {list(op.outputs)}"
            f"  {op.label}"
            for i, op in enumerate(self.operations)
        )
