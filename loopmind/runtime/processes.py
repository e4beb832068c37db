"""A pool of worker processes whose work can be stopped at once, and that survives their death.

The standard pool cannot stop a task that runs; here cancelling ends the workers themselves.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from loopmind.errors import CancelledError, LoopMindError
from loopmind.graph.registry import PRIVATE_PREFIX, import_file

_POLL_S = 0.05


class WorkerDiedError(LoopMindError):
    """A worker process ended while it worked on an item."""


class ProcessPool:
    """Up to `workers` processes, started when first needed and kept until `close`."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def map(
        self,
        function: Callable[[Any], Any],
        items: Sequence[Any],
        *,
        cancelled: Callable[[], bool],
        finished: Callable[[int], None],
        names: Callable[[Any], str] = str,
    ) -> list[Any]:
        """`[function(item) for item in items]` over the workers; `finished(index)` as they come.

        Raises the error of the first failed item, WorkerDiedError where a worker ended on one,
        and CancelledError within 100 ms of `cancelled()`, ending the workers.
        """
        waiting = list(range(len(items) - 1, -1, -1))
        results: list[Any] = [None] * len(items)
        errors: dict[int, BaseException] = {}
        busy: dict[Any, _Worker] = {}
        spare: list[_Worker] = []
        whole = False
        try:
            while waiting or busy:
                while waiting and not errors and len(busy) < self.workers:
                    worker = spare.pop() if spare else self._take(function)
                    index = waiting.pop()
                    worker.send(index, items[index])
                    busy[worker.pipe] = worker
                if not busy:
                    break
                for pipe in wait(list(busy), timeout=_POLL_S):
                    worker = busy.pop(pipe)
                    try:
                        index, good, result = worker.receive()
                    except (EOFError, OSError):
                        self._buried(worker, items, names, errors)
                        continue
                    spare.append(worker)
                    if good:
                        results[index] = result
                        finished(index)
                    else:
                        errors[index] = result
                if cancelled():
                    raise CancelledError("cancelled")
            whole = True
        finally:
            for worker in busy.values():
                worker.end()
            self._give_back(spare, keep=whole)
        if errors:
            raise errors[min(errors)]
        return results

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def _take(self, function: Callable[[Any], Any]) -> _Worker:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None or not worker.process.is_alive():
            worker = _Worker(function)
        worker.use(function)
        return worker

    def _give_back(self, workers: list[_Worker], keep: bool) -> None:
        with self._lock:
            if keep and not self._closed:
                self._idle += workers
                return
        for worker in workers:
            worker.end()

    @staticmethod
    def _buried(
        worker: _Worker,
        items: Sequence[Any],
        names: Callable[[Any], str],
        errors: dict[int, BaseException],
    ) -> None:
        worker.process.join(1.0)
        code = worker.process.exitcode
        if not worker.ready:
            raise LoopMindError(
                f"worker processes cannot start (exit code {code}); a script that runs graphs "
                "must do so below 'if __name__ == \"__main__\":'"
            )
        item = names(items[worker.index])
        errors[worker.index] = WorkerDiedError(
            f"a worker process ended (exit code {code}) on {item}; it may need more memory than "
            "there is, or the file upsets a decoder: leave it out"
        )


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        method = (
            "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        )
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            # Imported once in the server, so that each worker starts with it at hand.
            module = _home(function)
            if not module.startswith((PRIVATE_PREFIX, "__main__")):
                context.set_forkserver_preload(["__main__", "numpy", module])
        self.pipe, other = context.Pipe()
        self.process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=_work, args=(other, os.getpid()), daemon=True, name="loopmind-worker"
        )
        self.process.start()
        other.close()
        self.ready = False
        self.index = -1
        self._function: Callable[[Any], Any] | None = None

    def use(self, function: Callable[[Any], Any]) -> None:
        if self._function is not function:
            self._function = function
            self._write(("function", _private_modules(function), pickle.dumps(function)))

    def send(self, index: int, item: Any) -> None:
        self.index = index
        self._write(("item", index, pickle.dumps(item)))

    def _write(self, message: Any) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # found out when it is read
            self.pipe.send(message)

    def receive(self) -> tuple[int, bool, Any]:
        while True:
            message = self.pipe.recv()
            self.ready = True
            if message[0] == "result":
                return message[1], True, pickle.loads(message[2])
            if message[0] == "error":
                return message[1], False, message[2]

    def end(self) -> None:
        self.process.kill()
        self.pipe.close()
        self.process.join(0.1)


def _home(function: Callable[[Any], Any]) -> str:
    """The module that defines `function`, or the function that it calls."""
    inner = getattr(function, "function", function)
    return str(getattr(inner, "__module__", "") or "")


def _private_modules(function: Callable[[Any], Any]) -> list[tuple[str, str]]:
    """User plugins behind `function`, which a worker cannot find by import."""
    module = _home(function)
    if not module.startswith(PRIVATE_PREFIX):
        return []
    return [(module, sys.modules[module].__file__ or "")]


def _work(pipe: Connection, parent: int) -> None:
    """The loop of a worker; ends when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    function: Callable[[Any], Any] | None = None
    broken: BaseException | None = None
    pipe.send(("ready",))
    while True:
        try:
            kind, first, second = pipe.recv()
        except (EOFError, OSError):
            return
        if kind == "function":
            try:
                for module, file in first:
                    if module not in sys.modules:
                        import_file(module, Path(file))
                function, broken = pickle.loads(second), None
            except Exception as error:  # told for each item
                broken = error
            continue
        try:
            if broken is not None:
                raise broken
            assert function is not None
            message: tuple[Any, ...] = (
                "result",
                first,
                pickle.dumps(function(pickle.loads(second))),
            )
        except Exception as error:
            message = ("error", first, _portable(error))
        try:
            pipe.send(message)
        except (BrokenPipeError, OSError):
            return


def _portable(error: Exception) -> Exception:
    """`error`, or where it cannot be pickled and back, its words."""
    try:
        again = pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error if type(again) is type(error) else RuntimeError(str(error))
