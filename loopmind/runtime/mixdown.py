"""The mixdown: gangs of tracks, the bus and the master chain side by side on threads.

Up to the limiter; segment by segment, taking up what is remembered of earlier renders. What comes
out does not depend on the block size, on the threads, or on what was remembered.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.fingerprint import fingerprint
from loopmind.dsp.loudness import survey
from loopmind.dsp.strip import feed, tap, tap_params
from loopmind.runtime.program import SPAN, Program, ProgramPlan
from loopmind.runtime.relay import Relay, Stage
from loopmind.runtime.session import GangPlan, SessionPlan, add_bus, add_master
from loopmind.runtime.takes import SEGMENT, Keys, Take, Takes, TakeState

StemWriter = Callable[[str, NDArray[np.float32]], None]
REVERB_STEM = "reverb"
_SPANS = SEGMENT // SPAN
_ROOM = 4  # spans that a ring holds: so far what writes it gets ahead of what reads it
_BEGINNING = "fresh"
_Survey = tuple[NDArray[np.float64], NDArray[np.float64]]


class _Gang:
    """A gang's program with the rings that its results go to."""

    def __init__(self, gang: GangPlan, block: int, with_stems: bool, spans: int) -> None:
        plan = ProgramPlan(list(gang.plan.operations), gang.plan.buffers, list(gang.plan.tables))
        self.tracks = gang.tracks
        self._rings: list[NDArray[np.float32]] = []

        def ring(buffer: int) -> NDArray[np.float32]:
            memory = np.zeros((_ROOM * SPAN, 2), np.float32)
            self._rings.append(memory)
            plan.keep(memory)
            plan.add(tap, [buffer], [], tap_params(memory, 0, ring=True))
            return memory

        self.dry = ring(gang.dry)
        self.send = None if gang.send is None else ring(gang.send)
        self.stems = [ring(b) for b in gang.stems] if with_stems else []
        self.program = plan.build(block)
        self._sounding = np.zeros(spans, bool)
        for table in gang.players:
            for row in table:
                # A span more on either side is more than any latency.
                first, last = int(row[0]) // SPAN - 1, int(row[1]) // SPAN + 2
                self._sounding[max(first, 0) : max(last, 0)] = True
        self._rests = False

    def load(self, state: NDArray[np.float64]) -> None:
        """Go on from `state`."""
        self.program.state[:] = state
        self._rests = False

    def run(self, span: int) -> None:
        """Play a span into the rings.

        A silent span that gives silence and leaves the state as it was would do so again: until
        something sounds nothing more is computed.
        """
        if self._sounding[span]:
            self._rests = False
            self.program.run(span * SPAN, SPAN)
            return
        here = slice(span % _ROOM * SPAN, (span % _ROOM + 1) * SPAN)
        if self._rests:
            for ring in self._rings:
                ring[here] = 0.0
            return
        before = self.program.state.copy()
        self.program.run(span * SPAN, SPAN)
        self._rests = np.array_equal(before, self.program.state) and not any(
            ring[here].any() for ring in self._rings
        )


