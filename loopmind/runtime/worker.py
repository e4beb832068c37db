"""The part of an evaluation that happens in worker threads: fetching and running single nodes.

A job never raises; it puts one message into the evaluation's inbox.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loopmind.errors import CancelledError
from loopmind.graph.node import NodeSpec
from loopmind.graph.plan import Step
from loopmind.graph.values import digest_chunks, encode, size_bytes
from loopmind.music.codec import CodecError
from loopmind.runtime.cache import Outputs, Store
from loopmind.runtime.context import Progress, RunContext
from loopmind.runtime.events import Event, StoreTrouble
from loopmind.runtime.keys import content_key, fingerprint_of, join_key, output_key, static_part
from loopmind.runtime.steps import output_types, run_step

if TYPE_CHECKING:
    from loopmind.runtime.execute import Session

_CONTENT_LIMIT_BYTES = 32 << 20  # larger outputs are known by their run, not by their content


@dataclass(frozen=True)
class Done:
    """Outputs are there. content: their keys by content, for a node that reads the outside.

    fingerprint: the state of the outside after the node itself changed it.
    """

    path: str
    outputs: Outputs
    seconds: float
    ran: bool
    content: dict[str, str] | None
    key: str | None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Broke:
    """The node raised."""

    path: str
    error: BaseException


@dataclass(frozen=True)
class Lost:
    """A remembered result was not there when it was fetched."""

    path: str


Message = Event | Done | Broke | Lost
Inbox = queue.SimpleQueue[Message]


@dataclass(frozen=True, eq=False)
class Job:
    """One step with all it needs. `stop` is set when the user asks to stop.

    controls: those that the step's fingerprint was taken of, or None.
    """

    session: Session
    step: Step
    key: str | None
    stores: Sequence[Store]
    inbox: Inbox
    stop: threading.Event
    values: Mapping[str, Any]
    input_keys: Mapping[str, str]
    controls: Mapping[str, Any] | None

    def fetch(self) -> None:
        """Bring remembered outputs from disk."""
        try:
            started = time.perf_counter()
            assert self.key is not None and self.step.spec is not None
            outputs = self.session.remembered(self.key)
            if outputs is None:
                self.inbox.put(Lost(self.step.path))
                return
            self.session.memory.put(self.key, outputs, output_types(self.step))
            content = _content_of(self.step.spec, self.key, outputs)
            seconds = time.perf_counter() - started
            self.inbox.put(Done(self.step.path, outputs, seconds, False, content, self.key))
        except BaseException as error:  # told by the thread that runs the evaluation
            self.inbox.put(Broke(self.step.path, error))

    def work(self) -> None:
        """Run the node and remember what it gives."""
        try:
            if self.stop.is_set():
                raise CancelledError("cancelled")
            step = self.step
            assert step.spec is not None
            started = time.perf_counter()
            context = RunContext(
                Progress(step.path, self.inbox.put),
                self.stop.is_set,
                self.session.processes,
                self.session.workers,
                step.spec,
                self.stores,
            )
            outputs = run_step(step, self.values, self.input_keys, context, self.stores)
            key, now = self.key, None
            if key is not None and step.spec.schema.writes_files and self.controls is not None:
                # Its own writing changed the outside; what counts next time is how it is now.
                now = fingerprint_of(step.spec, self.controls)
                key = join_key(static_part(step), self.input_keys, now)
            if key is not None:
                self._remember(key, outputs)
            seconds = time.perf_counter() - started
            content = _content_of(step.spec, key, outputs)
            self.inbox.put(Done(step.path, outputs, seconds, True, content, key, now))
        except BaseException as error:  # told by the thread that runs the evaluation
            self.inbox.put(Broke(self.step.path, error))

    def _remember(self, key: str, outputs: Outputs) -> None:
        types = output_types(self.step)
        for store in self.stores:
            try:
                store.put(key, outputs, types)
            except CodecError as error:
                text = f"the result of {self.step.path} cannot be kept on disk: {error}"
                self.inbox.put(StoreTrouble(text))


def _content_of(spec: NodeSpec, key: str | None, outputs: Outputs) -> dict[str, str] | None:
    """Keys of outputs by their content, for a node that reads the outside world.

    So a file that was touched, but says the same, makes nothing downstream run again.
    """
    if not spec.schema.touches_files:
        return None
    name = key or uuid.uuid4().hex
    content = {}
    for port, value in outputs.items():
        content[port] = output_key(name, port)
        if size_bytes(value) <= _CONTENT_LIMIT_BYTES:
            with suppress(CodecError):  # no plain form: as good as new each time
                content[port] = content_key(digest_chunks(encode(value)))
    return content
