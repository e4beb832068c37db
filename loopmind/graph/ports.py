"""Ports as data: inputs, controls and outputs of a node, and the marks that describe a control.

Marks are put into annotations: `Annotated[float, Range(-12, 12, unit="dB"), "How loud."]`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from loopmind.graph.types import LIST_SUFFIX
from loopmind.music.codec import CodecError
from loopmind.music.edit import EDITS, edit_from_plain, edit_to_plain

Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Range:
    """Lowest and highest value of a number, both allowed; `unit` as shown to the user."""

    low: float
    high: float
    step: float | None = None
    unit: str = ""
    scale: Scale = "linear"

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"a range needs low < high, got {self.low} and {self.high}")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"a logarithmic range must lie above 0, got {self.low}")


class Choices:
    """The values a control may take, in the order shown: `Choices("raw", "polished")`."""

    def __init__(self, *values: str | int | float) -> None:
        if not values or len(set(values)) != len(values):
            raise ValueError(f"choices must be different and at least one, got {values}")
        self.values = values


@dataclass(frozen=True)
class _SeedMark:
    pass


Seed = Annotated[int, _SeedMark()]
"""Annotation of a seed control: a whole number from 0 that the user can re-roll."""

SEED_HIGH = 2**31 - 1


def _as_is(plain: Any) -> Any:
    return plain


_MADE_OF_PLAIN: dict[str, Callable[[Any], Any]] = {"path": Path, "edit": edit_from_plain}


@dataclass(frozen=True)
class InputPort:
    """A value that arrives by wire only. `type` is the name of a wire type."""

    name: str
    type: str
    optional: bool = False
    help: str = ""


@dataclass(frozen=True)
class OutputPort:
    """A value that a node makes."""

    name: str
    type: str
    help: str = ""


@dataclass(frozen=True)
class Control:
    """A value that is set by hand, or fed by a wire of a matching type.

    default: plain data. required: there is no default, so it must be set or wired.
    nullable: None is a value too ("let the node decide"). Bounds apply to numbers, and to each
    number of a list.
    """

    name: str
    type: str
    default: Any = None
    required: bool = False
    nullable: bool = False
    low: float | None = None
    high: float | None = None
    step: float | None = None
    unit: str = ""
    scale: Scale = "linear"
    choices: tuple[Any, ...] = ()
    seed: bool = False
    help: str = ""

    def expected(self) -> str:
        """What this control accepts, in words."""
        words = self.type
        if self.choices:
            words = "one of " + ", ".join(map(str, self.choices))
        elif self.low is not None or self.high is not None:
            low = "" if self.low is None else f"{self.low:g}"
            high = "" if self.high is None else f"{self.high:g}"
            words += f" in {low}..{high}" + (f" {self.unit}" if self.unit else "")
        return words + (" or nothing" if self.nullable else "")

    def plain(self, value: Any) -> Any:
        """`value` as the plain data a document stores. Raises ValueError naming what it expects.

        >>> Control("gain_db", "number", 0.0, low=-12, high=12, unit="dB").plain(3)
        3.0
        """
        if value is None and self.nullable:
            return None
        if self.type.endswith(LIST_SUFFIX):
            if not isinstance(value, (list, tuple)):
                raise self._refused(value)
            kind = self.type.removesuffix(LIST_SUFFIX)
            if kind == "edit":
                return [self._edit(item, f"edit {n}: ") for n, item in enumerate(value, start=1)]
            return [self._scalar(kind, item) for item in value]
        return self._scalar(self.type, value)

    def _edit(self, value: Any, where: str = "") -> dict[str, Any]:
        """An edit (the value, or plain data) as plain data. Raises ValueError naming its field."""
        if type(value) in EDITS.values():
            return edit_to_plain(value)
        try:
            return edit_to_plain(edit_from_plain(value))
        except CodecError as error:
            raise ValueError(f"{where}{error}") from None

    def _scalar(self, kind: str, value: Any) -> Any:
        if kind == "edit":
            return self._edit(value)
        result: Any = value
        right = False
        if kind == "number":
            right = isinstance(value, (int, float)) and not isinstance(value, bool)
            result = float(value) if right else value
            right = right and math.isfinite(result)
        elif kind == "integer":
            right = isinstance(value, int) and not isinstance(value, bool)
        elif kind == "boolean":
            right = isinstance(value, bool)
        elif kind == "text":
            right = isinstance(value, str)
        elif kind == "path":
            right = isinstance(value, (str, Path))
            result = str(value)
        if not right or (self.choices and result not in self.choices):
            raise self._refused(value)
        if kind in ("number", "integer"):
            below = self.low is not None and result < self.low
            if below or (self.high is not None and result > self.high):
                raise self._refused(value)
        return result

    def _refused(self, value: Any) -> ValueError:
        return ValueError(f"expected {self.expected()}, received {value!r}")

    def value(self, plain: Any) -> Any:
        """What the node function receives for `plain` data."""
        if plain is None:
            return None
        make = _MADE_OF_PLAIN.get(self.type.removesuffix(LIST_SUFFIX), _as_is)
        if self.type.endswith(LIST_SUFFIX):
            return tuple(make(item) for item in plain)
        return make(plain)

    def parse(self, text: str) -> Any:
        """Plain data for what was typed on a command line. Raises ValueError."""
        stripped = text.strip()
        if self.nullable and stripped.lower() in ("", "none", "null"):
            return None
        if self.type.startswith("edit"):
            return self.plain(self._json(stripped or "[]"))
        if self.type.endswith(LIST_SUFFIX):
            kind = self.type.removesuffix(LIST_SUFFIX)
            parts = [part.strip() for part in text.split(",") if part.strip()]
            return self.plain([self._typed(kind, part) for part in parts])
        return self.plain(self._typed(self.type, text))

    def _json(self, text: str) -> Any:
        try:
            data = json.loads(text)
        except ValueError as error:
            raise ValueError(f"expected edits as JSON: {error}") from None
        several = self.type.endswith(LIST_SUFFIX)
        return [data] if several and not isinstance(data, list) else data

    def _typed(self, kind: str, text: str) -> Any:
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        stripped = text.strip()
        try:
            if kind == "number":
                return float(stripped)
            if kind == "integer":
                return int(stripped)
        except ValueError:
            raise self._refused(text) from None
        if kind == "boolean":
            return words.get(stripped.lower(), text)
        if self.choices and stripped in map(str, self.choices):
            return next(choice for choice in self.choices if str(choice) == stripped)
        return text
