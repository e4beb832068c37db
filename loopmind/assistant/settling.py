"""What is done where the frames and the translator do not read a sentence alike.

Two readers that err in different ways: what is likely enough to be right is done (weighing.py), by
the frames or by the translator; where neither is, the person is asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from loopmind.assistant.commands import fresh_memory, same_wish
from loopmind.assistant.doubt import shown, which
from loopmind.assistant.finishing import finish
from loopmind.assistant.halves import Read
from loopmind.assistant.lexer import lex
from loopmind.assistant.translator import translator
from loopmind.assistant.values import Choice, Question, Reading
from loopmind.assistant.weighing import decided, points_back, signs, weights_of
from loopmind.assistant.wishes import (
    Wish,
    accounts,
    acts,
    alike,
    leaves_figure,
    meant_by,
    missed,
    wishes_of,
)
from loopmind.assistant.wording import words_of
from loopmind.assistant.world import World
from loopmind.music.edit import Edit

OFFERED = 0.1
"""How likely the translator must find a reading for it to be offered at all."""
PLAIN = 0.9
"""How likely it must find a reading that goes against a law: that passes over a figure ("trim the
intro, the walk takes ten seconds"), answers which one is meant, or does what the frames refuse."""
POINTED = 0.5
"""How sure the second reader must be of what the frames take "it" for."""
FEWEST = 2
"""Shorter sentences are the frames' alone."""

# Conditions, which a network reads past.
_CONDITION = re.compile(r"\b(?:unless|either|(?<!as )if (?:it|the|that|they|there))\b")


def settled(said: str, first: Reading, sure: float, world: World, read: Read) -> Reading:
    """The reading of a sentence, given how the frames read it (`first`).

    said: the sentence, tidied. sure: how likely the second reader finds the first reading. read:
    reads one plain command by the frames.
    """
    found = _settled(said, first, sure, world, read)
    if found is first and acts(first) and leaves_figure(first):
        return _asked(first, [first])  # a figure has no use in it
    return found


def _settled(said: str, first: Reading, sure: float, world: World, read: Read) -> Reading:
    weights = weights_of()
    if weights is None:
        return first
    wishes = heard(said, first, sure, world, read)
    if not wishes:
        return first
    best, way = wishes[0], decided(signs(said, first, sure, wishes, world), weights)
    if way == "stays":
        return first
    return taken(first, best) if way == "goes" else between(first, best)


def heard(said: str, first: Reading, sure: float, world: World, read: Read) -> list[Wish]:
    """What the translator hears, the likeliest first; nothing where the frames are to decide."""
    known = translator()
    if known is None or len(words_of(said)) < FEWEST or _CONDITION.search(said):
        return []
    if acts(first) and (sure >= 1.0 or (points_back(said, world) and sure >= POINTED)):
        return []  # it can mean nothing else, or only the frames know what was spoken of
    plain = math.inf if acts(first) else PLAIN
    found = [t for t in known(said, goes_on=not fresh_memory(world.memory))
             if t.chance >= plain or accounts(t, said)]  # fmt: skip
    wishes = wishes_of(found, world, read)
    return [] if not wishes or _frames_know(said, first, wishes[0], world) else wishes


def _frames_know(said: str, first: Reading, best: Wish, world: World) -> bool:
    """Whether the frames tell best by how much; understood what cannot be done so; or ask which
    one where nobody said which."""
    if acts(first):
        return alike(first, best.reading) and not missed(best, first)
    if first.notes and not (first.ignored or first.question):
        return best.chance < PLAIN
    was_named = bool(best.places) and best.places <= _numbers(said, world)
    sure = was_named and best.chance >= PLAIN
    return meant_by(first) is None and _offered(first, best.reading) and not sure


def taken(first: Reading, best: Wish) -> Reading:
    """The reading where the likeliest wish stands in the stead of what the frames read."""
    if best.silent:
        heard_none = not (first.edits or first.actions or first.question)
        return first if heard_none else _instead(first)
    meant = meant_by(first)
    if meant and not missed(best, meant) and alike(meant, best.reading):
        return _instead(first, meant.edits)  # the frames tell best by how much
    return best.reading


def between(first: Reading, best: Wish) -> Reading:
    """A question, where neither what the frames read nor the best wish is likely enough."""
    if acts(first):
        both = best.acts and not same_wish(first, best.reading)
        return _asked(first, [first, best.reading] if both else [first])
    meant = meant_by(first)
    own = first.question is not None and meant is None
    if own or not best.acts or best.chance < OFFERED:
        return first
    doubted = meant is not None and not same_wish(meant, best.reading)
    return _asked(first, [best.reading, meant] if meant and doubted else [best.reading])


def _instead(first: Reading, edits: Sequence[Edit] = (), question: Question | None = None,
             ignored: Sequence[str] = ()) -> Reading:  # fmt: skip
    """A reading in the stead of `first`, as if that had never been."""
    memory = first.memory
    past = memory.past[:-1] if first.edits else memory.past
    memory = replace(memory, edits=(), question=None, turn=memory.turn - 1, past=past)
    return finish(memory, list(edits), [], question, [], list(ignored), memory.tracks,
                  memory.sections)  # fmt: skip


def _offered(first: Reading, other: Reading) -> bool:
    """Whether another reading only takes what the frames ask to choose from."""
    choices = first.question.choices if first.question else ()
    return bool(other.edits) and set(other.edits) <= {e for c in choices for e in c.edits}


def _numbers(said: str, world: World) -> set[str]:
    """The numbers that are said, "second" as 2."""
    tokens = lex(said, world.names, world.sound_words()).tokens
    return {t.value for t in tokens if t.kind == "ord"} | {w for w in words_of(said) if w.isdigit()}


def _asked(first: Reading, readings: Sequence[Reading]) -> Reading:
    """One question with what the readings would do as its choices."""
    choices = tuple(Choice(shown(r.edits, r.actions), r.edits, r.actions) for r in readings)
    return _instead(first, question=which(choices), ignored=first.ignored)
