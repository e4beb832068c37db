"""Turns of phrase: every line of the files can be used, and none is passed over by its hint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loopmind.assistant import rewording
from loopmind.assistant.normalise import tidy
from loopmind.assistant.rewording import Rule, plainly

BANKS = sorted(Path(__file__).with_name("data").glob("phrases_*.jsonl"))


def test_every_line_says_what_is_put_in_its_place() -> None:
    lines = (line for line in rewording._lines() if line and line[0] not in "@#")
    assert [line for line in lines if " =>" not in line] == []


def test_every_pattern_can_be_compiled() -> None:
    for rule in rewording.rules():
        rewording._pattern(rule.pattern)


@pytest.mark.parametrize("bank", BANKS, ids=lambda path: path.stem)
def test_a_hint_fits_wherever_its_turn_of_phrase_does(bank: Path) -> None:
    rows = bank.read_text(encoding="utf-8").splitlines()[::7]
    texts = [tidy(json.loads(row)["say"]) for row in rows]
    hidden = [
        (rule.pattern, text)
        for rule in rewording.rules()
        if rule.hint is not None and rule.pattern.count("<")
        for text in texts
        if rewording._pattern(rule.pattern).search(text) and not rule.hint.search(text)
    ]
    assert hidden == []


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("phaser on the guitar, loads of it", "phaser on the guitar a lot"),
        ("HPF vox @ 110", "high pass vox at 110 hz"),
        ("the mix has no air", "the mix needs more air"),
        ("make it sound like a ghost is coming", "make it sound darker"),
        ("i do not like the guitar, try a flute", "replace the guitar with a flute"),
        ("this piano i do not like, change to organ", "swap piano for organ"),
        ("keep the piano as it is whatever else you do", "keep the piano as it is"),
        ("hats -2 db, leave the rest where it is.", "hats -2 db."),
        ("compress the vocal, 5 ms attack", "compress the vocal attack 5 ms"),
        ("give the guitar a delay, dotted 8th", "give the guitar a dotted eighth note delay"),
    ],
)
def test_what_is_said_otherwise_comes_out_plain(said: str, plain: str) -> None:
    assert plainly(tidy(said)) == plain


def test_a_rule_without_a_hint_is_tried_on_everything() -> None:
    assert rewording._hint("(?!\0)x") is None
    assert isinstance(rewording.rules()[0], Rule)
