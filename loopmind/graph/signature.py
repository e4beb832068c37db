"""Reading a function's signature into ports, controls and outputs."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from loopmind.graph.context import Context
from loopmind.graph.errors import NodeDeclarationError
from loopmind.graph.ports import (
    SEED_HIGH,
    Choices,
    Control,
    InputPort,
    OutputPort,
    Range,
    _SeedMark,
)
from loopmind.graph.types import LIST_SUFFIX, SCALARS, type_of

_EMPTY = inspect.Parameter.empty


@dataclass(frozen=True)
class Ports:
    """What a signature says: ports, the context parameter ("" if none), several outputs or one."""

    inputs: tuple[InputPort, ...]
    controls: tuple[Control, ...]
    outputs: tuple[OutputPort, ...]
    context: str
    several: bool


def read_signature(function: Callable[..., Any], output: str, where: str) -> Ports:
    """The ports of `function`; `where` opens every message. Raises NodeDeclarationError."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise NodeDeclarationError(
            f"{where}: its annotations cannot be read ({error}); import the types at run time, "
            "not only for type checking"
        ) from error
    inputs: list[InputPort] = []
    controls: list[Control] = []
    context = ""
    for name, parameter in inspect.signature(function).parameters.items():
        at = f"{where}, port {name!r}"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise NodeDeclarationError(f"{at}: *args, **kwargs and positional-only cannot be ports")
        if name not in hints:
            raise NodeDeclarationError(f"{at}: needs an annotation")
        if _is_class(hints[name]) and issubclass(hints[name], Context):
            context = name
            continue
        port = _read_parameter(name, hints[name], parameter.default, at)
        if isinstance(port, Control):
            controls.append(port)
        else:
            inputs.append(port)
    outputs, several = _read_return(hints.get("return", _EMPTY), output, where)
    return Ports(tuple(inputs), tuple(controls), outputs, context, several)


def _is_class(annotation: Any) -> bool:
    """In Python 3.10 tuple[int, ...] calls itself an instance of `type` too."""
    return isinstance(annotation, type) and typing.get_origin(annotation) is None


def _peel(annotation: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """(annotation without marks and None, the marks, may it be None?)."""
    marks: tuple[Any, ...] = ()
    nullable = False
    while True:
        origin = typing.get_origin(annotation)
        if origin is Annotated:
            annotation, *more = typing.get_args(annotation)
            marks += tuple(more)
        elif origin in (typing.Union, types.UnionType):
            options = [o for o in typing.get_args(annotation) if o is not type(None)]
            if len(options) != 1 or len(typing.get_args(annotation)) != 2:
                return annotation, marks, nullable
            nullable, annotation = True, options[0]
        else:
            return annotation, marks, nullable


def _read_parameter(name: str, annotation: Any, default: Any, at: str) -> InputPort | Control:
    base, marks, nullable = _peel(annotation)
    choices: tuple[Any, ...] = ()
    if typing.get_origin(base) is Literal:
        choices = typing.get_args(base)
        base = type(choices[0])
    try:
        type_name = type_of(base)
    except NodeDeclarationError as error:
        raise NodeDeclarationError(f"{at}: {error}") from None
    text = " ".join(mark for mark in marks if isinstance(mark, str))
    if type_name.removesuffix(LIST_SUFFIX) not in SCALARS:
        if default is not _EMPTY and not (default is None and nullable):
            raise NodeDeclarationError(
                f"{at}: an input that may be left open is written '{name}: X | None = None'"
            )
        return InputPort(name, type_name, default is not _EMPTY, text)
    fields = _control_fields(marks, at)
    if choices:
        fields["choices"] = choices
    required = default is _EMPTY
    draft = Control(
        name, type_name, None, required, nullable or default is None, help=text, **fields
    )
    if required:
        return draft
    try:
        plain = draft.plain(default)
    except ValueError as error:
        raise NodeDeclarationError(f"{at}: its default does not fit: {error}") from None
    return Control(name, type_name, plain, False, draft.nullable, help=text, **fields)


def _control_fields(marks: tuple[Any, ...], at: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for mark in marks:
        if isinstance(mark, Range):
            fields.update(
                low=mark.low, high=mark.high, step=mark.step, unit=mark.unit, scale=mark.scale
            )
        elif isinstance(mark, Choices):
            fields["choices"] = mark.values
        elif isinstance(mark, _SeedMark):
            fields.update(seed=True, low=0, high=SEED_HIGH)
        elif not isinstance(mark, str):
            raise NodeDeclarationError(f"{at}: {mark!r} is no mark; use Range, Choices or a text")
    return fields


def _read_return(annotation: Any, output: str, where: str) -> tuple[tuple[OutputPort, ...], bool]:
    if annotation is _EMPTY:
        raise NodeDeclarationError(f"{where}: needs a return annotation; it is the output")
    if annotation is type(None):
        return (), False
    is_tuple = _is_class(annotation) and issubclass(annotation, tuple)
    several = is_tuple and hasattr(annotation, "_fields")
    hints = (
        typing.get_type_hints(annotation, include_extras=True) if several else {output: annotation}
    )
    ports = []
    for name, hint in hints.items():
        base, marks, nullable = _peel(hint)
        at = f"{where}, output {name!r}"
        if nullable:
            raise NodeDeclarationError(f"{at}: an output is always there; drop the None")
        try:
            type_name = type_of(base)
        except NodeDeclarationError as error:
            raise NodeDeclarationError(f"{at}: {error}") from None
        text = " ".join(mark for mark in marks if isinstance(mark, str))
        ports.append(OutputPort(name, type_name, text))
    return tuple(ports), several
