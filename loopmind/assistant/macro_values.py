"""What words say of one macro, as an edit: a value, a move, or nothing at all.

Words that are more than that are never passed over: then a note says what to write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from loopmind.music.edit import MacroValue, SetMacro

_STEP = 0.15
"""What "up" moves a macro by, as a share of its range."""
_COUNTED = 1000.0
"""A wider range of whole numbers is counted (a seed), not turned: it moves by 1."""
QUOTED = re.compile(r"\"([^\"]*)\"|“([^”]*)”|(?<!\w)'([^']*)'(?!\w)")
"""What is quoted is meant to the letter."""
_AIM = re.compile(r"(?:^\s*[:=]|\b(?:to be|to|at|as|be)\b)\s*(.+)$", re.IGNORECASE)
# Words around a wish that say neither which value nor which way.
_AROUND = re.compile(
    r"\b(?:(?:sett|putt|turn|mak|chang|mov|bring|switch)ing|set|put|turn|make|change|move|bring|"
    r"choose|pick|use|select|switch|get|let|lets|want|need|like|should|must|would|could|can|i|we|"
    r"you|it|that|is|the|a|an|my|our|for|of|to|and|so|then|now|just|also|again|please|thanks|ok|"
    r"okay|hey|yo|me|value)(?:'\w+)?(?![\w.,])",
    re.IGNORECASE,
)
_UP = re.compile(r"\b(?:up|raise|raising|increase|increasing|higher|more)\b")
_DOWN = re.compile(r"\b(?:down|back|lower|lowering|decrease|decreasing|reduce|reducing|less)\b")
_LITTLE = re.compile(r"\b(?:bit|little|slightly|touch|tad|notch)\b")
_MUCH = re.compile(r"\b(?:lot|much|way)\b")
_HOW = re.compile(rf"{_UP.pattern}|{_DOWN.pattern}|{_LITTLE.pattern}|{_MUCH.pattern}|\bby\b")
_POLITE = re.compile(r"[\s,]+(?:please|thanks|thank you)[.!]*$", re.IGNORECASE)
_NOTHING = frozenset({"nothing", "none", "empty"})
_DEFAULT = frozenset({"default", "its default", "the default"})
_ON = {
    **dict.fromkeys(("on", "true", "yes", "enable", "activate"), True),
    **dict.fromkeys(("off", "false", "no", "disable", "deactivate"), False),
}
_FIGURE = re.compile(r"([+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+))\s*(%|[a-z][a-z ]*)?")
# "10,000" is ten thousand to one reader and ten to another.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d*,\d{3}(?!\d)")
_CLOCK = re.compile(
    r"(\d+)(?::|\s*m(?:in(?:ute)?s?)?\s*(?:and\s+)?)([0-5]?\d)\s*(?:s(?:ec(?:ond)?s?)?)?"
)
_UNITS = {
    "s": {
        **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
        **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    },
    "lufs": {"lufs": 1.0, "db": 1.0},
}


@dataclass(frozen=True)
class KnownMacro:
    """A macro as words may set it.

    kind: its wire type ("number", "boolean", "text", "path[]" ...). low, high, unit: its range and
    what that counts, where it has one. default: what it is reset to.
    """

    name: str
    kind: str
    default: MacroValue = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str | int | float, ...] = ()
    unit: str = ""

    @property
    def is_number(self) -> bool:
        return self.kind in ("number", "integer")

    @property
    def is_free(self) -> bool:
        """Whether it takes whatever is said, so that it must be said plainly."""
        return self.kind in ("text", "path", "path[]") and not self.choices

    @property
    def empty(self) -> MacroValue:
        """What it stands at without a value; True where it always has one."""
        if self.default in (None, "", ()):
            return self.default
        if self.kind == "text" and (not self.choices or "" in self.choices):
            return ""
        return () if self.kind.endswith("[]") else True


def known_macros(document: Mapping[str, object]) -> tuple[KnownMacro, ...]:
    """The macros of a graph document, those of edits aside."""
    found = []
    macros = document.get("macros")
    for name, data in macros.items() if isinstance(macros, Mapping) else ():
        kind = data.get("type", "number")
        if not kind.startswith("edit"):
            default = data.get("default")
            found.append(
                KnownMacro(
                    name, kind, tuple(default) if isinstance(default, list) else default,
                    data.get("low"), data.get("high"), tuple(data.get("choices", ())),
                    data.get("unit", ""),
                )
            )  # fmt: skip
    return tuple(found)


def before_aim(behind: str) -> str:
    """The words behind a macro's name that stand before the value it is to have."""
    aimed = _AIM.search(behind)
    return behind if aimed is None else behind[: aimed.start()]


