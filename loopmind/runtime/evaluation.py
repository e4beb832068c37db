"""One evaluation: which nodes are needed, when each can start, and what becomes of it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from loopmind.errors import CancelledError, LoopMindError
from loopmind.graph.document import Graph
from loopmind.graph.node import Fingerprint, NodeSpec
from loopmind.graph.plan import Plan, Step
from loopmind.runtime.cache import Outputs, Store
from loopmind.runtime.events import (
    EvaluationFinished,
    Event,
    Listener,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    StoreTrouble,
)
from loopmind.runtime.keys import fingerprint_of, join_key, output_key, static_part
from loopmind.runtime.result import STATUSES, Failure, Result, Status, must_run_always
from loopmind.runtime.steps import control_values
from loopmind.runtime.worker import Broke, Done, Inbox, Job, Lost, Message

if TYPE_CHECKING:
    from loopmind.runtime.execute import Session

Fingerprints = list[tuple[Fingerprint, Mapping[str, Any], str]]

_POLL_S = 0.05
_GRACE_S = 0.1  # how long a cancelled node may take to notice, before it is left behind


class Evaluation:
    """Runs a plan once. All bookkeeping is done in the thread that calls `run`."""

    def __init__(
        self,
        session: Session,
        graph: Graph,
        plan: Plan,
        listener: Listener | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._session = session
        self._graph = graph
        self._plan = plan
        self._listener = listener
        self._asked = cancelled
        self._stop = threading.Event()
        self._inbox: Inbox = queue.SimpleQueue()
        self._keys: dict[str, str] = {}
        self._content: dict[str, dict[str, str]] = {}
        self._fingerprints: dict[str, tuple[Mapping[str, Any], str]] = {}
        self._lost: set[str] = set()
        self._values: dict[str, Outputs] = {}
        self._status: dict[str, Status] = {}
        self._waiting: dict[str, set[str]] = {}
        self._busy: set[str] = set()
        self._failures: dict[str, Failure] = {}
        self._targets = frozenset(plan.targets)

    def run(self) -> Result:
        """See Session.evaluate."""
        started = time.perf_counter()
        disk = self._session.disk
        if disk is not None:
            disk.report = lambda message: self._inbox.put(StoreTrouble(message))
        try:
            for step in self._plan.steps.values():
                # A fingerprint that fails here fails again, and is told, when its node is run.
                with suppress(Exception):
                    self._find_key(step)
            for path in self._plan.targets:
                self._demand(path)
            while self._busy:
                self._receive()
            while not self._inbox.empty():
                self._handle(self._inbox.get())
        except BaseException:
            self._leave()
            raise
        finally:
            if disk is not None:
                disk.report = None
        failures = tuple(self._failures[p] for p in self._plan.steps if p in self._failures)
        seconds = time.perf_counter() - started
        result = Result(
            self._graph, self._plan, self._status, failures, seconds,
            {path: self._values[path] for path in self._plan.targets if path in self._values},
            self._keys, self._session.remembered,
        )  # fmt: skip
        found = list(self._status.values())
        ran, cached, failed, blocked = (found.count(name) for name in STATUSES)
        self._tell(EvaluationFinished(ran, cached, failed, blocked, seconds))
        return result

    def checked_fingerprints(self) -> Fingerprints:
        """All fingerprints that this result rests on."""
        found: Fingerprints = []
        for path, (controls, text) in self._fingerprints.items():
            spec = self._plan.steps[path].spec
            if spec is not None and spec.fingerprint is not None:
                found.append((spec.fingerprint, controls, text))
        return found

    # Keys

    def _find_key(self, step: Step) -> None:
        """The step's key, if what it takes from its sources is known by now."""
        if step.spec is None or step.problem is not None or step.path in self._keys:
            return
        if must_run_always(step.spec):
            return
        inputs = self._input_keys(step)
        if inputs is None:
            return
        fingerprint = ""
        if step.spec.fingerprint is not None:
            wired = [c.name for c in step.spec.schema.controls if c.name in step.feeds]
            if any(name in step.mapped for name in wired):
                return  # each item has a fingerprint of its own
            if any(step.feeds[name].node not in self._values for name in wired):
                return
            fingerprint = self._fingerprint(step)
        self._keys[step.path] = join_key(static_part(step), inputs, fingerprint)

    def _fingerprint(self, step: Step) -> str:
        assert step.spec is not None
        if step.path not in self._fingerprints:
            controls = control_values(step)
            for control in step.spec.schema.controls:
                if control.name in step.feeds:
                    controls[control.name] = self._fed(step, control.name)
            self._fingerprints[step.path] = (controls, fingerprint_of(step.spec, controls))
        return self._fingerprints[step.path][1]

    def _fed(self, step: Step, port: str) -> Any:
        feed = step.feeds[port]
        value = self._values[feed.node][feed.port]
        return value if feed.connection.convert is None else feed.connection.convert(value)

    def _input_keys(self, step: Step) -> dict[str, str] | None:
        keys = {}
        for port, feed in step.feeds.items():
            source = self._plan.steps[feed.node]
            known: str | None
            if source.spec is not None and source.spec.schema.touches_files:
                run_key = self._keys.get(feed.node)
                content = self._content.get(feed.node) or self._session.content.get(run_key or "")
                known = None if content is None else content[feed.port]
            else:
                run_key = self._keys.get(feed.node)
                known = None if run_key is None else output_key(run_key, feed.port)
            if known is None:
                return None
            keys[port] = known
        return keys

    # Scheduling

    def _stores(self, spec: NodeSpec) -> list[Store]:
        if spec.schema.cache == "none":
            return []
        disk = self._session.disk
        if spec.schema.cache == "disk" and disk is not None:
            return [self._session.memory, disk]
        return [self._session.memory]

    def _is_remembered(self, step: Step) -> bool:
        key = self._keys.get(step.path)
        if key is None or step.spec is None or step.path in self._lost:
            return False
        return any(store.has(key) for store in self._stores(step.spec))

    def _demand(self, path: str) -> None:
        """See that the values of `path` will be there."""
        open_paths = [path]
        while open_paths:
            here = open_paths.pop()
            if here in self._waiting or here in self._busy or here in self._values:
                continue
            if self._status.get(here) in ("failed", "blocked"):
                continue
            step = self._plan.steps[here]
            if step.problem is not None:
                self._fail(here, step.problem)
                continue
            if self._is_remembered(step):
                self._begin(step)
                continue
            sources = {feed.node for feed in step.feeds.values()}
            self._waiting[here] = {source for source in sources if source not in self._values}
            if self._waiting[here]:
                open_paths += sorted(self._waiting[here])
            else:
                self._ready(here)
        self._settle()

    def _settle(self) -> None:
        """Block what waits for something that failed."""
        if not self._failures:
            return
        for path in list(self._waiting):
            for source in sorted(self._waiting.get(path, ())):
                if self._status.get(source) in ("failed", "blocked"):
                    self._block(path, source)
                    break

    def _ready(self, path: str) -> None:
        del self._waiting[path]
        step = self._plan.steps[path]
        try:
            self._find_key(step)
        except Exception as error:  # a plugin's own fingerprint
            self._fail(path, error)
            return
        self._begin(step)

    def _begin(self, step: Step) -> None:
        """Fetch the step's outputs if they are remembered, else run it."""
        assert step.spec is not None
        key = self._keys.get(step.path)
        if self._is_remembered(step):
            assert key is not None
            found = self._session.memory.get(key)
            self._busy.add(step.path)
            if found is not None:  # by way of the inbox, for a long chain would fill the stack
                content = self._session.content.get(key)
                self._inbox.put(Done(step.path, found, 0.0, False, content, key))
                return
            self._session.threads.submit(self._job(step, key, {}, {}).fetch)
            return
        values = {port: self._values[f.node][f.port] for port, f in step.feeds.items()}
        input_keys = self._input_keys(step) or {}
        self._busy.add(step.path)
        self._tell(NodeStarted(step.path))
        self._session.threads.submit(self._job(step, key, values, input_keys).work)

    def _job(
        self, step: Step, key: str | None, values: dict[str, Any], input_keys: dict[str, str]
    ) -> Job:
        assert step.spec is not None
        controls = self._fingerprints.get(step.path, (None, ""))[0]
        return Job(
            self._session, step, key, self._stores(step.spec), self._inbox, self._stop,
            values, input_keys, controls,
        )  # fmt: skip

    def _receive(self) -> None:
        try:
            message = self._inbox.get(timeout=_POLL_S)
        except queue.Empty:
            pass
        else:
            self._handle(message)
        if self._asked is not None and self._asked():
            raise CancelledError("cancelled; what was finished is kept")

    def _handle(self, message: Message) -> None:
        if isinstance(message, Done):
            self._busy.discard(message.path)
            self._finish(message)
        elif isinstance(message, Broke):
            self._busy.discard(message.path)
            if isinstance(message.error, (CancelledError, KeyboardInterrupt)):
                raise message.error
            self._fail(message.path, message.error)
        elif isinstance(message, Lost):
            self._busy.discard(message.path)
            self._lost.add(message.path)
            self._demand(message.path)
        else:
            self._tell(message)

    def _finish(self, done: Done) -> None:
        path = done.path
        if done.key is not None:
            self._keys[path] = done.key
        if done.fingerprint is not None:
            self._fingerprints[path] = (self._fingerprints[path][0], done.fingerprint)
        if done.content is not None:
            self._content[path] = done.content
            if done.key is not None:
                self._session.content[done.key] = done.content
        self._values[path] = done.outputs
        self._status[path] = "ran" if done.ran else "cached"
        self._tell(NodeFinished(path, not done.ran, done.seconds))
        for consumer in self._plan.consumers[path]:
            waits = self._waiting.get(consumer)
            if waits is not None:
                waits.discard(path)
                if not waits:
                    self._ready(consumer)
        for source in {feed.node for feed in self._plan.steps[path].feeds.values()}:
            self._release(source)

    def _release(self, path: str) -> None:
        """Let go of values that nobody in this evaluation reads any more."""
        if path in self._targets or path not in self._values:
            return
        readers = self._plan.consumers[path]
        if not any(r in self._waiting or r in self._busy for r in readers):
            del self._values[path]

    def _fail(self, path: str, error: BaseException) -> None:
        text = str(error).strip()
        if isinstance(error, LoopMindError):
            message = getattr(error, "message", text) or type(error).__name__
        else:
            message = f"{type(error).__name__}: {text}" if text else type(error).__name__
        message = " ".join(message.split())
        self._failures[path] = Failure(path, message, error)
        self._status[path] = "failed"
        self._tell(NodeFailed(path, message, error))
        self._settle()

    def _block(self, path: str, by: str) -> None:
        pending = [(path, by)]
        while pending:
            here, cause = pending.pop()
            if here not in self._waiting:
                continue
            del self._waiting[here]
            self._status[here] = "blocked"
            self._tell(NodeBlocked(here, cause))
            pending += [(consumer, here) for consumer in self._plan.consumers[here]]

    def _tell(self, event: Event) -> None:
        if self._listener is not None:
            self._listener(event)

    def _leave(self) -> None:
        """Stop: give running nodes a moment to notice, then leave their threads behind."""
        self._stop.set()
        until = time.monotonic() + _GRACE_S
        while self._busy and (left := until - time.monotonic()) > 0:
            try:
                message = self._inbox.get(timeout=left)
            except queue.Empty:
                break
            if isinstance(message, (Done, Broke, Lost)):
                self._busy.discard(message.path)
        if self._busy:
            self._session.threads.abandon()
