"""Daemon threads for node work: one that does not end in time can be left behind."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from loopmind.errors import CancelledError


class ThreadPool:
    """Up to `workers` daemon threads, started as they are needed."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads = 0
        self._idle = 0
        self._lock = threading.Lock()

    def submit(self, job: Callable[[], None]) -> None:
        """Run `job`, which must not raise, in a thread of the pool."""
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            elif self._threads < self.workers:
                self._threads += 1
                threading.Thread(
                    target=self._serve, args=(self._jobs,), name="loopmind-node", daemon=True
                ).start()
            self._jobs.put(job)

    def abandon(self) -> None:
        """Forget all threads: those that are busy end after their job, nobody waits for them."""
        with self._lock:
            jobs, self._jobs = self._jobs, queue.SimpleQueue()
            count, self._threads, self._idle = self._threads, 0, 0
        for _ in range(count):
            jobs.put(None)

    def _serve(self, jobs: queue.SimpleQueue[Callable[[], None] | None]) -> None:
        while True:
            job = jobs.get()
            if job is None:
                return
            job()
            with self._lock:
                if jobs is self._jobs and jobs.empty():
                    self._idle += 1


def map_threads(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    workers: int,
    *,
    cancelled: Callable[[], bool],
    finished: Callable[[int], None],
) -> list[Any]:
    """`[function(item) for item in items]` in up to `workers` threads, this one among them.

    Raises the error of the first failed item; items not begun by then are left out.
    """
    results: list[Any] = [None] * len(items)
    errors: dict[int, BaseException] = {}
    waiting = iter(range(len(items)))
    lock = threading.Lock()

    def serve() -> None:
        while True:
            with lock:
                index = next(waiting, None) if not errors else None
            if index is None:
                return
            try:
                if cancelled():
                    raise CancelledError("cancelled")
                results[index] = function(items[index])
                finished(index)
            except BaseException as error:
                with lock:
                    errors[index] = error
                return

    helpers = [
        threading.Thread(target=serve, name="loopmind-item", daemon=True)
        for _ in range(min(workers, len(items)) - 1)
    ]
    for helper in helpers:
        helper.start()
    serve()
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[min(errors)]
    return results
