"""Bad input at the command line: one clear line, the right exit code, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from bad_input import (
    COMMAND,
    ODD_PROMPTS,
    REQUESTS,
    UNUSABLE,
    USABLE,
    Outcome,
    Place,
    Request,
    check_whole,
    hidden,
    long_name,
    loopmind,
    new_sound,
    obey_permissions,
    small_files,
    write_good,
    write_hour,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("studio")
    return Place(root, write_good(root / "good"), root / "home")


@pytest.fixture
def place(studio: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty folder; the good crate and the home that remembers it are shared by all tests."""
    monkeypatch.setenv("LOOPMIND_HOME", str(studio.home))
    monkeypatch.setattr("loopmind.library.library.default_workers", lambda: 0)
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path, studio.good, studio.home)


def check_failed(outcome: Outcome, code: int, *words: str) -> None:
    """The exit code, and one line on standard error that holds all `words`."""
    assert outcome.code == code, outcome
    assert outcome.out == ""
    assert len(outcome.lines) == 1, outcome.err
    line = outcome.lines[0]
    assert line.startswith("loopmind: error: ")
    for word in (*words, ";"):
        assert word in line, line
    for word in ("Traceback", "Errno", "Error:", "--debug", "None"):
        assert word not in line, line


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda r: r.name)
def test_a_request_that_cannot_be_met(place: Place, request_: Request) -> None:
    if "link" in request_.name and not hasattr(os, "symlink"):
        pytest.skip("needs links")
    check_failed(loopmind(*request_.arguments(place)), request_.code, *request_.says)
    assert not (place.root / "never").exists()
    assert not (place.root / "songs").exists()
    taken = place.root / "taken"
    assert not taken.exists() or taken.read_bytes() == b"mine"


@pytest.mark.parametrize("case", UNUSABLE, ids=str)
def test_a_file_that_cannot_be_used(place: Place, case: str) -> None:
    name, data, reason, remedy = UNUSABLE[case]
    path = place.file(f"sounds/{name}", data())
    outcome = loopmind("generate", path.parent, "--out", place.root / "never")
    check_failed(outcome, 1, name, reason, remedy)
    assert not (place.root / "never").exists()


def test_odd_files_that_can_be_used_are_and_the_others_are_told(place: Place) -> None:
    for name, data in USABLE.values():
        place.file(f"mixed/{name}", data())
    for name, data, _, _ in UNUSABLE.values():
        place.file(f"mixed/{name}", data())
    hour = write_hour(place.root / "mixed" / "hour.wav")
    (place.root / "mixed" / "round").symlink_to(place.root / "mixed")
    (place.root / "mixed" / "dangling.wav").symlink_to(place.root / "gone")
    found = loopmind("analyze", place.root / "mixed", "--json")
    assert (found.code, found.err) == (0, "")
    by_name = {Path(item["path"]).name: item for item in map(json.loads, found.out.splitlines())}
    assert len(by_name) == len(USABLE) + len(UNUSABLE) + 2
    for name, _ in (*USABLE.values(), (hour.name, None)):
        assert by_name[name]["status"] == "ok", by_name[name]
    assert by_name[hour.name]["duration_s"] == 3600.0
    assert "file: heard the first 2:00 of 60:00" in by_name[hour.name]["evidence"]
    assert any("size field does not match" in e for e in by_name["half.wav"]["evidence"])
    for name, _, reason, remedy in UNUSABLE.values():
        assert by_name[name]["status"] == "unusable"
        assert reason in by_name[name]["error"] and remedy in by_name[name]["error"]
    assert "does not exist; remove or mend the link" in by_name["dangling.wav"]["error"]

    out = place.root / "song"
    made = loopmind("generate", place.root / "mixed", "--out", out, "--length", "0:15")
    assert (made.code, made.err) == (0, "")
    assert f"  {len(UNUSABLE) + 1} files left out; the first: " in made.out
    check_whole(out)
    assert hidden(out) == []


def test_names_of_every_length_can_be_written(place: Place) -> None:
    """The temporary beside the target may not be longer than a file's name can be."""
    out = place.root / long_name().removesuffix(".wav") / "Ünïcøde 低音 🎹"
    made = loopmind("generate", place.good, "--out", out, "--length", "0:10", "--format", "ogg")
    assert made.code == 0, made
    check_whole(out)


@pytest.mark.parametrize("case", ODD_PROMPTS, ids=str)
def test_prompts_in_odd_letters(place: Place, case: str) -> None:
    out = place.root / "song"
    made = loopmind(
        "generate", place.good, "--prompt", ODD_PROMPTS[case], "--length", "0:10", "--out", out
    )  # fmt: skip
    assert (made.code, made.err) == (0, ""), made
    check_whole(out)
    assert "<img" not in (out / "song.html").read_text("utf-8")
    assert "\x1b" not in made.out and "\x07" not in made.out


def test_an_odd_prompt_names_a_folder(place: Place) -> None:
    made = loopmind(
        "generate", place.good, "--prompt", "../\x00/trap \udce9 🎹", "--length", "0:10"
    )
    assert made.code == 0, made
    assert [p.name for p in (place.root / "songs").iterdir()] == ["trap"]


