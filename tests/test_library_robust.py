"""What a library survives: kills, crashes, two processes, damage, newer versions."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from library_sounds import quick_hear, write_sound

from loopmind.errors import CancelledError, LoopMindError
from loopmind.library.corrections import SIDECAR_NAME
from loopmind.library.library import Library, LibraryError
from loopmind.library.pool import hear_all
from loopmind.library.schema import DATABASE_NAME, SCHEMA_VERSION

HERE = Path(__file__).parent
SCAN = """
import sys, types
sys.path.insert(0, sys.argv[1])
import library_sounds
module = types.ModuleType("loopmind.analysis.hear")  # the real one takes seconds to load
module.hear = library_sounds.quick_hear
sys.modules["loopmind.analysis.hear"] = module
from loopmind.library.library import Library
with Library(sys.argv[2]) as library:
    crate = library.scan([sys.argv[3]], workers=0, progress=lambda *s: print(*s, flush=True))
print("found", len(crate.loops), "heard", library.report.heard, flush=True)
"""


@pytest.fixture(autouse=True)
def hearing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopmind.analysis.hear.hear", quick_hear)


def many(root: Path, count: int) -> Path:
    for number in range(count):
        write_sound(root / f"{number:03d}.wav", number)
    return root


def start_scan(library: Path, root: Path, slow: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCAN, str(HERE), str(library), str(root)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LOOPMIND_TEST_SLOW": str(slow)},
    )


def test_a_killed_scan_goes_on_where_it_stopped(tmp_path: Path) -> None:
    root = many(tmp_path / "s", 40)
    process = start_scan(tmp_path / "lib", root, slow=0.1)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("15 40 0"):
            break
    process.kill()
    process.wait()
    process.stdout.close()
    with Library(tmp_path / "lib") as library:
        assert not library.notes
        assert len(library.scan([root], workers=0).loops) == 40
        # Commits come twice a second: at most about six of the fifteen were lost.
        assert 25 <= library.report.heard <= 33
    check = sqlite3.connect(tmp_path / "lib" / DATABASE_NAME)
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


def test_two_processes_scan_into_one_library(tmp_path: Path) -> None:
    first, second = many(tmp_path / "a", 25), tmp_path / "b"
    for number in range(25):
        write_sound(second / f"{number}.wav", 1000 + number)
    scans = [start_scan(tmp_path / "lib", root, 0.02) for root in (first, second, first)]
    answers = [scan.communicate()[0].splitlines()[-1] for scan in scans]
    assert [scan.returncode for scan in scans] == [0, 0, 0]
    assert all(answer.startswith("found 25 ") for answer in answers)
    with Library(tmp_path / "lib") as library:
        assert len(library.scan([first, second], workers=0).loops) == 50
        assert library.report.heard == 0


CRASHER = """
import os, signal, sys, time
from loopmind.library.hearing import HeardRow
from loopmind.library.worker import serve

def hear(path, digest):
    if "crash" in path:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "slow" in path:
        time.sleep(60)
    print("noise on standard output")
    return HeardRow(path.encode(), b"")

def main():
    serve(hear)
"""


@pytest.fixture
def crasher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "crasher_worker.py").write_text(CRASHER)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "crasher_worker"


@pytest.mark.skipif(not hasattr(signal, "SIGSEGV"), reason="needs signals")
def test_a_crashing_decoder_costs_one_file(crasher: str) -> None:
    jobs = [(f"crash{n}" if n in (3, 4, 9) else f"ok{n}", "d") for n in range(12)]
    rows = dict(hear_all(jobs, 2, lambda: False, worker_module=crasher))
    assert sorted(rows) == list(range(12))
    for number, (path, _) in enumerate(jobs):
        if "crash" in path:
            assert rows[number].reason == "made the decoder crash"
        else:
            assert rows[number].loop == path.encode()


def test_processes_that_cannot_start_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LoopMindError, match="keep ending"):
        list(hear_all([("a", "d")] * 30, 2, lambda: False, worker_module="no_such_module"))


def test_cancelling_ends_busy_workers_at_once(crasher: str) -> None:
    stop: list[float] = []

    def cancelled() -> bool:
        if time.monotonic() - started > 1.0:
            stop.append(time.monotonic())
        return bool(stop)

    started = time.monotonic()
    with pytest.raises(CancelledError):
        list(hear_all([("slow", "d")] * 4, 2, cancelled, worker_module=crasher))
    assert time.monotonic() - stop[0] < 0.5  # .2 s on a quiet machine


def test_a_hanging_decoder_costs_one_file(crasher: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopmind.library.pool._PATIENCE_SECONDS", 1.0)
    rows = dict(hear_all([("slow", "d"), ("ok", "d")], 1, lambda: False, worker_module=crasher))
    assert rows[0].reason == "took too long to analyse"
    assert rows[1].loop == b"ok"


def test_a_damaged_database_is_kept_aside_and_corrections_come_back(tmp_path: Path) -> None:
    root = many(tmp_path / "s", 3)
    with Library(tmp_path / "lib") as library:
        library.scan([root], workers=0)
        library.correct(root / "001.wav", "instrument", "tom")
    file = tmp_path / "lib" / DATABASE_NAME
    file.write_bytes(b"this is no database at all" * 1000)
    with Library(tmp_path / "lib") as library:
        assert "was damaged" in library.notes[0] and "corrections are kept" in library.notes[0]
        crate = library.scan([root], workers=0)
        assert library.report.heard == 3
        assert [loop.best_instrument for loop in crate.loops].count("tom") == 1
    backups = [p for p in (tmp_path / "lib").iterdir() if "damaged" in p.name]
    assert len(backups) == 1


def test_a_deleted_database_loses_no_correction(tmp_path: Path) -> None:
    root = many(tmp_path / "s", 1)
    with Library(tmp_path / "lib") as library:
        library.correct(root / "000.wav", "key", "Gm")
    for file in (tmp_path / "lib").glob(f"{DATABASE_NAME}*"):
        file.unlink()
    with Library(tmp_path / "lib") as library:
        assert str(library.scan([root], workers=0).loops[0].best_key) == "G minor"


def test_a_library_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    file = tmp_path / "lib" / DATABASE_NAME
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")  # SQLite does not wait for this one to log ahead
        done = threading.Timer(0.3, other.execute, ["COMMIT"])
        done.start()
        with Library(tmp_path / "lib") as library:
            assert library.size == 0
        done.join()


def test_a_mangled_sidecar_is_said_not_lost(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / SIDECAR_NAME).write_text(json.dumps({"corrections": {"ab": {"bpm": "x"}}}))
    with pytest.raises(LoopMindError, match=r"corrections\.json cannot be read"):
        Library(tmp_path / "lib")


def test_a_newer_library_is_refused(tmp_path: Path) -> None:
    Library(tmp_path / "lib").close()
    file = tmp_path / "lib" / DATABASE_NAME
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(LibraryError, match="written by a newer LoopMind"):
        Library(tmp_path / "lib")
    assert file.read_bytes() == before


def test_a_place_that_cannot_hold_a_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryError, match="cannot be used"):
        Library(tmp_path / "file")


def test_the_home_holds_the_library(own_home: Path) -> None:
    with Library() as library:
        assert library.directory == own_home / "library"
