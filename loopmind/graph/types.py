"""Wire types: which Python values travel on wires, their names, and which may be connected.

`connection` is the only place that decides compatibility. A type is known by its name: "audio",
"crate", ...; a tuple of any type T is the list type "T[]".
"""

from __future__ import annotations

import dataclasses
import types as _types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from loopmind.graph.errors import NodeDeclarationError
from loopmind.music.audio import Audio
from loopmind.music.brief import Brief
from loopmind.music.cuts import Cuts
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Loop
from loopmind.music.material import Material
from loopmind.music.measured import Measured
from loopmind.music.melody import Melody
from loopmind.music.mix import Mix
from loopmind.music.notes import Note, Notes
from loopmind.music.packed import PackedSound
from loopmind.music.palette import Palette
from loopmind.music.reference import Match, Reference
from loopmind.music.signal import Signal
from loopmind.music.song import Song
from loopmind.music.stems import Embedding, Stems
from loopmind.music.style import Style
from loopmind.music.transcript import Transcript

LIST_SUFFIX = "[]"


@dataclass(frozen=True)
class WireType:
    """One kind of value: its name, Python class, colour on the canvas ("#rrggbb").

    item: name of the type of its items where the value is a collection; split: the items.
    """

    name: str
    python: Any
    colour: str
    item: str | None = None
    split: Callable[[Any], tuple[Any, ...]] | None = None

    @property
    def is_list(self) -> bool:
        return self.name.endswith(LIST_SUFFIX)


@dataclass(frozen=True)
class Connection:
    """How a wire hands its value over.

    direct: as it is. convert: through `convert`. map: `split` gives the items, `convert` (if any)
    is applied to each, and the receiving node runs once per item.
    """

    kind: Literal["direct", "convert", "map"]
    convert: Callable[[Any], Any] | None = None
    split: Callable[[Any], tuple[Any, ...]] | None = None


_BY_NAME: dict[str, WireType] = {}
_BY_PYTHON: dict[Any, str] = {}
_CONVERSIONS: dict[tuple[str, str], Callable[[Any], Any]] = {}

_PLAIN = frozenset((float, int, bool, str, Path))
SCALARS = ("number", "integer", "boolean", "text", "path", "edit")
"""Types whose values can be set by hand, so a parameter of them is a control."""


def register_type(
    python: type,
    name: str,
    *,
    colour: str = "#8a8f98",
    item: str | None = None,
    split: Callable[[Any], tuple[Any, ...]] | None = None,
) -> WireType:
    """Let values of the frozen dataclass `python` travel on wires as `name`.

    Registering the same class again under the same name changes nothing; another class for a
    known name (or another name for a known class) raises NodeDeclarationError.
    """
    known = _BY_NAME.get(name)
    if known is not None and known.python is python:
        return known
    if known is not None or python in _BY_PYTHON:
        taken = f"name {name!r}" if known is not None else f"class {python.__qualname__}"
        raise NodeDeclarationError(f"the wire type {taken} is already registered; choose another")
    if name.endswith(LIST_SUFFIX) or not name:
        raise NodeDeclarationError(f"{name!r} cannot be the name of a wire type")
    if python not in _PLAIN and not dataclasses.is_dataclass(python):
        raise NodeDeclarationError(
            f"{python.__qualname__} is no dataclass; only frozen dataclasses travel on wires"
        )
    if (item is None) != (split is None):
        raise NodeDeclarationError(f"wire type {name!r}: give both item and split, or neither")
    wire_type = WireType(name, python, colour, item, split)
    _BY_NAME[name] = wire_type
    _BY_PYTHON[python] = name
    return wire_type


def register_conversion(source: str, target: str, convert: Callable[[Any], Any]) -> None:
    """Let a `source` wire feed a `target` port through `convert`, which must lose nothing."""
    for name in (source, target):
        if wire_type(name) is None:
            raise NodeDeclarationError(f"there is no wire type {name!r}; register it first")
    _CONVERSIONS[source, target] = convert


def _as_items(value: Any) -> tuple[Any, ...]:
    return tuple(value)


def wire_type(name: str) -> WireType | None:
    """The wire type called `name` (list types included), or None."""
    found = _BY_NAME.get(name)
    if found is None and name.endswith(LIST_SUFFIX):
        item = wire_type(name.removesuffix(LIST_SUFFIX))
        if item is not None:
            python = tuple[item.python, ...]  # type: ignore[name-defined]
            found = WireType(name, python, item.colour, item.name, _as_items)
            _BY_NAME[name] = found
    return found


def wire_types() -> tuple[WireType, ...]:
    """All registered types by name, without the list types made of them."""
    return tuple(t for _, t in sorted(_BY_NAME.items()) if not t.is_list)


