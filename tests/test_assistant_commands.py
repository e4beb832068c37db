"""`loopmind edit` and `loopmind chat`: patches that can be reviewed, answered and taken back."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from loopmind.cli import main
from loopmind.music.edit import ChangeStrip
from loopmind.runtime.project_session import ProjectSession

OLD = Path(__file__).parent / "data" / "project-version-1.loopmind"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "song.loopmind"))


def edit(path: Path, *arguments: str) -> int:
    return main(["edit", str(path), *arguments, "--no-render"])


def chat(path: Path, monkeypatch: Any, *lines: str, json: bool = False) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines) + "\n"))
    return main(["chat", str(path), "--no-render", *(["--json"] if json else [])])


def steps(path: Path) -> int:
    with ProjectSession.open(path, read_only=True) as session:
        return session.history().head.id


def test_words_become_one_step_that_one_undo_takes_back(path: Path, capsys: Any) -> None:
    assert edit(path, "more bass and less reverb on the lead") == 0
    told = capsys.readouterr().out
    assert "bass 2 dB louder" in told and "lead less reverb" in told
    with ProjectSession.open(path) as session:
        head = session.history().head
        assert head.words == "more bass and less reverb on the lead" and len(head.edits) == 2
        assert session.undo().id == 0


def test_a_dry_run_tells_and_changes_nothing(path: Path, capsys: Any) -> None:
    before = path.read_bytes()
    assert edit(path, "more bass", "--dry-run") == 0
    assert "would do: bass 2 dB louder" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_a_question_is_asked_and_can_be_answered_at_once(path: Path, capsys: Any) -> None:
    assert edit(path, "remove a hook") == 1
    assert "1) hook 1" in capsys.readouterr().out and steps(path) == 0
    assert edit(path, "remove a hook", "--answer", "1") == 0
    with ProjectSession.open(path, read_only=True) as session:
        assert "hook 1" not in [s.name for s in session.draft.song.sections]


def test_json_tells_the_patch(path: Path, capsys: Any) -> None:
    assert edit(path, "more bass", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["edits"] == [
        {"edit": "change_strip", "track": "bass", "parameter": "gain_db", "by": 2.0}
    ]
    assert data["revision"] == 1 and len(data["told"]) == 1 and data["question"] is None


def test_what_is_not_understood_is_said_and_fails(path: Path, capsys: Any) -> None:
    assert edit(path, "frobnicate the gizmo") == 1
    assert "not understood: frobnicate the gizmo" in capsys.readouterr().out
    assert steps(path) == 0


def test_what_was_spoken_of_is_known_to_the_next_command(path: Path) -> None:
    assert edit(path, "turn up the bass") == 0
    assert edit(path, "a bit more") == 0
    with ProjectSession.open(path, read_only=True) as session:
        assert session.history().head.edits == (ChangeStrip("bass", "gain_db", None, 1.0),)


def test_a_talk_goes_on_after_questions_errors_and_undo(
    path: Path, monkeypatch: Any, capsys: Any
) -> None:
    code = chat(
        path, monkeypatch, "more bass", "# a remark", "", "remove a hook", "2", "asdf qwer",
        "lock the bass", "swap the bass", "unlock it", "undo the last two changes",
        "undo everything", "undo", "what did you change?", "list the sections", "help", "quit",
        "mute the bass",
    )  # fmt: skip
    told = capsys.readouterr().out
    assert code == 0
    assert "not understood: asdf qwer" in told and "is locked" in told
    assert "error: there is nothing to undo" in told and "nothing was changed yet" in told
    assert steps(path) == 0
    assert "mute the bass" not in told


def test_a_talk_in_json_is_one_object_a_line(path: Path, monkeypatch: Any, capsys: Any) -> None:
    assert chat(path, monkeypatch, "more bass", "undo", "undo", json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["said"] for line in lines] == ["more bass", "undo", "undo"]
    assert lines[1]["actions"] == ["undo"] and "nothing to undo" in lines[2]["error"]


def test_branches_are_made_and_left_by_words(path: Path, monkeypatch: Any, capsys: Any) -> None:
    assert chat(
        path, monkeypatch, "new branch loud", "more bass", "switch to branch main", "list branches"
    ) == 0  # fmt: skip
    assert "* main" in capsys.readouterr().out
    with ProjectSession.open(path, read_only=True) as session:
        assert dict(session.history().branches) == {"main": 0, "loud": 1}


@pytest.mark.parametrize("words", ["a" * 2001, "\x00", "\ud800 more bass"])
def test_odd_words_end_in_one_line(path: Path, words: str, capsys: Any) -> None:
    code = edit(path, words)
    out = capsys.readouterr()
    assert code in (0, 1, 2) and "Traceback" not in out.err + out.out
