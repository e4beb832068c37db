"""A pool of worker processes that hear files: bounded, cancellable at once, safe from crashes."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import IO, Any, cast

from loopmind.errors import CancelledError, LoopMindError
from loopmind.library.hearing import HeardRow, hear_row
from loopmind.library.worker import receive, send

Job = tuple[str, str]
_MOST_WORKERS = 8
_POLL_SECONDS = 0.05
_SIGKILL = 9
_IN_FLIGHT = 2  # the next job waits in the pipe while one is heard
_PATIENCE_SECONDS = 300.0
# The same import path as here; `python -m` would put the working folder, which may hold anything,
# in front of it.
_START = "import sys; sys.path[:] = {path!r}; from {module} import main; main()"
_CRASH = ("made the decoder crash", "convert it to WAV or FLAC, or remove it")
_KILLED = ("was not heard: its process was killed", "close other programs and try again")
_HANG = ("took too long to analyse", "shorten it or convert it to WAV")


class _Worker:
    """One process and the thread that passes its answers on."""

    def __init__(
        self, answers: queue.SimpleQueue[tuple[_Worker, list[Any] | None]], module: str
    ) -> None:
        environment = dict(os.environ)
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment[name] = "1"  # the processes are the parallelism
        self.jobs: list[int] = []
        self.since = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START.format(path=sys.path, module=module)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Until the worker itself sees to it; so no start that is cut short is told of.
            stderr=None if os.environ.get("LOOPMIND_DEBUG") else subprocess.DEVNULL,
            env=environment,
            # Ctrl-C in a terminal reaches this process alone: a worker that it ended would look
            # like a decoder that crashed.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._thread = threading.Thread(target=self._listen, args=(answers,), daemon=True)
        self._thread.start()

    def _listen(self, answers: queue.SimpleQueue[tuple[_Worker, list[Any] | None]]) -> None:
        stream = cast(Any, self.process.stdout)
        while True:
            try:
                answer = receive(stream)
            except (OSError, ValueError):
                answer = None
            answers.put((self, answer))
            if answer is None:
                return

    def give(self, number: int, job: Job) -> None:
        """Send a job; a process that just died says so by the end of its answers."""
        if not self.jobs:
            self.since = time.monotonic()
        self.jobs.append(number)
        with suppress(OSError):
            send(cast(Any, self.process.stdin), [number, *job])

    def was_killed(self) -> bool:
        """Whether the process, whose answers have ended, was killed from outside (for memory)."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(timeout=1.0) == -_SIGKILL
        return False

    def stop(self) -> None:
        """End the process at once and wait for it."""
        self.process.kill()
        self.process.wait()
        self._thread.join(timeout=1.0)
        for stream in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                cast(IO[bytes], stream).close()


def hear_all(
    jobs: Sequence[Job],
    workers: int,
    cancelled: Callable[[], bool],
    *,
    worker_module: str = "loopmind.library.worker",
) -> Generator[tuple[int, HeardRow], None, None]:
    """Hear every (path, digest) of `jobs` in `workers` processes; yields (index, row) as they end.

    At most two jobs a worker are under way. A crash or a hang costs the file that was being
    heard, not the scan. Raises CancelledError within a tenth of a second of `cancelled()`.
    """
    answers: queue.SimpleQueue[tuple[_Worker, list[Any] | None]] = queue.SimpleQueue()
    pool: list[_Worker] = []
    waiting = list(range(len(jobs)))[::-1]
    left = len(jobs)
    failed_starts = 0
    try:
        pool.extend(_Worker(answers, worker_module) for _ in range(min(workers, len(jobs))))
        while left:
            for depth in range(1, _IN_FLIGHT + 1):
                for worker in pool:
                    if waiting and len(worker.jobs) < depth:
                        number = waiting.pop()
                        worker.give(number, jobs[number])
            if cancelled():
                raise CancelledError("the scan was cancelled; what was heard so far is kept")
            try:
                worker, answer = answers.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                for slow in pool:
                    if slow.jobs and time.monotonic() - slow.since > _PATIENCE_SECONDS:
                        slow.process.kill()  # its end is seen as an answer below
                continue
            if worker not in pool:
                continue
            if answer is not None:
                number = answer[0]
                worker.jobs.remove(number)
                worker.since = time.monotonic()
                left -= 1
                failed_starts = 0
                yield number, HeardRow(*answer[1:])
                continue
            hung = time.monotonic() - worker.since > _PATIENCE_SECONDS
            pool.remove(worker)
            killed = worker.was_killed()
            worker.stop()
            waiting.extend(reversed(worker.jobs[1:]))
            if worker.jobs:
                left -= 1
                said = _HANG if hung else _KILLED if killed else _CRASH
                yield worker.jobs[0], HeardRow(None, None, *said, again=hung or killed)
            failed_starts += 1
            if failed_starts > 3 + len(pool):
                raise LoopMindError(
                    "the processes that analyse sounds keep ending; check the memory that is "
                    "free, and run with LOOPMIND_DEBUG=1 to see why"
                )
            if left:
                pool.append(_Worker(answers, worker_module))
    finally:
        for worker in pool:
            worker.stop()


def default_workers() -> int:
    """Processes that may run at once: the cores this one may use, at most 8 to spare memory."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, min(_MOST_WORKERS, len(os.sched_getaffinity(0))))
    return max(1, min(_MOST_WORKERS, os.cpu_count() or 1))


def hear_here(
    jobs: Sequence[Job], stop: Callable[[], bool]
) -> Generator[tuple[int, HeardRow], None, None]:
    """Hear `jobs` one after another in this process; yields their numbers and rows.

    Raises CancelledError once `stop` says so.
    """
    for number, (path, digest) in enumerate(jobs):
        if stop():
            raise CancelledError("the scan was cancelled; what was heard so far is kept")
        yield number, hear_row(path, digest)