def type_of(annotation: Any) -> str:
    """The name of the wire type for a Python annotation.

    >>> type_of(float), type_of(Crate), type_of(tuple[Loop, ...])
    ('number', 'crate', 'loop[]')

    Raises NodeDeclarationError for Any and for whatever is not registered.
    """
    if annotation is Any:
        raise NodeDeclarationError("Any cannot travel on a wire; name the exact type")
    if typing.get_origin(annotation) is tuple:
        args = typing.get_args(annotation)
        if len(args) == 2 and args[1] is Ellipsis:
            return type_of(args[0]) + LIST_SUFFIX
        raise NodeDeclarationError(f"{annotation} cannot travel on a wire; use tuple[X, ...]")
    union = isinstance(annotation, _types.UnionType) and annotation != Edit
    name = None if union else _BY_PYTHON.get(annotation)
    if name is None:
        shown = getattr(annotation, "__qualname__", str(annotation))
        known = ", ".join(t.name for t in wire_types())
        raise NodeDeclarationError(
            f"{shown} is no wire type; use one of {known}, or call register_type first"
        )
    return name


def connection(source: str, target: str) -> Connection | None:
    """How a wire of type `source` can feed a port of type `target`; None where it cannot.

    >>> connection("integer", "number").kind, connection("crate", "loop").kind
    ('convert', 'map')
    >>> connection("text", "audio") is None
    True
    """
    if source == target:
        return Connection("direct")
    whole = _convert(source, target)
    if whole is not None:
        return Connection("convert", whole)
    origin = wire_type(source)
    if origin is None or origin.item is None:
        return None
    if origin.item == target:
        return Connection("map", None, origin.split)
    each = _CONVERSIONS.get((origin.item, target))
    return Connection("map", each, origin.split) if each is not None else None


def _convert(source: str, target: str) -> Callable[[Any], Any] | None:
    simple = _CONVERSIONS.get((source, target))
    if simple is not None:
        return simple
    origin, goal = wire_type(source), wire_type(target)
    if origin is None or goal is None or not goal.is_list:
        return None
    if source == goal.item:
        return lambda value: (value,)
    if origin.item is None or origin.split is None or goal.item is None:
        return None
    split = origin.split
    if origin.item == goal.item:
        return split
    each = _CONVERSIONS.get((origin.item, goal.item))
    if each is None:
        return None
    return lambda value: tuple(each(item) for item in split(value))


def _register_built_in() -> None:
    plain: tuple[tuple[type, str, str], ...] = (
        (float, "number", "#a7c957"),
        (int, "integer", "#8cb369"),
        (bool, "boolean", "#bc4749"),
        (str, "text", "#e9c46a"),
        (Path, "path", "#c9ada7"),
        (Audio, "audio", "#48bfe3"),
        (Loop, "loop", "#f4a261"),
        (Embedding, "embedding", "#9d4edd"),
        (Brief, "brief", "#ffd166"),
        (Key, "key", "#ef476f"),
        (Palette, "palette", "#f78c6b"),
        (Song, "song", "#06d6a0"),
        (Mix, "mix", "#118ab2"),
        (Draft, "draft", "#f2cc8f"),
        (Material, "material", "#5e60ce"),
        (Measured, "measured", "#80ffdb"),
        (Note, "note", "#ff99c8"),
        (Reference, "reference", "#bc6c25"),
        (Match, "match", "#606c38"),
        (Style, "style", "#dda15e"),
        (Signal, "signal", "#ff8c1a"),
        (Cuts, "cuts", "#b5838d"),
        (Melody, "melody", "#ff8fab"),
        (Transcript, "transcript", "#ff9e00"),
        (PackedSound, "packed_sound", "#56cfe1"),
    )
    for python, name, colour in plain:
        register_type(python, name, colour=colour)
    # One name for every kind of edit; a control alone holds them, no wire carries them.
    _BY_NAME["edit"] = WireType("edit", Edit, "#cdb4db")
    _BY_PYTHON[Edit] = "edit"
    register_type(
        Crate, "crate", colour="#e76f51", item="loop", split=lambda crate: tuple(crate.loops)
    )
    register_type(
        Notes, "notes", colour="#ff70a6", item="note", split=lambda notes: tuple(notes.notes)
    )
    register_type(
        Stems, "stems", colour="#72efdd", item="audio", split=lambda stems: tuple(stems.sounds)
    )
    register_conversion("integer", "number", float)
    register_conversion("text", "path", Path)
    register_conversion("path", "text", str)
    register_conversion("loop[]", "crate", lambda loops: Crate(tuple(loops)))


_register_built_in()
