"""What is done where the frames and the translator do not read a sentence alike.

Two readers that err in different ways: what both come to is done. Where they differ, it counts how
likely the translator finds what the frames made of the sentence among all its translations, and
how sure it is of its own; where neither stands out the person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from loopmind.assistant.commands import (
    NOTHING,
    carried_out,
    fresh_memory,
    same_wish,
    told_nothing,
)
from loopmind.assistant.doubt import is_doubt, shown, which
from loopmind.assistant.finishing import finish
from loopmind.assistant.halves import Read
from loopmind.assistant.translator import Translation, translator
from loopmind.assistant.values import Choice, Reading
from loopmind.assistant.wording import words_of
from loopmind.assistant.world import World
from loopmind.music.edit import edit_to_plain

# Chosen on sentences that neither reader had learned from; docs/assistant.md tells which.
HEARD = 0.05
"""How likely the translator must find what the frames read for it to be done unasked."""
INSTEAD, ASK = 0.85, 0.7
"""How likely its own must be to be done instead, or to be offered."""
OWN, OFFERED = 0.7, 0.4
"""The same where the frames do not understand."""
LEARNED = 0.9
"""Where the frames and the second reader agree as much as that, nothing else is asked."""
NO_WISH = 0.9
FEWEST = 3
"""Shorter sentences are the frames' alone."""

# Words that turn a wish round or narrow it down: the frames account for every one of them, while
# a network may overlook a single word.
_TURNS_ROUND = re.compile(
    r"\b(?:not|never|unless|if|or|but|except|until|only|halfway|half|beat|than|as)\b"
)

# A figure that is no section's number; an 808 is an instrument.
_FIGURE = re.compile(r"(?<!verse )(?<!hook )(?<!chorus )(?<!bridge )(?<!drop )\b(?!808)\d")
_POINTS = re.compile(r"\b(?:it|that|this|them|they|those|these|same)\b")


@dataclass
class Wish:
    """What some translations come to, and how likely they are together."""

    reading: Reading
    chance: float
    whole: bool
    silent: str = ""

    @property
    def acts(self) -> bool:
        """Whether it can be done as it is."""
        done = bool(self.reading.edits or self.reading.actions)
        return done and self.whole and not self.silent


def settled(said: str, first: Reading, sure: float, world: World, read: Read) -> Reading:
    """The reading of a sentence, given how the frames read it (`first`).

    said: the sentence, tidied. sure: how likely the second reader finds the first reading. read:
    reads one plain command by the frames.
    """
    known = translator()
    if known is None or _settled_already(said, first, sure, world):
        return first
    found = known(said, goes_on=not fresh_memory(world.memory))
    wishes = _wishes([t for t in found if _figures(said) <= _figures(*t.commands)], world, read)
    if not wishes:
        return first
    best = wishes[0]
    if _acts(first):
        return _over(first, sure, wishes)
    meant = _meant(first)
    if meant and best.acts and same_wish(meant, best.reading):
        return best.reading
    if meant and best.silent == NOTHING and best.chance >= NO_WISH:
        return replace(first, question=None, ignored=())
    if best.acts and best.chance >= OWN:
        return best.reading
    if best.acts and best.chance >= OFFERED:
        return _asked(first, [best.reading, *([meant] if meant else [])])
    return first


def _settled_already(said: str, first: Reading, sure: float, world: World) -> bool:
    """Whether the frames' reading stands, whatever the translator finds."""
    if len(words_of(said)) < FEWEST or _TURNS_ROUND.search(said):
        return True
    if _acts(first):
        # The frames account for every figure, and only they know what was spoken of.
        spoken_of = _POINTS.search(said) and not fresh_memory(world.memory)
        return sure >= 1.0 or bool(_FIGURE.search(said) or spoken_of)
    # Refused with a reason, asked which, or told to be a remark.
    return bool(first.notes) or (
        _meant(first) is None and (bool(first.question) or not first.ignored)
    )


def _over(first: Reading, sure: float, wishes: Sequence[Wish]) -> Reading:
    """What is done where the frames would act."""
    best = wishes[0]
    if _heard(first, wishes) >= HEARD or _alike(first, best.reading) or not best.acts:
        return first
    if _only_adds(first, best.reading):
        return first
    learned = sure >= LEARNED
    if best.chance >= INSTEAD and not learned:
        return best.reading
    return (
        _asked(first, [first, best.reading])
        if best.chance >= (INSTEAD if learned else ASK)
        else first
    )


def _only_adds(first: Reading, other: Reading) -> bool:
    """Whether another reading has all that the frames read, who left no word over, and more."""
    return bool(first.edits) and not first.ignored and set(first.edits) < set(other.edits)


def _acts(reading: Reading) -> bool:
    return bool(reading.edits or reading.actions) and reading.question is None


def _meant(first: Reading) -> Reading | None:
    """What a reading that only doubts would have done."""
    if first.question is None or not is_doubt(first.question):
        return None
    if "Did you mean" not in first.question.text:
        return None  # a question of its own
    return replace(first, edits=first.question.choices[0].edits, question=None)


def _figures(*texts: str) -> set[str]:
    """The figures that are said; none may be overlooked. An 808 is an instrument."""
    return {w for text in texts for w in words_of(text) if w[0].isdigit()} - {"808"}


def _wishes(found: Sequence[Translation], world: World, read: Read) -> list[Wish]:
    """Translations that come to the same taken together, the likeliest first."""
    wishes: list[Wish] = []
    for translation in found:
        silent, reading, whole = "", Reading(), True
        if told_nothing(translation.commands):
            silent = next((c for c in translation.commands if c != NOTHING), NOTHING)
        else:
            carried = carried_out(translation.commands, world, read)
            reading, whole = carried.reading, carried.whole
        for wish in wishes:
            if wish.silent == silent and (silent or same_wish(wish.reading, reading)):
                wish.chance += translation.chance
                break
        else:
            wishes.append(Wish(reading, translation.chance, whole, silent))
    return sorted(wishes, key=lambda w: -w.chance)


def _heard(first: Reading, wishes: Sequence[Wish]) -> float:
    """How likely the translator finds what the frames read."""
    return sum(w.chance for w in wishes if not w.silent and same_wish(w.reading, first))


_PARTS = frozenset(
    {"edit", "track", "tracks", "section", "sections", "parameter", "effect", "role", "kind",
     "only", "add", "remove", "after", "style", "genre"}
)  # fmt: skip


def _alike(a: Reading, b: Reading) -> bool:
    """Whether two readings change the same of the same parts; the frames tell by how much best."""
    return bool(a.edits) and _changed(a) == _changed(b)


def _changed(reading: Reading) -> list[str]:
    plain = [edit_to_plain(e) for e in reading.edits]
    return sorted(repr(sorted((k, v) for k, v in e.items() if k in _PARTS)) for e in plain)


def _asked(first: Reading, readings: Sequence[Reading]) -> Reading:
    """One question with what the readings would do as its choices."""
    choices = tuple(Choice(shown(r.edits, r.actions), r.edits, r.actions) for r in readings)
    question = which(choices)
    memory = replace(first.memory, edits=(), question=None, turn=first.memory.turn - 1)
    return finish(
        memory, [], [], question, [], list(first.ignored),
        memory.tracks, memory.sections,
    )  # fmt: skip
