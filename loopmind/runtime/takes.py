"""Takes: finished segments of a mixdown, recognised by all that they depend on.

A song is mixed in segments. What a segment sounds like follows from the mix, from the state that
the segment before it left, and from what plays in it: their digest is its key. So a render of a
song that was changed in one place finds the takes before that place, mixes until the programs
have come to the state of an older render, and finds its takes again from there on, bit for bit
what a render from nothing gives.
"""

from __future__ import annotations

import functools
import hashlib
import weakref
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.filters import GRID, WARM_ROWS, sweep_wet
from loopmind.dsp.fingerprint import fingerprint
from loopmind.dsp.starting import numba_version
from loopmind.graph.types import register_type
from loopmind.graph.values import digest
from loopmind.music.mix import Strip
from loopmind.runtime.program import SPAN
from loopmind.runtime.session import SILENT_DB, SessionPlan

SEGMENT = 8 * SPAN
"""Frames of a segment (6 s at 44.1 kHz); the reverb's period is a multiple."""

_MARGIN = 256  # frames by which kernels may look aside: latencies, and a row of automation
_PAGE = 8192  # words


@dataclass(frozen=True, eq=False)
class Take:
    """A segment's sound before the limiter (frames, 2), its survey, and the state behind it.

    peaks, energy: what `survey` says of it. after: fingerprint of the state at its end.
    """

    samples: NDArray[np.float32]
    peaks: NDArray[np.float64]
    energy: NDArray[np.float64]
    after: str


