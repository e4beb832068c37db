"""Project files: what is written reads back; what is damaged or too new says so."""

from __future__ import annotations

from pathlib import Path

import msgpack
import pytest

from loopmind.files.project import Project, ProjectError, Reference, read_project, write_project
from loopmind.music.brief import Brief
from loopmind.music.mix import Mix, Strip
from loopmind.music.palette import Palette
from loopmind.music.song import Clip, Hit, Section, Song, Track


def project() -> Project:
    song = Song(
        title="Ærlig 歌", brief=Brief(prompt="dark trap"), seed=3, bpm=140.0, key=None,
        beats_per_bar=4, swing=0.5, sections=(Section("hook 1", "hook", 0, 8, 1.0),),
        tracks=(Track("drums", "Drums", "drums", "drums"),),
        clips=(Clip("a", "drums", 0.0, 4.0, hits=(Hit(0.0, "x", 1.0),)),),
    )  # fmt: skip
    return Project(
        graph={"nodes": {"a": {"type": "loopmind.read_prompt", "controls": {"prompt": "x"}}}},
        song=song,
        palette=Palette(140.0, None, 4, 0.5, ()),
        mix=Mix("raw", (Strip("drums"),)),
        references=(Reference("x", "kick.wav"),),
        node_versions={"loopmind.read_prompt": 1},
        model_digests={},
    )


def test_a_project_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = write_project(tmp_path / "song.loopmind", project())
    again = read_project(path)
    assert vars(again) == vars(project())
    assert write_project(tmp_path / "b.loopmind", again).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("size", [0, 1, 40, 200])
def test_a_cut_project_says_so(tmp_path: Path, size: int) -> None:
    path = write_project(tmp_path / "song.loopmind", project())
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ProjectError, match=r"song\.loopmind"):
        read_project(path)


def test_a_newer_project_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = write_project(tmp_path / "song.loopmind", project())
    data = msgpack.unpackb(path.read_bytes())
    path.write_bytes(msgpack.packb({**data, "version": 99}))
    with pytest.raises(ProjectError, match="update LoopMind"):
        read_project(path)


def test_a_missing_project_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"nowhere\.loopmind"):
        read_project(tmp_path / "nowhere.loopmind")