def edit_of(macro: KnownMacro, front: str, behind: str) -> SetMacro | str:
    """What the words in front of a macro's name and behind it make of it; else a note."""
    aimed = _AIM.search(behind)
    front = f"{front} {before_aim(behind)}"
    if aimed is not None:
        plain = not _bare(_HOW.sub(" ", front.lower())).replace("reset", "")
        return _set(macro, aimed[1]) if plain else _unclear(macro)
    bare = _bare(front)
    low = bare.lower()
    if low == "reset":
        return SetMacro(macro.name, macro.default)
    if low in ("clear", "empty", "unset"):
        return _emptied(macro)
    if macro.is_free or not bare:
        return _unclear(macro)
    way = 1 if _UP.search(low) else -1 if _DOWN.search(low) else 0
    if macro.is_number and way:
        by = _moved(macro, low)
        return _unclear(macro) if by is None else SetMacro(macro.name, by=way * by)
    return _set(macro, bare)


def step_of(macro: KnownMacro, share: float = 1.0) -> float | None:
    """What "more" moves a macro by; None where only its owner could tell."""
    if not macro.is_number or macro.low is None or macro.high is None:
        return None
    span = macro.high - macro.low
    if macro.kind == "integer":
        return 1.0 if span > _COUNTED else float(max(round(span * _STEP * share), 1))
    return round(span * _STEP * share, 9)


def _bare(text: str) -> str:
    """A text without the words that stand around a wish."""
    return re.sub(r"\s+([.,!])", r"\1", " ".join(_AROUND.sub(" ", text).split())).strip(" ,.!:=")


def _unclear(macro: KnownMacro) -> str:
    """The note that says what to write."""
    likely = str(macro.choices[-1]) if macro.choices else '"..."'
    if macro.is_number:
        likely = f"{macro.high:g} {macro.unit}".strip() if macro.high is not None else "1"
    wish = f"set the macro {macro.name} to {likely}"
    if macro.kind == "boolean":
        wish = f"turn the macro {macro.name} on"
    return f"say what the macro {macro.name} is to be, as in '{wish}'"


def _emptied(macro: KnownMacro) -> SetMacro | str:
    if macro.empty is not True:
        return SetMacro(macro.name, macro.empty)
    return (
        f"the macro {macro.name} always has a value; 'reset the macro {macro.name}' "
        f"gives it the one it began with"
    )


def _moved(macro: KnownMacro, low: str) -> float | None:
    """How far a macro is moved; None where that is not plain."""
    said = _bare(_HOW.sub(" ", low))
    if not said:
        return step_of(macro, 0.5 if _LITTLE.search(low) else 2.0 if _MUCH.search(low) else 1.0)
    share = _figure(said, "%")
    if share is not None:
        wide = macro.low is not None and macro.high is not None
        span = (macro.high or 0.0) - (macro.low or 0.0) if wide else 1.0
        return round(abs(share) / 100.0 * span, 9)
    number = _figure(said, macro.unit)
    return None if number is None else round(abs(number), 9)


def _set(macro: KnownMacro, said: str) -> SetMacro | str:
    """The edit that gives a macro the value that is said."""
    said = _POLITE.sub("", said.strip())
    quoted = QUOTED.fullmatch(said)
    plain = (quoted[quoted.lastindex or 0] if quoted else said).strip()
    low = plain.lower().rstrip(".!")
    if macro.choices:
        low = re.sub(r"^(?:on|in|into)\s+|\s+on$", "", low)  # "put the macro mix on tape"
    for choice in macro.choices:
        if low and low == str(choice).lower():
            return SetMacro(macro.name, choice)
    if low in _DEFAULT and not quoted:
        return SetMacro(macro.name, macro.default)
    if not low or (low in _NOTHING and not quoted):
        return _emptied(macro)
    value: MacroValue = None
    if macro.kind == "boolean":
        value = _ON.get(low)
    elif macro.is_number:
        value = _number(macro, low)
    elif macro.kind.endswith("[]"):
        value = _pieces(said)
    elif macro.is_free:
        value = plain
    return _unclear(macro) if value is None else SetMacro(macro.name, value)


def _pieces(said: str) -> tuple[str, ...]:
    """What is named one after another, each in quotation marks or between commas."""
    found = re.findall(rf"{QUOTED.pattern}|([^,\"“]+)", said)
    parts = ("".join(groups).strip() for groups in found)
    return tuple(part for part in parts if part not in ("", "and", "&"))


def _number(macro: KnownMacro, low: str) -> float | int | None:
    """A figure with its unit; None where it is another unit's, or there is more than a figure."""
    share, number = _figure(low, "%"), _figure(low, macro.unit)
    if share is not None:
        start = macro.low or 0.0
        number = start + share / 100.0 * ((macro.high if macro.high is not None else 1.0) - start)
    if number is None:
        return None
    return round(number) if macro.kind == "integer" and number == round(number) else number


def _figure(low: str, unit: str) -> float | None:
    """A number of `unit`, which may go unsaid ("%" may not); None where it is not just that."""
    clock = _CLOCK.fullmatch(low) if unit == "s" else None
    if clock is not None:
        return 60.0 * int(clock[1]) + int(clock[2])
    figure = _FIGURE.fullmatch(low)
    if figure is None or _THOUSANDS.match(low):
        return None
    said = re.sub(r"^per ?cent$", "%", (figure[2] or "").strip())
    known = {**_UNITS.get(unit.lower(), {unit.lower(): 1.0})}
    if unit != "%":
        known[""] = 1.0
    return float(figure[1].replace(",", ".")) * known[said] if said in known else None
