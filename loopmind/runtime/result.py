"""What an evaluation brought: values by address, the status of each node, the failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from loopmind.errors import LoopMindError
from loopmind.graph.document import Graph
from loopmind.graph.node import NodeSpec
from loopmind.graph.plan import Plan, resolve
from loopmind.runtime.cache import Outputs

Status = Literal["ran", "cached", "failed", "blocked"]
STATUSES: tuple[Status, ...] = ("ran", "cached", "failed", "blocked")


class NodeError(LoopMindError):
    """A node failed. `node` is its path; the cause is what it raised."""

    def __init__(self, node: str, message: str) -> None:
        super().__init__(f"node {node!r}: {message}")
        self.node = node


@dataclass(frozen=True)
class Failure:
    """What went wrong at `node`: one line, and the exception itself."""

    node: str
    message: str
    error: BaseException


@dataclass(frozen=True, eq=False)
class Result:
    """What an evaluation brought. status: of each node that was needed ("ran", "cached", ...).

    `result["node.port"]` (or `result["node"]` for its only output) is a value. Values of the
    targets are always there; others as long as the session remembers them.
    """

    graph: Graph
    plan: Plan
    status: Mapping[str, Status]
    failures: tuple[Failure, ...]
    seconds: float
    _values: Mapping[str, Outputs] = field(repr=False)
    _keys: Mapping[str, str] = field(repr=False)
    _remembered: Callable[[str], Outputs | None] = field(repr=False)

    @property
    def ran(self) -> tuple[str, ...]:
        """Paths of the nodes whose functions were called, in the order of the plan."""
        return tuple(path for path in self.plan.steps if self.status.get(path) == "ran")

    @property
    def reusable(self) -> bool:
        """Nothing failed and no node must run every time: the same graph gives the same."""
        return not self.failures and not any(
            step.spec is not None and must_run_always(step.spec)
            for path, step in self.plan.steps.items()
            if path in self.status
        )

    def outputs(self, path: str) -> Outputs:
        """All outputs of the node at `path` (groups: "group/inner"). Raises KeyError."""
        found = self._values.get(path)
        if found is None and path in self._keys:
            found = self._remembered(self._keys[path])
        if found is None:
            status = self.status.get(path, "not needed for the targets")
            raise KeyError(f"{path} has no value ({status}); name the node among the targets")
        return found

    def __getitem__(self, address: str) -> Any:
        path, port = resolve(self.graph, address)
        return self.outputs(path)[port]

    def again(self) -> Result:
        """This result as that of a later evaluation in which nothing had to run."""
        return replace(self, status=dict.fromkeys(self.status, "cached"), seconds=0.0)

    def check(self) -> None:
        """Raise NodeError for the first failure, if there is one."""
        for failure in self.failures:
            raise NodeError(failure.node, failure.message) from failure.error

    def check_for_user(self) -> None:
        """Raise the first failure that its own words explain as it is, else as `check` does."""
        for failure in self.failures:
            if isinstance(failure.error, LoopMindError):
                raise failure.error
        self.check()


def must_run_always(spec: NodeSpec) -> bool:
    """Does the node touch files without telling their state?"""
    return spec.schema.touches_files and spec.fingerprint is None
