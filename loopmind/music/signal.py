"""A signal: the recipe of a stereo stream, as stream nodes hand it on.

Nothing sounds here. A stream node returns what is to be done to the signals that it takes; the
engine and the renderer turn the whole recipe into one flat program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Setting = float | int | bool | str | None


@dataclass(frozen=True, eq=False)
class Signal:
    """A stereo stream: the unit that makes it, the unit's settings, and what it is fed.

    unit: "module:NAME" of the dsp unit. sources: the streams that it takes, in the unit's order.
    values: sounds, notes or a whole song that it plays. label: what messages call it.
    """

    unit: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    sources: tuple[Signal, ...] = ()
    values: tuple[object, ...] = ()
    label: str = ""

    @property
    def name(self) -> str:
        """The label, or the unit's name."""
        return self.label or self.unit.rpartition(":")[2].lower().replace("_", " ")
