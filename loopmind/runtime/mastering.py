"""Mastering: the gain into the limiter that meets the loudness target, and the limited master.

The gain is a function of the sound before the limiter alone, whatever was rendered before.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp import limiter
from loopmind.dsp.kernel import compiled, doubles_at
from loopmind.dsp.loudness import GRAIN, Meter, PeakMeter, gated_lufs
from loopmind.dsp.strip import feed, tap, tap_params
from loopmind.music.mix import Master
from loopmind.runtime.program import SPAN, ProgramPlan

_PIECE = 8 * SPAN
_WITHIN_LU = 0.05
_PASSES = 6
_TRIM_DB = 0.05
_MAX_GAIN_DB = 40.0
_MIN_GAIN_DB = -60.0


@dataclass(frozen=True)
class Mastered:
    """A finished master (frames, 2) and what was measured on it; see `Rendering`."""

    samples: NDArray[np.float32]
    gain_db: float
    lufs: float
    peak_dbtp: float
    passes: int
    trim_db: float
    ceiling_dbtp: float
    curve: NDArray[np.float64]


class MasterSink(Protocol):
    """Takes the master while it is made, so that writing it need not wait until it is finished."""

    def start(self) -> None:
        """The master begins; what came before is void."""

    def write(self, samples: NDArray[np.float32]) -> None:
        """The next samples (2, n)."""


class Foresight:
    """What loudness a gain into the limiter will give, foreseen from a `survey` of the sound.

    The limiter is followed grain by grain from sample peaks, which is within a few hundredths of
    a LU of what it does; `correct` takes up what is measured.
    """

    def __init__(
        self,
        peaks: NDArray[np.float64],
        energy: NDArray[np.float64],
        rate_hz: int,
        ceiling_dbtp: float,
    ) -> None:
        self._peaks, self._energy = np.ascontiguousarray(peaks), np.ascontiguousarray(energy)
        self._ceiling = 10.0 ** ((ceiling_dbtp - limiter.IN_HAND_DB) / 20.0)
        self._speed = 1.0 - math.exp(-GRAIN / (limiter.RELEASE_S * rate_hz))
        steps = int(len(self._peaks) * GRAIN / (0.1 * rate_hz))
        edges = np.round(np.arange(steps + 1) * 0.1 * rate_hz / GRAIN).astype(np.int64)
        self._edges = edges if steps >= 4 else np.array([0, len(self._peaks)])
        self._off = 0.0

    def lufs(self, gain_db: float) -> float:
        """Loudness of the master with `gain_db`, -inf for silence."""
        heard = np.zeros(len(self._peaks) + 1)
        _foresee(
            self._peaks.ctypes.data, self._energy.ctypes.data, len(self._peaks),
            10.0 ** (gain_db / 20.0), self._ceiling, self._speed, heard.ctypes.data,
        )  # fmt: skip
        steps = np.diff(heard[self._edges])
        sizes = np.diff(self._edges) * GRAIN
        if len(steps) > 4:
            steps, sizes = (np.convolve(x, np.ones(4), "valid") for x in (steps, sizes))
        return gated_lufs(steps / np.maximum(sizes, 1)) + self._off

    def correct(self, gain_db: float, measured_lufs: float) -> None:
        """Take up that `gain_db` gave `measured_lufs`."""
        self._off += measured_lufs - self.lufs(gain_db)

    def gain_db(self, target_lufs: float) -> float:
        """The gain that meets the target; the highest one where the ceiling stands against it."""
        plain = self.lufs(0.0)
        if math.isinf(plain):
            return 0.0
        # The limiter takes some of every gain away, so the answer lies above the plain one.
        low, high = min(target_lufs - plain, _MAX_GAIN_DB), _MAX_GAIN_DB
        low = max(low - 1.0, _MIN_GAIN_DB)
        if self.lufs(high) < target_lufs:
            return high
        at_low, at_high = self.lufs(low) - target_lufs, self.lufs(high) - target_lufs
        for _ in range(40):
            # The Illinois rule of false position: fast, and never leaves the bracket.
            gain = high - at_high * (high - low) / (at_high - at_low)
            off = self.lufs(gain) - target_lufs
            if abs(off) < 0.001 or high - low < 1e-6:
                return gain
            if off > 0.0:
                high, at_high, at_low = gain, off, at_low / 2.0
            else:
                low, at_low, at_high = gain, off, at_high / 2.0
        return gain


@compiled("void(int64, int64, int64, float64, float64, float64, int64)")
def _foresee(peaks_at, energy_at, grains, gain, ceiling, speed, heard_at):  # type: ignore[no-untyped-def]
    """Energy of all grains before each, after the limiter: heard (grains + 1)."""
    peaks, energy, heard = doubles_at(peaks_at), doubles_at(energy_at), doubles_at(heard_at)
    envelope, total = 1.0, 0.0
    for i in range(grains):
        # No lookahead: the gain glides down within a grain, before its loudest part.
        top = peaks[i] * gain
        wanted = 1.0 if top <= ceiling else ceiling / top
        envelope = wanted if wanted < envelope else envelope + speed * (wanted - envelope)
        heard[i] = total
        total += energy[i] * (envelope * gain) * (envelope * gain)
    heard[grains] = total


class _Pass:
    """One run of the limiter over the whole sound, measured a piece behind it."""

    def __init__(
        self, before: NDArray[np.float32], master: NDArray[np.float32], rate_hz: int, block: int
    ) -> None:
        self._before, self._master = before, master
        self._rate_hz, self._block = rate_hz, block

    def run(
        self,
        gain_db: float,
        ceiling_dbtp: float,
        check: Callable[[], None],
        pool: ThreadPoolExecutor,
        hand_out: Callable[[int, int], None],
    ) -> tuple[float, NDArray[np.float64], float]:
        """Loudness, its curve and the true peak of the limited sound.

        hand_out(from, to): called as far as it is there.
        """
        plan = ProgramPlan()
        buffer = plan.new_buffer()
        plan.add(feed, [], [buffer], tap_params(self._before, 0, ring=False))
        params = limiter.limiter_params(self._rate_hz, gain_db=gain_db, ceiling_dbtp=ceiling_dbtp)
        plan.add(limiter.limit, [buffer], [buffer], params, limiter.STATE_WORDS, "limiter")
        plan.add(tap, [buffer], [], tap_params(self._master, limiter.LATENCY, ring=False))
        program = plan.build(self._block)
        loudness = Meter(self._master.T, self._rate_hz)
        peak = PeakMeter(self._master.T, self._rate_hz)

        def measure(frames: int) -> None:
            loudness.advance(frames)
            peak.advance(frames)

        total = len(self._before) + limiter.LATENCY
        behind: Future[None] | None = None
        there = 0
        for start in range(0, total, _PIECE):
            check()
            frames = min(_PIECE, total - start)
            program.run(start, frames)
            if behind is not None:
                behind.result()
            before, there = there, max(start + frames - limiter.LATENCY, 0)
            behind = pool.submit(measure, there)
            hand_out(before, there)
        if behind is not None:
            behind.result()
        return (*loudness.result(), peak.result())


def master_sound(
    before: NDArray[np.float32],
    surveyed: tuple[NDArray[np.float64], NDArray[np.float64]],
    master: Master,
    rate_hz: int,
    *,
    block: int = 512,
    fixed_gain_db: float | None = None,
    sink: MasterSink | None = None,
    check: Callable[[], None] = lambda: None,
) -> Mastered:
    """`before` (frames, 2) through gain and limiter, to the target loudness of `master`.

    The gain is foreseen from `surveyed` (peaks and energy, see `survey`) and put right where the
    measured loudness is off by more than .05 LU. Where the measured true peak still passes the
    ceiling (the measuring filter is longer than the limiter's), the limiter is set that much
    lower. check() may raise to stop.

    sink: is handed the master while it is made; where that turns out to be wrong it starts again.
    """
    target, ceiling = master.target_lufs, master.ceiling_dbtp
    foresight = Foresight(*surveyed, rate_hz, ceiling) if fixed_gain_db is None else None
    gain = fixed_gain_db or 0.0 if foresight is None else foresight.gain_db(target)
    kept, passes = ceiling, 0
    samples = np.empty_like(before)
    limited = _Pass(before, samples, rate_hz, block)
    with ThreadPoolExecutor(1) as pool, ThreadPoolExecutor(1) as writing:
        handed: list[Future[None]] = []

        def hand_out(first: int, last: int) -> None:
            if sink is not None:
                handed.append(writing.submit(sink.write, samples[first:last].T))

        def start() -> None:
            """Let go of what was handed out, and begin again."""
            for waiting in handed:
                waiting.cancel()
            handed.clear()
            if sink is not None:
                writing.submit(sink.start).result()

        try:
            while True:
                start()
                lufs, curve, peak = limited.run(gain, kept, check, pool, hand_out)
                passes += 1
                off = 0.0 if math.isinf(lufs) or foresight is None else target - lufs
                tried = foresight is None or passes >= _PASSES
                if abs(off) > _WITHIN_LU and not tried and (off < 0.0 or gain < _MAX_GAIN_DB):
                    assert foresight is not None
                    foresight.correct(gain, lufs)
                    gain = foresight.gain_db(target)
                    continue
                over = max(peak - ceiling, 0.0)
                if over <= _TRIM_DB or passes > _PASSES:
                    break
                kept -= over + 0.01
            trim = -over - 0.001 if over > 0.0 else 0.0
            if trim < 0.0:
                start()
                samples *= np.float32(10.0 ** (trim / 20.0))
                hand_out(0, len(samples))
            for done in handed:
                done.result()
        except BaseException:
            for waiting in handed:
                waiting.cancel()
            raise
    return Mastered(samples, gain, lufs + trim, peak + trim, passes, trim, kept, curve + trim)
