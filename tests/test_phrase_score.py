"""The scorer judges as its docstring says, and every bank of sentences is well formed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from assistant_draft import assistant_draft, loops
from phrase_score import TESTS, judge, matches, read_bank, same_edit, same_edits

from loopmind.assistant.values import Question, Reading, Render, Undo
from loopmind.music.edit import EDITS, ChangeStrip, Edit, RemoveSection, ResizeSection, SwapSound

BANKS = sorted((Path(__file__).parent / "data").glob("phrases*.jsonl"))
LOUDER: dict[str, Any] = {
    "edit": "change_strip", "track": "bass", "parameter": "gain_db", "by": [">", 0],
}  # fmt: skip
ASKED = Reading(question=Question("Which?", ()))


def _judged(expect: dict[str, Any], *edits: Edit, **more: Any) -> str:
    row = {"expect": expect, "accept": more.pop("accept", [])}
    return judge(row, Reading(edits=edits, **more), assistant_draft())


@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.name)
def test_banks_are_well_formed(path: Path) -> None:
    rows = read_bank(path)
    assert len(rows) >= 100
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({(row["say"], *row.get("dialogue", ())) for row in rows}) == len(rows)
    song = assistant_draft().song
    # What a sentence adds may be meant by a later one.
    names = {s.name for s in song.sections} | {"bridge 2", "breakdown 1", "drop 1", ""}
    names |= {"verse 3", "verse 4", "hook 4", "intro 2"}
    tracks = {t.id for t in song.tracks} | {"master", ""}
    for row in rows:
        assert row["say"].strip() and row["category"]
        for answer in (row["expect"], *row.get("accept", ())):
            assert len({"edits", "action", "ask", "refuse", "nothing"} & set(answer)) == 1, row
            for edit in answer.get("edits", ()):
                fields = {field.name for field in dataclasses.fields(EDITS[edit["edit"]])}
                assert set(edit) - {"edit"} <= fields, row
                for field, known in (("section", names), ("after", names), ("track", tracks)):
                    value = edit.get(field, "")
                    assert value[0] in TESTS if isinstance(value, list) else value in known, row
                sections = edit.get("sections", [])
                assert set(map(str, sections)) <= names or sections[0] in TESTS, row


def test_values_are_compared_as_their_tests_say() -> None:
    assert matches([">", 0], 2) and not matches([">", 0], -2) and not matches([">", 0], None)
    assert matches(["between", 1, 2], 2) and not matches(["between", 1, 2], 2.1)
    assert matches(["has", "dark"], ["sad", "dark"]) and not matches(["has", "dark"], ["sad"])
    assert matches(["some", "a", "b"], "B") and matches(["set", "a", "b"], ["b", "a"])
    assert not matches(["set", "a"], ["a", "b"]) and matches(["not", None], {"ratio": 2.0})
    assert matches(["@", "sub_bass_F#m"], loops()["sub_bass_F#m"].digest)
    assert (
        matches(3, 3.0) and not matches(True, 1.5) and matches({"kind": "peak"}, {"kind": "peak"})
    )


def test_fields_left_out_must_have_their_defaults_save_the_seed() -> None:
    wanted = {"edit": "swap_sound", "track": "bass"}
    assert same_edit(wanted, {"edit": "swap_sound", "track": "bass", "seed": 7})
    assert not same_edit(wanted, {"edit": "swap_sound", "track": "bass", "moods": ["dark"]})
    assert not same_edit(wanted, {"edit": "remove_track", "track": "bass"})


def test_edits_are_compared_in_any_order_and_each_counts_once() -> None:
    quieter = {**LOUDER, "by": ["<", 0]}
    up = {**LOUDER, "by": 2.0}
    down = {**LOUDER, "by": -2.0}
    assert same_edits([LOUDER, quieter], [down, up])
    assert not same_edits([LOUDER, quieter], [up, up]) and not same_edits([LOUDER], [up, up])


def test_outcomes() -> None:
    up, down = (ChangeStrip("bass", "gain_db", by=by) for by in (2.0, -2.0))
    wish = {"edits": [LOUDER]}
    assert _judged(wish, up) == "right"
    assert _judged(wish, down) == "wrong edit"
    assert _judged(wish) == "not understood"
    assert judge({"expect": wish}, ASKED, assistant_draft()) == "asked"
    assert judge({"expect": {"ask": True}}, ASKED, assistant_draft()) == "right"
    assert _judged({"ask": True}, up) == "wrong edit"
    assert _judged(wish, down, accept=[{"edits": [{**LOUDER, "by": ["<", 0]}]}]) == "right"


def test_a_part_of_the_wish_is_wrong_unless_it_is_owned_up_to() -> None:
    up = ChangeStrip("bass", "gain_db", by=2.0)
    wish = {"edits": [LOUDER, {"edit": "remove_section", "section": "intro"}]}
    assert _judged(wish, up) == "wrong edit"
    assert _judged(wish, up, ignored=("no intro",)) == "not understood"
    assert _judged(wish, RemoveSection("outro"), ignored=("x",)) == "wrong edit"


def test_impossible_wishes_may_be_refused_in_any_way_but_not_met_otherwise() -> None:
    assert _judged({"refuse": True}, notes=("there is no verse 3",)) == "right"
    assert _judged({"refuse": True}, RemoveSection("verse 3")) == "right"  # cannot be applied
    assert _judged({"refuse": True}, RemoveSection("verse 2")) == "wrong edit"


def test_actions_and_small_talk() -> None:
    undo: dict[str, Any] = {"action": "undo", "n": 2}
    assert _judged(undo, actions=(Undo(2),)) == "right"
    assert _judged(undo, actions=(Undo(1),)) == "wrong edit"
    assert _judged({"action": "export"}, actions=(Render(),)) == "right"
    assert _judged({"nothing": True}) == "right"
    assert _judged({"nothing": True}, ResizeSection("intro", 4)) == "wrong edit"
    assert _judged({"nothing": True}, SwapSound("bass")) == "wrong edit"


def test_rows_are_one_json_object_a_line() -> None:
    for path in BANKS:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert isinstance(json.loads(line), dict)
