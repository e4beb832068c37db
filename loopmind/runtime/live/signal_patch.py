"""From a signal to a program: the recipe's streams in order, every path equally late."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Protocol, cast
from weakref import WeakKeyDictionary

import numpy as np

from loopmind.dsp.effects.wait import WAIT
from loopmind.dsp.lanes import GANG
from loopmind.dsp.unit import Part, Unit
from loopmind.errors import LoopMindError
from loopmind.music.signal import Signal
from loopmind.runtime.live.patch import PatchPlan
from loopmind.runtime.program import SILENCE, TRASH, ProgramPlan


class SignalError(LoopMindError):
    """A signal cannot be planned; the message names the unit and the remedy."""


@dataclass(frozen=True)
class Stream:
    """A planned stream: the buffer it is in, and by how many frames it comes late."""

    buffer: int
    latency: int


class Composite(Protocol):
    """A unit of more than one kernel, such as a whole song: adds itself to the plan."""

    def add(self, planner: SignalPlanner, signal: Signal, sources: list[Stream]) -> Stream: ...


@dataclass
class SignalPlanner:
    """Adds signals to a plan, each once, however many take it."""

    rate_hz: int
    plan: ProgramPlan = field(default_factory=ProgramPlan)
    moving: dict[int, tuple[int, ...]] = field(default_factory=dict)
    end: int = 0
    read_latency: int = 0
    _done: dict[int, Stream] = field(default_factory=dict)
    _held: list[Signal] = field(default_factory=list)

    def stream(self, signal: Signal) -> Stream:
        """The planned stream of `signal`. Raises SignalError naming a unit that is not there."""
        pending = [signal]
        # Not by recursion: a chain of effects may be longer than Python's stack.
        while pending:
            here = pending[-1]
            waiting = [s for s in here.sources if id(s) not in self._done]
            if id(here) in self._done:
                pending.pop()
            elif waiting:
                pending += waiting
            else:
                self._done[id(here)] = self._add(here)
                self._held.append(here)  # so that no other signal gets its id
                pending.pop()
        return self._done[id(signal)]

    def _add(self, signal: Signal) -> Stream:
        unit = find_unit(signal.unit)
        sources = self.aligned([self._done[id(s)] for s in signal.sources])
        if not isinstance(unit, Unit):
            return unit.add(self, signal, sources)
        if len(sources) > unit.lanes:
            raise SignalError(
                f"{signal.name} takes {unit.lanes} streams, {len(sources)} lead to it"
            )
        part = _prepared(unit, signal, self.rate_hz)
        out = self.operation(unit, part, [s.buffer for s in sources], signal.name)
        late = max((s.latency for s in sources), default=0)
        return Stream(out, late + part.latency)

    def operation(self, unit: Unit, part: Part, inputs: list[int], label: str) -> int:
        """Add one kernel; gives the buffer that it fills."""
        params = np.array(part.params, np.float64)
        for word, table in part.tables:
            params[word] = self.plan.keep(table)
        self.plan.tables += part.keeps
        out = self.plan.new_buffer()
        outputs = [out]
        lanes = unit.lanes
        if unit.gang:
            outputs += [TRASH] * (GANG - 1)
            lanes = max(lanes, GANG)
        inputs = inputs + [SILENCE] * (lanes - len(inputs))
        self.moving[len(self.plan.operations)] = part.moving
        self.plan.add(unit.kernel, inputs, outputs, params, part.state_words, label)
        return out

    def aligned(self, streams: list[Stream]) -> list[Stream]:
        """The streams, the earlier ones delayed to the latest."""
        latest = max((s.latency for s in streams), default=0)
        made = []
        for stream in streams:
            gap = latest - stream.latency
            if gap:
                part = WAIT.prepare(self.rate_hz, {"frames": gap})
                stream = Stream(self.operation(WAIT, part, [stream.buffer], "alignment"), latest)
            made.append(stream)
        return made


# A node whose controls did not change gives the same signal again, and its tables can stay.
_parts: WeakKeyDictionary[Signal, dict[int, Part]] = WeakKeyDictionary()


def _prepared(unit: Unit, signal: Signal, rate_hz: int) -> Part:
    """The unit's part for a signal, made once for each rate."""
    known = _parts.setdefault(signal, {})
    if rate_hz not in known:
        try:
            known[rate_hz] = unit.prepare(rate_hz, dict(signal.settings), *signal.values)
        except (KeyError, TypeError, ValueError) as error:
            raise SignalError(f"{signal.name} ({signal.unit}): {error}") from error
    return known[rate_hz]


def find_unit(name: str) -> Unit | Composite:
    """The unit called "module:NAME". Raises SignalError where there is none."""
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SignalError(
            f"there is no unit {name!r} ({error}); install the plugin that brings it"
        ) from error
    return cast("Unit | Composite", found)


def signal_patch(signal: Signal, rate_hz: int = 44100) -> PatchPlan:
    """What the engine needs to play `signal`. Raises SignalError."""
    planner = SignalPlanner(rate_hz)
    stream = planner.stream(signal)
    return PatchPlan(
        planner.plan, stream.buffer, rate_hz, latency=stream.latency, end=planner.end,
        moving=planner.moving, read_latency=planner.read_latency,
    )  # fmt: skip


def moves(before: PatchPlan, after: PatchPlan) -> list[tuple[int, int, float]] | None:
    """What to set so that `before` plays as `after`: (operation, word, value); None where they
    differ in more than words that may move."""
    old, new = before.plan, after.plan
    if before.rate_hz != after.rate_hz or before.out != after.out:
        return None
    if len(old.operations) != len(new.operations):
        return None
    found = []
    for number, (a, b) in enumerate(zip(old.operations, new.operations, strict=True)):
        same = (
            a.kernel is b.kernel
            and a.inputs == b.inputs
            and a.outputs == b.outputs
            and a.state_words == b.state_words
            and len(a.params) == len(b.params)
        )
        if not same:
            return None
        changed = np.flatnonzero(a.params != b.params)
        if not set(changed.tolist()) <= set(before.moving.get(number, ())):
            return None
        found += [(number, int(word), float(b.params[word])) for word in changed]
    return found
