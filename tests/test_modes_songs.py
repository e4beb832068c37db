"""The modes of `generate` on real loops, from the command line to the files."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from loopmind.cli import main
from loopmind.files.project import read_project
from loopmind.runtime.stepping import content

pytestmark = pytest.mark.slow


def told(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """What `loopmind generate ... --json` tells."""
    assert main(["generate", *map(str, words), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def crate(real_loops: Path) -> Path:
    return real_loops / "stargate"


def test_hybrid(crate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    anchor = crate / "microlag" / "Loops" / "Melody_B_Minor_73BPM.flac"
    data = told(capsys, crate, "--anchor", anchor, "--out", tmp_path / "s", "--length", "1:00")
    assert data["bpm"] == pytest.approx(73.0, abs=0.2) and data["key"] == "B minor"
    assert str(anchor) in {choice["path"] for choice in data["choices"]}
    assert any("is the anchor" in said for said in data["why"])


def test_folders_behind_links_are_known_by_either_name(
    crate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link, other = tmp_path / "linked", crate.parent / "orin-ayo"
    try:
        link.symlink_to(crate)
    except OSError:
        pytest.skip("links cannot be made here")
    length = ("--length", "0:30", "--out", tmp_path / "s")
    shares = told(capsys, link, other, "--collab", *length)
    assert shares["bpm"] > 0
    anchor = crate / "microlag" / "Loops" / "Melody_B_Minor_73BPM.flac"
    assert told(capsys, link, "--anchor", anchor, *length)["key"] is not None


def test_collab(crate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = crate.parent / "orin-ayo"
    data = told(capsys, crate, other, "--collab", "--out", tmp_path / "s", "--length", "1:00")
    shares = [side["time_share"] for side in data["contributions"]]
    assert sum(shares) == pytest.approx(1.0, abs=0.01) and 0.4 <= shares[0] <= 0.6
    assert 0.35 <= data["contributions"][0]["role_share"] <= 0.65


def test_inspire(crate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = told(capsys, crate, "--inspire", "--out", tmp_path / "s", "--length", "1:00")
    assert any(said.startswith("you have ") for said in data["why"])


def test_match(crate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = told(
        capsys, crate, "--prompt", "house 124 bpm in C minor", "--out", tmp_path / "r",
        "--length", "1:30", "--loudness", "-11",
    )  # fmt: skip
    reference = first["files"][0]
    data = told(capsys, crate.parent, "--match", reference, "--out", tmp_path / "s", "--seed", 2)
    before, after = data["match"]["before"], data["match"]["after"]
    assert abs(after["tempo_percent"]) <= 4.1
    assert after["octave_db"] <= max(0.7 * before["octave_db"], 1.0)
    assert after["energy_correlation"] >= 0.6
    assert abs(after["loudness_lu"]) <= 0.5


def test_step(
    crate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    plain = told(capsys, crate, "--out", tmp_path / "plain", "--length", "0:40")
    names = [section["name"] for section in plain["sections"]]
    answers = "l\nn\nn nosuch\n\nb\nb\nn\nb\nq\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    data = told(capsys, crate, "--out", tmp_path / "s", "--length", "0:40", "--step")
    assert data["changed"] and data["sections"] == {names[0]: "locked", names[1]: "accepted"}
    first = read_project(tmp_path / "plain" / "song.loopmind").draft()
    now = read_project(tmp_path / "s" / "song.loopmind").draft()
    assert content(first, names[0]) == content(now, names[0])
    assert content(first, names[1]) != content(now, names[1])
    for name in names[2:]:
        assert content(first, name) == content(now, name)
    # Without a word everything is accepted as it is.
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    data = told(capsys, crate, "--out", tmp_path / "e", "--length", "0:40", "--step")
    assert not data["changed"] and set(data["sections"].values()) == {"accepted"}


def test_clone_style(crate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, crate, "--prompt", "house 124 bpm in C minor", "--out", tmp_path / "one",
         "--length", "1:00")  # fmt: skip
    song = tmp_path / "one" / "song.wav"
    assert main(["clone-style", str(song), str(tmp_path / "one"), "--name", "mine"]) == 0
    assert "measured of 2 songs" in capsys.readouterr().out
    data = told(capsys, crate, "--brain", "mine", "--out", tmp_path / "two")
    assert data["genre"] == "mine" and 120.0 <= data["bpm"] <= 128.0
    assert data["duration_s"] == pytest.approx(60.0, abs=15.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["A", "--anchor", "nowhere.wav"], "there is no file nowhere.wav to be the anchor"),
        (["A", "--anchor", "A"], "is a folder; name one file"),
        (["A", "--match", "nowhere.wav"], "there is no file nowhere.wav to be the reference"),
        (["A", "--collab"], "--collab needs two folders, not 1"),
        (["A", "A", "--collab"], "apart from each other"),
        (["A", "EMPTY", "--collab"], "holds no usable sound"),
        (["A", "--inspire", "--collab"], "two ways to make a song; choose one"),
    ],
)
def test_bad_use_is_one_clear_line(
    words: list[str], message: str, crate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"A": str(crate / "microlag"), "EMPTY": str(tmp_path / "empty")}
    args = [places.get(word, word) for word in words]
    assert main(["generate", *args, "--out", str(tmp_path / "s")]) != 0
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert message in error, error
