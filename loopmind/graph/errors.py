"""Errors of the graph room; each names the node, the port, what was expected and what came."""

from __future__ import annotations

from loopmind.errors import LoopMindError


class NodeDeclarationError(LoopMindError):
    """A node function cannot be a node as it is written."""


class DuplicateNodeError(LoopMindError):
    """Two sources declare one node id; both are named."""


class UnknownNodeError(LoopMindError):
    """No installed plugin declares this node id."""


class NodeRunError(LoopMindError):
    """A node did not do what it declares, or cannot be given what is wired to it."""


class GraphError(LoopMindError):
    """A graph, or a change to it, that cannot be: which node and port, what was expected and came.

    Attributes `node`, `port`, `expected` and `received` are "" where they do not apply.
    """

    def __init__(
        self,
        message: str,
        *,
        node: str = "",
        port: str = "",
        expected: str = "",
        received: str = "",
    ) -> None:
        where = ", ".join(
            part for part in (node and f"node {node!r}", port and f"port {port!r}") if part
        )
        super().__init__(f"{where}: {message}" if where else message)
        self.message = message
        self.node = node
        self.port = port
        self.expected = expected
        self.received = received
