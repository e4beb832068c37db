"""What is done where the frames and the translator do not read a sentence alike.

Two readers that err in different ways: what both come to is done. Where they differ, it counts how
likely the translator finds what the frames made of the sentence among all its translations, and
how sure it is of its own; where neither stands out the person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from loopmind.assistant.commands import (
    NOTHING,
    carried_out,
    fresh_memory,
    same_wish,
    told_nothing,
)
from loopmind.assistant.contents import figures_in
from loopmind.assistant.doubt import is_doubt, shown, which
from loopmind.assistant.finishing import finish
from loopmind.assistant.halves import Read
from loopmind.assistant.openings import INQUIRES
from loopmind.assistant.translator import Translation, translator
from loopmind.assistant.values import Choice, Question, Reading
from loopmind.assistant.wording import words_of
from loopmind.assistant.world import World
from loopmind.music.edit import Edit, edit_to_plain

# Chosen on sentences that no reader had learned from; docs/assistant.md tells which.
SURE = 0.65
"""How likely the translator must find its own reading for it to be done where the frames differ;
for words that it may have read past to be trusted; for a remark to be taken for one."""
LEARNED, CERTAIN = 0.9, 0.85
"""The same where the second reader is as sure as `LEARNED` of what the frames read."""
OWN = 0.75
"""The same where the frames do not understand, or ask back; below it the translator's reading is
asked about, or passed over where the second reader knows what the frames read."""
OFFERED = 0.1
"""How likely a reading must be to be offered at all."""
BOTH = 0.4
"""How likely the translator must find what the frames only doubt, for it to be done."""
CLOSE = 0.05
"""What the frames read may be so much less likely than the best reading, and is done still."""
POINTED = 0.5
"""How sure the second reader must be of what the frames take "it" for."""
MANY = 3
"""Of so many wishes a network leaves some out."""
FEWEST = 2
"""Shorter sentences are the frames' alone."""

# What a network reads past: conditions; and, if it is not sure, comparisons, "don't ...", "beat 3".
_CONDITION = re.compile(r"\b(?:unless|either|(?<!as )if (?:it|the|that|they|there))\b")
_NARROWED = re.compile(
    r"\b(?:if|or|except)\b|^(?:please )?(?:do not|never)\b|\bi do not want\b"
    r"|\bas \w+ as\b|\bbeat \d|, not? (?:the|on|in|at|for|after|before)\b"
)
# "Lock the pad, whatever else we change": nothing is to be changed now.
_WHATEVER = re.compile(r"\b(?:what|which|how)ever\b|\bno matter\b|\beven (?:if|when)\b")
# Words that change what a figure beside them means.
_MEASURES = (re.compile(r"\bdotted\b"), re.compile(r"\bseconds\b|-seconds?\b|\d ?s(?:ecs?)?\b"),
             re.compile(r"\bceiling\b"))  # fmt: skip
_SHARES = re.compile(r"%|per ?cent")
_POINTS = re.compile(r"\b(?:it|that|this|them|they|those|these|same)\b")


@dataclass
class Wish:
    """What some translations come to, and how likely they are together."""

    reading: Reading
    chance: float
    whole: bool
    silent: str = ""
    figures: frozenset[float] = frozenset()
    """What its commands name; of fractions both parts."""

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
    found = _settled(said, first, sure, world, read)
    if found is first and _acts(first) and _leaves_figure(first):
        return _asked(first, [first])  # a figure has no use in it
    return found


def _settled(said: str, first: Reading, sure: float, world: World, read: Read) -> Reading:
    known = translator()
    if known is None or len(words_of(said)) < FEWEST or _CONDITION.search(said):
        return first
    goes_on = not fresh_memory(world.memory)
    points = goes_on and _POINTS.search(said) is not None
    if _acts(first) and (sure >= 1.0 or (points and sure >= POINTED)):
        return first  # can mean nothing else; or only the frames know what was spoken of
    found = known(said, goes_on=goes_on)
    wishes = _wishes([t for t in found if _accounts(t, said)], world, read)
    if not wishes:
        return first
    if wishes[0].chance < SURE and _NARROWED.search(said):
        return first
    if _acts(first):
        unsure = wishes[0].chance < CERTAIN
        if first.actions and not first.edits and (unsure or INQUIRES.match(said)):
            return first
        guesses = points and not first.ignored and wishes[0].chance < SURE
        return first if guesses else _over(first, sure, wishes)
    meant, best = _meant(first), wishes[0]
    if best.silent:
        quiet = meant and best.silent == NOTHING and best.chance >= SURE
        return replace(first, question=None, ignored=()) if quiet else first
    if not best.acts:
        return first
    if meant is None and (first.question or first.notes):
        # A note without a word left over: understood, and cannot be done so.
        needed = CERTAIN if first.notes and not first.ignored else OWN
        return first if best.chance < needed or _offered(first, best.reading) else best.reading
    if meant is None and not first.ignored:
        return _beside_remark(first, wishes)
    if meant and (same_wish(meant, best.reading) or _alike(meant, best.reading)):
        if best.chance < BOTH:
            return first
        unclear = first.question is not None and first.question.unclear
        return best.reading if unclear or _missed(best, meant) else _instead(first, meant.edits)
    if best.chance >= OWN:
        return best.reading
    if best.chance >= OFFERED:
        return _asked(first, [best.reading, *([meant] if meant else [])])
    return first


