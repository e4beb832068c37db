"""Packing a sound small while it is still being made, so that a page can hold it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from loopmind.dsp.resample import Resampling
from loopmind.dsp.thinning import BLOCK, THIN_RATE_HZ, thinned
from loopmind.files.encode import FlacPacker
from loopmind.music.packed import PackedSound

_BLOCKS_AT_ONCE = 32
_FRAMES_AT_ONCE = 1 << 18
_AHEAD = 4  # pieces that are thinned before they are packed


class Packer:
    """FLAC of thinned sound: packed in a fraction of a second, and every current browser plays it
    and finds any place in it.

    `write` the sound piece by piece, then `finish`; what comes out does not depend on the pieces.
    pool: where it is thinned, a little ahead of the encoder; by default in the caller's thread.
    """

    def __init__(self, rate_hz: int, channels: int, pool: ThreadPoolExecutor | None = None) -> None:
        self._pool = pool
        self._thinned: deque[Future[NDArray[np.int16]]] = deque()
        self._resampling = Resampling(rate_hz, THIN_RATE_HZ, channels)
        self._flac = FlacPacker(channels, THIN_RATE_HZ)
        # Blocks that wait, and whether the one before them is still there, to be heard in them.
        self._waiting: list[NDArray[np.float32]] = []
        self._frames = 0
        self._before = 0

    def write(self, samples: NDArray[np.float32]) -> None:
        """The next samples (channels, n)."""
        for first in range(0, samples.shape[1], _FRAMES_AT_ONCE):
            self._take(self._resampling.write(samples[:, first : first + _FRAMES_AT_ONCE]))
            # The block after them is heard in them too.
            while self._frames >= (self._before + _BLOCKS_AT_ONCE + 1) * BLOCK:
                self._pack(_BLOCKS_AT_ONCE)

    def finish(self) -> PackedSound:
        """All of it."""
        self._take(self._resampling.finish())
        while self._frames > self._before * BLOCK:
            self._pack(min(_BLOCKS_AT_ONCE, -(-self._frames // BLOCK) - self._before))
        while self._thinned:
            self._flac.write(self._thinned.popleft().result())
        return PackedSound(np.frombuffer(self._flac.finish(), np.uint8), "audio/flac")

    def close(self) -> None:
        """Give up what was not finished."""
        self._flac.close()

    def _take(self, samples: NDArray[np.float32]) -> None:
        self._waiting.append(samples)
        self._frames += samples.shape[1]

    def _pack(self, blocks: int) -> None:
        waiting = np.concatenate(self._waiting, axis=1)
        end = self._before + blocks
        if self._pool is None:
            self._flac.write(thinned(waiting, self._before, end))
        else:
            self._thinned.append(self._pool.submit(thinned, waiting, self._before, end))
            while self._thinned[0].done() or len(self._thinned) > _AHEAD:
                self._flac.write(self._thinned.popleft().result())
                if not self._thinned:
                    break
        kept = waiting[:, (end - 1) * BLOCK :]
        self._waiting, self._frames, self._before = [kept], kept.shape[1], 1


class PackedBeside:
    """Packs a master in threads of its own, behind those who make it; see `MasterSink`."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._form = (rate_hz, channels)
        self._thread, self._thinners = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._waiting: list[Future[None]] = []
        self._packer = Packer(*self._form, self._thinners)

    def start(self) -> None:
        """The master begins; what came before is void."""
        self._let_go()
        self._packer = Packer(*self._form, self._thinners)

    def write(self, samples: NDArray[np.float32]) -> None:
        """The next samples (channels, n), which nobody changes before the next `start`."""
        self._waiting.append(self._thread.submit(self._packer.write, samples))

    def finish(self) -> PackedSound:
        """All of it, once it is packed. Raises what packing raised."""
        for done in self._waiting:
            done.result()
        return self._packer.finish()

    def __enter__(self) -> PackedBeside:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._let_go()
        self._thread.shutdown()
        self._thinners.shutdown()

    def _let_go(self) -> None:
        for waiting in self._waiting:
            waiting.cancel()
        wait(self._waiting)  # for the one that was under way
        self._waiting.clear()
        self._packer.close()
