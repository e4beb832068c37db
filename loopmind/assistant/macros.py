"""Wishes for macros of the project's graph: "set the macro energy to 0.8", "density macro up".

They say the word macro, as names that a user gave may mean anything else in a song. What a wish
makes of one macro is read in macro_values.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from loopmind.assistant.finishing import finish
from loopmind.assistant.macro_values import QUOTED, KnownMacro, before_aim, edit_of, step_of
from loopmind.assistant.telling import tell, tell_action
from loopmind.assistant.values import Action, ListParts, Memory, Reading
from loopmind.music.edit import Edit, SetMacro

# Commas of figures ("0,8") and the "and" of a time ("2 minutes and 30 seconds") end nothing.
_END = re.compile(
    r"\s*(?:,(?!\d)|(?<!\d),|;|[.!?](?=\s|$)"
    r"|\b(?:(?<!minutes )(?<!minute )(?<!min )and|then|but|plus)\b)\s*",
    re.IGNORECASE,
)
# Free text goes on over these ("drum and bass", "Vol. 2") unless another wish begins behind them.
_ANOTHER = re.compile(
    r"\s*(?:;|[.!?]\s*$|\?\s|(?:,|[.!](?=\s)|\bthen\b|\band\b|\bbut\b|\bplus\b)"
    r"(?:\s|,|\band\b|\bthen\b|\balso\b)*"
    r"(?=(?:please |also |the |all )*(?:"
    r"(?:make|mute|unmute|add|remove|delete|set|put|turn|swap|replace|give|take|drop|bring|move|"
    r"change|play|start|show|list|transpose|solo|lock|unlock|keep|raise|lower|regenerate|shorten|"
    r"lengthen|clear|reset|more|less|can|could|why|which|what|\w+(?: \w+)? macros?|macros?) \w"
    r"|(?<=\bthe )\w+ (?:to|up|down)\b"
    r"|(?:undo|redo|louder|quieter|darker|brighter|faster|slower|macros)\b)))\s*",
    re.IGNORECASE,
)
_JOINTS = r"(?:[\s,;.!?]|\b(?:and|then|but|plus)\b)"
_REQUEST = re.compile(
    r"^\W*(?:(?:and|so|ok|okay|hey|please|now|then)\W+)*(?:(?:can|could|will|would) (?:you|we|i)\b"
    r"(?: please| mind| just)*|how about|why not|why don't (?:you|we))\s",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"^\W*(?:(?:and|so|but|ok|okay|hey|please|now|then)\W+)*(?:which|what|what's|why|how|is|are|"
    r"isn't|aren't|does|doesn't|did|was|should|do (?:you|we|i|the|all)|where|when|list|show|tell|"
    r"name|explain|describe)\b|\bare there\b|^\W*(?:all |the )*macros\W*$",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:not|never|keep|leave|without)\b|n't\b|\bdont\b", re.IGNORECASE)
_BACK = re.compile(r"^\W*(?:please\s+)?(?:undo|redo)\b", re.IGNORECASE)
_MACRO = re.compile(r"\bmacros?\b", re.IGNORECASE)


@dataclass(frozen=True)
class MacroWishes:
    """What a text asks of macros. rest: its other words, for the reader."""

    edits: tuple[SetMacro, ...] = ()
    actions: tuple[Action, ...] = ()
    notes: tuple[str, ...] = ()
    rest: str = ""


@dataclass(frozen=True)
class _Said:
    """Where macros are spoken of, and which are named there."""

    macros: tuple[KnownMacro, ...]
    start: int
    end: int
    together: bool = False


def macro_wishes(text: str, macros: Sequence[KnownMacro]) -> MacroWishes:
    """The wishes for `macros` in a text, those that cannot be met as notes, and what is left.

    A question about macros is answered by what they stand at, and changes nothing.
    """
    names = {_plain(macro.name): macro for macro in macros}
    hidden = _without_quotes(text, names)
    edits: list[SetMacro] = []
    notes: list[str] = []
    asked: list[tuple[str, ...]] = []
    kept: list[str] = []
    at, how, said = 0, "", _next(hidden, 0, names)
    while said is not None:
        start = max((m.end() for m in _END.finditer(hidden, at, said.start)), default=at)
        free = any(macro.is_free for macro in said.macros)
        end = _end(hidden, said.end, _ANOTHER if free else _END)
        front = _REQUEST.sub("", text[start : said.start])
        if at == 0 or _without_joints(text[at : said.start]):
            how = _how(text, start, said, end)
        # Else it is said of the one before: "don't set the macro energy to 1 and macro bpm to 99".
        if how == "asked":
            asked.append(tuple(macro.name for macro in said.macros))
        elif how:
            notes.append(how)
        elif not said.macros:
            what = "say which macro" if said.together else "there is no macro of that name"
            known = ", ".join(macro.name for macro in macros) or "none"
            notes.append(f"{what}; the graph of this project has {known}")
        for macro in said.macros if not how else ():
            edit = edit_of(macro, front, text[said.end : end])
            (notes if isinstance(edit, str) else edits).append(edit)  # type: ignore[arg-type]
        kept.append(text[at:start])
        at, said = end, _next(hidden, end, names, said.together and bool(said.macros) and not how)
    told = () if () in asked else tuple(dict.fromkeys(name for some in asked for name in some))
    actions = (ListParts("macros", told),) if asked else ()
    return MacroWishes(tuple(edits), actions, tuple(notes), _joined([*kept, text[at:]]))


def _how(text: str, start: int, said: _Said, end: int) -> str:
    """How a clause is meant: "" as a wish, "asked", or the note on what is not to be changed."""
    clause = text[start:end]
    request = _REQUEST.sub("", clause)
    if _ASKED.search(request) or (request == clause and text[end:].lstrip().startswith("?")):
        return "asked"
    if _BACK.search(clause):
        return "nothing was changed; 'undo' takes back the last change, whatever it was of"
    before_value = _REQUEST.sub("", text[start : said.end]) + before_aim(text[said.end : end])
    return "macros were left as they are" if _DENIED.search(before_value) else ""


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip("\"'“”")).lower()


def _without_quotes(text: str, names: Iterable[str]) -> str:
    """A text of the same length with nothing to read in quotation marks, names of macros aside."""
    return QUOTED.sub(lambda m: m[0] if _plain(m[0]) in names else "_" * len(m[0]), text)


def _next(
    text: str, at: int, names: Mapping[str, KnownMacro], together: bool = False
) -> _Said | None:
    """Where macros are spoken of next, their names on either side of the word.

    together: macros were named together before, so that a mere name may follow: "set the macros
    energy to 0.8 and seed to 7".
    """
    spelled = ["[ _-]+".join(map(re.escape, name.split("_"))) for name in names]
    any_name = "|".join(sorted(spelled, key=len, reverse=True)) or "(?!)"
    one = rf"[\"'“]?(?<!\w)(?:{any_name})(?!\w)[\"'”]?"
    several = rf"{one}(?:(?:\s*,|\s+and|\s*,\s*and)\s+(?:the\s+)?{one})*"
    called = r"\s+(?:called\s+|named\s+)?"
    pattern = (
        rf"(?<!\w)(?:the\s+)?(?:macros{called}({several})|({several})\s+macros"
        rf"|macro{called}({one})|({one})\s+macro)(?!\w)"
    )
    follows = rf"{_JOINTS}*((?:the\s+)?({one}))(?=\s*(?:=|:|(?:to|at)\b))"
    if together and (after := re.compile(follows, re.IGNORECASE).match(text, at)):
        return _Said((names[_plain(after[2])],), after.start(1), after.end(1), together)
    said = _MACRO.search(text, at)
    match = re.compile(pattern, re.IGNORECASE).search(text, at)
    if said is None:
        return None
    if match is None or not match.start() <= said.start() < match.end():
        return _Said((), said.start(), said.end(), said[0].lower().endswith("s"))
    group = match.lastindex or 0
    named = (names[_plain(name)] for name in re.findall(one, match[group], re.IGNORECASE))
    return _Said(tuple(named), match.start(), match.end(), group <= 2)


def _end(text: str, start: int, ends: re.Pattern[str]) -> int:
    """Where a wish ends."""
    found = ends.search(text, start)
    return len(text) if found is None else found.start()


def _without_joints(text: str) -> str:
    return re.sub(rf"^{_JOINTS}+|{_JOINTS}+$", "", text, flags=re.IGNORECASE)


def _joined(pieces: Iterable[str]) -> str:
    """What is left of a text, without the joints that hang at its pieces' ends."""
    left = ""
    for piece in pieces:
        body = _without_joints(piece)
        asks = "?" if re.search(r"\?[\s,;]*(?:and|then|but|plus)?\s*$", piece) else ""
        if body:
            left += (" " if left.endswith("?") else ", " if left else "") + body + asks
    return left


