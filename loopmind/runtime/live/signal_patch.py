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

FEEDBACK_RETURN = "loopmind.runtime.live.feedback_unit:RETURN"


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
class Return:
    """A feedback's return: the buffer that its send fills, its operation, its frames of delay."""

    buffer: int
    operation: int
    frames: int
    sent: bool = False


@dataclass
class SignalPlanner:
    """Adds signals to a plan, each once, however many take it.

    shared: what outlives plans, by name; handed from one plan to the next. returns: feedback by
    name.
    """

    rate_hz: int
    shared: dict[str, object] = field(default_factory=dict)
    returns: dict[str, Return] = field(default_factory=dict)
    sends: dict[str, int] = field(default_factory=dict)
    plan: ProgramPlan = field(default_factory=ProgramPlan)
    moving: dict[int, tuple[int, ...]] = field(default_factory=dict)
    end: int = 0
    read_latency: int = 0
    _names: set[str] = field(default_factory=set)
    _done: dict[int, Stream] = field(default_factory=dict)
    _held: list[Signal] = field(default_factory=list)

    def stream(self, signal: Signal) -> Stream:
        """The planned stream of `signal`. Raises SignalError naming a unit that is not there."""
        for feedback in _returns(signal):
            # They run first: what they give was sent in blocks before.
            if id(feedback) not in self._done:
                self._done[id(feedback)] = self._add(feedback)
                self._held.append(feedback)
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
        part = _prepared(unit, signal, self.rate_hz, self._shared(unit, signal))
        out = self.operation(unit, part, [s.buffer for s in sources], signal.name)
        late = max((s.latency for s in sources), default=0)
        return Stream(out, late + part.latency)

    def _shared(self, unit: Unit, signal: Signal) -> object:
        """What the unit keeps beyond this plan; a second of one name gets a number."""
        if unit.shared is None:
            return None
        wanted = name = str(signal.settings.get("name") or signal.name)
        turn = 1
        while name in self._names:
            turn += 1
            name = f"{wanted} {turn}"
        self._names.add(name)
        fresh = unit.shared()
        found = self.shared.setdefault(name, fresh)
        if type(found) is not type(fresh):
            found = self.shared[name] = fresh
        return found

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


def _returns(signal: Signal) -> list[Signal]:
    """All feedback returns that lead to `signal`, in an order that its recipe alone decides."""
    found, seen, pending = [], set(), [signal]
    while pending:
        here = pending.pop()
        if id(here) not in seen:
            seen.add(id(here))
            pending += reversed(here.sources)
            if here.unit == FEEDBACK_RETURN:
                found.append(here)
    return found


# A node whose controls did not change gives the same signal again, and its tables can stay.
_parts: WeakKeyDictionary[Signal, dict[int, tuple[object, Part]]] = WeakKeyDictionary()


def _prepared(unit: Unit, signal: Signal, rate_hz: int, shared: object) -> Part:
    """The unit's part for a signal, made once for each rate."""
    known = _parts.setdefault(signal, {})
    if rate_hz not in known or known[rate_hz][0] is not shared:
        more = () if shared is None else (shared,)
        try:
            part = unit.prepare(rate_hz, dict(signal.settings), *signal.values, *more)
        except (KeyError, TypeError, ValueError) as error:
            raise SignalError(f"{signal.name} ({signal.unit}): {error}") from error
        known[rate_hz] = shared, part
    return known[rate_hz][1]


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


def signal_patch(
    signal: Signal, rate_hz: int = 44100, shared: dict[str, object] | None = None
) -> PatchPlan:
    """What the engine needs to play `signal`. Raises SignalError.

    shared: that of the plan before, so that meters and keyboards stay the same.
    """
    planner = SignalPlanner(rate_hz, dict(shared or {}))
    stream = planner.stream(signal)
    lonely = [name for name, found in planner.returns.items() if not found.sent]
    if lonely:
        raise SignalError(
            f"feedback_return {lonely[0]!r} gets nothing back: put a feedback_send of that name "
            "between it and the output"
        )
    return PatchPlan(
        planner.plan, stream.buffer, rate_hz, latency=stream.latency, end=planner.end,
        moving=planner.moving, read_latency=planner.read_latency,
        shared={name: planner.shared[name] for name in sorted(planner._names)},
        feedback={name: found.buffer for name, found in planner.returns.items()},
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
