"""The offline renderer: a song with its mix and material becomes stems, pre-master and master.

The same kernels and plans as live; here gangs of tracks run side by side on threads without the
interpreter's lock. What comes out does not depend on the block size or on the threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.strip import feed, tap, tap_params
from loopmind.errors import CancelledError
from loopmind.music.audio import Audio
from loopmind.music.material import Material
from loopmind.music.mix import Mix
from loopmind.music.song import Song
from loopmind.runtime.mastering import master_sound
from loopmind.runtime.program import SPAN, ProgramPlan
from loopmind.runtime.session import GangPlan, SessionPlan, add_bus, add_master, plan_session

REVERB_STEM = "reverb"

StemWriter = Callable[[str, NDArray[np.float32]], None]
Progress = Callable[[int, int, str], None]


class RenderCancelled(CancelledError):
    """The caller asked to stop; nothing was finished."""


@dataclass(frozen=True)
class StemReport:
    """What a stem turned out to be: `overview` holds (low, high) of every tenth of a second."""

    id: str
    peak_db: float
    overview: NDArray[np.float32]


@dataclass(frozen=True)
class Rendering:
    """A finished render.

    premaster is what the stems sum to: `master` is premaster through the master chain, raised by
    `gain_db` into the limiter, which was set to `ceiling_dbtp`, and lowered by `trim_db` (at most
    a twentieth) behind it.
    short_term_lufs: 3 s windows of the master every .1 s.
    passes: how often the limiter ran.
    """

    master: Audio
    premaster: Audio
    lufs: float
    true_peak_dbtp: float
    gain_db: float
    passes: int
    trim_db: float
    ceiling_dbtp: float
    stems: tuple[StemReport, ...]
    short_term_lufs: NDArray[np.float64]


def render(
    song: Song,
    mix: Mix,
    material: Material,
    *,
    rate_hz: int = 44100,
    block: int = 512,
    threads: int = 2,
    gain_db: float | None = None,
    stems: StemWriter | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Rendering:
    """Render `song`; bit-identical for every `block` and every number of `threads`.

    stems: called as stems(id, samples (2, n)) with each track's post-fader sound in order of
    time, and with "reverb", the reverb return; what is muted or unused is silence. Law: the
    float32 sums, four sounding tracks at a time in song order and then these groups and the
    reverb in order, are exactly `premaster`; in any other order they agree within -130 dB of the
    peak. To keep that in files, write stems as 32-bit float: 24 bits clip stems over full scale.

    Loudness: mix.master.target_lufs within .1 LU unless the true-peak ceiling stands against it.
    With `gain_db` that gain goes into the limiter and no target is sought.
    progress(done, total, what); cancelled() is asked several times a second.

    Raises RenderCancelled, MissingMaterialError (material that was not fitted), ValueError (a
    mix for other tracks).
    """
    session = plan_session(song, mix, material, rate_hz)
    spans = math.ceil((session.frames + session.latency + session.master_latency) / SPAN)
    total = spans + 2 + spans // 4

    def step(done: int, what: str) -> None:
        if cancelled is not None and cancelled():
            raise RenderCancelled("rendering was cancelled")
        if progress is not None:
            progress(min(done, total), total, what)

    mixdown = _Mixdown(session, block, threads, stems)
    for span in mixdown.run(spans):
        step(span, "mixing")
    premaster, before = mixdown.premaster, mixdown.before_limiter
    reports = mixdown.reports()
    done = master_sound(
        before,
        mix.master,
        rate_hz,
        block=block,
        threads=threads,
        fixed_gain_db=gain_db,
        check=lambda: step(spans + 1, "mastering"),
    )
    step(total, "done")
    return Rendering(
        Audio(done.samples.T, rate_hz),
        Audio(premaster.T, rate_hz),
        done.lufs,
        done.peak_dbtp,
        done.gain_db,
        done.passes,
        done.trim_db,
        done.ceiling_dbtp,
        reports,
        done.curve,
    )


class _Gang:
    """A gang's program with the rings that its results go to."""

    def __init__(self, gang: GangPlan, block: int, with_stems: bool) -> None:
        plan = ProgramPlan(list(gang.plan.operations), gang.plan.buffers, list(gang.plan.tables))
        self.tracks = gang.tracks

        def ring(buffer: int) -> NDArray[np.float32]:
            memory = np.zeros((2 * SPAN, 2), np.float32)
            plan.keep(memory)
            plan.add(tap, [buffer], [], tap_params(memory, 0, ring=True))
            return memory

        self.dry = ring(gang.dry)
        self.send = None if gang.send is None else ring(gang.send)
        self.stems = [ring(b) for b in gang.stems] if with_stems else []
        self.program = plan.build(block)


