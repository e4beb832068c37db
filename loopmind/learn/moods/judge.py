"""How well values of moods agree with names, and with changes whose direction is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.moods.contrasts import STILL
from loopmind.learn.moods.data import Set
from loopmind.music.loop import MOODS

F32 = NDArray[np.float32]

FEWEST = 2


@dataclass(frozen=True)
class Agreement:
    """Of one mood, or one change: how many sounds (or pairs) it rests on, and the share right.

    Of names that is the share of pairs, one sound so named and one of the same source and kind
    that is not, in which the first has more of the mood (the area under the ROC curve).
    """

    count: int
    right: float


def by_names(values: F32, held: Set) -> dict[str, Agreement]:
    """Agreement with names by mood, over sources and kinds weighted by how many are so named."""
    found: dict[str, Agreement | None] = {}
    for number, mood in enumerate(MOODS):
        groups = []
        for source in sorted(set(held.source.tolist())):
            for kind in ("oneshot", "loop"):
                own = held.speaks & (held.source == source) & (held.kind == kind)
                yes = values[own & held.named[:, number], number]
                no = values[own & ~held.named[:, number], number]
                groups.append((yes, no, yes.size))
        found[mood] = _together(groups)
    return _known(found)


def _together(groups: Iterable[tuple[F32, F32, int]]) -> Agreement | None:
    """Of groups of sounds that should lie above, others, and how much the group counts."""
    usable = [(yes, no, n) for yes, no, n in groups if min(yes.size, no.size) >= FEWEST]
    if not usable:
        return None
    counts = [n for _, _, n in usable]
    shares = [_more(yes, no) for yes, no, _ in usable]
    return Agreement(sum(counts), float(np.average(shares, weights=counts)))


def _known(found: dict[str, Agreement | None]) -> dict[str, Agreement]:
    return {name: agreement for name, agreement in found.items() if agreement is not None}


def _more(yes: F32, no: F32) -> float:
    """How often one of `yes` lies above one of `no`; a tie counts half."""
    differences = yes[:, None] - no[None]
    return float((differences > 0).mean() + 0.5 * (differences == 0).mean())


def by_changes(values: F32, held: Set) -> dict[str, Agreement]:
    """Agreement with the direction of changes, by "change: mood"; a tie counts half.

    Changes that must leave a mood as it is are told by `moved`.
    """
    found: dict[str, Agreement] = {}
    first, second, mood = held.pairs.T
    differences = values[first, mood] - values[second, mood]
    right = (differences > 0) + 0.5 * (differences == 0)
    for how in sorted(set(held.how[~held.still].tolist())):
        for number in sorted(set(mood[held.how == how].tolist())):
            own = (held.how == how) & (mood == number)
            found[f"{how}: {MOODS[number]}"] = Agreement(int(own.sum()), float(right[own].mean()))
    return found


def across_sounds(values: F32, held: Set) -> dict[str, Agreement]:
    """By mood: how often any sound made more of it lies above any other sound made less of it.

    Both of one kind; "made" as the pairs have it, so one of the two may be as it was.
    """
    found: dict[str, Agreement | None] = {}
    for number, mood in enumerate(MOODS):
        groups = []
        for kind in ("oneshot", "loop"):
            of_kind = held.kind[held.pairs[:, 0]] == kind
            own = held.pairs[(held.pairs[:, 2] == number) & of_kind & ~held.still]
            groups.append((values[own[:, 0], number], values[own[:, 1], number], len(own)))
        found[mood] = _together(groups)
    return _known(found)


def by_mode(values: F32, held: Set) -> dict[str, Agreement]:
    """Agreement with the keys that people told of recordings: sad in minor, happy in major.

    The share of pairs of one source and instrument, one in minor and one in major, told so.
    """
    found: dict[str, Agreement | None] = {}
    for mood, more, less in (("sad", "minor", "major"), ("happy", "major", "minor")):
        groups = []
        for source in sorted(set(held.source.tolist())):
            for instrument in sorted(set(held.instrument.tolist())):
                own = (held.source == source) & (held.instrument == instrument)
                yes = values[own & (held.mode == more), MOODS.index(mood)]
                no = values[own & (held.mode == less), MOODS.index(mood)]
                groups.append((yes, no, yes.size + no.size))
        found[mood] = _together(groups)
    return _known(found)


def moved(values: F32, held: Set) -> dict[str, float]:
    """By change that must leave moods as they are: how far values move in the mean, 0..1."""
    first, second, mood = held.pairs.T
    differences = np.abs(values[first, mood] - values[second, mood])
    return {
        how.removesuffix(STILL): float(differences[held.how == how].mean())
        for how in sorted(set(held.how[held.still].tolist()))
    }


def mean_of_sounds(found: dict[str, Agreement]) -> float:
    """The mean over all that it rests on: a mood of two sounds weighs as two."""
    every = list(found.values())
    return float(np.average([a.right for a in every], weights=[a.count for a in every]))


def mean_of(found: dict[str, Agreement]) -> float:
    """The mean over moods, or over changes."""
    return float(np.mean([agreement.right for agreement in found.values()]))
