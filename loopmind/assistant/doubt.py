"""What becomes of a wish that leaves words over: one short question, or nothing at all.

A wrong edit is worse than a question. Where a single word remains unexplained the wish is shown
and confirmed; where as much remains as was understood, nothing is done and the words are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loopmind.assistant.account import Read, left_over
from loopmind.assistant.clauses import Clause
from loopmind.assistant.outcome import Outcome
from loopmind.assistant.senses import Token
from loopmind.assistant.telling import tell, tell_action
from loopmind.assistant.values import Action, Choice, Question
from loopmind.assistant.weighty import weighty
from loopmind.music.edit import Edit

LONGEST_SHOWN = 3
_YES = "yes"


def doubted(clause: Clause, outcome: Outcome, read: Read) -> Outcome | None:
    """`outcome` where every word is accounted for, else a question, or None: not understood."""
    if not outcome.edits:
        return outcome
    over = left_over(clause, outcome, read) or _nameless(clause, outcome)
    if not over:
        return outcome
    if _hopeless(clause, over):
        return None
    return confirm(outcome, [t.text for t in over])


_THINGS = frozenset({"one", "ones", "part", "thing", "sound"})


def _nameless(clause: Clause, outcome: Outcome) -> list[Token]:
    """ "the low one is too loud": a thing without a name is not the whole song."""
    named = clause.tracks or clause.sections or clause.has("song") or outcome.tracks
    if named or outcome.sections:
        return []
    if any(getattr(e, n, ()) for e in outcome.edits for n in ("track", "tracks", "section")):
        return []
    for at, token in enumerate(clause.tokens):
        before = clause.tokens[max(at - 2, 0) : at]
        pointed = any(t.kind == "det" and t.value in ("def", "this") for t in before)
        subject = at == 0 and token.text in ("something", "someone", "anything")
        if subject or (token.kind == "source" and token.text in _THINGS and pointed):
            return [token]
    return []


def confirm(outcome: Outcome, words: Sequence[str]) -> Outcome:
    """The edits of an outcome as a question."""
    said = " ".join(words)
    unclear = f"I am not sure about '{said}'. " if said else ""
    asked = which([Choice(shown(outcome.edits), outcome.edits)])
    asked = replace(asked, text=unclear + asked.text, unclear=tuple(words))
    return replace(outcome, edits=(), question=asked)


def either(steps: Sequence[Sequence[Edit]]) -> Question:
    """ "mute the pad or make it quieter": one of them, and nobody said which."""
    return Question("Which of these?", tuple(Choice(shown(s), tuple(s)) for s in steps))


def which(choices: Sequence[Choice]) -> Question:
    """A question between choices; a single one is confirmed."""
    if len(choices) > 1:
        return Question("Which did you mean?", tuple(choices))
    text = f"Did you mean: {choices[0].label}? (yes, no, or say it otherwise)"
    return Question(text, (replace(choices[0], label=_YES),))


def is_doubt(question: Question | None) -> bool:
    """Whether a question only asks if something was meant."""
    return question is not None and [c.label for c in question.choices] == [_YES]


def shown(edits: Sequence[Edit], actions: Sequence[Action] = ()) -> str:
    """What edits and actions do, in a line."""
    told = [tell(edit) for edit in edits] + [tell_action(action) for action in actions]
    rest = len(told) - LONGEST_SHOWN
    return "; ".join(told[:LONGEST_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _hopeless(clause: Clause, over: Sequence[Token]) -> bool:
    """Whether more was left over than was understood."""
    words = weighty(clause)
    first = next((t for t in clause.tokens if t.kind not in ("filler", "sep")), None)
    asks = first is not None and first.kind == "wh"
    return asks or len(over) > max(len(words) - len(over), 1)
