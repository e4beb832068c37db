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

# Chosen on sentences that no reader had learned from; docs/assistant.md tells which.
SURE, CERTAIN = 0.7, 0.8
"""How likely the translator must find its own reading for it to be done where the frames differ;
and where the second reader knows what they found from these words (`LEARNED`)."""
HEARD = 0.1
"""What the frames read is done where the translator finds it at least as likely as this, and, with
what the second reader adds (`SECOND` times how sure it is), as likely as the best it finds."""
SECOND = 0.2
LEARNED, LIKELY, FAIR = 0.9, 0.65, 0.15
"""Else the person is asked, unless what the translator finds is not likelier than `LIKELY`, where
the second reader is as sure as `LEARNED`; than `FAIR`, where the frames left no word over."""
OWN, INSTEAD, OFFERED = 0.7, 0.95, 0.3
"""How likely its own reading must be where the frames do not understand, to be done; where they
ask back or refuse; to be offered."""
BOTH = 0.4
"""The same where it is what the frames are not sure of."""
NO_WISH = 0.9
MANY = 3
"""Of so many wishes a network leaves some out."""
FEWEST = 2
"""Shorter sentences are the frames' alone."""

# What a network reads past: conditions and comparisons, "don't ...", "not the last one", "beat 3".
_NARROWED = re.compile(
    r"\b(?:unless|if|or|either|except)\b|^(?:please )?(?:do not|never)\b|\bi do not want\b"
    r"|\bas \w+ as\b|\bbeat \d|, not? (?:the|on|in|at|for|after|before)\b"
)
_SHARES = re.compile(r"%|per ?cent")
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
    if known is None or len(words_of(said)) < FEWEST or _NARROWED.search(said):
        return first
    goes_on = not fresh_memory(world.memory)
    if _acts(first) and (sure >= 1.0 or (goes_on and _POINTS.search(said))):
        return first  # can mean nothing else; or only the frames know what was spoken of
    found = known(said, goes_on=goes_on)
    wishes = _wishes([t for t in found if _accounts(t, said)], world, read)
    if not wishes:
        return first
    if _acts(first):
        return _over(first, sure, wishes)
    meant, best = _meant(first), wishes[0]
    if best.silent:
        quiet = meant and best.silent == NOTHING and best.chance >= NO_WISH
        return replace(first, question=None, ignored=()) if quiet else first
    if not best.acts:
        return first
    if meant is None and (first.question or first.notes):
        return best.reading if best.chance >= INSTEAD else first
    if meant is None and not first.ignored:
        return first  # a remark
    if meant and (same_wish(meant, best.reading) or _alike(meant, best.reading)):
        return best.reading if best.chance >= BOTH else first
    if best.chance >= OWN:
        return best.reading
    if best.chance >= OFFERED:
        return _asked(first, [best.reading, *([meant] if meant else [])])
    return first


def _over(first: Reading, sure: float, wishes: Sequence[Wish]) -> Reading:
    """What is done where the frames would act."""
    best = wishes[0]
    if not best.acts or _alike(first, best.reading) or _part_of_it(first, best.reading):
        return first
    heard = _heard(first, wishes)
    if heard >= best.chance:
        return first
    if best.chance >= (SURE if sure < LEARNED else CERTAIN):
        return best.reading
    if heard >= HEARD and heard + SECOND * sure >= best.chance:
        return first
    likely = LIKELY if sure >= LEARNED else FAIR if not first.ignored else 0.0
    return _asked(first, [first, best.reading]) if best.chance > likely else first


def _part_of_it(first: Reading, other: Reading) -> bool:
    """Whether the frames, who left no word over, read a part of what another reading has, or
    more; or the same action, of which they know best what it is about."""
    if first.actions and not first.edits:
        return [type(a) for a in first.actions] == [type(a) for a in other.actions]
    a, b = set(first.edits), set(other.edits)
    more = b < a and len(a) >= MANY
    return bool(a and b) and not first.ignored and (a < b or more)


def _acts(reading: Reading) -> bool:
    return bool(reading.edits or reading.actions) and reading.question is None


def _meant(first: Reading) -> Reading | None:
    """What a reading that only doubts would have done."""
    if first.question is None or not is_doubt(first.question):
        return None
    if "Did you mean" not in first.question.text:
        return None  # a question of its own
    return replace(first, edits=first.question.choices[0].edits, question=None)


def _accounts(translation: Translation, said: str) -> bool:
    """Whether no figure that is said was overlooked, nor taken for a share of a hundred."""
    shares = "%" in " ".join(translation.commands) and not _SHARES.search(said)
    return not shares and _figures(said) <= _figures(*translation.commands)


def _figures(*texts: str) -> set[str]:
    """The figures that are said. An 808 is an instrument."""
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
