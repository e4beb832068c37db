"""What decides between the readers: the weights, what they are learned from, and their laws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from assistant_draft import assistant_crate, assistant_draft
from phrase_choices import choices

from loopmind.assistant import settling
from loopmind.assistant.reader import _of_command
from loopmind.assistant.settling import heard, settled, taken
from loopmind.assistant.translator import Translation
from loopmind.assistant.values import Memory, Reading
from loopmind.assistant.weighing import Weights, chances, decided, signs, weights_of
from loopmind.assistant.world import World
from loopmind.learn.reader.settling import both, main, outcome
from loopmind.music.edit import ChangeStrip, RemoveTrack


def told(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, float, float]) -> None:
    """Let the networks say `found`: commands, and how likely each of two finds them."""
    translations = [Translation((c,), (p, q)) for c, p, q in found]
    monkeypatch.setattr(settling, "translator", lambda: lambda said, goes_on: translations)


def world() -> World:
    return World(assistant_draft(), assistant_crate(), Memory())


def of(said: str, first: Reading) -> dict[str, float]:
    wishes = heard(said, first, 0.5, world(), _of_command)
    return signs(said, first, 0.5, wishes, world())


def shipped() -> tuple[Weights, Weights]:
    weights = weights_of()
    assert weights is not None
    return weights


def test_the_shipped_weights_are_of_the_signs_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("remove pad", 0.6, 0.2))
    found = of("zorp the flimflam", Reading())
    for weights in shipped():
        assert set(weights) == {*found, "always"}


def test_two_networks_that_agree_are_trusted_more(monkeypatch: pytest.MonkeyPatch) -> None:
    goes = []
    for p, q in ((0.98, 0.22), (0.8, 0.4), (0.6, 0.6)):
        told(monkeypatch, ("remove pad", p, q), ("remove lead", 0.01, 0.01))
        goes.append(chances(of("zorp the flimflam", Reading()), shipped())[1])
    assert goes == sorted(goes) and goes[-1] > goes[0]


def test_what_is_likeliest_stands_for_all_that_come_to_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, ("remove lead", 0.4, 0.4), ("remove pad", 0.3, 0.3),
         ("take the pad out", 0.3, 0.2))  # fmt: skip
    best, other = heard("zorp the flimflam", Reading(), 0.5, world(), _of_command)
    assert best.chance == pytest.approx(0.55) and other.chance == pytest.approx(0.4)
    (edit,) = taken(Reading(), best).edits
    assert isinstance(edit, RemoveTrack) and edit.track == "pad"


def test_what_can_be_done_in_part_only_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    for commands, way in (("remove pad", "goes"), ("cannot", "stays")):
        told(monkeypatch, (commands, 0.99, 0.99))
        assert decided(of("zorp the flimflam", Reading()), shipped()) == way


def rows(count: int = 300) -> list[dict[str, Any]]:
    """Sentences where the frames are right if they act, the translator if its chance is high."""
    chance = np.random.default_rng(1)
    made = []
    for n in range(count):
        act, sure = float(chance.random() < 0.5), float(chance.normal())
        made.append({
            "source": ("a", "b")[n % 2], "id": str(n),
            "signs": {"the frames act": act, "chance": sure, "noise": float(chance.normal()),
                      "it can be done": 1.0, "a remark": 0.0, "inquires": 0.0},
            "stays": "right" if act else "not understood",
            "goes": "right" if sure > 0.0 else "wrong edit", "between": "asked",
        })  # fmt: skip
    return made


def test_weights_are_learned_and_a_question_is_asked_where_neither_is_likely() -> None:
    weights = both(rows())
    assert weights[0]["the frames act"] > 1.0 > 5.0 * abs(weights[0]["noise"])
    assert weights[1]["chance"] > 1.0 > 5.0 * abs(weights[1]["noise"])
    judged = [outcome(row, weights) for row in rows()]
    assert judged.count("right") > 0.6 * len(judged)
    assert judged.count("wrong edit") < 0.02 * len(judged)
    assert judged.count("asked") > 0.1 * len(judged)


def test_the_script_writes_the_weights_and_tells_what_they_are_worth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "rows.jsonl", tmp_path / "settling.json"
    alone = {"source": "a", "id": "x", "signs": {}, "stays": "right"}
    source.write_text("".join(json.dumps(r) + "\n" for r in [alone, *rows()]), encoding="utf-8")
    assert main(["--rows", str(source), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "0.8: " in told and "a " in told and "% wrong" in told and "300 sentences" in told
    assert set(json.loads(out.read_text())["the likeliest"]) == {*rows()[0]["signs"], "always"}


def test_rows_to_learn_from_tell_how_each_choice_comes_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, ("remove pad", 0.3, 0.3))
    less = {"edits": [{"edit": "remove_track", "track": "pad"}]}
    row = choices("here", {"id": "1", "say": "zorp the flimflam", "expect": less})
    assert (row["stays"], row["goes"], row["between"]) == ("not understood", "right", "asked")
    louder = {"edits": [{"edit": "change_strip", "track": "bass", "parameter": "gain_db",
                         "by": [">", 0]}]}  # fmt: skip
    row = choices("here", {"id": "2", "say": "bass louder", "expect": louder})
    assert row["stays"] == "right"
    told(monkeypatch, ("remove pad", 0.4, 0.4), ("bass quieter", 0.3, 0.3))
    row = choices("here", {"id": "2", "say": "the bass could come up, you know", "expect": louder})
    assert row["signs"] and (row["goes"], row["stays"]) == ("wrong edit", "right")
    row = choices(
        "here", {"id": "3", "dialogue": ["bass louder"], "say": "zorp the flimflam", "expect": less}
    )
    assert (row["stays"], row["goes"], row["between"]) == ("not understood", "right", "asked")


def test_an_answer_to_a_question_is_not_what_is_learned_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, ("remove pad", 0.3, 0.3))
    gone = {"edits": [{"edit": "remove_section", "section": "hook 2"}]}
    row = {"id": "4", "dialogue": ["remove a hook"], "say": "2", "expect": gone}
    assert choices("here", row) == {"source": "here", "id": "4", "signs": {}, "stays": "right"}


def test_a_figure_without_a_use_is_asked_about_whoever_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, ("remove pad 7", 0.3, 0.3), ("remove lead 7", 0.2, 0.2))
    row = choices("here", {"id": "5", "say": "bass louder 7 zorps", "expect": {"nothing": True}})
    assert row["stays"] in ("asked", "not understood")


def test_without_the_weights_the_frames_are_heard_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, ("remove pad", 0.99, 0.99))
    said, first = "zorp the flimflam", Reading()
    assert settled(said, first, 0.0, world(), _of_command).edits
    monkeypatch.setattr(settling, "weights_of", lambda: None)
    assert settled(said, first, 0.0, world(), _of_command) is first


def test_nothing_is_decided_where_the_frames_cannot_be_meant_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(monkeypatch, ("remove pad", 0.99, 0.99))
    first = Reading(edits=(ChangeStrip("bass", "gain_db", None, 2.0),))
    assert not heard("bass louder", first, 1.0, world(), _of_command)
    assert not heard("unless it is loud remove the pad", Reading(), 0.0, world(), _of_command)
    assert heard("bass louder", first, 0.5, world(), _of_command)
