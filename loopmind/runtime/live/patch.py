"""A program made ready for the callback: its descriptor, and handles on what may move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loopmind.music.tempo_map import TempoMap
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


@dataclass(frozen=True)
class StripHandle:
    """What of a track's (or the master's) strip can be moved: its fader, and its reverb send.

    fader: the operation, and the strip's place among the four of its gang. send: the level's
    word, None where the track sends nothing or a curve decides.
    """

    fader: int
    place: int
    send: Handle | None = None


@dataclass(frozen=True, eq=False)
class PatchPlan:
    """What the engine is to play: a plan, the buffer that is heard, and its timing.

    latency: frames by which everything comes late. read_latency: how much of it players make by
    reading behind the position (the rest is made by kernels that look ahead). scale: factor
    behind the last kernel. end: frames until silence, 0 where there is no end. handles: by
    "node.control". strips: by track. beats: where beats fall, if there are any. moving: by
    operation, the parameter words that may change while it plays. shared: readings and note
    queues by name, which outlive the plan. feedback: by name, the buffer that leads back.
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
    strips: dict[str, StripHandle] = field(default_factory=dict)
    beats: TempoMap | None = None
    shared: dict[str, object] = field(default_factory=dict)
    feedback: dict[str, int] = field(default_factory=dict)


class Patch:
    """A built program that the callback can play; states are its own."""

    _ids: Iterator[int] = iter(range(1, 1 << 62))

    def __init__(self, planned: PatchPlan, block: int = LIVE_BLOCK) -> None:
        self.planned = planned
        self.program = planned.plan.build(block)
        # Memory that was never written has no place yet: the callback would have to wait for it.
        self.program.touch()
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
        self.descriptor[at.P_TOTAL] = planned.latency
        self._beats = _beat_table(planned.beats, planned.rate_hz)
        self.descriptor[at.P_BEAT] = 0 if planned.beats is None else self._beats.ctypes.data

    def follow(self, before: Patch, *, carry: bool = True) -> None:
        """Go on at the musical place where `before` is, with what its kernels remember.

        States are taken over between operations of the same kernel, label and size.
        """
        self.descriptor[at.P_FOLLOWS] = 1
        if not carry:
            return
        known = _by_name(before)
        rows = []
        for name, number in _by_name(self).items():
            words = self.planned.plan.operations[number].state_words
            if words and name in known:
                source, target = before.program.ops[known[name], 3], self.program.ops[number, 3]
                rows.append((source, target, words))
        for loop, number in self.planned.feedback.items():
            if loop in before.planned.feedback:
                mine = self.program.buffer(number)
                theirs = before.program.buffer(before.planned.feedback[loop])
                rows.append((theirs.ctypes.data, mine.ctypes.data, mine.nbytes // 8))
        self._carried = aligned_words(max(3 * len(rows), 1))
        self._carried[: 3 * len(rows)] = np.array(rows, np.int64).ravel()
        self.descriptor[at.P_CARRY] = self._carried.ctypes.data
        self.descriptor[at.P_CARRIED] = len(rows)
        self.descriptor[at.P_CARRY_FROM] = before.id

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


def _beat_table(beats: TempoMap | None, rate_hz: int) -> NDArray[np.float64]:
    """How many tempi there are, then for each its first frame, its first beat, frames a beat."""
    tempos = () if beats is None else beats.tempos
    rows = [
        (float(beats.frame(place, rate_hz)), place, 60.0 * rate_hz / bpm)
        for place, bpm in tempos
        if beats is not None
    ]
    return np.array([float(len(rows)), *(word for row in rows for word in row)])


def _by_name(patch: Patch) -> dict[tuple[str, str, int, int], int]:
    """Operations by kernel, label, size of state, and how many such came before."""
    found: dict[tuple[str, str, int, int], int] = {}
    for number, op in enumerate(patch.planned.plan.operations):
        turn = 0
        while (name := (op.kernel.name, op.label, op.state_words, turn)) in found:
            turn += 1
        found[name] = number
    return found
