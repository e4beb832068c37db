"""What the user says of a sound, which wins for ever over what is heard and named.

Corrections belong to the content (digest), so they survive renames and new analysis. They are
kept in the database and, after every change, in corrections.json beside it, from which a damaged
database is rebuilt.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from loopmind.errors import UsageError
from loopmind.files.atomic import atomic_write
from loopmind.music.belief import Belief
from loopmind.music.key import Key
from loopmind.music.loop import (
    INSTRUMENTS,
    KINDS,
    LICENCE_NOTE,
    ROLE_OF_INSTRUMENT,
    ROLES,
    Kind,
    Loop,
)

SIDECAR_NAME = "corrections.json"
FIELDS = ("bpm", "key", "instrument", "role", "kind", "tags", "licence")
_ALIASES = {"tempo": "bpm", "tag": "tags", "license": "licence"}
_LONGEST_LICENCE = 200
_NO_KEY = "none"


def check_correction(field: str, value: object) -> tuple[str, str]:
    """(field, value) as they are stored. Raises UsageError that names the choices.

    >>> check_correction("tempo", "140"), check_correction("key", "F#m")
    (('bpm', '140'), ('key', 'F# minor'))
    """
    name = check_field(field)
    if isinstance(value, (tuple, list)):
        value = ",".join(map(str, value))
    text = str(value).strip()
    if name == "bpm":
        return name, _check_bpm(text)
    if name == "key":
        return name, _check_key(text)
    if name == "tags":
        return name, ",".join(
            dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip())
        )
    if name == "licence":
        return name, _check_licence(text)
    choices: tuple[str, ...] = {"instrument": INSTRUMENTS, "role": ROLES, "kind": KINDS}[name]
    if text.lower() not in choices:
        raise UsageError(f"{text!r} is no {name}; choose from {', '.join(choices)}")
    return name, text.lower()


def check_field(field: str) -> str:
    """The stored name of a field. Raises UsageError that names the choices."""
    name = _ALIASES.get(field, field)
    if name not in FIELDS:
        raise UsageError(f"{field!r} cannot be corrected; choose from {', '.join(FIELDS)}")
    return name


def _check_bpm(text: str) -> str:
    try:
        bpm = float(text)
    except ValueError:
        bpm = 0.0
    if not 20.0 <= bpm <= 400.0:
        raise UsageError(f"{text!r} is no tempo; write beats a minute from 20 to 400, such as 140")
    return f"{bpm:g}"


def _check_licence(text: str) -> str:
    line = " ".join(text.split())
    if not line or len(line) > _LONGEST_LICENCE:
        raise UsageError(
            f"say the licence in 1 to {_LONGEST_LICENCE} letters, such as CC0 or 'own recording'"
        )
    return line


def _check_key(text: str) -> str:
    if text.lower() in ("", _NO_KEY):
        return _NO_KEY
    try:
        return str(Key.parse(text))
    except ValueError as error:
        raise UsageError(f"{error}; or 'none' for a sound without pitch") from None


def apply_corrections(loop: Loop, said: dict[str, str]) -> Loop:
    """`loop` as the user says it is; each corrected belief has weight 1."""
    notes = [f"user: {name}" for name in said]
    if "licence" in said:
        notes.append(LICENCE_NOTE + said["licence"])
    changes: dict[str, Any] = {"evidence": (*loop.evidence, *notes)}
    if "kind" in said:
        changes["kind"], changes["kind_confidence"] = cast(Kind, said["kind"]), 1.0
    if "bpm" in said:
        bpm = float(said["bpm"])
        changes["tempo"] = (Belief(bpm, 1.0),)
        beats = loop.beats_at(bpm)
        if changes.get("kind", loop.kind) == "loop":
            changes["seamless"] = beats >= 1.0 and abs(beats - round(beats)) < 0.05
    if "key" in said:
        none = said["key"] == _NO_KEY
        changes["key"] = () if none else (Belief(Key.parse(said["key"]), 1.0),)
    if "instrument" in said:
        changes["instrument"] = (Belief(said["instrument"], 1.0),)
        changes["role"] = (Belief(ROLE_OF_INSTRUMENT[said["instrument"]], 1.0),)
    if "role" in said:
        changes["role"] = (Belief(said["role"], 1.0),)
    if "tags" in said:
        changes["tags"] = tuple(Belief(tag, 1.0) for tag in said["tags"].split(",") if tag)
    return replace(loop, **changes)


def write_sidecar(folder: Path, corrections: dict[str, dict[str, str]]) -> None:
    """Write all corrections beside the database. Raises OutputError."""
    data = {"format": 1, "corrections": corrections}
    text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
    atomic_write(folder / SIDECAR_NAME, text.encode("utf-8"))


def read_sidecar(folder: Path) -> dict[str, dict[str, str]]:
    """The corrections beside a database; empty where there are none.

    Raises UsageError for a file that was edited into something else.
    """
    file = folder / SIDECAR_NAME
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["corrections"]
        return {
            str(digest): dict(check_correction(field, value) for field, value in said.items())
            for digest, said in found.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise UsageError(
            f"{file} cannot be read ({error}); mend it or move it away to go on without it"
        ) from None
