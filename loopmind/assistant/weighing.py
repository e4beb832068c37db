"""How likely the frames' reading of a sentence is right, and the translator's likeliest wish.

What speaks for either of them (how sure each is, what it left over, whether the other would do the
same) is weighed by two logistic regressions (models/settling.json, card beside it, made by
learn/reader/settling.py).
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from loopmind.assistant.commands import NOTHING, fresh_memory, same_wish
from loopmind.assistant.openings import INQUIRES
from loopmind.assistant.values import Reading
from loopmind.assistant.wishes import Wish, acts, alike, leaves_figure, meant_by, missed
from loopmind.assistant.wording import words_of
from loopmind.assistant.world import World
from loopmind.files.places import model_file

Weights = Mapping[str, float]

MODEL = "settling.json"
ENOUGH = 0.8
"""How likely a reading must be right to be done. Chosen on sentences that no reader had learned
from; docs/assistant.md tells which."""
REMARK, LEARNED = 0.8, 0.9
"""How likely a remark must be for nothing to be done, unless the second reader is as sure as
`LEARNED` of what the frames read: there are too few of them to learn from. The weights of
models/settling.json were learned with this value of `LEARNED`."""

# What it reads past where it is not sure: comparisons, "don't ...", "beat 3".
_NARROWED = re.compile(
    r"\b(?:if|or|except)\b|^(?:please )?(?:do not|never)\b|\bi do not want\b"
    r"|\bas \w+ as\b|\bbeat \d|, not? (?:the|on|in|at|for|after|before)\b"
)
_POINTS = re.compile(r"\b(?:it|that|this|them|they|those|these|same)\b")


def signs(said: str, first: Reading, sure: float, wishes: Sequence[Wish],
          world: World) -> dict[str, float]:  # fmt: skip
    """What speaks for and against what the frames read and the likeliest of `wishes`."""
    best, act, meant = wishes[0], acts(first), meant_by(first)
    other = first if act else meant
    found = best.reading
    same = other is not None and not best.silent and same_wish(other, found)
    near = other is not None and not best.silent and alike(other, found)
    agreed = [w.by_each for w in wishes if act and not w.silent and same_wish(w.reading, first)]
    by_each = np.sum(agreed, axis=0) if agreed else np.zeros_like(best.by_each)
    ours, theirs = {repr(e) for e in first.edits}, {repr(e) for e in found.edits}
    counted: dict[str, float] = {
        "the frames act": act,
        "the frames ask": first.question is not None,
        "the frames doubt": meant is not None,
        "the frames note": bool(first.notes),
        "the frames leave words": min(len(first.ignored), 3),
        "the frames leave a figure": leaves_figure(first),
        "the frames' edits": min(len(first.edits), 4),
        "the frames act without edits": bool(first.actions),
        "the second reader": sure,
        "the second reader is sure": sure > LEARNED,
        "words": math.log(len(words_of(said))),
        "goes on": not fresh_memory(world.memory),
        "points back": points_back(said, world),
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
        "the same": act and same,
        "like it": act and near,
        "the same as doubted": not act and (same or near),
        "another": act and not (same or near),
        "a figure that the frames lack": act and missed(best, first),
        "less than the frames": act and theirs < ours,
        "more than the frames": act and theirs > ours,
        "chance of the frames'": _logit(float(np.mean(by_each))),
        "least chance of the frames'": _logit(float(by_each.min())),
    }  # fmt: skip
    return {name: float(value) for name, value in counted.items()}


def points_back(said: str, world: World) -> bool:
    """Whether a sentence says "it" or the like of what was spoken of before."""
    return not fresh_memory(world.memory) and _POINTS.search(said) is not None


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
