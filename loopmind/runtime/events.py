"""What the executor tells while it works: frozen events for the terminal and the canvas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class NodeStarted:
    """A node began to run; one that is remembered does not start."""

    node: str


@dataclass(frozen=True)
class NodeProgress:
    """A running node finished `done` of `total` steps; `what` names the one at hand.

    rate_per_s: steps a second of late; eta_s: seconds left at that rate (None: unknown).
    """

    node: str
    done: int
    total: int
    what: str
    rate_per_s: float
    eta_s: float | None


@dataclass(frozen=True)
class NodeNote:
    """A running node tells the user something, in one line."""

    node: str
    message: str


@dataclass(frozen=True)
class NodeFinished:
    """A node's value is there: computed in `seconds`, or remembered."""

    node: str
    cached: bool
    seconds: float


@dataclass(frozen=True)
class NodeFailed:
    """A node failed; `message` is one line, `error` what was raised."""

    node: str
    message: str
    error: BaseException


@dataclass(frozen=True)
class NodeBlocked:
    """A node cannot run because `by`, on which it depends, failed."""

    node: str
    by: str


@dataclass(frozen=True)
class StoreTrouble:
    """The disk cache could not read or write an entry; work goes on without it."""

    message: str


@dataclass(frozen=True)
class EvaluationFinished:
    """All that could be done is done."""

    ran: int
    cached: int
    failed: int
    blocked: int
    seconds: float


Event = (
    NodeStarted
    | NodeProgress
    | NodeNote
    | NodeFinished
    | NodeFailed
    | NodeBlocked
    | StoreTrouble
    | EvaluationFinished
)
Listener = Callable[[Event], None]
