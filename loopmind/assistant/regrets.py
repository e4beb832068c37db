"""What was just done is not wanted, or what was just taken back is wanted after all."""

from __future__ import annotations

import re

from loopmind.assistant.outcome import Outcome, act
from loopmind.assistant.telling import tell
from loopmind.assistant.values import Memory, Redo, Undo
from loopmind.music.edit import (
    AddSection,
    AddTrack,
    Edit,
    RemoveSection,
    RemoveTrack,
    SetAutomation,
    SetCompressor,
    SetEffect,
    SetFade,
    SetFill,
    SetSidechain,
    SetSwing,
    edit_to_plain,
)

_WORDS = (
    r"(?:(?:ok|okay|no|nope|nah|wait|hm+|oh|ah|well|actually|sorry|please|and|but|now|hey)[, .!]*)*"
)
_CALM = (
    r"(?:[, ]*(?:please|again|after all|then|now|in|on|though|instead|thanks|as well|too))*[.!?]*$"
)
_AFTER_ALL = re.compile(
    rf"^{_WORDS}(?:(?:i (?:do )?(?:want|miss|like|need|prefer) (?:it|that|this|them)(?: back)?|"
    r"(?:bring|put|give|get|take|turn|have) (?:it|that|them|this|me that|the (?:change|edit|step))"
    r"(?: me)? back|do (?:it|that|this)|(?:keep|leave|restore) (?:it|that|the (?:change|edit))|"
    r"on second thoughts?.*|i changed my mind|back|forward|(?:it|that) was (?:better|good|fine|ok)"
    r"(?: with (?:it|that|the change))?|that was (?:right|the right one)|not that|"
    rf"undo (?:that|the undo|it)|go forward(?: again)?|take that back)){_CALM}|"
    r"^(?:actually|wait|hm+|oh)[, ]+no[.!]*$",
    re.IGNORECASE,
)
_BACK = re.compile(r"\b(?:back|again|return|restore|miss|missed|bring in)\b", re.IGNORECASE)
_OFF = re.compile(
    rf"^{_WORDS}(?:(?:can|could) you )?"
    r"(?:take|get|remove|lose|drop|kill|turn|switch|delete|ditch|scrap|bin)"
    rf" (?:rid of )?(?:it|that|them|this|the (\w+))(?: (?:off|out|away|back out))?{_CALM}",
    re.IGNORECASE,
)
_TOO = re.compile(r",? (?:it is |that is |it was |that was )?(?:way |far |a bit |just )?too .*$")
_PUT_ON = (SetEffect, SetFill, SetSidechain, SetCompressor, SetAutomation, SetFade, SetSwing)


_BEFORE = re.compile(
    r"\b(?:back|revert|return|restore|undo|rewind|roll)\b.*?\b(?:before|prior to|without)\b(.+)",
    re.IGNORECASE,
)
_SAYS_NO_NAME = """
    a all and any are as at be been but by did do done for from get go got had have i in is it just
    last made make more my no not of off on one our out put so song that the then thing things this
    to touched turned up was we went were what when with you your first second added
"""
_NAMES_NOTHING = frozenset(_SAYS_NO_NAME.split())


def regretted(text: str, memory: Memory) -> Outcome | None:
    """Going back or forth where the talk so far tells which; None where it does not."""
    if (named := _BEFORE.search(text)) and (steps := _steps_since(named[1], memory)):
        return act(Undo(steps))
    if not memory.edits:
        return act(Redo(1)) if memory.undone and _AFTER_ALL.match(text) else None
    gone = [e for e in memory.edits if isinstance(e, (RemoveTrack, RemoveSection))]
    if gone and len(gone) == len(memory.edits) and _BACK.search(text):
        words = set(re.findall(r"[a-z]+", text.lower()))
        if any(_named(edit, words) for edit in gone):
            return act(Undo(1))
    off = _OFF.match(_TOO.sub("", text))
    put_on = all(isinstance(e, _PUT_ON) and not _taken_off(e) for e in memory.edits)
    if off and put_on and (off[1] is None or _is_fill(off[1], memory.edits)):
        return act(Undo(1))
    return None


def _steps_since(said: str, memory: Memory) -> int:
    """How many requests ago it was that what is named was put in, or else last changed; or 0."""
    words = {_stem(w) for w in re.findall(r"[a-z]+", said.lower())} - _NAMES_NOTHING
    last = 0
    for ago, edits in enumerate(reversed(memory.past), start=1):
        for edit in edits:
            plain = edit_to_plain(edit)
            about = " ".join((tell(edit), *(v for v in plain.values() if isinstance(v, str))))
            if words & {_stem(w) for w in re.findall(r"[a-z]+", about.lower())}:
                if isinstance(edit, (AddTrack, AddSection)):
                    return ago
                last = last or ago
    return last


def _stem(word: str) -> str:
    """ "strings" and "string", "darker" and "dark" are the same."""
    return re.sub(r"(?:er|s)$", "", word) if len(word) > 4 else word


def _named(edit: Edit, words: set[str]) -> bool:
    name = edit.track if isinstance(edit, RemoveTrack) else getattr(edit, "section", "")
    kind = name.rsplit(" ", 1)[0]
    also = {"hook": {"chorus", "choruses", "hooks"}, "chords": {"keys", "piano", "rhodes"},
            "lead": {"guitar", "melody"}, "vocal": {"vocals", "voice"}}  # fmt: skip
    return bool(words & ({name, kind, f"{kind}s"} | also.get(kind, set())))


def _taken_off(edit: Edit) -> bool:
    return isinstance(edit, SetEffect) and edit.amount == 0.0


def _is_fill(word: str, edits: tuple[Edit, ...]) -> bool:
    """Whether a word names the fills that were just put in; other things have a wish for it."""
    fills = [e for e in edits if isinstance(e, SetFill)]
    return len(fills) == len(edits) and word.rstrip("s") in {"fill", "roll", "break", "stutter"}
