"""A song edited as users do: what is taken up from earlier renders changes no byte of song.wav."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from bad_input import loopmind

from loopmind.demo_crate import write_demo_crate
from loopmind.music.edit import ChangeStrip, RegenerateSection
from loopmind.nodes import render_song as node
from loopmind.runtime import offline
from loopmind.runtime.project_session import ProjectSession


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sounds, library and a song of a minute."""
    root = tmp_path_factory.mktemp("edited")
    write_demo_crate(root / "loops")
    done = loopmind(
        "generate", root / "loops", "--out", root / "song", "--length", "1:00",
        "--prompt", "house", "--library", root / "library",
    )  # fmt: skip
    assert done.code == 0, done.err
    return root


@pytest.mark.slow
def test_an_edit_is_rendered_as_from_nothing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = Path(shutil.copytree(made / "song", tmp_path / "song"))
    mixed: list[float] = []

    def spy(*args: Any, **options: Any) -> offline.Rendering:
        rendering = offline.render(*args, **options)
        mixed.append(rendering.mixed)
        return rendering

    monkeypatch.setattr(node, "render", spy)

    def sound() -> bytes:
        return (song / "song.wav").read_bytes()

    with ProjectSession.open(song) as session:
        session.render()
        first = sound()
        section = session.draft.song.sections[1].name
        session.apply([RegenerateSection(section, 99)], "another one")
        session.render()
    edited = sound()
    with ProjectSession.open(song) as session:  # as in another process: from the user's cache
        session.render()
        assert sound() == edited
        session.undo()
        session.render()
        assert sound() == first
        track = session.draft.song.tracks[0].id
        session.redo()
        session.apply([ChangeStrip(track, "gain_db", by=-3.0)], "less of it")
        session.render()
    assert mixed[0] == 1.0
    assert 0.0 < mixed[1] < 1.0
    assert mixed[2:] == [0.0, 0.0, 1.0]
    louder = sound()
    for number, expected in enumerate((louder, edited, first)):
        monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / f"nothing {number}"))
        with ProjectSession.open(song) as session:
            session.render()
            assert sound() == expected
            assert mixed[-1] == 1.0
            if number < 2:
                session.undo()
