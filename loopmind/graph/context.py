"""What a running node may ask of the outside: report progress, notice cancelling, share work out.

The runtime implements it; `PlainContext` is enough to call a node function by hand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TypeVar

from loopmind.errors import CancelledError

T = TypeVar("T")
R = TypeVar("R")


class Context(ABC):
    """A node that declares a parameter `context: Context` receives one; it is no port."""

    @abstractmethod
    def progress(self, done: int, total: int, what: str = "") -> None:
        """Say that `done` of `total` steps are finished; `what` names the one at hand."""

    @abstractmethod
    def note(self, message: str) -> None:
        """Tell the user something that the result does not hold, in one line."""

    @abstractmethod
    def cancelled(self) -> bool:
        """Has the user asked to stop?"""

    def check_cancelled(self) -> None:
        """Raise CancelledError if the user asked to stop. Call it at least every 100 ms."""
        if self.cancelled():
            raise CancelledError("cancelled")

    def step(self, done: int, total: int, what: str = "") -> None:
        """`progress`, unless the user asked to stop: then raise CancelledError."""
        self.check_cancelled()
        self.progress(done, total, what)

    @abstractmethod
    def map(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        *,
        processes: bool = True,
        name: Callable[[T], str] | None = None,
    ) -> list[R]:
        """`[function(item) for item in items]`, in parallel, with progress and cancelling.

        processes: in other processes, where that pays; `function` must then be importable (not a
        lambda) and items and results picklable. name: what to call an item in progress reports.
        The first item (in order) that fails raises its error.
        """

    @abstractmethod
    def remember(self, what: object, wire_type: str, make: Callable[[], R]) -> R:
        """`make()`, or what it gave before for an equal `what`: a part of the node's result.

        So a node that makes many things from one large input makes only those that changed.
        `what` (plain data, frozen values, arrays) must say all that the part depends on; the
        node's id and version are added. wire_type: the name of the part's wire type, by which
        it is stored where the node's `cache` says. May be called from `map` with threads.
        """

    @abstractmethod
    def recall(self, what: object, wire_type: str) -> object | None:
        """The part that `keep` (or `remember`) put away for an equal `what`, or None."""

    @abstractmethod
    def keep(self, what: object, wire_type: str, part: object) -> None:
        """Put a part of the node's result away, as `remember` does. From any thread."""


class PlainContext(Context):
    """Runs everything in order, reports nothing and is never cancelled."""

    def progress(self, done: int, total: int, what: str = "") -> None:
        """Reports go nowhere."""

    def note(self, message: str) -> None:
        """Notes go nowhere."""

    def cancelled(self) -> bool:
        return False

    def map(
        self,
        function: Callable[[T], R],
        items: Iterable[T],
        *,
        processes: bool = True,
        name: Callable[[T], str] | None = None,
    ) -> list[R]:
        return [function(item) for item in items]

    def remember(self, what: object, wire_type: str, make: Callable[[], R]) -> R:
        return make()

    def recall(self, what: object, wire_type: str) -> object | None:
        return None

    def keep(self, what: object, wire_type: str, part: object) -> None:
        """Nothing is kept."""
