"""Project files: what is written reads back; what is damaged, too new or old says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgpack
import pytest

from loopmind.files.project import (
    Project,
    ProjectDamagedError,
    ProjectError,
    backup_of,
    pack_project,
    read_project,
    restore_backup,
    write_project,
)
from loopmind.files.snapshots import PartError
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft, Lock
from loopmind.music.edit import ChangeEq, ChangeStrip, MuteTrack
from loopmind.music.history import History
from loopmind.music.mix import EqBand, Mix, Strip
from loopmind.music.palette import Palette
from loopmind.music.song import Clip, Hit, Section, Song, Track

OLD = Path(__file__).parent / "data" / "project-version-1.loopmind"
OLD_2 = Path(__file__).parent / "data" / "project-version-2.loopmind"


def draft(title: str = "Ærlig 歌") -> Draft:
    song = Song(
        title=title, brief=Brief(prompt="dark trap"), seed=3, bpm=140.0, key=None,
        beats_per_bar=4, swing=0.5, sections=(Section("hook 1", "hook", 0, 8, 1.0),),
        tracks=(Track("drums", "Drums", "drums", "drums"),),
        clips=(Clip("a", "drums", 0.0, 4.0, hits=(Hit(0.0, "x", 1.0),)),),
    )  # fmt: skip
    return Draft(song.brief, Palette(140.0, None, 4, 0.5, ()), song, Mix("raw", (Strip("drums"),)))


def project() -> Project:
    document = {"nodes": {"a": {"type": "loopmind.read_prompt", "controls": {"prompt": "x"}}}}
    history = History().add("generated", words="dark trap", time_s=1.5)
    history = history.add(
        "edited",
        edits=(ChangeStrip("drums", "gain_db", by=2.0), ChangeEq("drums", EqBand("peak", 80.0))),
        words="more drums", told=("louder drums", "a bump at 80 Hz"), time_s=2.5,
    )  # fmt: skip
    history = history.branched("another hook").add("merged", merged=(0, "hook 1"), told=("m",))
    made = Project(history, {}, {}, node_versions={"loopmind.read_prompt": 1})
    for number in range(3):
        made = made.with_snapshot(number, replace(draft(f"{number}"), locks=(Lock("track", "a"),)))
    return made.with_graph(0, document)


def test_a_project_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = write_project(tmp_path / "song.loopmind", project())
    again = read_project(path)
    assert vars(again) == vars(project())
    assert again.draft() == replace(
        draft("2"), locks=(Lock("track", "a"),), told=("louder drums", "a bump at 80 Hz", "m")
    )
    assert again.draft(0).told == ()
    assert write_project(tmp_path / "b.loopmind", again).read_bytes() == path.read_bytes()


def test_equal_values_are_kept_once() -> None:
    one = project().with_snapshot(0, draft())
    assert len(pack_project(one.with_snapshot(1, draft()))) <= len(pack_project(one))


def test_a_project_of_version_1_opens(tmp_path: Path) -> None:
    old = read_project(OLD)
    assert [r.kind for r in old.history.revisions] == ["generated"]
    assert old.draft().song.title == "Dark trap in A minor"
    assert old.history.head.words == "dark trap, 140 bpm"
    assert old.graph()["nodes"]["choose"]["type"] == "loopmind.choose_loops"
    assert len(old.references) == 21 and set(old.model_digests)
    path = write_project(tmp_path / "song.loopmind", old)
    assert msgpack.unpackb(path.read_bytes(), strict_map_key=False)["version"] == 4
    assert vars(read_project(path)) == vars(old)


def test_a_project_of_version_2_opens() -> None:
    assert msgpack.unpackb(OLD_2.read_bytes(), strict_map_key=False)["version"] == 2
    old = read_project(OLD_2)
    assert old.history == project().history
    assert [old.draft(number) for number in range(3)] == [
        project().draft(number) for number in range(3)
    ]


@pytest.mark.parametrize("size", [1, 40, 200, 1000])
@pytest.mark.parametrize("old", [False, True])
def test_a_cut_project_says_so(tmp_path: Path, size: int, old: bool) -> None:
    data = OLD.read_bytes() if old else pack_project(project())
    path = tmp_path / "song.loopmind"
    path.write_bytes(data[:size])
    with pytest.raises(ProjectError, match=r"song\.loopmind"):
        read_project(path)
    path.write_bytes(b"")
    with pytest.raises(ProjectDamagedError, match="no backup beside it"):
        read_project(path)


def test_any_changed_byte_shows_or_harms_nothing(tmp_path: Path) -> None:
    good = project()
    data = pack_project(good)
    path = tmp_path / "song.loopmind"
    for place in range(0, len(data), 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            read = read_project(path)
            found = [read.draft(number) for number in range(3)]
        except (ProjectError, PartError):
            continue
        assert found == [good.draft(number) for number in range(3)]
        assert read.history == good.history


def test_a_damaged_project_names_its_backup_which_can_be_put_back(tmp_path: Path) -> None:
    path = write_project(tmp_path / "song.loopmind", project())
    changed = replace(project(), history=project().history.switched("main"))
    write_project(path, changed, backup=True)
    assert read_project(backup_of(path)).history == project().history
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ProjectDamagedError, match=r"song\.loopmind~ of .* --backup"):
        read_project(path)
    aside = restore_backup(path)
    assert aside is not None and len(aside.read_bytes()) == 300
    assert read_project(path).history == project().history


@pytest.mark.parametrize("old", [False, True])
def test_a_newer_project_is_refused_with_the_remedy(tmp_path: Path, old: bool) -> None:
    path = tmp_path / "song.loopmind"
    data = msgpack.unpackb(
        OLD.read_bytes() if old else pack_project(project()), strict_map_key=False
    )
    path.write_bytes(msgpack.packb({**data, "version": 99}))
    with pytest.raises(ProjectError, match="update LoopMind"):
        read_project(path)


def test_what_is_no_project_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    for data in (b"\xff\xd8\xff\xe0 JFIF" * 40, b"hello", msgpack.packb([1, 2])):
        path.write_bytes(data)
        with pytest.raises(ProjectError, match="no LoopMind project"):
            read_project(path)
    with pytest.raises(ProjectError, match=r"nowhere\.loopmind"):
        read_project(tmp_path / "nowhere.loopmind")


def test_long_histories_keep_every_tenth_old_song() -> None:
    history = History().add("generated")
    for _ in range(520):
        history = history.add("edited", edits=(MuteTrack("drums"),), told=("m",))
    made = Project(history, {}, {}).with_snapshot(0, draft())
    made = replace(made, snapshots=dict.fromkeys(range(521), made.snapshots[0]))
    kept = sorted(made.thinned().snapshots)
    assert kept[:4] == [0, 10, 20, 30] and kept[-200:] == list(range(321, 521))
    assert made.thinned().thinned() == made.thinned() or len(kept) == 233
