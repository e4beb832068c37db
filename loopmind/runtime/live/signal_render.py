"""A signal as a sound: the engine's program, run as fast as it goes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loopmind.dsp.unit import Attended
from loopmind.errors import CancelledError
from loopmind.music.audio import Audio
from loopmind.music.signal import Signal
from loopmind.runtime.live.patch import LIVE_BLOCK
from loopmind.runtime.live.signal_patch import SignalError, signal_patch

_STEP = 64  # blocks between two looks at whether to go on


def render_signal(
    signal: Signal,
    seconds: float | None = None,
    *,
    rate_hz: int = 44100,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Audio:
    """`seconds` of `signal` from the song's first frame on, its latency taken off; stereo.

    The samples are those that the engine plays from the start. seconds: None is to the signal's
    own end. Raises SignalError where it has none, CancelledError.
    """
    planned = signal_patch(signal, rate_hz)
    frames = planned.end if seconds is None else round(seconds * rate_hz)
    if frames <= 0:
        raise SignalError(f"{signal.name} has no end of its own; say how long it is to be")
    program = planned.plan.build(LIVE_BLOCK)
    out = program.buffer(planned.out)
    samples = np.zeros((2, frames), np.float32)
    attended = [kept for kept in planned.shared.values() if isinstance(kept, Attended)]
    position, late = 0, planned.latency
    total = frames + late
    while position < total:
        for _ in range(_STEP):
            n = min(LIVE_BLOCK, total - position)
            if n <= 0:
                break
            for beside in attended:
                beside.before(position, n)
            program.run(position, n)
            skip = min(max(late - position, 0), n)
            first = position + skip - late
            samples[:, first : first + n - skip] = out[skip:n].T
            position += n
        if cancelled is not None and cancelled():
            raise CancelledError("cancelled")
        if progress is not None:
            progress(position, total)
    if planned.scale != 1.0:
        samples *= np.float32(planned.scale)
    return Audio(samples, rate_hz)
