"""Values to plain data and back, driven by the dataclasses' own type hints.

Plain data is what JSON and msgpack carry: dict, list, str, int, float, bool, None; a mapping whose
keys are no texts becomes a list of pairs. Nothing is ever unpickled; unknown fields are refused,
missing ones take their default, so old files stay readable.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

T = TypeVar("T")


_NAMES: dict[Any, str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false",
}  # fmt: skip


class CodecError(ValueError):
    """Data does not fit the value it is read as; the message names the field."""


def to_plain(value: Any, *, arrays: bool = False) -> Any:
    """Plain data for a frozen value (dataclasses, tuples, dicts, paths, scalars).

    arrays: leave NumPy arrays in the data, for a writer that knows how to store them. Raises
    CodecError for anything else.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (f.name for f in dataclasses.fields(value))
        return {name: to_plain(getattr(value, name), arrays=arrays) for name in names}
    if isinstance(value, (tuple, list)):
        return [to_plain(item, arrays=arrays) for item in value]
    if isinstance(value, dict):
        items = [(key, to_plain(item, arrays=arrays)) for key, item in value.items()]
        if all(isinstance(key, str) for key, _ in items):
            return dict(items)
        return [[to_plain(key), item] for key, item in items]
    if isinstance(value, Path):
        return str(value)
    if arrays and isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value
    raise CodecError(f"a {type(value).__name__} cannot be written as plain data")


def from_plain(cls: type[T], data: Any) -> T:
    """The `cls` value that `to_plain` wrote as `data`. Raises CodecError naming the field."""
    return cast(T, _read(cls, data, cls.__name__))


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _read(hint: Any, data: Any, where: str) -> Any:
    if isinstance(hint, TypeVar) or hint is Any:
        return data
    origin = typing.get_origin(hint)
    if hasattr(origin, "__value__"):  # from NumPy 2.5 on, NDArray is a named alias (PEP 695)
        hint = origin.__value__[typing.get_args(hint)]
        origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = typing.get_args(hint)
        if data is None and type(None) in options:
            return None
        return _read_option([o for o in options if o is not type(None)], data, where)
    if origin is typing.Literal:
        if data not in typing.get_args(hint):
            raise CodecError(f"{where}: {data!r} is none of {typing.get_args(hint)}")
        return data
    if origin is tuple:
        return _read_tuple(typing.get_args(hint), data, where)
    if origin is dict:
        key_hint, value_hint = typing.get_args(hint)
        if key_hint is not str and isinstance(data, list):
            pair = (key_hint, value_hint)
            return dict(_read_tuple(pair, item, f"{where}[{i}]") for i, item in enumerate(data))
        if not isinstance(data, dict):
            raise CodecError(f"{where}: expected a mapping, got {type(data).__name__}")
        return {key: _read(value_hint, item, f"{where}.{key}") for key, item in data.items()}
    if origin is np.ndarray:
        if not isinstance(data, np.ndarray):
            raise CodecError(f"{where}: expected an array, got {type(data).__name__}")
        return data
    if origin is not None and dataclasses.is_dataclass(origin):
        return _read_dataclass(cast(type, origin), typing.get_args(hint), data, where)
    if dataclasses.is_dataclass(hint):
        return _read_dataclass(cast(type, hint), (), data, where)
    return _read_scalar(hint, data, where)


def _read_option(options: list[Any], data: Any, where: str) -> Any:
    """`data` as the first of several types that it fits."""
    if len(options) == 1:
        return _read(options[0], data, where)
    for option in options:
        with suppress(CodecError):
            return _read(option, data, where)
    names = ", ".join(_NAMES.get(option, "a list") for option in options)
    raise CodecError(f"{where}: expected one of {names}, got {data!r}")


def _read_scalar(hint: Any, data: Any, where: str) -> Any:
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError:
            raise CodecError(f"{where}: the number is too large") from None
    if hint is Path and isinstance(data, str):
        return Path(data)
    wrong_bool = isinstance(data, bool) and hint is not bool
    if not isinstance(hint, type) or not isinstance(data, hint) or wrong_bool:
        raise CodecError(f"{where}: expected {_NAMES.get(hint, hint)}, got {data!r}")
    return data


def _read_tuple(args: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, (list, tuple)):
        raise CodecError(f"{where}: expected a list, got {type(data).__name__}")
    if len(args) == 2 and args[1] is Ellipsis:
        # Long lists of numbers (embeddings, onsets) skip the walk item by item.
        if args[0] in (float, str) and all(type(item) is args[0] for item in data):
            return tuple(data)
        return tuple(_read(args[0], item, f"{where}[{i}]") for i, item in enumerate(data))
    if len(args) != len(data):
        raise CodecError(f"{where}: expected {len(args)} items, got {len(data)}")
    pairs = zip(args, data, strict=True)
    return tuple(_read(arg, item, f"{where}[{i}]") for i, (arg, item) in enumerate(pairs))


def _read_dataclass(cls: type, args: tuple[Any, ...], data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise CodecError(f"{where}: expected the fields of {cls.__name__}, got {data!r}")
    hints = _hints(cls)
    type_vars = getattr(cls, "__parameters__", ())
    bound = dict(zip(type_vars, args, strict=False))
    fields = {f.name: f for f in dataclasses.fields(cls)}
    unknown = set(data) - set(fields)
    if unknown:
        raise CodecError(f"{where}: unknown field {sorted(unknown)[0]!r} in {cls.__name__}")
    values = {}
    for name, field in fields.items():
        if name in data:
            hint = bound.get(hints[name], hints[name])
            values[name] = _read(hint, data[name], f"{where}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise CodecError(f"{where}: field {name!r} of {cls.__name__} is missing")
    try:
        return cls(**values)
    except ValueError as error:
        raise CodecError(f"{where}: {error}") from error
