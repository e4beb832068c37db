"""What songs used is remembered, and --fresh prefers what they did not."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from compose_factory import crate, kit, make
from library_sounds import write_sound

from loopmind.cli import main
from loopmind.compose.select import choose
from loopmind.library.library import Library
from loopmind.library.schema import DATABASE_NAME, MIGRATIONS, SCHEMA_VERSION
from loopmind.library.wear import wear_of
from loopmind.music.brief import Anchor, Brief
from loopmind.music.loop import Crate
from loopmind.nodes.prefer_fresh import prefer_fresh


def test_songs_are_remembered_with_what_they_used_latest_first(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        library.note_song(tmp_path / "a" / "song.loopmind", ["x", "y", "x"], 1.0)
        library.note_song(tmp_path / "b" / "song.loopmind", ["z"], 2.0)
    with Library(tmp_path) as library:
        first, second = library.songs()
        assert first.song.endswith("song.loopmind") and first.digests == ("z",)
        assert second.digests == ("x", "y") and second.used_s == 1.0
        library.note_song(tmp_path / "a" / "song.loopmind", ["y"], 3.0)
        assert [song.digests for song in library.songs()] == [("y",), ("z",)]


def test_remembering_a_song_leaves_the_search_index_valid(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        before = library.revision
        library.note_song("song", ["x"], 1.0)
        assert library.revision == before


def test_a_library_of_the_first_format_gets_a_place_for_uses(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / DATABASE_NAME)
    connection.executescript(MIGRATIONS[0])
    connection.execute("PRAGMA user_version=1")
    connection.execute("INSERT INTO corrections VALUES ('d', 'bpm', '140')")
    connection.commit()
    connection.close()
    with Library(tmp_path) as library:
        assert library.songs() == () and library.corrections() == {"d": {"bpm": "140"}}
    assert SCHEMA_VERSION >= 2


def test_wear_fades_with_every_song_and_ends(tmp_path: Path) -> None:
    with Library(tmp_path) as library:
        for number in range(20):
            library.note_song(f"song {number}", [f"d{number}"], float(number))
        worn = dict(wear_of(library.songs()))
    assert worn["d19"] == 1.0 and worn["d18"] == 0.75 and "d0" not in worn


def test_the_wish_is_left_as_it_is_unless_fresh_is_asked(tmp_path: Path) -> None:
    brief = Brief(prompt="trap")
    with Library(tmp_path / "library") as library:
        library.note_song("song", ["x"], 1.0)
    assert prefer_fresh(brief, fresh=False, library=tmp_path / "library") is brief
    fresh = prefer_fresh(brief, fresh=True, library=tmp_path / "library")
    assert fresh.worn == (("x", 1.0),) and replace(fresh, worn=()) == brief


def _sounds() -> Crate:
    loops = [
        make(instrument, number=number, bpm=140, key=key)
        for instrument, key in (
            ("drums", None), ("bass", "F minor"), ("keys", "F minor"), ("pad", "F minor"),
        )
        for number in range(5)
    ]  # fmt: skip
    return crate([*loops, *kit()])


def _picked(brief: Brief, seed: int = 1) -> dict[str, str]:
    return {c.slot: c.picked.digest for c in choose(_sounds(), brief, seed).choices}


@pytest.mark.parametrize("seed", range(4))
def test_worn_sounds_give_way_where_others_fit(seed: int) -> None:
    brief = Brief(genre="trap", bpm=(140.0, 140.0))
    first = _picked(brief, seed)
    worn = tuple((digest, 1.0) for digest in sorted(set(first.values())))
    second = _picked(replace(brief, worn=worn), seed)
    assert set(second) >= {"bass", "chords"}
    assert not set(second.values()) & set(first.values())


def test_worn_sounds_still_play_where_nothing_else_does() -> None:
    sounds = crate([make("drums", bpm=140, key=None), make("bass", bpm=140, key="F minor")])
    brief = Brief(genre="trap", bpm=(140.0, 140.0))
    worn = tuple((loop.digest, 1.0) for loop in sounds.loops)
    played = {c.picked.digest for c in choose(sounds, replace(brief, worn=worn), 1).choices}
    assert played == {c.picked.digest for c in choose(sounds, brief, 1).choices}


def test_an_anchor_is_never_worn() -> None:
    anchor = next(loop for loop in _sounds().loops if loop.best_role == "bass")
    brief = Brief(genre="trap", anchors=(Anchor(anchor.digest, "bass"),))
    worn = replace(brief, worn=((anchor.digest, 1.0),))
    assert _picked(worn)["bass"] == anchor.digest


def test_no_wear_changes_no_choice() -> None:
    brief = Brief(genre="trap")
    assert choose(_sounds(), brief, 3) == choose(_sounds(), replace(brief, worn=()), 3)


@pytest.mark.slow
def test_fresh_songs_of_real_loops_share_little(
    real_loops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ["generate", str(real_loops), "--prompt", "boom bap 95 bpm", "--length", "0:30"]
    chosen = []
    for number in range(3):
        more = ["--fresh"] if number else []
        out = ["--out", str(tmp_path / f"{number}"), "--json"]
        assert main([*wish, *more, *out]) == 0
        told = json.loads(capsys.readouterr().out)
        chosen.append({choice["path"] for choice in told["choices"]})
    assert len(chosen[0] & chosen[1]) <= len(chosen[0]) // 4
    assert len(chosen[1] & chosen[2]) <= len(chosen[1]) // 4


def test_a_song_is_made_although_its_uses_cannot_be_remembered(tmp_path: Path) -> None:
    from loopmind.commands._song import _note_uses

    blocked = write_sound(tmp_path / "file")

    class Song:
        clips = ()

    class Made:
        song, out = Song(), tmp_path

    (told,) = _note_uses(blocked / "library", Made())  # type: ignore[arg-type]
    assert "not remembered" in told


def test_the_command_tells_songs_and_the_songs_of_a_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from loopmind.files.digest import file_digest

    sound, other = write_sound(tmp_path / "kick.wav", 1), write_sound(tmp_path / "hat.wav", 2)
    place = ["--library", str(tmp_path / "library")]
    assert main(["uses", *place]) == 0
    assert "no song was made yet" in capsys.readouterr().out
    with Library(tmp_path / "library") as library:
        library.note_song(tmp_path / "one" / "song.loopmind", [file_digest(sound)], 1.0)
    assert main(["uses", *place, "--json"]) == 0
    (song,) = json.loads(capsys.readouterr().out)
    assert song["sounds"][0]["digest"] == file_digest(sound)
    assert main(["uses", str(sound), *place]) == 0
    assert "one" in capsys.readouterr().out
    assert main(["uses", str(other), *place]) == 0
    assert "no song" in capsys.readouterr().out
    assert main(["uses", str(tmp_path / "gone.wav"), *place]) == 2
