"""Working on a project: what is undone and redone is the same song, also after opening it again."""

from __future__ import annotations

import random
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from loopmind.errors import LoopMindError, UsageError
from loopmind.files.project import (
    ProjectDamagedError,
    ProjectError,
    read_project,
    write_project,
)
from loopmind.files.project_lock import ProjectBusyError, ProjectLock
from loopmind.music.draft import Draft
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


def step(session: ProjectSession, rng: random.Random) -> None:
    """Something that a user may do; what cannot be done is left out."""
    track = rng.choice([t.id for t in session.draft.song.tracks])
    what = rng.choice(["gain", "mute", "lock", "undo", "redo", "branch", "switch", "merge"])
    with suppress(LoopMindError):
        if what == "gain":
            session.apply([ChangeStrip(track, "gain_db", by=rng.choice([-1.0, 1.5]))], "gain")
        elif what == "mute":
            session.apply([MuteTrack(track), ChangeStrip(track, "pan", value=rng.random())])
        elif what == "lock":
            session.apply([SetLock("section", "intro", rng.random() < 0.3)])
        elif what == "undo":
            session.undo(rng.randint(1, 3))
        elif what == "redo":
            session.redo(rng.randint(1, 2))
        elif what == "branch":
            place = rng.randrange(len(session.history().revisions))
            session.branch(f"b{len(session.history().branches)}", place)
        elif what == "switch":
            session.switch(rng.choice(sorted(session.history().branches)))
        else:
            session.merge(rng.choice(sorted(session.history().branches)), "hook 1")


@pytest.mark.parametrize("seed", [1, 2])
def test_any_walk_is_there_when_it_is_opened_again(path: Path, seed: int) -> None:
    rng = random.Random(seed)
    known: dict[int, Draft] = {}
    for _ in range(4):
        with ProjectSession.open(path) as session:
            for _ in range(12):
                step(session, rng)
                known.setdefault(session.history().head.id, session.draft)
                assert session.draft == known[session.history().head.id]
            history = session.history()
        with ProjectSession.open(path, read_only=True) as again:
            assert again.history() == history
            for number, draft in known.items():
                assert again.draft_at(number) == draft
    assert len(history.revisions) > 8


def test_songs_that_are_not_kept_are_made_again(path: Path) -> None:
    with ProjectSession.open(path) as session:
        for number in range(4):
            session.apply([ChangeStrip("drums", "gain_db", by=1.0 + number)], str(number))
        known = [session.draft_at(number) for number in range(5)]
    project = read_project(path)
    thin = replace(project, snapshots={n: project.snapshots[n] for n in (0, 2)})
    write_project(path, thin)
    with ProjectSession.open(path) as session:
        assert [session.draft_at(number) for number in range(5)] == known
        session.merge("-1", "hook 1")  # which reads both songs in the file
        assert session.draft.song == known[4].song
    # A part that is damaged counts as not kept; where nothing can make it again, it is said.
    broken = dict(project.parts)
    broken[project.snapshots[4].mix] = b"spoilt"
    write_project(path, replace(project, parts=broken))
    with ProjectSession.open(path) as session:
        assert session.draft == known[4]
    broken[project.snapshots[0].song] = b"spoilt"
    snapshots = {0: project.snapshots[0], 4: project.snapshots[4]}
    write_project(path, replace(project, parts=broken, snapshots=snapshots))
    with (
        ProjectSession.open(path) as session,
        pytest.raises(ProjectDamagedError, match="cannot be made again"),
    ):
        session.draft  # noqa: B018
