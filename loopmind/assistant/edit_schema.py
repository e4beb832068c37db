"""The JSON schema of edits, for a language model that is to answer with edits and nothing else."""

from __future__ import annotations

import functools
from typing import Any

from loopmind.music.edit import EDITS, PutClip, RemoveClip, SetAutomation, SetMacro, edit_name
from loopmind.music.edit_schema import edit_json_schema

# What only makes sense with digests, beats or a user's own graph at hand is left to people and
# programs.
LEFT_OUT = frozenset({SetAutomation, PutClip, RemoveClip, SetMacro})
MOST_EDITS = 20
_REF = "#/$defs/"


@functools.cache
def edits_schema() -> dict[str, Any]:
    """The schema of {"edits": [...], "not_understood": "..."}.

    The edits are those of the published schema with everything written out in place, since small
    servers follow no references.
    """
    published = edit_json_schema()["$defs"]
    kinds = [_written_out(published[edit_name(cls)], published)
             for cls in EDITS.values() if cls not in LEFT_OUT]  # fmt: skip
    for kind in kinds:
        kind["properties"].pop("digest", None)
    return {
        "type": "object",
        "properties": {
            "edits": {"type": "array", "maxItems": MOST_EDITS, "items": {"anyOf": kinds}},
            "not_understood": {"type": "string"},
        },
        "required": ["edits", "not_understood"],
        "additionalProperties": False,
    }


def _written_out(schema: Any, published: dict[str, Any]) -> Any:
    """A schema with its references replaced by what they stand for, and without defaults."""
    if isinstance(schema, list):
        return [_written_out(part, published) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _written_out(published[schema["$ref"].removeprefix(_REF)], published)
    properties = schema.get("properties")
    kept = {name: _written_out(part, published) for name, part in schema.items()
            if name != "default" and name != "properties"}  # fmt: skip
    if isinstance(properties, dict):
        kept["properties"] = {n: _written_out(p, published) for n, p in properties.items()}
    return kept
