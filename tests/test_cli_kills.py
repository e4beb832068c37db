"""Commands that are killed, stopped or run side by side: whole files, and the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
import uuid
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bad_input import COMMAND, check_whole, hidden, write_good, write_hour
from memory import run_measured

from loopmind.library.schema import DATABASE_NAME

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals"),
]
GONE_WITHIN_S = 30.0


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_good(tmp_path_factory.mktemp("good"))


def write_many(folder: Path, count: int) -> Path:
    """Noises that each take a while to hear."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        rng = np.random.default_rng(number)
        beats = np.exp(-(np.arange(22050 * 4) % 11025) / 2000.0)
        soundfile.write(
            folder / f"{number:03d}.wav", 0.5 * beats * rng.standard_normal(beats.size), 22050
        )
    return folder


@pytest.fixture(autouse=True)
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """A value in the environment by which all processes of a test are known."""
    value = uuid.uuid4().hex
    monkeypatch.setenv("LOOPMIND_TEST_MARK", value)
    return value


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """The command line in a process group of its own, as a terminal starts it."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], timeout: float = 300.0) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def wait_until_gone() -> None:
    """The processes that a killed one had started end by themselves (looked up on Linux only)."""
    wanted = f"LOOPMIND_TEST_MARK={os.environ['LOOPMIND_TEST_MARK']}".encode()
    until = time.monotonic() + GONE_WITHIN_S
    while left := [pid for pid in _others() if wanted in _environment(pid)]:
        assert time.monotonic() < until, f"a killed command left processes behind: {left}"
        time.sleep(0.1)


def _others() -> list[int]:
    names = [p.name for p in Path("/proc").glob("[0-9]*")]
    return [int(name) for name in names if int(name) != os.getpid()]


def _environment(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes()
    return b""


def check_database(library: Path) -> int:
    """The database is sound; how many contents it has heard."""
    with closing(sqlite3.connect(library / DATABASE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(connection.execute("SELECT COUNT(*) FROM heard").fetchone()[0])


def test_killed_scans_go_on(tmp_path: Path) -> None:
    sounds, library = write_many(tmp_path / "sounds", 60), tmp_path / "lib"
    rng = np.random.default_rng(int(os.environ.get("LOOPMIND_TEST_SEED", "1")))
    heard = 0
    for _ in range(5):
        process = start("analyze", sounds, "--library", library, "--json")
        time.sleep(float(rng.uniform(0.2, 4.0)))
        process.kill()
        finish(process)
        wait_until_gone()
        if (library / DATABASE_NAME).exists():
            before, heard = heard, _heard_if_made(library)
            assert heard >= before  # what was finished is never lost
    code, out, err = finish(start("analyze", sounds, "--library", library, "--json"))
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 60
    assert check_database(library) == 60


def _heard_if_made(library: Path) -> int:
    try:
        return check_database(library)
    except sqlite3.OperationalError as error:  # killed before its first migration
        assert "no such table" in str(error)
        return 0


def test_killed_songs_leave_nothing_half_written(tmp_path: Path, good: Path) -> None:
    out = tmp_path / "song"
    wish: list[str | Path] = [
        "generate",
        good,
        "--out",
        out,
        "--length",
        "1:30",
        "--stems",
        "--prompt",
        "trap 140",
    ]
    started = time.monotonic()
    assert finish(start(*wish[:2], "--out", tmp_path / "first", *wish[4:]))[0] == 0
    whole_s = time.monotonic() - started  # cold; the later ones are faster
    rng = np.random.default_rng(int(os.environ.get("LOOPMIND_TEST_SEED", "2")))
    cut = 0
    for _ in range(8):
        process = start(*wish)
        time.sleep(float(rng.uniform(0.3, 0.8)) * whole_s)
        process.kill()
        cut += finish(process)[0] == -signal.SIGKILL
        wait_until_gone()
        check_whole(out)
        check_database(Path(os.environ["LOOPMIND_HOME"]) / "library")
    assert cut >= 3
    code, _, err = finish(start(*wish))
    assert (code, err) == (0, "")
    check_whole(out)
    assert hidden(out) == []
    names = sorted(str(p.relative_to(out)) for p in out.rglob("*"))
    first = tmp_path / "first"
    assert names == sorted(str(p.relative_to(first)) for p in first.rglob("*"))
    for name in ("song.wav", "timeline.json", "song.html"):
        assert (out / name).read_bytes() == (first / name).read_bytes()


@pytest.mark.parametrize("after_s", [0.5, 1.0, 2.0, 3.0])
def test_interrupt_is_one_line(tmp_path: Path, after_s: float) -> None:
    sounds = write_many(tmp_path / "sounds", 200)
    process = start("generate", sounds, "--out", tmp_path / "song", "--length", "3:00")
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all
    asked = time.monotonic()
    code, out, err = finish(process)
    assert (code, out, err) == (130, "", "loopmind: stopped\n")
    assert time.monotonic() - asked < 3.0
    wait_until_gone()
    assert not list((tmp_path / "song").glob("song.*"))


def test_two_processes_share_a_library(tmp_path: Path, good: Path) -> None:
    library = tmp_path / "lib"
    sounds = write_many(tmp_path / "sounds", 12)
    both: list[str | Path] = ["--library", library]
    running = [
        start("analyze", sounds, "--json", *both),
        start("generate", good, "--length", "0:10", "--out", tmp_path / "a", *both),
        start("generate", good, sounds, "--length", "0:10", "--out", tmp_path / "b", *both),
        start("analyze", sounds, "--json", *both),
    ]
    for process in running:
        code, _, err = finish(process)
        assert (code, err) == (0, "")
    for name in ("a", "b"):
        check_whole(tmp_path / name)
        assert hidden(tmp_path / name) == []
    assert check_database(library) == 15


def test_two_processes_write_one_song(tmp_path: Path, good: Path) -> None:
    out = tmp_path / "song"
    running = [
        start("generate", good, "--length", "0:20", "--seed", str(seed), "--out", out)
        for seed in (1, 2)
    ]
    assert [finish(process)[0] for process in running] == [0, 0]
    check_whole(out)
    assert hidden(out) == []


@pytest.mark.parametrize("kind", ["music", "one hit"])
def test_an_hour_of_stereo_needs_little_memory(tmp_path: Path, kind: str) -> None:
    """635 MB on disk, 1.3 GB decoded: neither hearing nor fitting may load it whole."""
    hour = write_hour(tmp_path / "sounds" / "hour.wav", rate=44100, channels=2)
    if kind == "one hit":
        with hour.open("r+b") as stream:
            stream.seek(44 + 44100 * 4)
            stream.write(bytes(120 * 44100 * 4))
    done, peak = run_measured(
        *["generate", hour.parent, "--length", "0:20", "--out", tmp_path / "song", "--json"]
    )
    if kind == "music":
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["duration_s"] >= 10.0
    else:
        assert done.returncode == 1
        assert "comes out silent; choose louder sounds" in done.stderr
        assert not list((tmp_path / "song").glob("song.*"))
    assert peak < 768 << 20, f"{peak / 2**20:.0f} MiB"
