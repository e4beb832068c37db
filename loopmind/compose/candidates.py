"""Entries of the joint search as candidates, with the scores by which a choice is explained."""

from __future__ import annotations

import numpy as np

from loopmind.compose.joint import ALONE_SHARE, Slot, Table, beside
from loopmind.music.palette import Candidate


def describe(
    table: Table, slot: Slot, j: int, picks: dict[str, int], slots: dict[str, Slot]
) -> Candidate:
    """Entry `j` as a candidate for `slot`, scored beside the other picks, without chance."""
    entry = table.entries[j]
    others = [
        k for name, k in picks.items()
        if name != slot.name and slots[name].alternate_of != slot.name
        and name != slot.alternate_of
    ]  # fmt: skip
    together = beside(table, slot, np.array([j]), picks, slots)
    score = entry.alone
    if together is not None:
        score = ALONE_SHARE * entry.alone + (1 - ALONE_SHARE) * float(together[0])
    parts = dict(entry.parts)
    if others:
        parts["rhythm"] = float(table.pairs.rhythm[j, others].mean())
        harmony = table.pairs.harmony[j, others]
        heard = harmony[~np.isnan(harmony)]
        if len(heard):
            parts["harmony"] = float(heard.mean())
        parts["spectrum"] = float(table.pairs.spectrum[j, others].mean())
        parts["palette"] = float(table.pairs.palette[j, others].mean())
        if table.pairs.learned is not None:
            parts["together"] = float(table.pairs.learned[j, others].mean())
    return Candidate(
        table.traits.loops[entry.index].digest,
        round(min(max(score, 0.0), 1.0), 4),
        tuple((name, round(value, 4)) for name, value in parts.items()),
        entry.source_bpm, entry.beats, round(entry.ratio, 6), entry.semitones,
    )  # fmt: skip
