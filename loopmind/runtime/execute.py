"""Evaluating a graph: what is remembered is not run again, independent nodes run side by side.

A Session keeps what it learnt between evaluations; `execute` is one evaluation in a session of
its own. The work of one evaluation is in evaluation.py.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from loopmind.graph.document import Graph
from loopmind.graph.plan import Plan, make_plan, replan
from loopmind.runtime.cache import DiskCache, MemoryCache, Outputs
from loopmind.runtime.evaluation import Evaluation, Fingerprints
from loopmind.runtime.events import EvaluationFinished, Listener
from loopmind.runtime.processes import ProcessPool
from loopmind.runtime.result import Result
from loopmind.runtime.threads import ThreadPool


class Session:
    """Evaluates graphs one after another and remembers results by content.

    memory_bytes: how much to hold in memory. disk: a store for nodes that ask for one.
    workers: nodes, or items, that run side by side (by default one per processor). Close it, or
    use it in a `with` statement.
    """

    def __init__(
        self,
        *,
        memory_bytes: int = 1 << 30,
        disk: DiskCache | None = None,
        workers: int | None = None,
    ) -> None:
        self.memory = MemoryCache(memory_bytes)
        self.disk = disk
        self.workers = workers or os.cpu_count() or 1
        self.threads = ThreadPool(max(2, self.workers))
        self.processes = ProcessPool(self.workers)
        self.content: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()
        self._graph: Graph | None = None
        self._targets: tuple[str, ...] | None = None
        self._plan: Plan | None = None
        self._result: Result | None = None
        self._is_again = False
        self._fingerprints: Fingerprints = []

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End worker processes and threads."""
        self.processes.close()
        self.threads.abandon()

    def evaluate(
        self,
        graph: Graph,
        targets: Iterable[str] | None = None,
        *,
        listener: Listener | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        """Bring `targets` (see make_plan) up to date.

        A node that fails is named in the result, with those that it blocks; all others are done.
        `listener` is called in this thread. `cancelled` is asked every 50 ms. Raises
        CancelledError once it says yes (finished results stay remembered), and GraphError where
        no order of the nodes exists or a target is not there.
        """
        wanted = None if targets is None else tuple(targets)
        with self._lock:
            plan = self._plan
            if plan is None or wanted != self._targets or graph is not self._graph:
                if plan is None or wanted != self._targets or not self._same(graph):
                    changed = None
                    if plan is not None and self._graph is not None and wanted == self._targets:
                        changed = replan(plan, self._graph, graph)
                    plan = changed or make_plan(graph, wanted)
                self._graph, self._targets, self._plan = graph, wanted, plan
            result = self._result
            if result is not None and result.plan is plan and self._outside_is_unchanged():
                if not self._is_again:
                    result = self._result = result.again()
                    self._is_again = True
                if listener is not None:
                    listener(EvaluationFinished(0, len(plan.steps), 0, 0, 0.0))
                return result
            self._result = None
            run = Evaluation(self, graph, plan, listener, cancelled)
            result = run.run()
            if result.reusable:
                self._result, self._fingerprints = result, run.checked_fingerprints()
                self._is_again = False
            return result

    def _same(self, graph: Graph) -> bool:
        return (
            self._graph is not None
            and graph.registry is self._graph.registry
            and graph == self._graph
        )

    def _outside_is_unchanged(self) -> bool:
        try:
            return all(
                fingerprint(controls) == known
                for fingerprint, controls, known in self._fingerprints
            )
        except Exception:  # the evaluation that follows meets it again and reports it
            return False

    def remembered(self, key: str) -> Outputs | None:
        """Outputs by content key, from memory or disk."""
        found = self.memory.get(key)
        return found if found is not None or self.disk is None else self.disk.get(key)


def execute(
    graph: Graph,
    targets: Iterable[str] | None = None,
    *,
    listener: Listener | None = None,
    cancelled: Callable[[], bool] | None = None,
    **options: Any,
) -> Result:
    """Evaluate `graph` once in a session of its own; `options` go to Session.

    Raises the error of a node that failed, as NodeError naming the node.
    """
    with Session(**options) as session:
        result = session.evaluate(graph, targets, listener=listener, cancelled=cancelled)
    result.check()
    return result
