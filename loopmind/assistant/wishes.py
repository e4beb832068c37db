"""What readings of one sentence come to: the translator's as wishes, and how two compare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.assistant.commands import NOTHING, carried_out, same_wish, told_nothing
from loopmind.assistant.contents import figures_in
from loopmind.assistant.doubt import is_doubt
from loopmind.assistant.halves import Read
from loopmind.assistant.translator import Translation
from loopmind.assistant.values import Reading
from loopmind.assistant.wording import words_of
from loopmind.assistant.world import World
from loopmind.music.edit import edit_to_plain

# "Lock the pad, whatever else we change": nothing is to be changed now.
_WHATEVER = re.compile(r"\b(?:what|which|how)ever\b|\bno matter\b|\beven (?:if|when)\b")
# Words that change what a figure beside them means.
_MEASURES = (re.compile(r"\bdotted\b"), re.compile(r"\bseconds\b|-seconds?\b|\d ?s(?:ecs?)?\b"),
             re.compile(r"\bceiling\b"))  # fmt: skip
_SHARES = re.compile(r"%|per ?cent")
_PLACES = re.compile(r"\b(?:verse|hook|bridge|intro|outro|drop|runner-up|undo) \d+|\b808\b")
_NUMBERED = re.compile(r"\b(?:verse|hook|bridge|drop) (\d+)")
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
_TIMES = re.compile(r"(\d+(?:\.\d+)?) ms\b")
_COUNTED = re.compile(r"\b(?:one|two|three|five|eight|ten|[a-z]+teen|[a-z]+ty|hundred)\b")
_THOUSANDS = re.compile(r"\b(\d+(?:\.\d+)?) ?k(?:hz)?\b", re.IGNORECASE)


def _figures(text: str) -> set[str]:
    """The figures that are said, 2k as 2000. An 808 is an instrument."""
    plain = _THOUSANDS.sub(lambda k: f"{float(k[1]) * 1000:g}", text)
    return {w for w in words_of(plain) if w[0].isdigit()} - {"808"}


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


def wishes_of(found: Sequence[Translation], world: World, read: Read) -> list[Wish]:
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
    return not (a.figures or b.figures) and a.whole and alike(a.reading, b.reading)


_PARTS = frozenset(
    {"edit", "track", "tracks", "section", "sections", "parameter", "effect", "role", "kind",
     "only", "add", "remove", "after", "style", "genre", "folder"}
)  # fmt: skip


def alike(a: Reading, b: Reading) -> bool:
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


def accounts(translation: Translation, said: str) -> bool:
    """Whether no figure that is said was overlooked, nor taken for something else."""
    commands = " ".join(translation.commands)
    if "%" in commands and not _SHARES.search(said):
        return False
    if "redo song" in commands and _WHATEVER.search(said):
        return False
    if any(m.search(said) and not m.search(commands) for m in _MEASURES):
        return False
    figures = _figures(said)
    if set(_TIMES.findall(commands)) - figures and not _COUNTED.search(said):
        return False  # a time that nobody named
    return figures <= _figures(commands)


def acts(reading: Reading) -> bool:
    return bool(reading.edits or reading.actions) and reading.question is None


def meant_by(first: Reading) -> Reading | None:
    """What a reading that only doubts would have done."""
    if first.question is None or not is_doubt(first.question):
        return None
    if "Did you mean" not in first.question.text:
        return None  # a question of its own
    return replace(first, edits=first.question.choices[0].edits, question=None)


def leaves_figure(reading: Reading) -> bool:
    """Whether a figure that was said has no use in a reading."""
    return bool(_figures(" ".join(reading.ignored)))


def missed(wish: Wish, other: Reading) -> bool:
    """Whether a translation names a figure that the edits of another reading do not hold."""
    held = {round(abs(n), 6) for edit in other.edits for n in figures_in(edit)}
    scales = (1.0, 0.01, 0.001, 4.0)  # as it is, per cent, milliseconds, bars in beats
    return any(not held & {round(f * s, 6) for s in scales} for f in wish.figures)
