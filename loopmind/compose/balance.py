"""The balance of two sides in the joint search: how far a partial palette is from equal shares."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loopmind.compose.genres import GenreProfile
from loopmind.compose.traits import Ints
from loopmind.music.loop import Loop

# What an uneven palette loses, against a score of 1 for a perfect one.
UNEVEN_COST = 2.5
# Slots that come later may stay empty, so they are not wholly counted on.
HOPE = 0.6
MAIN_SHARE = 0.65


@dataclass(frozen=True, eq=False)
class Balance:
    """sides: for each loop 0, 1 or -1 (neither). worth: slot -> what it counts. target: side 0's
    wanted share. given: what both have contributed outside the slots (a drum kit)."""

    sides: Ints
    worth: Mapping[str, float]
    target: float
    given: tuple[float, float] = (0.0, 0.0)

    def cost(self, picks: Mapping[str, int], later: Sequence[str]) -> float:
        """What `picks` (slot -> loop) lose; `later`: the slots still to be filled.

        With a and b the worth of both sides so far, T side 0's target and r what may still come,
        cost = UNEVEN_COST max(0, |a (1 - T) - b T| - HOPE r) / (a + b + r).
        """
        totals = list(self.given)
        for slot, loop in picks.items():
            side = int(self.sides[loop])
            if side >= 0:
                totals[side] += self.worth.get(slot, 0.0)
        a, b = totals
        off = a * (1.0 - self.target) - b * self.target
        # What is too much on one side can only be made up for by the other.
        room = sum(self.worth.get(slot, 0.0) for slot in later)
        room *= self.target if off > 0 else 1.0 - self.target
        whole = a + b + sum(self.worth.get(slot, 0.0) for slot in later)
        return UNEVEN_COST * max(abs(off) - HOPE * room, 0.0) / max(whole, 1e-9)


def slot_worth(
    roles: Mapping[str, str], bases: Mapping[str, str], genre: GenreProfile
) -> dict[str, float]:
    """What each slot counts: half its role's share of the time, half one role among all.

    roles: slot -> its role. bases: slot -> the slot it takes turns with, or itself.
    """
    playing = {role: playing_share(genre, role) for role in set(roles.values())}
    mains = [slot for slot, base in bases.items() if slot == base]
    mean = sum(playing[roles[slot]] for slot in mains) / max(len(mains), 1) or 1.0
    found = {}
    for slot, base in bases.items():
        turns = sum(1 for other in bases if other != base and bases[other] == base)
        whole = 0.5 * playing[roles[slot]] / mean + 0.5
        if turns:
            whole *= MAIN_SHARE if slot == base else (1.0 - MAIN_SHARE) / turns
        found[slot] = whole
    return found


def playing_share(genre: GenreProfile, role: str) -> float:
    """Share of the genre's bars in which a role plays, less its usual rests."""
    plan = genre.structures[0]
    bars = sum(section.bars for section in plan)
    playing = sum(s.bars for s in plan if {"all", role} & set(s.plays))
    share = playing / max(bars, 1)
    if role == "fx":
        return 0.3 * share
    return share * (genre.role(role).density if role in ("lead", "vocal") else 1.0)


def side_of(loop: Loop, sides: Sequence[str]) -> int | None:
    """Number of the side that the loop belongs to, None if to none."""
    return next((n for n, side in enumerate(sides) if inside(loop.path, side)), None)


def inside(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies within it; both absolute."""
    normal, root = os.path.normcase(path), os.path.normcase(folder).rstrip("\\/")
    return normal == root or normal.startswith((root + os.sep, root + "/"))
