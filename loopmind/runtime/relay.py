"""Stages that hand a song on span by span, on a few threads, each as far as the others let it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import TracebackType


class Stage:
    """Something that is done to one span after the other: `work(span)`.

    after: stages that must have done a span before it. ahead_of: those that read what it leaves,
    of which only `room` spans are kept: it never gets further ahead of them. work None: somebody
    outside does it, and tells by `Relay.advance`.
    """

    def __init__(self, work: Callable[[int], None] | None, after: Sequence[Stage] = ()) -> None:
        self.work = work
        self.after = tuple(after)
        self.ahead_of: list[Stage] = []
        self.done = 0
        self.is_busy = False
        for stage in after:
            stage.ahead_of.append(self)


class Relay:
    """Runs stages over the spans first .. last (not included), those furthest behind first.

    A context manager: leaving it stops all that has not begun and waits for what has.
    """

    def __init__(
        self, stages: Sequence[Stage], first: int, last: int, *, room: int, threads: int
    ) -> None:
        self._stages = tuple(stages)
        self._last, self._room = last, room
        lock = threading.Lock()
        self._changed, self._told = threading.Condition(lock), threading.Condition(lock)
        self._awaited: tuple[Stage, int] | None = None
        self._stopped = False
        self._error: BaseException | None = None
        for stage in stages:
            stage.done = first
        self._threads = [
            threading.Thread(target=self._serve, name="loopmind-mix", daemon=True)
            for _ in range(threads)
        ]

    def __enter__(self) -> Relay:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop(None)
        for thread in self._threads:
            thread.join()
        # Stages know each other both ways: left so, they would hold the song's sounds until the
        # garbage collector comes by.
        for stage in self._stages:
            stage.work, stage.after = None, ()
            stage.ahead_of.clear()

    def wait(self, stage: Stage, span: int) -> None:
        """Wait until `stage` has done `span`. Raises what a stage raised."""
        with self._changed:
            self._awaited = (stage, span)
            while stage.done <= span and self._error is None:
                self._told.wait()
            self._awaited = None
            if self._error is not None:
                raise self._error

    def advance(self, stage: Stage) -> None:
        """Say that the next span of a stage outside is done."""
        with self._changed:
            stage.done += 1
            self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            with self._changed:
                stage = self._next()
                while stage is None:
                    if self._stopped or all(s.done >= self._last for s in self._stages):
                        return
                    self._changed.wait()
                    stage = self._next()
                stage.is_busy = True
                span = stage.done
            try:
                assert stage.work is not None
                stage.work(span)
            except BaseException as error:  # told to whoever waits
                self._stop(error)
                return
            with self._changed:
                stage.is_busy = False
                stage.done += 1
                self._changed.notify_all()
                if self._awaited == (stage, stage.done - 1):
                    self._told.notify_all()

    def _next(self) -> Stage | None:
        if self._stopped:
            return None
        ready = [stage for stage in self._stages if self._is_ready(stage)]
        return min(ready, key=lambda stage: stage.done, default=None)

    def _is_ready(self, stage: Stage) -> bool:
        return (
            stage.work is not None
            and not stage.is_busy
            and stage.done < self._last
            and all(source.done > stage.done for source in stage.after)
            and all(stage.done < reader.done + self._room for reader in stage.ahead_of)
        )

    def _stop(self, error: BaseException | None) -> None:
        with self._changed:
            self._stopped = True
            self._error = self._error or error
            self._changed.notify_all()
            self._told.notify_all()
