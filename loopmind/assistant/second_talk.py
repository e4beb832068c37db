"""What the second reader does for talk that is no edit of its own: undo, questions, going on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loopmind.assistant.clauses import Clause
from loopmind.assistant.frames_again import again
from loopmind.assistant.outcome import Outcome, act
from loopmind.assistant.senses import Token
from loopmind.assistant.values import (
    Explain,
    Help,
    ListParts,
    Parts,
    Redo,
    Render,
    ShowHistory,
    Undo,
)
from loopmind.assistant.world import World

SURE = 0.6
_WAYS: dict[str, tuple[Token, ...]] = {
    "again_more": (Token("quant", "more", "more"),),
    "again_less": (Token("quant", "less", "less"),),
    "again_other": (Token("other", "other", "another"), Token("source", "one", "one")),
}


def talked(tokens: Sequence[Token], world: World, chances: Mapping[str, float]) -> Outcome | None:
    """The action or the going on that a sentence asks for, if the second reader is sure of one."""
    kind = max(chances, key=lambda k: chances[k])
    if chances[kind] < SURE:
        return None
    clause = Clause(list(tokens), world)
    number = next((int(t.number) for t in tokens if t.kind in ("num", "amount")), 1)
    match kind:
        case "undo":
            return act(Undo(max(number, 1)))
        case "redo":
            return act(Redo(max(number, 1)))
        case "history":
            return act(ShowHistory())
        case "help":
            return act(Help())
        case "render":
            return act(Render())
        case "list":
            return act(ListParts(_parts(clause)))
        case "explain":
            return _explained(clause)
        case "again_same":
            nouns = [t for t in tokens if t.kind in _NOUNS]
            same = Token("same", "same", "the same")
            return again(Clause([same, Token("prep", "for", "for"), *nouns], world))
    if kind in _WAYS and world.memory.edits:
        return again(Clause([*_WAYS[kind]], world))
    return None


_NOUNS = frozenset({"track", "section", "det", "ord", "num", "sep", "rest"})


def _parts(clause: Clause) -> Parts:
    known: tuple[tuple[tuple[str, ...], Parts], ...] = ((("lock", "locked", "locks"), "locks"),
                        (("section", "sections", "structure", "form"), "sections"),
                        (("sound", "sounds", "loops", "samples"), "sounds"))  # fmt: skip
    for words, what in known:
        if any(w in t.text.split() for t in clause.tokens for w in words):
            return what
    return "tracks"


def _explained(clause: Clause) -> Outcome:
    track = next((r.pointed.single for r in clause.tracks if r.ids), "")
    section = next((r.names[0] for r in clause.sections if r.names), "")
    if section and not track:
        return act(Explain("section", "", section))
    if track:
        return act(Explain("sound", track, section))
    changed = clause.word("change", "changed", "did", "different", "happened")
    return act(Explain("changes" if changed else "song"))
