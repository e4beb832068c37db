"""Which words of a clause weigh: those that must show in what is done."""

from __future__ import annotations

from loopmind.assistant import lexicon
from loopmind.assistant.clauses import Clause
from loopmind.assistant.lexicon_harmless import EVERYDAY, HARMLESS
from loopmind.assistant.senses import Token

# They stand for what has a name, join words, or only tell how much.
_LIGHT = frozenset(
    {"filler", "sep", "det", "prep", "pron", "degree", "too", "enough", "source", "song", "rest",
     "part", "again", "same", "wh"}
)  # fmt: skip


def weighty(clause: Clause) -> list[Token]:
    """The words of a clause that must be accounted for."""
    found = []
    for token in clause.tokens:
        if token.kind in _LIGHT:
            continue
        if token.kind == "unknown" and _harmless(clause, token):
            continue
        if token.kind == "other" and token.text == "instead":
            continue
        own = lexicon.VERBS.get(token.value)
        if token.kind == "verb" and not own and done_by(clause, token) not in ("mute", "remove"):
            continue
        found.append(token)
    return found


def _harmless(clause: Clause, token: Token) -> bool:
    """Whether an unknown word changes nothing: "on my headphones", but not what is turned up."""
    if token.text in HARMLESS:
        return True
    at = clause.where(token)
    while at and clause.tokens[at - 1].kind in _LEADS_TO_NOUN:
        at -= 1
    verb = clause.tokens[at - 1] if at else None
    done_to = verb is not None and verb.kind == "verb" and verb.value not in _DONE_TO_NOTHING
    return token.text in EVERYDAY and not done_to


_LEADS_TO_NOUN = frozenset({"det", "ord", "mood", "filler", "other", "quant"})
_DONE_TO_NOTHING = frozenset(
    {"have", "be", "go", "do", "get", "want", "need", "love", "like", "give"}
)


def done_by(clause: Clause, token: Token) -> str:
    """What a verb does, with its particle: "turn ... off"."""
    at = clause.where(token)
    act = next((a for a in clause.acts if a.at == at and a.lemma == token.value), None)
    return act.does if act is not None else lexicon.VERBS.get(token.value, "")