@dataclass(frozen=True, eq=False)
class TakeState:
    """The state of all programs at the end of a take; pages of nothing but zeros are left out."""

    words: int
    places: NDArray[np.int64]
    pages: NDArray[np.float64]

    @staticmethod
    def of(state: NDArray[np.float64]) -> TakeState:
        """`state` without its empty pages."""
        padded = np.zeros(-(-len(state) // _PAGE) * _PAGE)
        padded[: len(state)] = state
        pages = padded.reshape(-1, _PAGE)
        places = np.flatnonzero(pages.view(np.int64).any(axis=1))
        return TakeState(len(state), places, pages[places])

    def whole(self) -> NDArray[np.float64]:
        """The state as it was."""
        padded = np.zeros((-(-self.words // _PAGE), _PAGE))
        padded[self.places] = self.pages
        return padded.reshape(-1)[: self.words]


register_type(Take, "take", colour="#577590")
register_type(TakeState, "take_state", colour="#4d908e")


class Takes(Protocol):
    """Where takes are remembered. What was forgotten is mixed again."""

    def take(self, key: str) -> Take | None:
        """The take with this key."""

    def state(self, key: str) -> TakeState | None:
        """The state at the end of the take with this key."""

    def keep(self, key: str, take: Take, state: TakeState) -> None:
        """Remember a take. Called from a thread of its own."""


class MemoryTakes:
    """Takes of this process, up to about `limit_bytes`; the longest unused go first."""

    def __init__(self, limit_bytes: int = 512 << 20) -> None:
        self.limit_bytes = limit_bytes
        self._kept: OrderedDict[str, tuple[Take, TakeState]] = OrderedDict()
        self._bytes = 0

    def take(self, key: str) -> Take | None:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][0]
        return None

    def state(self, key: str) -> TakeState | None:
        return self._kept[key][1] if key in self._kept else None

    def keep(self, key: str, take: Take, state: TakeState) -> None:
        if key in self._kept:
            return
        self._kept[key] = (take, state)
        self._bytes += take.samples.nbytes + state.pages.nbytes
        while self._bytes > self.limit_bytes and self._kept:
            _, (old, old_state) = self._kept.popitem(last=False)
            self._bytes -= old.samples.nbytes + old_state.pages.nbytes


class Keys:
    """The keys of a session's segments. layouts: those of all programs that mix it."""

    def __init__(
        self, session: SessionPlan, layouts: tuple[tuple[tuple[str, int], ...], ...]
    ) -> None:
        self._session = session
        self._players: list[NDArray[np.int64]] = []
        sounds: dict[tuple[int, int], str] = {}
        for gang in session.gangs:
            for table in gang.plan.tables:
                if table.dtype == np.float32:
                    sounds.setdefault((table.ctypes.data, table.shape[-1]), _known_print(table))
            for table in gang.players:
                self._players.append(_portable(table, sounds))
        strips = {strip.track: strip for strip in session.mix.strips}
        master = replace(session.mix.master, target_lufs=0.0, ceiling_dbtp=0.0)
        layout = tuple(gang.tracks for gang in session.gangs)
        static = (
            version(),
            layouts,
            session.rate_hz,
            (session.latency, session.master_latency),
            layout,
            tuple(
                replace(strips.get(track, Strip(track)), why="")
                for gang in layout
                for track in gang
            ),
            session.mix.reverb if any(gang.send is not None for gang in session.gangs) else None,
            master,
            tuple(gang.effects for gang in session.gangs),
        )
        self._static = digest(static).encode()
        sent = {strip.track for strip in strips.values() if strip.reverb_send_db is not None}
        self._curves = [
            (
                f"{track} {parameter}".encode(),
                curve,
                _idle(parameter, curve, track in sent, session.rate_hz),
            )
            for (track, parameter), curve in sorted(session.curves.items())
        ]

    def key(self, segment: int, frames: int, before: str) -> str:
        """The key of a segment of `frames` frames that begins in the state `before`."""
        session, start = self._session, segment * SEGMENT
        state = hashlib.blake2b(self._static, digest_size=16)
        state.update(f"{before} {frames} {min(session.frames - start, SEGMENT + _MARGIN)}".encode())
        # Later segments begin elsewhere in song time; what plays in them says where.
        state.update(start.to_bytes(8, "little"))
        first, last = start - _MARGIN, start + frames + _MARGIN
        for rows in self._players:
            heard = rows[(rows[:, 0] < last) & (rows[:, 1] > first)]
            state.update(len(heard).to_bytes(4, "little") + heard.tobytes())
        for name, curve, idle in self._curves:
            row = min(max(first // GRID, 0), len(curve) - 1)
            here = slice(row, last // GRID + 2 + WARM_ROWS)
            if not idle[here].all():
                piece = curve[here].tobytes()
                state.update(name + len(piece).to_bytes(4, "little") + piece)
        return state.hexdigest()


def _idle(
    parameter: str, curve: NDArray[np.float64], is_sent: bool, rate_hz: int
) -> NDArray[np.bool_]:
    """Where a curve changes no bit, as if it were not there."""
    if parameter.endswith("_hz"):
        return np.equal(sweep_wet(parameter.removesuffix("_hz"), curve, rate_hz), 0.0)
    if parameter == "gain_db":
        return np.equal(curve, 0.0)
    return np.less_equal(curve, -np.inf if is_sent else SILENT_DB)


def _portable(table: NDArray[np.int64], sounds: dict[tuple[int, int], str]) -> NDArray[np.int64]:
    """Rows of events with their sounds' fingerprints in place of addresses."""
    rows = table.copy()
    for row in rows:
        print_ = bytes.fromhex(sounds[int(row[2]), int(row[5])])
        row[2:4] = np.frombuffer(print_, np.int64)
    rows[:, 4] = 0  # how the sound lies in memory
    rows[:, 13] = 0  # follows from the rows before
    return rows


_prints: dict[int, tuple[weakref.ref[NDArray[Any]], str]] = {}


def _known_print(sound: NDArray[Any]) -> str:
    """The fingerprint of a sound, taken once while it lives."""
    known = _prints.get(id(sound))
    if known is not None and known[0]() is sound:
        return known[1]
    place = id(sound)
    found = fingerprint(sound)
    _prints[place] = (weakref.ref(sound, lambda _: _prints.pop(place, None)), found)
    return found


@functools.cache
def version() -> str:
    """Stands for everything in the program that decides how a mix comes out."""
    package = Path(__file__).resolve().parent.parent
    state = hashlib.blake2b(f"{numba_version()} {np.__version__}".encode(), digest_size=16)
    files = sorted((package / "dsp").rglob("*.py"))
    files += [
        package / "runtime" / f"{n}.py"
        for n in ("inserts", "mixdown", "placing", "program", "session", "takes")
    ]
    for file in files:
        state.update(file.name.encode() + file.read_bytes())
    return state.hexdigest()