def heard(
    text: str,
    memory: Memory,
    macros: Callable[[], Sequence[KnownMacro]],
    read: Callable[[str, Memory], Reading],
) -> Reading:
    """The reading of a text about a project: of macros here, of its song by `read`."""
    last = [edit for edit in memory.edits if isinstance(edit, SetMacro)]
    spoken = "macro" in text.lower()
    if not (spoken or last):
        return read(text, memory)
    known = {macro.name: macro for macro in macros()}
    moving = replace(memory, edits=tuple(_moving(edit, known) for edit in memory.edits))
    if not spoken:
        return _gone_on(read(text, moving), known)
    found = macro_wishes(text, tuple(known.values()))
    return _both(found, _gone_on(read(found.rest, moving), known) if found.rest else None, memory)


def _moving(edit: Edit, known: dict[str, KnownMacro]) -> Edit:
    """A macro that was set to a value as one that was moved, so that "a bit more" can go on.

    Which way it went is not known any more, so "more" is up.
    """
    if not isinstance(edit, SetMacro) or edit.by or edit.name not in known:
        return edit
    return replace(edit, value=None, by=step) if (step := step_of(known[edit.name])) else edit


def _gone_on(reading: Reading, known: dict[str, KnownMacro]) -> Reading:
    """`reading` where macros can be moved as it says; a note for those that cannot."""
    edits: list[Edit] = []
    notes: list[str] = []
    for edit in reading.edits:
        macro = known.get(edit.name) if isinstance(edit, SetMacro) else None
        if not isinstance(edit, SetMacro) or macro is None:
            edits.append(edit)
        elif not edit.by:  # the same value as before
            notes.append(f"the macro {edit.name} is that already; say what it is to be instead")
        elif macro.kind == "integer":
            edits.append(replace(edit, by=(1 if edit.by > 0 else -1) * max(round(abs(edit.by)), 1)))
        else:
            edits.append(edit)
    if edits == list(reading.edits):
        return reading
    told = tuple(tell(edit) for edit in edits)
    return replace(
        reading,
        edits=tuple(edits),
        understood=(*told, *reading.understood[len(reading.edits) :]),
        notes=(*reading.notes, *notes),
        memory=_remembered(reading, edits),
    )


def _both(found: MacroWishes, other: Reading | None, memory: Memory) -> Reading:
    """One reading of the wishes for macros and of what else was said, if anything was."""
    if other is None:
        return finish(
            replace(memory, question=None), list(found.edits), list(found.actions), None,
            list(found.notes), [], (), (),
        )  # fmt: skip
    edits = (*found.edits, *other.edits)
    both = replace(
        other,
        edits=edits,
        actions=(*found.actions, *other.actions),
        understood=(
            *(tell(edit) for edit in found.edits),
            *other.understood[: len(other.edits)],
            *(tell_action(action) for action in found.actions),
            *other.understood[len(other.edits) :],
        ),
        notes=(*found.notes, *other.notes),
    )
    return replace(both, memory=_remembered(other, edits)) if found.edits else both


def _remembered(reading: Reading, edits: Sequence[Edit]) -> Memory:
    """The memory of a reading that comes to `edits` instead of its own."""
    memory = reading.memory
    past = memory.past[:-1] if reading.edits else memory.past
    past = (*past, tuple(edits)) if edits else past
    return replace(memory, edits=tuple(edits) or memory.edits, past=past)