def _beside_remark(first: Reading, wishes: Sequence[Wish]) -> Reading:
    """What is done where the frames hear no wish."""
    best = wishes[0]
    remark = sum(w.chance for w in wishes if w.silent == NOTHING)
    if best.chance >= CERTAIN or (best.chance >= OWN and remark < CLOSE):
        return best.reading
    return _asked(first, [best.reading]) if best.chance >= BOTH and remark < CLOSE else first


def _over(first: Reading, sure: float, wishes: Sequence[Wish]) -> Reading:
    """What is done where the frames would act."""
    best = wishes[0]
    if best.silent == NOTHING and best.chance >= CERTAIN and sure < LEARNED:
        return _unheard(first)
    if not best.acts or _heard(first, wishes) + CLOSE >= best.chance:
        return first
    if _alike(first, best.reading):
        needed = BOTH if _leaves_figure(first) else SURE
        return best.reading if best.chance >= needed and _missed(best, first) else first
    if _more_of_it(first, best.reading):
        return first
    if best.chance < OWN and not first.ignored and set(first.edits) < set(best.reading.edits):
        return first  # the frames left no word over
    known = sure >= LEARNED or (len(first.edits) >= MANY and not first.ignored)
    if best.chance >= (CERTAIN if known else SURE):
        return best.reading
    return first if known and best.chance <= OWN else _asked(first, [first, best.reading])


def _unheard(first: Reading) -> Reading:
    """A reading of what is most likely a remark: asked about, or passed over if words are left."""
    if not (first.actions or first.ignored):
        return _asked(first, [first])
    return _instead(first)


def _instead(first: Reading, edits: Sequence[Edit] = (), question: Question | None = None,
             ignored: Sequence[str] = ()) -> Reading:  # fmt: skip
    """A reading in the stead of `first`, as if that had never been."""
    memory = first.memory
    past = memory.past[:-1] if first.edits else memory.past
    memory = replace(memory, edits=(), question=None, turn=memory.turn - 1, past=past)
    return finish(memory, list(edits), [], question, [], list(ignored), memory.tracks,
                  memory.sections)  # fmt: skip


def _leaves_figure(reading: Reading) -> bool:
    """Whether a figure that was said has no use in a reading."""
    return bool(_figures(" ".join(reading.ignored)))


def _missed(wish: Wish, other: Reading) -> bool:
    """Whether a translation names a figure that the edits of another reading do not hold."""
    held = {round(abs(n), 6) for edit in other.edits for n in figures_in(edit)}
    scales = (1.0, 0.01, 0.001, 4.0)  # as it is, per cent, milliseconds, bars in beats
    return any(not held & {round(f * s, 6) for s in scales} for f in wish.figures)


def _offered(first: Reading, other: Reading) -> bool:
    """Whether another reading only takes what the frames ask to choose from."""
    choices = first.question.choices if first.question else ()
    return bool(other.edits) and set(other.edits) <= {e for c in choices for e in c.edits}


def _more_of_it(first: Reading, other: Reading) -> bool:
    """Whether the frames, who left no word over, read many wishes of which another reading lacks
    some; or the same action, of which they know best what it is about."""
    if first.actions and not first.edits:
        return [type(a) for a in first.actions] == [type(a) for a in other.actions]
    a, b = set(first.edits), set(other.edits)
    more = bool(b) and not first.ignored and b < a and len(a) >= MANY
    return more and {_what(e) for e in a} > {_what(e) for e in b}


def _what(edit: Edit) -> tuple[object, ...]:
    """What an edit does and to whom, wherever that is."""
    plain = edit_to_plain(edit)
    return (plain["edit"], *(repr(plain.get(n)) for n in ("track", "add", "remove", "parameter")))


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
    """Whether no figure that is said was overlooked, nor taken for something else."""
    commands = " ".join(translation.commands)
    if "%" in commands and not _SHARES.search(said):
        return False
    if "redo song" in commands and _WHATEVER.search(said):
        return False
    if any(said_so.search(said) and not said_so.search(commands) for said_so in _MEASURES):
        return False
    figures = _figures(said)
    if set(_TIMES.findall(commands)) - figures and not _COUNTED.search(said):
        return False  # a time that nobody named
    return figures <= _figures(commands)


