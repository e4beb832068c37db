"""Macros: one named control on the outside of a graph that turns one or many on the inside."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from loopmind.graph.ports import Control

Curve = Literal["linear", "exponential"]


@dataclass(frozen=True)
class Target:
    """One inner control, "node.control", and how it follows its macro.

    With `low` and `high` the macro's range is mapped onto low..high (high < low turns it round);
    with `values` each choice of the macro stands for one value; with neither it is handed on.
    """

    control: str
    low: float | None = None
    high: float | None = None
    curve: Curve = "linear"
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ValueError(f"macro target {self.control!r} needs both ends of its range")
        if self.curve == "exponential" and not (
            self.low and self.high and self.low * self.high > 0
        ):
            raise ValueError(f"macro target {self.control!r}: an exponential range excludes 0")

    def apply(self, macro: Control, value: Any) -> Any:
        """The inner control's plain value when the macro stands at `value`."""
        if value is None:
            return None
        if self.values:
            if str(value) not in self.values:
                raise ValueError(f"macro {macro.name!r} says nothing for {value!r}")
            return self.values[str(value)]
        if self.low is None or self.high is None:
            return value
        start = 0.0 if macro.low is None else macro.low
        end = 1.0 if macro.high is None else macro.high
        share = (float(value) - start) / (end - start)
        if self.curve == "exponential":
            sign = math.copysign(1.0, self.low)
            low, high = math.log(abs(self.low)), math.log(abs(self.high))
            return sign * math.exp(low + (high - low) * share)
        return self.low + (self.high - self.low) * share


@dataclass(frozen=True)
class Macro:
    """A named control of a whole graph. `value` None: it stands at its default.

    A control that a macro drives has no value of its own; the macro is the only truth.
    """

    control: Control
    targets: tuple[Target, ...]
    value: Any = None

    @property
    def position(self) -> Any:
        """Where the macro stands, as plain data."""
        return self.control.default if self.value is None else self.value

    def driven(self) -> dict[str, Any]:
        """Plain values of the inner controls by "node.control"."""
        return {t.control: t.apply(self.control, self.position) for t in self.targets}
