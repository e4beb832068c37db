"""The assistant on the phrase bank: how much of what people say comes out right."""

from __future__ import annotations

from pathlib import Path

import pytest
from phrase_score import misses, read_bank, score

SEEN = Path(__file__).parent / "data" / "phrases_seen.jsonl"
RIGHT, WRONG = 0.97, 0.01


@pytest.mark.skipif(not SEEN.is_file(), reason="the phrase bank is not at hand")
def test_the_seen_sentences_come_out_right() -> None:
    scores = [score(row) for row in read_bank(SEEN)]
    right = sum(s.outcome == "right" for s in scores) / len(scores)
    wrong = sum(s.outcome == "wrong edit" for s in scores) / len(scores)
    assert len(scores) >= 300
    assert right >= RIGHT, f"{right:.3f} right\n{misses(scores)}"
    assert wrong <= WRONG, f"{wrong:.3f} wrong\n{misses(scores)}"
