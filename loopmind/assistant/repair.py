"""What is put right in the same breath: "mute the bass, no sorry, the pad" mutes the pad.

What follows the word of correction stands in the place of what it is like: a whole wish in that of
the wish before it, a part, a place, a figure or a quality in that of the last of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from loopmind.assistant.lexer import lex
from loopmind.assistant.lexicon import VERBS
from loopmind.assistant.senses import Token
from loopmind.assistant.world import World

_SLIP = (
    r"(?:oops|whoops|sorry|wait|hang on|hold on|no|nope|nah|actually|oh|ah|ugh|hm+|damn|well|ok|"
    r"my bad|my mistake|correction|pardon|rather)"
)
_STRONG = (
    r"(?:no,? (?:wait|sorry|actually|no|hang on|hold on|scratch that|i meant?|make (?:it|that))|"
    r"(?:oh |or )?(?:wait|sorry|hang on|hold on|oops|actually),? no|or (?:wait|rather|better)|"
    r"(?:scratch|strike) that|i mean|i meant|make that|correction|my bad|my mistake|oops|"
    r"whoops|sorry|hang on|hold on|oh wait|but no(?=[,.;!])|no no)"
)
_MARK = re.compile(
    rf"(?<=\w)(?:[,.;!?\s-]+)(?:{_SLIP}[,.;!\s]+)*{_STRONG}(?:[,.;!\s]+{_SLIP})*"
    r"(?:[,.;!\s]+(?:i (?:meant?|said)|make (?:it|that)|it is|let us say))*[,.:;!\s]+(?=\w)"
    r"|(?<=\w)[,.;!?\s-]+(?:no|nope),?\s+(?=(?:make (?:it|that) |just |rather |only |let us say )?"
    r"(?:the|in|on|at|to|from|after|before|for|not the|\d+|two|three|four|five|six|eight|ten|up|"
    r"down|left|right|louder|quieter|faster|slower|longer|shorter|darker|brighter)\b)"
    r"|(?<=\d)[,\s]+(?:make (?:it|that)|or rather|rather)\s+(?=\d)",
    re.IGNORECASE,
)
# Kinds of words of which the later one stands for the earlier.
_LIKE = ("track", "section", "key", "genre", "interval", "side", "effect", "part", "height",
         "mood", "level", "size", "tempo", "energy", "width", "dist", "tonadj", "fat", "quant",
         "ord", "mode", "ratio")  # fmt: skip
_OPENS = frozenset({"det", "ord", "prep", "other", "only", "num"})


_FIRST = re.compile(r"^(?:well |so |ok )?i mean[, ]+(?!the\b|my\b|it to)", re.IGNORECASE)


_ONE = re.compile(r"\b(first|second|third|fourth|last|other|next) one\b", re.IGNORECASE)


def put_right(text: str, world: World) -> str:
    """`text` with what was corrected in it in place of what was first said."""
    text = _FIRST.sub("", text)
    marks = list(_MARK.finditer(text))
    if not marks:
        return text
    match = marks[-1]
    before, after = text[: match.start()], text[match.end() :]
    first = lex(put_right(before, world), world.names, world.sound_words()).tokens
    named = next((t.text for t in reversed(first) if t.kind == "section"), "")
    if named:
        after = _ONE.sub(rf"\1 {named.rstrip('s')}", after)
    second = lex(after, world.names, world.sound_words()).tokens
    made = _put(first, second)
    return text if made is None else " ".join(t.text for t in made)


def _put(first: Sequence[Token], second: Sequence[Token]) -> list[Token] | None:
    ends = next((n for n, t in enumerate(second) if t.kind == "sep" and n), len(second))
    said, rest = list(second[:ends]), list(second[ends:])
    while said and said[0].kind in ("filler", "sep", "only"):
        said.pop(0)
    nouns = [n for n, t in enumerate(said) if t.kind in ("track", "section")]
    if said and said[0].kind == "neg" and len(nouns) == 2:
        said = said[nouns[0] + 1 :]  # "no, not the drums, the kick"
    if not said or not _content(first):
        return None
    start = _last_wish(first)
    kept, wish = list(first[:start]), list(first[start:])
    if _whole_wish(said):
        return [*kept, *said, *rest]
    made = _exchanged(wish, said)
    return None if made is None else [*kept, *made, *rest]


def _content(tokens: Sequence[Token]) -> bool:
    return any(t.kind not in ("filler", "sep", "det", "unknown", "too", "degree") for t in tokens)


def _last_wish(tokens: Sequence[Token]) -> int:
    """Where the last wish of a sentence begins: after a sign that a verb or a quantity follows."""
    for at in range(len(tokens) - 1, 0, -1):
        if tokens[at - 1].kind != "sep":
            continue
        lead = next((t for t in tokens[at:] if t.kind not in ("filler", "degree", "too")), None)
        if lead is None:
            continue
        if (lead.kind == "verb" and VERBS.get(lead.value) is not None) or lead.kind == "quant":
            return at
        if (lead.comparative and lead.kind in _LIKE) or tokens[at - 1].value == "hard":
            return at
    return 0


def _whole_wish(tokens: Sequence[Token]) -> bool:
    """Whether the correction says all again: "quieter drums", "add a piano"."""
    named = any(t.kind in ("track", "section", "song", "pron") for t in tokens)
    lead = tokens[0]
    if lead.kind == "verb" and lead.value not in ("be", "make", "go"):
        return named or len(tokens) > 1
    if lead.kind == "verb":
        return named and any(t.kind in _LIKE[7:] for t in tokens)
    return named and (lead.kind == "quant" or (lead.comparative and lead.kind in _LIKE))


def _exchanged(wish: list[Token], said: list[Token]) -> list[Token] | None:
    """The wish with each phrase of the correction in place of the last one like it."""
    figures = [t for t in said if t.kind in ("num", "amount")]
    named = any(t.kind in ("section", "track") for t in said)
    if figures and not named:
        return _other_figure(wish, said, figures[-1])
    heads = [t for t in said if t.kind in _LIKE and t.kind not in ("ord",)]
    if not heads:
        return None
    head = heads[-1]
    place = next((n for n in range(len(wish) - 1, -1, -1) if _alike(wish[n], head)), None)
    if place is None:
        if head.kind == "section" and said[0].kind == "prep":
            return [*wish, *said]
        return None
    end = place + 1
    while end < len(wish) and wish[end].kind == "num" and head.kind == "section":
        end += 1
    start = place
    while start and wish[start - 1].kind in _OPENS | {"mood"}:
        if wish[start - 1].kind == "prep" and said[0].kind != "prep":
            break
        start -= 1
    return [*wish[:start], *said, *wish[end:]]


def _alike(token: Token, head: Token) -> bool:
    ways = {"part", "height", "level", "quant"}
    return token.kind == head.kind or {token.kind, head.kind} <= ways - {"quant"}


def _other_figure(wish: list[Token], said: list[Token], figure: Token) -> list[Token] | None:
    for at in range(len(wish) - 1, -1, -1):
        now = wish[at]
        if now.kind not in ("num", "amount"):
            continue
        if figure.kind == "num" and now.kind == "amount":
            unit = now.text.split(" ", 1)[1:] or [""]
            text = f"{figure.text} {unit[0]}".strip()
            made = Token("amount", now.value, text, number=figure.number)
        else:
            made = figure
        tail = [t for t in said if t.kind in ("part", "height", "section")]
        return [*wish[:at], made, *tail, *wish[at + 1 :]]
    return None
