"""The context that the executor gives to a running node: progress, cancelling, shared-out work."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar, cast

from loopmind.graph.context import Context
from loopmind.graph.node import NodeSpec
from loopmind.graph.values import digest
from loopmind.runtime.cache import Store
from loopmind.runtime.events import NodeNote, NodeProgress
from loopmind.runtime.keys import part_key
from loopmind.runtime.processes import ProcessPool
from loopmind.runtime.threads import map_threads

T = TypeVar("T")
R = TypeVar("R")

_SHOW_EVERY_S = 0.05
_TRY_FIRST = 2  # items run here before it is decided whether processes pay
_PROCESSES_PAY_S = 0.6  # work left, in seconds, for which starting processes is worth it


class Progress:
    """Steps done over time, as events that are not sent too often. Thread-safe."""

    def __init__(self, node: str, tell: Callable[[NodeProgress | NodeNote], None]) -> None:
        self._node = node
        self._tell = tell
        self._lock = threading.Lock()
        self._seen: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=64)
        self._shown_s = 0.0

    def report(self, done: int, total: int, what: str) -> None:
        """Send an event, unless one was sent a moment ago and this is not the last."""
        now = time.monotonic()
        with self._lock:
            if done < self._seen[-1][1]:
                self._seen.clear()
                self._seen.append((now, 0))
            if now - self._shown_s < _SHOW_EVERY_S and done < total:
                return
            self._shown_s = now
            self._seen.append((now, done))
            start_s, start = self._seen[0]
            rate = (done - start) / (now - start_s) if now > start_s else 0.0
            eta = (total - done) / rate if rate > 0 else None
        self._tell(NodeProgress(self._node, done, total, what, rate, eta))

    def note(self, message: str) -> None:
        """Send a note."""
        self._tell(NodeNote(self._node, message))


class RunContext(Context):
    """One running node's context.

    workers: how many items run side by side. stores: where parts of its result are remembered.
    """

    def __init__(
        self,
        progress: Progress,
        cancelled: Callable[[], bool],
        processes: ProcessPool,
        workers: int,
        spec: NodeSpec,
        stores: Sequence[Store],
    ) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._processes = processes
        self._workers = workers
        self._spec = spec
        self._stores = stores

    def progress(self, done: int, total: int, what: str = "") -> None:
        self._progress.report(done, total, what)

    def note(self, message: str) -> None:
        self._progress.note(message)

    def cancelled(self) -> bool:
        return self._cancelled()

    def remember(self, what: object, wire_type: str, make: Callable[[], R]) -> R:
        if not self._stores:
            return make()
        key = part_key(self._spec, digest(what))
        found = self._find(key, wire_type)
        if found is not None:
            return cast(R, found)
        part = make()
        self._put(key, wire_type, part)
        return part

    def recall(self, what: object, wire_type: str) -> object | None:
        if not self._stores:
            return None
        return self._find(part_key(self._spec, digest(what)), wire_type)

    def keep(self, what: object, wire_type: str, part: object) -> None:
        if self._stores:
            self._put(part_key(self._spec, digest(what)), wire_type, part)

    def _find(self, key: str, wire_type: str) -> object | None:
        for place, store in enumerate(self._stores):
            found = store.get(key)
            if found is not None:
                for nearer in self._stores[:place]:
                    nearer.put(key, found, {"part": wire_type})
                return cast(object, found["part"])
        return None

    def _put(self, key: str, wire_type: str, part: object) -> None:
        for store in self._stores:
            store.put(key, {"part": part}, {"part": wire_type})

    def map(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        *,
        processes: bool = True,
        name: Callable[[T], str] | None = None,
    ) -> list[R]:
        todo = list(items)
        done = 0
        lock = threading.Lock()

        def finished(index: int) -> None:
            nonlocal done
            with lock:
                done += 1
                count = done
            self.progress(count, len(todo), name(todo[index]) if name is not None else "")

        if not processes:
            return map_threads(
                function, todo, self._workers, cancelled=self._cancelled, finished=finished
            )
        results: list[R] = []
        for index, item in enumerate(todo[:_TRY_FIRST]):
            self.check_cancelled()
            started = time.monotonic()
            results.append(function(item))
            seconds = time.monotonic() - started
            finished(index)
        rest = todo[_TRY_FIRST:]
        if rest and self._workers > 1 and seconds * len(rest) > _PROCESSES_PAY_S:
            results += self._processes.map(
                function,
                rest,
                cancelled=self._cancelled,
                finished=lambda index: finished(index + _TRY_FIRST),
                names=name or str,
            )
            return results
        for index, item in enumerate(rest, _TRY_FIRST):
            self.check_cancelled()
            results.append(function(item))
            finished(index)
        return results
