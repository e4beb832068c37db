"""What a node function returned, as values by output port, checked against what it declares."""

from __future__ import annotations

from typing import Any

from loopmind.graph.errors import NodeRunError
from loopmind.graph.node import NodeSpec
from loopmind.graph.types import LIST_SUFFIX, wire_type


def as_outputs(spec: NodeSpec, result: Any) -> dict[str, Any]:
    """A function's result by output port. Raises NodeRunError where it is not what is declared."""
    ports = spec.schema.outputs
    if not ports:
        return {}
    results = tuple(result) if spec.several and isinstance(result, tuple) else (result,)
    if len(results) != len(ports):
        raise NodeRunError(
            f"{spec.id} declares {len(ports)} outputs and returned {type(result).__name__}"
        )
    outputs = {}
    for port, value in zip(ports, results, strict=True):
        if port.type == "number" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not fits(value, port.type):
            raise NodeRunError(
                f"{spec.id}, output {port.name!r}: expected {port.type}, "
                f"received {type(value).__name__}"
            )
        outputs[port.name] = value
    return outputs


def fits(value: Any, type_name: str) -> bool:
    """Is `value` of wire type `type_name`? Of long lists only the first items are looked at."""
    if type_name.endswith(LIST_SUFFIX):
        item = type_name.removesuffix(LIST_SUFFIX)
        return isinstance(value, tuple) and all(fits(one, item) for one in value[:4])
    known = wire_type(type_name)
    if known is None:
        return False
    if known.python is int and isinstance(value, bool):
        return False
    return isinstance(value, known.python)
