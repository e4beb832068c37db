"""Preferring fresh sounds: what the latest songs used weighs less, but is never forbidden."""

from __future__ import annotations

import numpy as np

from loopmind.compose.oneshots import Weighed
from loopmind.compose.traits import Floats, Traits
from loopmind.music.brief import Brief

WEAR_MALUS = 0.35
"""What a sound of the latest song loses of its score, 0..1."""


def wear(t: Traits, brief: Brief) -> Floats:
    """How worn each sound is, 0 fresh .. 1; the brief's anchors never are."""
    worn = dict(brief.worn)
    for anchor in brief.anchors:
        worn.pop(anchor.digest, None)
    return np.array([worn.get(loop.digest, 0.0) for loop in t.loops], np.float64)


def fresh_first(entries: list[Weighed], worn: Floats) -> list[Weighed]:
    """One-shots, fresh ones first where they are nearly as good as the best; else as they were."""
    best = max((e.candidate.score for e in entries), default=0.0)

    def burden(entry: Weighed) -> float:
        poor = best - entry.candidate.score > WEAR_MALUS
        return 1.0 if poor else float(worn[entry.index])

    return sorted(entries, key=burden) if worn.any() else entries
