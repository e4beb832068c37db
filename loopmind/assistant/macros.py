"""Wishes for macros of the project's graph: "set the macro energy to 0.8", "density macro up".

They say the word macro, as names that a user gave may mean anything else in a song.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from loopmind.assistant.finishing import finish
from loopmind.assistant.telling import tell
from loopmind.assistant.values import Action, ListParts, Memory, Reading
from loopmind.music.edit import MacroValue, SetMacro

_STEP = 0.15
"""What "up" moves a macro by, as a share of its range."""
_END = re.compile(r"\s*(?:[,;]|[.!?](?=\s|$)|\b(?:and|then|but|plus)\b)\s*", re.IGNORECASE)
_LISTED = re.compile(
    r"\b(?:which|what|list|show|tell|name|are there)\b[^,;]*\bmacros\b"
    r"|^\W*(?:the |all )?macros\W*$",
    re.IGNORECASE,
)
_MACRO = re.compile(r"\bmacro\b", re.IGNORECASE)
_UP = re.compile(r"\b(?:up|raise|increase|higher|more)\b")
_DOWN = re.compile(r"\b(?:down|back|lower|decrease|reduce|less)\b")
_AWAY = re.compile(r"\b(?:clear|empty|reset|unset)\b")
_LITTLE, _MUCH = (
    re.compile(r"\b(?:bit|little|slightly|touch)\b"),
    re.compile(r"\b(?:lot|much|way)\b"),
)
_FIGURE = re.compile(r"([+-]?\d+(?:[.,]\d+)?|[+-]?[.,]\d+)\s*(%|percent\b)?")
_ON = {**dict.fromkeys(("on", "true", "yes"), True), **dict.fromkeys(("off", "false", "no"), False)}


@dataclass(frozen=True)
class KnownMacro:
    """A macro as words may set it.

    kind: its wire type ("number", "boolean", "text", "path[]" ...). low, high: its range, where it
    has one. default: what it is reset to.
    """

    name: str
    kind: str
    default: MacroValue = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str | int | float, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.kind in ("number", "integer")


@dataclass(frozen=True)
class MacroWishes:
    """What a text asks of macros. rest: its other words, for the reader."""

    edits: tuple[SetMacro, ...] = ()
    actions: tuple[Action, ...] = ()
    notes: tuple[str, ...] = ()
    rest: str = ""


def speaks_of_macros(text: str) -> bool:
    """Whether a text needs to be looked through for wishes for macros."""
    return "macro" in text.lower()


def macro_wishes(text: str, macros: Sequence[KnownMacro]) -> MacroWishes:
    """The wishes for `macros` in a text, those that cannot be met as notes, and what is left."""
    if _LISTED.search(text):
        return MacroWishes(actions=(ListParts("macros"),))
    edits: list[SetMacro] = []
    notes: list[str] = []
    while (said := _MACRO.search(text)) is not None:
        start = max((m.end() for m in _END.finditer(text, 0, said.start())), default=0)
        found = _named(text, said.start(), macros)
        if found is None:
            known = ", ".join(m.name for m in macros) or "none"
            notes.append(f"there is no macro of that name; the graph of this project has {known}")
            end = _end(text, said.end())
        else:
            macro, name_start, name_end = found
            end = _end(
                text,
                name_end,
                to_the_last=macro.kind in ("text", "path", "path[]") and not macro.choices,
            )
            words = f"{text[start:name_start]} {text[name_end:end]}"
            edit = _edit(macro, " ".join(words.split()))
            if edit is None:
                notes.append(f"say what the macro {macro.name} is to be, as in '{_example(macro)}'")
            else:
                edits.append(edit)
        text = text[:start] + text[end:]
    return MacroWishes(tuple(edits), (), tuple(notes), _bare(text))


def _named(text: str, at: int, macros: Iterable[KnownMacro]) -> tuple[KnownMacro, int, int] | None:
    """The macro that is named beside the word macro at `at`, and where that stands."""
    for macro in sorted(macros, key=lambda m: -len(m.name)):
        name = r"[\s_-]+".join(re.escape(part) for part in re.split(r"[_-]+", macro.name) if part)
        quoted = rf"[\"']?{name}[\"']?"
        pattern = (
            rf"\b(?:the\s+)?(?:macro\s+(?:called\s+|named\s+)?{quoted}|{quoted}\s+macro)(?!\w)"
        )
        for match in re.finditer(pattern, text, re.IGNORECASE):
            if match.start() <= at < match.end():
                return macro, match.start(), match.end()
    return None


def _end(text: str, start: int, to_the_last: bool = False) -> int:
    """Where a wish ends; what a macro of free text is set to runs to the end."""
    found = None if to_the_last else _END.search(text, start)
    return len(text) if found is None else found.start()


def _bare(text: str) -> str:
    """A text without the joints that are left over at its ends and in a row."""
    pieces = [piece.strip() for piece in _END.split(text)]
    return ", ".join(piece for piece in pieces if piece) if _END.search(text) else text.strip()


def _edit(macro: KnownMacro, words: str) -> SetMacro | None:
    """What `words` make of a macro."""
    low = words.lower()
    aimed = re.search(r"(?:\b(?:to|at)\b|=|:)\s*(.+)$", words)
    if aimed is not None:
        value = _value(macro, aimed[1].strip())
        return None if value is None else SetMacro(macro.name, value)
    if macro.kind == "boolean":
        switched = re.search(r"\b(on|off)\b", low)
        return SetMacro(macro.name, _ON[switched[1]]) if switched is not None else None
    if _AWAY.search(low):
        return SetMacro(macro.name, macro.default)
    way = 1 if _UP.search(low) else -1 if _DOWN.search(low) else 0
    if macro.is_number and way:
        by = _step(macro, low)
        return None if by is None else SetMacro(macro.name, by=way * by)
    bare = re.sub(r"^(?:set|put|turn|make|change|move|bring|please|now|\s)+", "", words).strip()
    value = _value(macro, bare) if bare else None
    return None if value is None else SetMacro(macro.name, value)


def _step(macro: KnownMacro, low: str) -> float | None:
    """How far a macro is moved; None where only its owner could tell."""
    span = None if macro.low is None or macro.high is None else macro.high - macro.low
    figure = _FIGURE.search(low)
    if figure is not None:
        number = abs(float(figure[1].replace(",", ".")))
        share = number / 100.0 * (span or 1.0) if figure[2] else number
        return round(share, 9)
    if span is None:
        return None
    step = span * _STEP * (0.5 if _LITTLE.search(low) else 2.0 if _MUCH.search(low) else 1.0)
    return float(max(round(step), 1)) if macro.kind == "integer" else round(step, 9)


def _value(macro: KnownMacro, said: str) -> MacroValue:
    """The value that is said for a macro, None where it is none for it."""
    said = said.strip().strip("\"'").strip()
    low = said.lower().rstrip(".!")
    for choice in macro.choices:
        if low == str(choice).lower():
            return choice
    if macro.choices:
        return None
    if macro.kind == "boolean":
        return _ON.get(low)
    if macro.is_number:
        figure = _FIGURE.match(low)
        if figure is None:
            return None
        number = float(figure[1].replace(",", "."))
        if figure[2]:
            start = macro.low or 0.0
            number = start + number / 100.0 * (
                (macro.high if macro.high is not None else 1.0) - start
            )
        return round(number) if macro.kind == "integer" and number == round(number) else number
    if macro.kind.endswith("[]"):
        return tuple(part.strip() for part in said.split(",") if part.strip())
    return said or None


def _example(macro: KnownMacro) -> str:
    if macro.kind == "boolean":
        return f"turn the macro {macro.name} on"
    likely = str(macro.choices[-1]) if macro.choices else "..."
    if macro.is_number:
        likely = f"{macro.high:g}" if macro.high is not None else "1"
    return f"set the macro {macro.name} to {likely}"


def with_macros(found: MacroWishes, other: Reading | None, memory: Memory) -> Reading:
    """One reading of the wishes for macros and of what else was said, if anything was."""
    if other is None:
        return finish(
            replace(memory, question=None), list(found.edits), list(found.actions), None,
            list(found.notes), [], (), (),
        )  # fmt: skip
    edits = (*found.edits, *other.edits)
    told = tuple(tell(edit) for edit in found.edits)
    return replace(
        other,
        edits=edits,
        actions=(*found.actions, *other.actions),
        understood=(*told, *other.understood),
        notes=(*found.notes, *other.notes),
        memory=replace(other.memory, edits=edits),
    )


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
                )
            )  # fmt: skip
    return tuple(found)