_TIMES = re.compile(r"(\d+(?:\.\d+)?) ms\b")
_COUNTED = re.compile(r"\b(?:one|two|three|five|eight|ten|[a-z]+teen|[a-z]+ty|hundred)\b")
_THOUSANDS = re.compile(r"\b(\d+(?:\.\d+)?) ?k(?:hz)?\b", re.IGNORECASE)


def _figures(text: str) -> set[str]:
    """The figures that are said, 2k as 2000. An 808 is an instrument."""
    plain = _THOUSANDS.sub(lambda k: f"{float(k[1]) * 1000:g}", text)
    return {w for w in words_of(plain) if w[0].isdigit()} - {"808"}


def _named(commands: Sequence[str]) -> frozenset[float]:
    """The figures of commands that are no part of a name ("verse 2")."""
    plain = (_PLACES.sub("", command) for command in commands)
    return frozenset(float(f) for text in plain for f in _FIGURE.findall(text))


_PLACES = re.compile(r"\b(?:verse|hook|bridge|intro|outro|drop|runner-up|undo) \d+|\b808\b")
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")


def _wishes(found: Sequence[Translation], world: World, read: Read) -> list[Wish]:
    """Translations that come to the same taken together, the likeliest first."""
    wishes: list[Wish] = []
    for translation in found:
        silent, reading, whole = "", Reading(), True
        figures = _named(translation.commands)
        if told_nothing(translation.commands):
            silent = next((c for c in translation.commands if c != NOTHING), NOTHING)
        else:
            carried = carried_out(translation.commands, world, read)
            reading, whole = carried.reading, carried.whole
        for wish in wishes:
            if wish.silent == silent and (silent or _one_wish(wish, reading, figures)):
                wish.chance += translation.chance
                break
        else:
            wishes.append(Wish(reading, translation.chance, whole, silent, figures))
    return sorted(wishes, key=lambda w: -w.chance)


def _one_wish(wish: Wish, reading: Reading, figures: Collection[float]) -> bool:
    """Whether a translation comes to the same as another, but for amounts that neither names."""
    if same_wish(wish.reading, reading):
        return True
    return not (wish.figures or figures) and wish.whole and _alike(wish.reading, reading)


def _heard(first: Reading, wishes: Sequence[Wish]) -> float:
    """How likely the translator finds what the frames read."""
    return sum(w.chance for w in wishes if not w.silent and same_wish(w.reading, first))


_PARTS = frozenset(
    {"edit", "track", "tracks", "section", "sections", "parameter", "effect", "role", "kind",
     "only", "add", "remove", "after", "style", "genre", "folder"}
)  # fmt: skip


def _alike(a: Reading, b: Reading) -> bool:
    """Whether two readings change the same of the same parts; the frames tell by how much best."""
    by_name = any(getattr(e, "digest", "") for e in a.edits)  # of a sound
    return bool(a.edits) and _changed(a, not by_name) == _changed(b, not by_name)


def _changed(reading: Reading, moods: bool) -> list[str]:
    plain = [edit_to_plain(e) for e in reading.edits]
    parts = _PARTS | {"moods"} if moods else _PARTS
    return sorted(repr((sorted((k, v) for k, v in e.items() if k in parts), _is_less(e), _way(e)))
                  for e in plain)  # fmt: skip


def _way(edit: Mapping[str, Any]) -> tuple[Any, ...]:
    """Which way a band, a compressor or a fade works."""
    match edit["edit"]:
        case "change_eq":
            band = edit["band"]
            return band["kind"] in ("lowcut", "highcut") and band["kind"], band["gain_db"] < 0
        case "set_compressor":
            return (edit["compressor"] is None or edit["compressor"]["ratio"] < _COMPRESSES,)
        case "set_fade":
            return edit.get("in_beats") is not None, edit.get("out_beats") is not None
        case "set_effect":
            return (edit.get("amount") == 0.0,)
        case "set_swing":
            return ((edit.get("swing") or 1.0) <= _STRAIGHT,)
        case _:
            return ()


_COMPRESSES, _STRAIGHT = 1.5, 0.5


def _is_less(edit: Mapping[str, Any]) -> bool:
    by = edit.get("by")
    return by is not None and by < (1.0 if edit["edit"] == "set_tempo" else 0.0)


def _asked(first: Reading, readings: Sequence[Reading]) -> Reading:
    """One question with what the readings would do as its choices."""
    choices = tuple(Choice(shown(r.edits, r.actions), r.edits, r.actions) for r in readings)
    return _instead(first, question=which(choices), ignored=first.ignored)
