"""The offline renderer: a song with its mix and material becomes stems, pre-master and master.

The same kernels and plans as live; here gangs of tracks run side by side on threads without the
interpreter's lock. What comes out does not depend on the block size or on the threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.errors import CancelledError
from loopmind.music.audio import Audio
from loopmind.music.material import Material
from loopmind.music.mix import Mix
from loopmind.music.song import Song
from loopmind.runtime.mastering import MasterSink, master_sound
from loopmind.runtime.mixdown import Mixdown, StemWriter
from loopmind.runtime.session import plan_session
from loopmind.runtime.takes import Takes

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
    passes: how often the limiter ran. mixed: share of the song that was mixed and not taken from
    earlier takes. premaster is None where takes were asked for and no stems.
    """

    master: Audio
    premaster: Audio | None
    lufs: float
    true_peak_dbtp: float
    gain_db: float
    passes: int
    trim_db: float
    ceiling_dbtp: float
    stems: tuple[StemReport, ...]
    short_term_lufs: NDArray[np.float64]
    mixed: float = 1.0


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
    takes: Takes | None = None,
    master: MasterSink | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Rendering:
    """Render `song`; bit-identical for every `block` and every number of `threads`.

    stems: called as stems(id, samples (2, n)) with each track's post-fader sound in order of
    time, and with "reverb", the reverb return; what is muted or unused is silence. Law: the
    float32 sums, four sounding tracks at a time in song order (those of role "fx" after all
    others) and then these groups and the reverb in order, are exactly `premaster`; in any other
    order they agree within -130 dB of the peak. To keep that in files, write stems as 32-bit
    float: 24 bits clip stems over full scale.

    Loudness: mix.master.target_lufs within .1 LU unless the true-peak ceiling stands against it.
    With `gain_db` that gain goes into the limiter and no target is sought.

    takes: where finished segments are remembered (see loopmind.runtime.takes). With it a song of
    which a part was rendered before is mixed only where it differs; the samples are the same, bit
    for bit. With `stems` all is mixed, for takes hold no stems; without, premaster is None.
    master: is handed the master while it is made, from a thread.
    progress(done, total, what); cancelled() is asked several times a second.

    Raises RenderCancelled, MissingMaterialError (material that was not fitted), ValueError (a
    mix for other tracks).
    """
    session = plan_session(song, mix, material, rate_hz)
    reports: dict[str, _Overview] = {}

    def write(name: str, piece: NDArray[np.float32]) -> None:
        assert stems is not None
        reports.setdefault(name, _Overview(rate_hz)).add(piece)
        stems(name, piece)

    mixdown = Mixdown(session, block, threads, None if stems is None else write, takes)
    total = mixdown.spans + 2 + mixdown.spans // 4

    def step(done: int, what: str) -> None:
        if cancelled is not None and cancelled():
            raise RenderCancelled("rendering was cancelled")
        if progress is not None:
            progress(min(done, total), total, what)

    try:
        with closing(mixdown.run()) as spans:
            for span in spans:
                step(span, "mixing")
        done = master_sound(
            mixdown.before_limiter,
            (mixdown.peaks, mixdown.energy),
            mix.master,
            rate_hz,
            block=block,
            fixed_gain_db=gain_db,
            sink=master,
            check=lambda: step(mixdown.spans + 1, "mastering"),
        )
    finally:
        mixdown.close()
    step(total, "done")
    premaster = mixdown.premaster
    return Rendering(
        master=Audio(done.samples.T, rate_hz),
        premaster=None if premaster is None else Audio(premaster.T, rate_hz),
        lufs=done.lufs,
        true_peak_dbtp=done.peak_dbtp,
        gain_db=done.gain_db,
        passes=done.passes,
        trim_db=done.trim_db,
        ceiling_dbtp=done.ceiling_dbtp,
        stems=tuple(overview.report(name) for name, overview in reports.items()),
        short_term_lufs=done.curve,
        mixed=mixdown.mixed_segments / max(mixdown.segments, 1),
    )


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
