"""From a graph document to what the engine plays: the value nodes are run, the streams planned."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from loopmind.graph.document import Graph
from loopmind.graph.plan import make_plan
from loopmind.music.signal import Signal
from loopmind.runtime.events import Listener
from loopmind.runtime.execute import Session
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.signal_patch import SignalError, signal_patch

Shared = TypeVar("Shared")


def stream_ends(graph: Graph) -> tuple[str, ...]:
    """Paths of the stream nodes that no other stream node takes. Raises GraphError."""
    plan = make_plan(graph)
    streams = {
        path
        for path, step in plan.steps.items()
        if step.spec is not None and step.spec.schema.kind == "stream"
    }
    return tuple(
        path
        for path in plan.steps
        if path in streams and not streams.intersection(plan.consumers.get(path, ()))
    )


def graph_signal(
    graph: Graph,
    session: Session,
    target: str | None = None,
    *,
    listener: Listener | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Signal:
    """The stream that the node (or port) `target` gives, by default the only one at an end.

    Only what this stream needs is run. Raises SignalError where there is none, or more than one,
    and what a failed node raised.
    """
    if target is None:
        ends = stream_ends(graph)
        if not ends:
            raise SignalError("the graph has no stream node; add one such as play_clip")
        if len(ends) > 1:
            raise SignalError(
                f"several streams end in the graph ({', '.join(ends)}); lead them to a bus, or "
                "name the one to hear"
            )
        target = ends[0]
    node = target.partition(".")[0]
    result = session.evaluate(graph, [node], listener=listener, cancelled=cancelled)
    result.check()
    value = result[target]
    if not isinstance(value, Signal):
        raise SignalError(f"{target} gives no stream but a {type(value).__name__.lower()}")
    return value


class GraphPlayer:
    """Keeps an engine playing what a graph says, while the graph is edited.

    A control that may move is moved; every other edit is crossfaded to. Meters and keyboards
    stay the same objects as long as their names do.
    """

    def __init__(self, engine: Engine, session: Session) -> None:
        self.engine = engine
        self.session = session
        self.shared: dict[str, object] = {}

    def show(
        self,
        graph: Graph,
        target: str | None = None,
        *,
        listener: Listener | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> bool:
        """Let the engine play `graph`; True where words were moved, False where it was swapped.

        Raises as `graph_signal`; what plays then plays on.
        """
        signal = graph_signal(graph, self.session, target, listener=listener, cancelled=cancelled)
        planned = signal_patch(signal, self.engine.rate_hz, self.shared)
        self.shared = planned.shared
        return self.engine.update(planned)

    def find(self, name: str, kind: type[Shared]) -> Shared:
        """The meter, spectrum, tuner or keyboard called `name`. Raises SignalError."""
        found = self.shared.get(name)
        if not isinstance(found, kind):
            known = ", ".join(n for n, v in self.shared.items() if isinstance(v, kind)) or "none"
            raise SignalError(f"there is no {kind.__name__} called {name!r}; there are {known}")
        return found