class Mixdown:
    """Mixes a session: `run` it, read `before_limiter`, `peaks` and `energy`, `close` it.

    premaster: what the stems sum to; kept only without `takes` or with stems. With stems
    everything is mixed, for the takes hold no stems; without, what `takes` knows is taken.
    """

    def __init__(
        self,
        session: SessionPlan,
        block: int,
        threads: int,
        stems: StemWriter | None = None,
        takes: Takes | None = None,
    ) -> None:
        self._session, self._threads = session, max(1, threads)
        self._write, self._takes = stems, takes
        self._late = session.latency + session.master_latency
        self.spans = math.ceil((session.frames + self._late) / SPAN)
        self._gangs = [_Gang(g, block, stems is not None, self.spans) for g in session.gangs]
        self.before_limiter = np.zeros((session.frames, 2), np.float32)
        self.premaster: NDArray[np.float32] | None = None
        if takes is None or stems is not None:
            self.premaster = np.zeros((session.frames, 2), np.float32)
        segments = -(-self.spans // _SPANS)
        self._surveys: dict[int, _Survey] = {}
        self._wet: NDArray[np.float32] | None = None
        self._mix = np.zeros((_ROOM * SPAN, 2), np.float32)
        self._bus = self._plan_bus().build(block)
        self._master = self._plan_master().build(block)
        layouts = tuple(program.layout for program in self._programs())
        self._keys = Keys(session, layouts) if takes is not None else None
        self._keeper = ThreadPoolExecutor(1) if takes is not None else None
        self._kept: list[Future[None]] = []
        self.segments, self.mixed_segments = segments, 0

    def _plan_bus(self) -> ProgramPlan:
        session, plan = self._session, ProgramPlan()
        dry = [_fed(plan, g.dry) for g in self._gangs]
        sends = [_fed(plan, g.send) for g in self._gangs if g.send is not None]
        premaster, wet = add_bus(plan, session, dry, sends)
        plan.keep(self._mix)
        plan.add(tap, [premaster], [], tap_params(self._mix, 0, ring=True))
        if self.premaster is not None:
            plan.add(tap, [premaster], [], tap_params(self.premaster, session.latency, ring=False))
        if wet is not None and self._write is not None:
            self._wet = np.zeros((_ROOM * SPAN, 2), np.float32)
            plan.add(tap, [wet], [], tap_params(self._wet, 0, ring=True))
        return plan

    def _plan_master(self) -> ProgramPlan:
        plan = ProgramPlan()
        out = add_master(plan, self._session, _fed(plan, self._mix))
        plan.add(tap, [out], [], tap_params(self.before_limiter, self._late, ring=False))
        return plan

    @property
    def peaks(self) -> NDArray[np.float64]:
        """Peaks of the sound before the limiter; see `survey`."""
        return np.concatenate([self._surveys[i][0] for i in range(self.segments)])

    @property
    def energy(self) -> NDArray[np.float64]:
        """Its K-weighted energies."""
        return np.concatenate([self._surveys[i][1] for i in range(self.segments)])

    def run(self) -> Generator[int, None, None]:
        """Mix everything; yields the number of finished spans."""
        segment, before, last_key = 0, _BEGINNING, ""
        reading = self._takes is not None and self._write is None
        while segment < self.segments:
            key = self._key(segment, before)
            take = self._takes.take(key) if reading and self._takes is not None else None
            if take is not None and self._fits(segment, take):
                self._place(segment, take)
                segment, before, last_key = segment + 1, take.after, key
                yield min(segment * _SPANS, self.spans)
            elif segment == 0 or self._load(last_key):
                segment, before, last_key = yield from self._play(segment, before, reading)
            else:
                # The take is remembered, but not the state behind it: mix from nothing.
                segment, before, reading = 0, _BEGINNING, False

    def close(self) -> None:
        """Wait until all takes are kept. Raises what keeping them raised."""
        if self._keeper is not None:
            self._keeper.shutdown()
            for kept in self._kept:
                kept.result()

    def _key(self, segment: int, before: str) -> str:
        if self._keys is None:
            return ""
        frames = min(SEGMENT, self.spans * SPAN - segment * SEGMENT)
        return self._keys.key(segment, frames, before)

    def _place_of(self, segment: int) -> slice:
        """Where a segment's sound lies in `before_limiter`."""
        first = segment * SEGMENT - self._late
        return slice(max(first, 0), min(first + SEGMENT, self._session.frames))

    def _fits(self, segment: int, take: Take) -> bool:
        here = self._place_of(segment)
        return take.samples.shape == (here.stop - here.start, 2)

    def _place(self, segment: int, take: Take) -> None:
        self.before_limiter[self._place_of(segment)] = take.samples
        self._surveys[segment] = (take.peaks, take.energy)

    def _programs(self) -> list[Program]:
        return [*(g.program for g in self._gangs), self._bus, self._master]

    def _load(self, key: str) -> bool:
        """Bring all programs to the end of a take."""
        held = self._takes.state(key) if self._takes is not None else None
        programs = self._programs()
        sizes = [len(program.state) for program in programs]
        if held is None or held.words != sum(sizes):
            return False
        parts = np.split(held.whole(), np.cumsum(sizes)[:-1])
        for gang, part in zip(self._gangs, parts, strict=False):
            gang.load(part)
        self._bus.state[:] = parts[-2]
        self._master.state[:] = parts[-1]
        return True

    def _play(
        self, first_segment: int, before: str, reading: bool
    ) -> Generator[int, None, tuple[int, str, str]]:
        """Mix from a segment on, until the next one is known or the song ends.

        Returns the segment that comes next, the state there, and the key of the take before it.
        """
        first, spans = first_segment * _SPANS, self.spans
        ends: dict[tuple[int, int], NDArray[np.float64]] = {}
        programs = self._programs()

        def stage(place: int, work: Callable[[int], None], after: Sequence[Stage]) -> Stage:
            def run(span: int) -> None:
                work(span)
                if self._takes is not None and self._is_end(span):
                    ends[span, place] = programs[place].state.copy()

            return Stage(run, after)

        gangs = [stage(i, gang.run, ()) for i, gang in enumerate(self._gangs)]
        bus = stage(-2, lambda span: self._bus.run(span * SPAN, SPAN), gangs)
        chain = stage(-1, lambda span: self._master.run(span * SPAN, SPAN), [bus])
        stems = [] if self._write is None else [Stage(None, [bus, *gangs])]
        key = self._key(first_segment, before)
        stages = [chain, bus, *gangs, *stems]
        with Relay(stages, first, spans, room=_ROOM, threads=self._threads) as relay:
            for span in range(first, spans):
                for outside in stems:
                    relay.wait(bus, span)
                    self._write_stems(span)
                    relay.advance(outside)
                relay.wait(chain, span)
                yield span + 1
                if not self._is_end(span):
                    continue
                segment = span // _SPANS
                self.mixed_segments += 1
                mixed = self.before_limiter[self._place_of(segment)]
                self._surveys[segment] = survey(mixed.T, self._session.rate_hz)
                if self._takes is None:
                    continue
                state = np.concatenate(
                    [ends.pop((span, place)) for place in [*range(len(gangs)), -2, -1]]
                )
                before, last_key = fingerprint(state), key
                self._keep(segment, key, before, state)
                if segment + 1 < self.segments:
                    key = self._key(segment + 1, before)
                    if reading and self._takes.take(key) is not None:
                        return segment + 1, before, last_key
        return self.segments, before, key

    def _is_end(self, span: int) -> bool:
        return (span + 1) % _SPANS == 0 or span + 1 == self.spans

    def _keep(self, segment: int, key: str, after: str, state: NDArray[np.float64]) -> None:
        assert self._takes is not None and self._keeper is not None
        takes, surveyed = self._takes, self._surveys[segment]
        mixed = self.before_limiter[self._place_of(segment)]

        def keep() -> None:
            if self._write is not None and takes.take(key) is not None:
                return  # mixed for its stems alone
            take = Take(mixed.copy(), *surveyed, after)
            takes.keep(key, take, TakeState.of(state))

        self._kept.append(self._keeper.submit(keep))

    def _write_stems(self, span: int) -> None:
        if self._write is None:
            return
        latency, end = self._session.latency, self._session.frames + self._session.latency
        first, last = max(span * SPAN, latency), min((span + 1) * SPAN, end)
        if first >= last:
            return
        here = slice(first % (_ROOM * SPAN), first % (_ROOM * SPAN) + last - first)
        rings = {n: r for g in self._gangs for n, r in zip(g.tracks, g.stems, strict=True)}
        silence = np.zeros((_ROOM * SPAN, 2), np.float32)
        for name in self._session.tracks:
            self._write(name, rings.get(name, silence)[here].copy().T)
        self._write(REVERB_STEM, (silence if self._wet is None else self._wet)[here].copy().T)


def _fed(plan: ProgramPlan, ring: NDArray[np.float32]) -> int:
    """A buffer that is filled from a ring."""
    buffer = plan.new_buffer()
    plan.keep(ring)
    plan.add(feed, [], [buffer], tap_params(ring, 0, ring=True))
    return buffer
