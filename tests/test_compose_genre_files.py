"""Genre files are part of what a song is made of: an edited one is heard in the next song."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loopmind.compose import genres
from loopmind.files.places import user_presets
from loopmind.graph.document import Graph
from loopmind.graph.registry import default_registry
from loopmind.runtime.cache import DiskCache
from loopmind.runtime.execute import Session

READERS = ("read_prompt", "choose_loops", "arrange_song", "mix_song")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A genre file of the user's own, for 'molasses' at 70 bpm."""
    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / "home"))
    folder = user_presets() / "genres"
    folder.mkdir(parents=True)
    write(folder / "molasses.json", 70)
    return folder / "molasses.json"


def write(file: Path, bpm: int) -> None:
    data = {"name": "molasses", "title": "Slow", "bpm": [bpm - 5, bpm + 5], "typical_bpm": bpm}
    file.write_text(json.dumps(data), encoding="utf-8")


def test_an_edited_genre_changes_the_fingerprint_and_is_read_again(own: Path) -> None:
    before = genres.fingerprint({})
    assert genres.profile("molasses").typical_bpm == 70
    assert genres.fingerprint({}) == before
    write(own, 100)
    assert genres.fingerprint({}) != before
    assert genres.profile("molasses").typical_bpm == 100
    own.unlink()
    genres.fingerprint({})
    assert genres.find("molasses") is None


def test_what_a_file_says_counts_not_when_it_was_written(own: Path) -> None:
    before = genres.fingerprint({})
    own.touch()
    assert genres.fingerprint({}) == before


def test_all_nodes_that_read_genres_ask_for_them() -> None:
    for name in READERS:
        spec = default_registry().get(f"loopmind.{name}")
        assert spec.fingerprint is genres.fingerprint, name


def test_an_edited_genre_is_heard_in_an_open_session_and_in_a_new_one(
    own: Path, tmp_path: Path
) -> None:
    graph = Graph().with_node("u", "loopmind.read_prompt", {"wish": "slow molasses"})
    cache = DiskCache(tmp_path / "values")
    tempos = []
    with Session(disk=cache) as session:
        tempos.append(session.evaluate(graph)["u"].bpm)
        assert not session.evaluate(graph).ran
        write(own, 100)
        tempos.append(session.evaluate(graph)["u"].bpm)
    write(own, 120)
    with Session(disk=cache) as session:
        tempos.append(session.evaluate(graph)["u"].bpm)
    assert tempos[0][1] < 90 <= tempos[1][0] and tempos[1][1] < 110 <= tempos[2][0]
