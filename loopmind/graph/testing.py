"""Checks for the tests of node authors: is a node declared well, and does it keep its word?

from loopmind.graph.testing import check_node

def test_my_node() -> None:
    outputs = check_node(my_node, sound=some_audio, amount=0.5)
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from loopmind.graph.context import PlainContext
from loopmind.graph.errors import NodeDeclarationError
from loopmind.graph.node import NodeSchema, NodeSpec, spec_of
from loopmind.graph.outputs import as_outputs, fits
from loopmind.graph.values import digest
from loopmind.music.codec import from_plain, to_plain


def declaration_problems(spec: NodeSpec) -> list[str]:
    """Everything about a node's declaration that the rules for nodes forbid; empty is good.

    One node per file, and file, function, id and title agree; all ports are told apart by name;
    defaults lie within their range; the schema survives being written as JSON.
    """
    schema = spec.schema
    found = []
    name = spec.function.__name__
    stem = Path(inspect.getfile(spec.function)).stem
    if stem != name:
        found.append(f"the file is called {stem}.py, the function {name}; they must agree")
    if schema.id.rpartition(".")[2] != name:
        found.append(f"the id {schema.id!r} must end in {name!r}")
    words = schema.title.lower().replace("-", " ").split()
    if words != name.split("_"):
        found.append(f"the title {schema.title!r} must read as the name {name!r}")
    if not schema.help.strip():
        found.append("it needs a docstring")
    if not schema.category.strip():
        found.append("it needs a category")
    names = [port.name for port in schema.takers]
    if len(set(names)) != len(names):
        found.append(f"two inputs share a name: {names}")
    for control in schema.controls:
        if not control.required:
            try:
                control.plain(control.default)
            except ValueError as error:
                found.append(f"the default of {control.name!r} does not fit: {error}")
    written = json.loads(json.dumps(to_plain(schema)))
    if to_plain(from_plain(NodeSchema, written)) != to_plain(schema):
        found.append("its schema does not survive being written as JSON")
    return found


def check_node(function: Any, **arguments: Any) -> dict[str, Any]:
    """Check a node's declaration; with arguments, run it twice and check that it is pure.

    Returns the outputs by port (empty where no arguments were given). Raises AssertionError
    saying what is wrong.
    """
    spec = spec_of(function)
    if spec is None:
        raise NodeDeclarationError(f"{function!r} is not declared with @node")
    found = declaration_problems(spec)
    assert not found, f"{spec.id}: " + "; ".join(found)
    if not arguments:
        return {}
    _check_arguments(spec, arguments)
    before = {name: _digest(value) for name, value in arguments.items()}
    more: dict[str, Any] = {spec.context: PlainContext()} if spec.context else {}
    first = as_outputs(spec, function(**arguments, **more))
    second = as_outputs(spec, function(**arguments, **more))
    for name, value in arguments.items():
        assert _digest(value) == before[name], f"{spec.id} changed its input {name!r}"
    for name, value in first.items():
        same = _digest(value) == _digest(second[name])
        assert same, f"{spec.id} gave two different values of {name!r} for the same inputs"
    return first


def _check_arguments(spec: NodeSpec, arguments: dict[str, Any]) -> None:
    for name, value in arguments.items():
        port = spec.schema.input(name)
        assert port is not None, f"{spec.id} has no input {name!r}"
        control = spec.schema.control(name)
        if control is not None:
            control.plain(value)
        elif value is not None:
            assert fits(value, port.type), (
                f"{spec.id}, input {name!r}: expected {port.type}, received {type(value).__name__}"
            )


def _digest(value: Any) -> str:
    return "" if value is None else digest(value)
