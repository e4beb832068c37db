"""Declaring a node: `@node(...)` reads a plain function's signature into its ports.

The signature is the only list of ports. Parameters are inputs and controls, the return annotation
is the output; a `NamedTuple` return makes one output per field. The function stays callable.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from loopmind.graph.errors import NodeDeclarationError
from loopmind.graph.ports import Control, InputPort, OutputPort
from loopmind.graph.signature import read_signature

F = TypeVar("F", bound=Callable[..., Any])
NodeKind = Literal["value", "stream"]
Caching = Literal["memory", "disk", "none"]
PerItem = Literal["threads", "processes"]
Fingerprint = Callable[[Mapping[str, Any]], str]

_ID = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")
_ATTRIBUTE = "__loopmind_node__"


@dataclass(frozen=True)
class Migrated:
    """A saved node brought to the present version: its controls, and ports that were renamed.

    inputs, outputs: old port name -> new port name (controls that are wired count as inputs).
    """

    controls: dict[str, Any]
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


Migrate = Callable[[int, dict[str, Any]], Migrated]


@dataclass(frozen=True)
class NodeSchema:
    """All that a canvas, a document or a terminal needs to know of a node; plain data."""

    id: str
    title: str
    category: str
    version: int
    kind: NodeKind
    help: str
    inputs: tuple[InputPort, ...]
    controls: tuple[Control, ...]
    outputs: tuple[OutputPort, ...]
    touches_files: bool = False
    writes_files: bool = False
    cache: Caching = "memory"

    def input(self, name: str) -> InputPort | Control | None:
        """The input or control called `name`: whatever a wire may lead to."""
        return next((p for p in self.takers if p.name == name), None)

    @property
    def takers(self) -> tuple[InputPort | Control, ...]:
        """Inputs and controls: all that a wire may lead to."""
        return (*self.inputs, *self.controls)

    def control(self, name: str) -> Control | None:
        return next((c for c in self.controls if c.name == name), None)

    def output(self, name: str) -> OutputPort | None:
        return next((o for o in self.outputs if o.name == name), None)


@dataclass(frozen=True, eq=False)
class NodeSpec:
    """A declared node: its schema, its function and how the runtime should treat it.

    context: name of the parameter that receives the Context, or "". several: the function
    returns a NamedTuple of all outputs. fingerprint: see `node`. models: names of model files
    whose digests enter the cache key. per_item: where mapped items run.
    """

    schema: NodeSchema
    function: Callable[..., Any]
    context: str = ""
    several: bool = False
    fingerprint: Fingerprint | None = None
    models: tuple[str, ...] = ()
    migrate: Migrate | None = None
    per_item: PerItem = "threads"

    @property
    def id(self) -> str:
        return self.schema.id

    @property
    def source(self) -> str:
        """Where the node is declared, for messages."""
        return f"{self.function.__module__}.{self.function.__qualname__}"


def node(
    *,
    id: str,
    category: str,
    version: int = 1,
    title: str | None = None,
    output: str = "out",
    touches_files: bool = False,
    writes_files: bool = False,
    fingerprint: Fingerprint | None = None,
    models: tuple[str, ...] = (),
    cache: Caching = "memory",
    migrate: Migrate | None = None,
    per_item: PerItem = "threads",
    kind: NodeKind = "value",
) -> Callable[[F], F]:
    """Declare the decorated function as the node `id` ("namespace.function_name").

    version rises whenever the same inputs would give another result. output names the port of a
    single return value. A node is pure unless it says `touches_files` (reads them) or
    `writes_files`; such a node runs on every evaluation, unless `fingerprint(controls)` gives a
    text for the state of the outside world (a folder listing, digests), which then enters its
    cache key. cache: "memory" within a session, "disk" beyond it, "none"; of a node that runs
    on every evaluation only the parts that it asks its context to remember. migrate(old version,
    saved controls) brings saved nodes up to date.

    Raises NodeDeclarationError where signature, docstring or id will not do.
    """

    def declare(function: F) -> F:
        where = f"node {id!r}"
        if not _ID.match(id):
            raise NodeDeclarationError(f"{where}: an id looks like 'namespace.function_name'")
        if id.rpartition(".")[2] != function.__name__:
            raise NodeDeclarationError(
                f"{where}: the function is called {function.__name__!r}; id and name must agree"
            )
        if version < 1:
            raise NodeDeclarationError(f"{where}: version must be at least 1, got {version}")
        help_text = inspect.getdoc(function)
        if not help_text:
            raise NodeDeclarationError(f"{where} needs a docstring; it becomes its help")
        if fingerprint is not None and not (touches_files or writes_files):
            raise NodeDeclarationError(f"{where}: a fingerprint needs touches_files=True")
        ports = read_signature(function, output, where)
        schema = NodeSchema(
            id=id,
            title=title or function.__name__.replace("_", " ").capitalize(),
            category=category,
            version=version,
            kind=kind,
            help=help_text,
            inputs=ports.inputs,
            controls=ports.controls,
            outputs=ports.outputs,
            touches_files=touches_files or writes_files,
            writes_files=writes_files,
            cache=cache,
        )
        spec = NodeSpec(
            schema, function, ports.context, ports.several, fingerprint, models, migrate, per_item
        )
        setattr(function, _ATTRIBUTE, spec)
        return function

    return declare


def spec_of(function: object) -> NodeSpec | None:
    """The declaration behind a node function, or None where it is no node."""
    spec = getattr(function, _ATTRIBUTE, None)
    return spec if isinstance(spec, NodeSpec) else None
