"""The assistant on the phrase banks: how much of what people say comes out right.

All of these banks but the last seven have been learned from, so these are floors against falling
back, no measure of how sentences fare that were never seen (docs/assistant.md tells that).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from phrase_score import misses, read_bank, score

DATA = Path(__file__).parent / "data"
# bank -> share that must be right, share that may be wrong edits, least share right in a category
FLOORS = {
    "phrases_seen": (0.965, 0.02, 0.8),
    "phrases_kept": (0.96, 0.016, 0.8),
    "phrases_fresh": (0.93, 0.03, 0.6),
    "phrases_dev": (0.9, 0.02, 0.6),
    "phrases_judge": (0.97, 0.015, 0.8),
    "phrases_own": (0.94, 0.025, 0.8),
    "phrases_unseen": (0.925, 0.03, 0.6),
    "phrases_heard": (0.95, 0.01, 0.6),
    # Not learned from by any reader (what decides between them has learned from all but the last).
    "phrases_latest": (0.895, 0.02, 0.0),
    "phrases_newest": (0.865, 0.031, 0.0),
    "phrases_agreed": (0.9, 0.012, 0.0),
    "phrases_told": (0.875, 0.025, 0.0),
    "phrases_meant": (0.89, 0.034, 0.0),
    "phrases_said": (0.875, 0.028, 0.0),
    "phrases_spoken": (0.865, 0.025, 0.0),
}
# The quick tests read one bank, the slower ones all of them.
QUICK = ("phrases_judge",)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in FLOORS],
)
def test_sentences_come_out_right(name: str) -> None:
    path = DATA / f"{name}.jsonl"
    if not path.is_file():
        pytest.skip("the phrase bank is not at hand")
    scores = [score(row) for row in read_bank(path)]
    right, wrong = (
        sum(s.outcome == outcome for s in scores) / len(scores)
        for outcome in ("right", "wrong edit")
    )
    least_right, most_wrong, each = FLOORS[name]
    assert right >= least_right, f"{right:.3f} right\n{misses(scores)}"
    assert wrong <= most_wrong, f"{wrong:.3f} wrong\n{misses(scores)}"
    all_of = Counter(s.row["category"] for s in scores)
    right_of = Counter(s.row["category"] for s in scores if s.outcome == "right")
    poor = {c: right_of[c] / n for c, n in all_of.items() if n >= 8 and right_of[c] < each * n}
    assert not poor, f"{poor}\n{misses(scores)}"
