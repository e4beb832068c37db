"""What is done where the frames and the translator do not read a sentence alike.

Two readers that err in different ways. What speaks for either of them (how sure each is, what it
left over, whether the other would do the same) is weighed by two logistic regressions
(models/settling.json, made by learn/reader/settling.py): how likely what the frames read is right,
and how likely the translator's best is. Where neither is likely enough the person is asked.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from loopmind.assistant.lexer import lex
from loopmind.assistant.openings import INQUIRES
from loopmind.assistant.translator import Translation, translator
from loopmind.assistant.values import Choice, Question, Reading
from loopmind.assistant.wording import words_of
from loopmind.assistant.world import World
from loopmind.files.places import model_file
from loopmind.music.edit import Edit, edit_to_plain

Weights = Mapping[str, float]

MODEL = "settling.json"
ENOUGH = 0.8
"""How likely a reading must be right to be done. Chosen on sentences that no reader had learned
from; docs/assistant.md tells which."""
REMARK, LEARNED = 0.8, 0.9
"""How likely a remark must be for nothing to be done, unless the second reader is as sure as
`LEARNED` of what the frames read: there are too few of them to learn from. The weights of
models/settling.json were learned with this value of `LEARNED`."""
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
# What it reads past where it is not sure: comparisons, "don't ...", "beat 3".
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
    """What some translations come to, and how likely each network finds them together.

    silent: what is said instead of a wish ("nothing", "ask", "cannot"); whole: if every command
    is carried out; commands: of the likeliest translation.
    """

    reading: Reading
    by_each: NDArray[np.float64]
    whole: bool
    silent: str = ""
    commands: tuple[str, ...] = ()

    @property
    def chance(self) -> float:
        return float(np.mean(self.by_each))

    @property
    def acts(self) -> bool:
        """Whether it can be done as it is."""
        done = bool(self.reading.edits or self.reading.actions)
        return done and self.whole and not self.silent

    @property
    def figures(self) -> frozenset[float]:
        """The figures that its commands name and that are no part of a name ("verse 2")."""
        plain = (_PLACES.sub("", command) for command in self.commands)
        return frozenset(float(f) for text in plain for f in _FIGURE.findall(text))

    @property
    def places(self) -> frozenset[str]:
        """Which verse and which hook its commands name: "2"."""
        return frozenset(_NUMBERED.findall(" ".join(self.commands)))


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
    wishes = heard(said, first, sure, world, read)
    if not wishes:
        return first
    best, weights = wishes[0], weights_of()
    assert weights is not None  # or nothing is heard
    way = decided(signs(said, first, sure, wishes, world), weights)
    if way == "stays":
        return first
    return taken(first, best) if way == "goes" else between(first, best)


def heard(said: str, first: Reading, sure: float, world: World, read: Read) -> list[Wish]:
    """What the translator hears, the likeliest first; nothing where the frames are to decide."""
    known = translator()
    if (
        known is None
        or weights_of() is None
        or len(words_of(said)) < FEWEST
        or _CONDITION.search(said)
    ):
        return []
    points = not fresh_memory(world.memory) and _POINTS.search(said) is not None
    if _acts(first) and (sure >= 1.0 or (points and sure >= POINTED)):
        return []  # it can mean nothing else, or only the frames know what was spoken of
    plain = math.inf if _acts(first) else PLAIN
    found = [t for t in known(said, goes_on=not fresh_memory(world.memory))
             if t.chance >= plain or _accounts(t, said)]  # fmt: skip
    wishes = _wishes(found, world, read)
    return [] if not wishes or _frames_know(said, first, wishes[0], world) else wishes


def _frames_know(said: str, first: Reading, best: Wish, world: World) -> bool:
    """Whether the frames tell best by how much; understood what cannot be done so; or ask which
    one where nobody said which."""
    if _acts(first):
        return _alike(first, best.reading) and not _missed(best, first)
    if first.notes and not (first.ignored or first.question):
        return best.chance < PLAIN
    was_named = bool(best.places) and best.places <= _numbers(said, world)
    sure = was_named and best.chance >= PLAIN
    return _meant(first) is None and _offered(first, best.reading) and not sure


def signs(said: str, first: Reading, sure: float, wishes: Sequence[Wish],
          world: World) -> dict[str, float]:  # fmt: skip
    """What speaks for and against what the frames read and the likeliest of `wishes`."""
    best, acts, meant = wishes[0], _acts(first), _meant(first)
    other = first if acts else meant
    found = best.reading
    same = other is not None and not best.silent and same_wish(other, found)
    alike = other is not None and not best.silent and _alike(other, found)
    agreed = [w.by_each for w in wishes if acts and not w.silent and same_wish(w.reading, first)]
    by_each = np.sum(agreed, axis=0) if agreed else np.zeros_like(best.by_each)
    ours, theirs = {repr(e) for e in first.edits}, {repr(e) for e in found.edits}
    goes_on = not fresh_memory(world.memory)
    counted: dict[str, float] = {
        "the frames act": acts,
        "the frames ask": first.question is not None,
        "the frames doubt": meant is not None,
        "the frames note": bool(first.notes),
        "the frames leave words": min(len(first.ignored), 3),
        "the frames leave a figure": _leaves_figure(first),
        "the frames' edits": min(len(first.edits), 4),
        "the frames act without edits": bool(first.actions),
        "the second reader": sure,
        "the second reader is sure": sure > LEARNED,
        "words": math.log(len(words_of(said))),
        "goes on": goes_on,
        "points back": goes_on and _POINTS.search(said) is not None,
        "narrowed": _NARROWED.search(said) is not None,
        "inquires": INQUIRES.match(said) is not None,
        "chance": _logit(best.chance),
        "least chance": _logit(float(best.by_each.min())),
        "ahead": best.chance - (wishes[1].chance if len(wishes) > 1 else 0.0),
        "vague or impossible": sum(w.chance for w in wishes if w.silent not in ("", NOTHING)),
        "a remark": best.silent == NOTHING,
        "it can be done": best.acts,
        "its commands": min(len(best.commands), 4),
        "its edits": min(len(found.edits), 4),
        "the same": acts and same,
        "like it": acts and alike,
        "the same as doubted": not acts and (same or alike),
        "another": acts and not (same or alike),
        "a figure that the frames lack": acts and _missed(best, first),
        "less than the frames": acts and theirs < ours,
        "more than the frames": acts and theirs > ours,
        "chance of the frames'": _logit(float(np.mean(by_each))),
        "least chance of the frames'": _logit(float(by_each.min())),
    }  # fmt: skip
    return {name: float(value) for name, value in counted.items()}


def _logit(chance: float) -> float:
    held = min(max(chance, 1e-4), 1.0 - 1e-4)
    return math.log(held / (1.0 - held))


def decided(found: Mapping[str, float], weights: tuple[Weights, Weights],
            enough: float = ENOUGH) -> str:  # fmt: skip
    """What is done, by the `signs` of a sentence: the frames' reading ("stays"), the likeliest wish
    ("goes"), or neither before the person was asked ("between")."""
    if is_remark(found):
        return "goes"
    stays, goes = chances(found, weights)
    if not (found["it can be done"] or found["a remark"]):
        goes = 0.0  # it can be done in part at most, or the translator does not know what is meant
    if max(stays, goes) >= enough or (stays >= goes and not found["the frames act"]):
        return "stays" if stays >= goes else "goes"
    return "between"


def is_remark(found: Mapping[str, float]) -> bool:
    """Whether a sentence is passed over, by its `signs`, though the frames hear a wish in it."""
    if not found["a remark"] or found["inquires"]:
        return False
    a_wish = found["the frames act"] or found["the frames doubt"]
    return bool(
        a_wish and found["chance"] >= _logit(REMARK) and found["the second reader"] < LEARNED
    )


def chances(found: Mapping[str, float], weights: tuple[Weights, Weights]) -> tuple[float, float]:
    """How likely the frames are right, and the likeliest wish."""
    stays, goes = (
        1.0 / (1.0 + math.exp(-sum(each[name] * value for name, value in found.items())
                              - each["always"]))
        for each in weights
    )  # fmt: skip
    return stays, goes


@functools.cache
def weights_of() -> tuple[Weights, Weights] | None:
    """The weights of `signs`, of the frames' reading and of the likeliest wish; None without them,
    then nothing is translated."""
    try:
        held = json.loads(model_file(MODEL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return held["the frames'"], held["the likeliest"]


def taken(first: Reading, best: Wish) -> Reading:
    """The reading where the likeliest wish stands in the stead of what the frames read."""
    if best.silent:
        heard_none = not (first.edits or first.actions or first.question)
        return first if heard_none else _instead(first)
    meant = _meant(first)
    if meant and not _missed(best, meant) and _alike(meant, best.reading):
        return _instead(first, meant.edits)  # the frames tell best by how much
    return best.reading


def between(first: Reading, best: Wish) -> Reading:
    """A question, where neither what the frames read nor the best wish is likely enough."""
    if _acts(first):
        both = best.acts and not same_wish(first, best.reading)
        return _asked(first, [first, best.reading] if both else [first])
    meant = _meant(first)
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


def _numbers(said: str, world: World) -> set[str]:
    """The numbers that are said, "second" as 2."""
    tokens = lex(said, world.names, world.sound_words()).tokens
    return {t.value for t in tokens if t.kind == "ord"} | {w for w in words_of(said) if w.isdigit()}


_PLACES = re.compile(r"\b(?:verse|hook|bridge|intro|outro|drop|runner-up|undo) \d+|\b808\b")
_NUMBERED = re.compile(r"\b(?:verse|hook|bridge|drop) (\d+)")
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")


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
        wish = Wish(reading, np.array(translation.by_each), whole, silent, translation.commands)
        for other in wishes:
            if other.silent == silent and (silent or _one_wish(other, wish)):
                other.by_each = other.by_each + wish.by_each
                break
        else:
            wishes.append(wish)
    return sorted(wishes, key=lambda w: -w.chance)


def _one_wish(a: Wish, b: Wish) -> bool:
    """Whether two come to the same, but for amounts that neither names."""
    if same_wish(a.reading, b.reading):
        return True
    return not (a.figures or b.figures) and a.whole and _alike(a.reading, b.reading)


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
