"""Working on a project: what is undone and redone is the same song, also after opening it again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from loopmind.errors import LoopMindError, UsageError
from loopmind.files.project import ProjectError
from loopmind.files.project_lock import ProjectBusyError, ProjectLock
from loopmind.music.edit import ChangeStrip, MuteTrack, SetLock
from loopmind.runtime.project_session import ProjectSession

OLD = Path(__file__).parent / "data" / "project-version-1.loopmind"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(shutil.copy(OLD, tmp_path / "song.loopmind"))


def test_undo_and_redo_bring_back_the_identical_song(path: Path) -> None:
    with ProjectSession.open(path) as session:
        first = session.draft
        revision = session.apply([ChangeStrip("bass", "gain_db", by=2.0)], "more bass")
        assert (revision.words, len(revision.told)) == ("more bass", 1)
        second = session.draft
        session.apply([MuteTrack("lead"), SetLock("track", "drums")])
        third = session.draft
        assert first != second != third and len(third.told) == 3
        assert session.undo().id == 1 and session.draft == second
        assert session.undo().id == 0 and session.draft == first
        with pytest.raises(LoopMindError, match="nothing to undo"):
            session.undo()
    with ProjectSession.open(path.parent) as session:
        assert session.draft == first
        session.redo(2)
        assert session.draft == third
        with pytest.raises(LoopMindError, match="nothing to redo"):
            session.redo()
        session.undo()
        session.branch("quiet")
        session.apply([MuteTrack("drums")])
        assert session.history().head.parent == 1
        session.switch("main")
        assert session.draft == second
        session.redo()
        assert session.draft == third
        with pytest.raises(UsageError, match="main, quiet"):
            session.switch("loud")


def test_an_edit_that_fails_changes_nothing(path: Path) -> None:
    with ProjectSession.open(path) as session:
        before = path.read_bytes()
        with pytest.raises(LoopMindError, match="kazoo"):
            session.apply([MuteTrack("drums"), MuteTrack("kazoo")])
        assert session.preview([MuteTrack("drums")]) != session.draft
        assert path.read_bytes() == before and len(session.history().revisions) == 1


def test_one_process_at_a_time_may_change_a_project(path: Path) -> None:
    with ProjectSession.open(path) as session:
        with pytest.raises(ProjectBusyError, match=r"song\.loopmind is being edited by .*process"):
            ProjectSession.open(path, wait_s=0.05)
        with ProjectSession.open(path, read_only=True) as other:
            assert other.draft == session.draft
            with pytest.raises(ProjectError, match="looking only"):
                other.apply([MuteTrack("drums")])
    ProjectLock(path).acquire(0.05).release()


def test_what_another_program_wrote_is_not_overwritten(path: Path) -> None:
    with ProjectSession.open(path) as session:
        path.write_bytes(path.read_bytes() + b" ")
        with pytest.raises(ProjectError, match="open it again"):
            session.apply([MuteTrack("drums")])
