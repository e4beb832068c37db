"""Processes that are killed while they save a project: it opens, and no step is lost.

LOOPMIND_TEST_KILLS says how often (200 for the figure in the documents), LOOPMIND_TEST_SEED when.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from bad_input import loopmind
from project_songs import OLD

from loopmind.files.project import backup_of, read_project
from loopmind.music.edit import MuteTrack
from loopmind.runtime.project_session import ProjectSession

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals"),
]
KILLS = int(os.environ.get("LOOPMIND_TEST_KILLS", "20"))

# Each turn saves; a line says that it is about to begin, another that it is done.
SAVING = """
import sys
from loopmind.music.edit import ChangeStrip
from loopmind.runtime.project_session import ProjectSession
session = ProjectSession.open(sys.argv[1])
track = session.draft.song.tracks[0].id
number = 0
print("ready", flush=True)
while True:
    number += 1
    if sys.argv[2] == "undo":
        session.undo() if session.history().head.id else session.redo()
    else:
        session.apply([ChangeStrip(track, "gain_db", by=0.5 if number % 2 else -0.5)], f"{number}")
    print(len(session.history().revisions), flush=True)
"""


@pytest.mark.parametrize(("what", "share"), [("undo", 0.75), ("apply", 0.25)])
def test_a_project_survives_kills_while_it_is_saved(
    tmp_path: Path, what: str, share: float
) -> None:
    path = Path(shutil.copy(OLD, tmp_path / "song.loopmind"))
    with ProjectSession.open(path) as session:
        session.apply([MuteTrack("drums")], "quiet")
        songs = [session.draft_at(0), session.draft_at(1)]
    rng = np.random.default_rng(int(os.environ.get("LOOPMIND_TEST_SEED", "3")))
    for _ in range(max(1, round(KILLS * share))):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVING, str(path), what],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
        if what == "apply":  # the first one starts the graph
            process.stdout.readline()
        time.sleep(float(rng.uniform(0.0, 0.15)))
        process.kill()
        out, err = process.communicate()
        assert (process.returncode, err) == (-signal.SIGKILL, "")
        saved = max((int(line) for line in out.split() if line.isdigit()), default=0)
        project = read_project(path)
        assert len(project.history.revisions) >= max(2, saved)  # what was told as done is there
        assert [project.draft(0), project.draft(1)] == songs
        for revision in project.history.revisions[-3:]:
            project.draft(revision.id)
        if backup_of(path).exists():
            read_project(backup_of(path))
        with ProjectSession.open(path) as session:  # the lock went with its process
            assert session.draft.song == songs[0].song
    with ProjectSession.open(path) as session:
        session.redo() if session.history().redo_steps() else session.undo()
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == ["song.loopmind", "song.loopmind~"]


HOLDING = """
import sys, time
from loopmind.runtime.project_session import ProjectSession
with ProjectSession.open(sys.argv[1]):
    print("open", flush=True)
    time.sleep(60)
"""


def test_the_second_process_on_a_project_is_told_of_the_first(tmp_path: Path) -> None:
    path = Path(shutil.copy(OLD, tmp_path / "song.loopmind"))
    before = path.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        done = loopmind("branch", path, "mine", "--no-render")
        assert done.code == 1 and len(done.lines) == 1
        assert f"{path} is being edited by another LoopMind (process {process.pid}:" in done.err
        assert path.read_bytes() == before
        assert loopmind("history", path).code == 0  # looking is always possible
    finally:
        process.kill()
        process.communicate()
    assert loopmind("branch", path, "mine", "--no-render").code == 0
