"""The JSON schema of edits, for a language model that is to answer with edits and nothing else."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Any, Literal

from loopmind.music.edit import EDITS, AddTrack, PutClip, RemoveClip, SetAutomation, SwapSound

# What only makes sense with digests and beats at hand is left to people and programs.
LEFT_OUT = frozenset({SetAutomation, PutClip, RemoveClip})
MOST_EDITS = 20


@functools.cache
def edits_schema() -> dict[str, Any]:
    """The schema of {"edits": [...], "not_understood": "..."}."""
    kinds = [_edit_schema(name, cls) for name, cls in EDITS.items() if cls not in LEFT_OUT]
    return {
        "type": "object",
        "properties": {
            "edits": {"type": "array", "maxItems": MOST_EDITS, "items": {"anyOf": kinds}},
            "not_understood": {"type": "string"},
        },
        "required": ["edits", "not_understood"],
        "additionalProperties": False,
    }


def _edit_schema(name: str, cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    properties: dict[str, Any] = {"edit": {"const": name}}
    required = ["edit"]
    for field in dataclasses.fields(cls):
        if field.name == "digest" and cls in (SwapSound, AddTrack):
            continue
        properties[field.name] = _schema(hints[field.name])
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(field.name)
    return {
        "type": "object",
        "description": " ".join((cls.__doc__ or "").split()),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _schema(hint: Any) -> dict[str, Any]:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(option) for option in typing.get_args(hint)]}
    if origin is Literal:
        return {"enum": list(typing.get_args(hint))}
    if origin is tuple:
        return {"type": "array", "items": _schema(typing.get_args(hint)[0])}
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        fields = dataclasses.fields(hint)
        return {
            "type": "object",
            "properties": {f.name: _schema(hints[f.name]) for f in fields},
            "required": [f.name for f in fields if f.default is dataclasses.MISSING],
            "additionalProperties": False,
        }
    plain = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    return {"type": plain[hint]}
