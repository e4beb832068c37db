"""Content keys: what makes two runs of a node the same, as one digest."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from loopmind.graph.node import NodeSpec
from loopmind.graph.plan import Step


@functools.lru_cache(maxsize=4096)
def _spec_part(spec: NodeSpec) -> str:
    """Id, version and the digests of the model files; read once in a process."""
    parts = [spec.id, str(spec.schema.version)]
    if spec.models:
        from loopmind.files.digest import file_digest
        from loopmind.files.places import model_file

        parts += [file_digest(model_file(name)) for name in spec.models]
    return "\x1f".join(parts)


def static_part(step: Step) -> bytes:
    """All of a step's key that does not depend on what is wired to it."""
    known = _STATIC.get(step)
    if known is None:
        known = _STATIC[step] = _static_part(step)
    return known


_STATIC: WeakKeyDictionary[Step, bytes] = WeakKeyDictionary()


def _static_part(step: Step) -> bytes:
    assert step.spec is not None
    free = {name: value for name, value in step.controls.items() if name not in step.feeds}
    controls = json.dumps(free, sort_keys=True, separators=(",", ":"))
    return f"{_spec_part(step.spec)}\x1e{controls}".encode("utf-8", "surrogatepass")


def join_key(static: bytes, inputs: Mapping[str, str], fingerprint: str) -> str:
    """The content key of a run: its static part, the keys of its inputs by port, the outside."""
    state = hashlib.blake2b(static, digest_size=16)
    for port in sorted(inputs):
        state.update(f"\x1e{port}\x1f{inputs[port]}".encode())
    state.update(b"\x1d" + fingerprint.encode("utf-8", "surrogatepass"))
    return state.hexdigest()


def output_key(key: str, port: str) -> str:
    """The key of one output of a run."""
    return f"{key}.{port}"


def content_key(digest: str) -> str:
    """The key of a value known by its content alone."""
    return f"={digest}"


def part_key(spec: NodeSpec, digest: str) -> str:
    """The key of a part of a node's result that depends on nothing but what `digest` stands for."""
    return join_key(f"{_spec_part(spec)}\x1cpart".encode(), {"what": digest}, "")


def fingerprint_of(spec: NodeSpec, controls: Mapping[str, Any]) -> str:
    """The state of the outside world for a node that reads it. Raises what the node's own does."""
    return "" if spec.fingerprint is None else str(spec.fingerprint(controls))