class _Mixdown:
    """Runs all gangs a span ahead of the bus, on threads, and hands out stems."""

    def __init__(
        self, session: SessionPlan, block: int, threads: int, stems: StemWriter | None
    ) -> None:
        self._session, self._threads, self._write = session, threads, stems
        self._gangs = [_Gang(g, block, stems is not None) for g in session.gangs]
        self.premaster = np.zeros((session.frames, 2), np.float32)
        self.before_limiter = np.zeros((session.frames, 2), np.float32)
        self._wet: NDArray[np.float32] | None = None
        self._bus = self._plan_bus().build(block)
        names = [*session.tracks, REVERB_STEM] if stems is not None else []
        self._overviews = {n: _Overview(session.rate_hz) for n in names}

    def _plan_bus(self) -> ProgramPlan:
        session, plan = self._session, ProgramPlan()

        def fed(ring: NDArray[np.float32]) -> int:
            buffer = plan.new_buffer()
            plan.keep(ring)
            plan.add(feed, [], [buffer], tap_params(ring, 0, ring=True))
            return buffer

        dry = [fed(g.dry) for g in self._gangs]
        sends = [fed(g.send) for g in self._gangs if g.send is not None]
        premaster, wet = add_bus(plan, session, dry, sends)
        plan.add(tap, [premaster], [], tap_params(self.premaster, session.latency, ring=False))
        if wet is not None and self._write is not None:
            self._wet = np.zeros((2 * SPAN, 2), np.float32)
            plan.add(tap, [wet], [], tap_params(self._wet, 0, ring=True))
        late = session.latency + session.master_latency
        out = add_master(plan, session, premaster)
        plan.add(tap, [out], [], tap_params(self.before_limiter, late, ring=False))
        return plan

    def run(self, spans: int) -> Iterator[int]:
        """Mix everything; yields the number of finished spans."""
        with ThreadPoolExecutor(max(1, self._threads)) as pool:
            for span in range(spans + 1):
                work: list[Future[None]] = []
                if span < spans:
                    work = [pool.submit(g.program.run, span * SPAN, SPAN) for g in self._gangs]
                if span > 0:
                    work.append(pool.submit(self._bus.run, (span - 1) * SPAN, SPAN))
                    self._write_stems(span - 1, work[-1])
                for future in work:
                    future.result()
                yield span

    def _write_stems(self, span: int, bus: Future[None]) -> None:
        if self._write is None:
            return
        latency, end = self._session.latency, self._session.frames + self._session.latency
        first, last = max(span * SPAN, latency), min((span + 1) * SPAN, end)
        if first >= last:
            return
        here = slice(first % (2 * SPAN), first % (2 * SPAN) + last - first)
        rings = {n: r for g in self._gangs for n, r in zip(g.tracks, g.stems, strict=True)}
        silence = np.zeros((2 * SPAN, 2), np.float32)
        for name in self._session.tracks:
            self._hand_out(name, rings.get(name, silence)[here])
        bus.result()
        self._hand_out(REVERB_STEM, (silence if self._wet is None else self._wet)[here])

    def _hand_out(self, name: str, piece: NDArray[np.float32]) -> None:
        assert self._write is not None
        copy = piece.copy().T
        self._overviews[name].add(copy)
        self._write(name, copy)

    def reports(self) -> tuple[StemReport, ...]:
        return tuple(o.report(name) for name, o in self._overviews.items())


class _Overview:
    """Lows and highs of a stem, ten a second, gathered while it streams by."""

    def __init__(self, rate_hz: int) -> None:
        self._step = max(1, rate_hz // 10)
        self._rest = np.zeros((2, 0), np.float32)
        self._pairs: list[NDArray[np.float32]] = []

    def add(self, piece: NDArray[np.float32]) -> None:
        joined = np.concatenate([self._rest, piece], axis=1)
        whole = joined.shape[1] // self._step
        cut = joined[:, : whole * self._step].reshape(2, whole, self._step)
        self._pairs.append(
            np.stack([cut.min(axis=(0, 2), initial=0), cut.max(axis=(0, 2), initial=0)], axis=1)
        )
        self._rest = joined[:, whole * self._step :]

    def report(self, name: str) -> StemReport:
        pairs = [*self._pairs]
        if self._rest.shape[1]:
            pairs.append(np.array([[self._rest.min(), self._rest.max()]], np.float32))
        overview = np.concatenate(pairs) if pairs else np.zeros((0, 2), np.float32)
        peak = float(np.abs(overview).max(initial=0.0))
        return StemReport(name, 20.0 * math.log10(peak) if peak > 0 else -math.inf, overview)