@pytest.mark.parametrize("command", ["generate", "analyze"])
def test_a_place_whose_name_is_no_text(place: Place, command: str) -> None:
    odd = "caf\udce9"  # as Python reads the byte E9 on a UTF-8 system
    words = (r"caf\udce9", "no text", "rename it")
    check_failed(loopmind(command, place.root / odd), 2, *words)
    check_failed(loopmind(command, place.good, "--library", place.root / odd), 2, *words)
    if command == "generate":
        check_failed(loopmind(command, place.good, "--out", place.root / odd), 2, *words)


@POSIX
def test_a_full_disk_leaves_nothing_half_written(place: Place) -> None:
    assert loopmind("analyze", place.good, "--json").code == 0
    out = place.root / "song"
    for limit in (100_000, 1_000_000):  # fails while writing stems, or the song
        with small_files(limit):
            outcome = loopmind(
                "generate", place.good, "--length", "0:10", "--out", out, "--stems"
            )  # fmt: skip
        check_failed(outcome, 1, "cannot write", str(out), "free some space or choose another")
        assert hidden(out) == []
        assert not list(out.glob("*.*"))
    outcome = loopmind("generate", place.good, "--length", "0:10", "--out", out)
    assert outcome.code == 0
    before = {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()}
    with small_files(100_000):
        outcome = loopmind("generate", place.good, "--length", "0:12", "--out", out)
    check_failed(outcome, 1, "song.wav")
    assert {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()} == before


@POSIX
def test_a_full_disk_below_the_library(place: Place) -> None:
    with small_files(20_000):
        outcome = loopmind("analyze", place.good, "--library", place.root / "lib")
    check_failed(outcome, 1, "lib", "free some space", "--library")
    assert loopmind("analyze", place.good, "--library", place.root / "lib").code == 0


def test_a_damaged_library_is_made_anew_and_that_is_said(place: Place) -> None:
    library = place.root / "lib"
    for damage in ("all", "inside"):
        assert loopmind("analyze", place.good, "--library", library).code == 0
        file = library / "library.sqlite"
        data = file.read_bytes()
        keep = 0 if damage == "all" else 4096
        file.write_bytes(data[:keep] + b"\x5a" * (len(data) - keep))
        made = loopmind(
            "generate", place.good, "--library", library, "--length", "0:10",
            "--out", place.root / damage,
        )  # fmt: skip
        assert made.code == 0, made
        assert len(made.lines) == 1
        assert "library database was damaged; it was kept as library.sqlite.dam" in made.err
        with sqlite3.connect(file) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
    assert len(list(library.glob("*.damaged-*"))) >= 1
    shutil.rmtree(library)


def test_stopping_is_one_line(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("loopmind.library.pool.hear_row", stop)
    extra = place.file("more/new.wav", new_sound())
    outcome = loopmind("generate", extra.parent, "--out", place.root / "never")
    assert (outcome.code, outcome.out, outcome.lines) == (130, "", ["loopmind: stopped"])
    assert not (place.root / "never").exists()


def run(*arguments: str | Path, **options: object) -> Outcome:
    """Run the command line in a process of its own that obeys permissions."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, errors="replace",
        preexec_fn=obey_permissions, timeout=300, **options,  # type: ignore[call-overload]
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def obeyed() -> None:
    if not sys.platform.startswith("linux") and os.name == "posix" and os.geteuid() == 0:
        pytest.skip("root may read and write everything")
    if os.name != "posix":
        pytest.skip("needs POSIX permissions")
    try:
        subprocess.run(["true"], preexec_fn=obey_permissions, check=True)
    except subprocess.SubprocessError:
        pytest.skip("root may read and write everything here, and may not give that up")


def test_what_may_not_be_read_or_written(place: Place, obeyed: None) -> None:
    closed = place.folder("closed")
    sealed = place.folder("sealed")
    shutil.copytree(place.good, place.root / "partly")
    locked = place.file("partly/locked/a.wav", b"x").parent
    forbidden = place.root / "partly" / "kick.wav"
    for path, mode in ((closed, 0), (sealed, 0o555), (locked, 0), (forbidden, 0)):
        path.chmod(mode)
    try:
        check_failed(
            run("generate", closed, "--out", place.root / "never"),
            1, "closed", "may not be read", "allow reading",
        )  # fmt: skip
        check_failed(
            run("generate", place.good, "--out", sealed / "song"),
            1, "cannot write", "sealed", "permission denied", "choose a folder",
        )  # fmt: skip
        check_failed(
            run("analyze", place.good, "--library", sealed),
            1, "sealed", "--library",
        )  # fmt: skip
        found = run("analyze", place.root / "partly", "--json", "--workers", "0")
        items = [json.loads(line) for line in found.out.splitlines()]
        errors = {Path(item["path"]).name: item["error"] for item in items}
        assert found.code == 0
        assert "permission denied; allow reading" in errors["kick.wav"]
        assert "permission denied; allow reading the folder" in errors["locked"]
        assert sum(error is None for error in errors.values()) == 2
    finally:
        for path in (closed, sealed, locked, forbidden):
            path.chmod(0o755)
