"""The provenance sheet names just the files that sound in each bar, and what is known of them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from assistant_draft import assistant_draft, loops

from loopmind.cli import main
from loopmind.files.licences import Licences, licence_name
from loopmind.files.project import Project, write_project
from loopmind.library.corrections import apply_corrections
from loopmind.library.library import Library
from loopmind.music.history import History
from loopmind.music.loop import Loop
from loopmind.music.song import Hit, Song
from loopmind.present.provenance import (
    COLUMNS,
    FROM_USER,
    provenance,
    provenance_csv,
    sounds_of,
    sounds_of_crate,
)

PATHS = {loop.digest: loop.path for loop in loops().values()}


def _song() -> Song:
    return assistant_draft().song


def _rows(song: Song) -> list[tuple[int, str, str]]:
    rows = provenance(song, sounds_of(song, PATHS, {}))
    return [(row.bar, row.track, row.sound.digest) for row in rows]


def test_each_bar_names_what_its_clips_play() -> None:
    song = _song()
    rows = _rows(song)
    for section in song.sections:
        for bar in range(section.start_bar + 1, section.start_bar + section.bars + 1):
            tracks = {track for at, track, _ in rows if at == bar}
            own = {c.track for c in song.clips if c.id.startswith(f"{section.name}/")}
            assert tracks == own, (section.name, bar)
    assert rows == sorted(rows, key=lambda row: row[0]) and len(rows) == len(set(rows))


def test_silences_leave_whole_bars_out_and_cut_bars_in() -> None:
    song = _song()
    clip = next(c for c in song.clips if c.id == "verse 1/bass/0")
    quiet = replace(clip, silences=((4.0, 4.0), (8.0, 2.0)))  # bar 2 whole, bar 3 half
    clips = tuple(quiet if c.id == clip.id else c for c in song.clips)
    bars = {bar for bar, track, _ in _rows(replace(song, clips=clips)) if track == "bass"}
    first = int(clip.start_beat // 4) + 1
    assert {first, first + 2} <= bars and first + 1 not in bars


def test_patterns_are_named_in_the_bars_of_their_hits() -> None:
    song = _song()
    digest = loops()["snare_tight"].digest
    clip = next(c for c in song.clips if c.id == "verse 1/kick/0")
    lone = replace(clip, hits=(Hit(5.5, digest, 0.9),))
    changed = replace(song, clips=(lone,))
    assert _rows(changed) == [(int(clip.start_beat // 4) + 2, "kick", digest)]


def test_what_the_user_says_goes_before_what_lies_near(tmp_path: Path) -> None:
    (tmp_path / "LICENSE.txt").write_text("Creative Commons Attribution 4.0", encoding="utf-8")
    song = _song()
    paths = {digest: str(tmp_path / Path(path).name) for digest, path in PATHS.items()}
    bass = loops()["808_long_F#"].digest
    sounds = sounds_of(song, paths, {bass: "own recording"})
    assert (sounds[bass].licence, sounds[bass].licence_from) == ("own recording", FROM_USER)
    others = {s.licence for digest, s in sounds.items() if digest != bass}
    assert others == {"CC BY"}


def test_tables_and_licence_files_near_a_sound_are_read(tmp_path: Path) -> None:
    deep = tmp_path / "pack" / "drums" / "kicks"
    deep.mkdir(parents=True)
    sound = deep / "kick.wav"
    licences = Licences()
    assert licences.near(sound) is None
    (tmp_path / "pack" / "labels.csv").write_text(
        "path,licence\ndrums/kicks/kick.wav,CC0\n", encoding="utf-8"
    )
    (deep / "license.md").write_text("All rights reserved.", encoding="utf-8")
    note = Licences().near(sound)
    assert note is not None and note.text == "CC0" and note.source.endswith("labels.csv")
    other = Licences().near(deep / "snare.wav")
    assert other is not None and other.text == "all rights reserved"


def test_a_licence_far_above_is_not_the_sounds(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("GNU General Public License", encoding="utf-8")
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert Licences().near(deep / "kick.wav") is None
    assert Licences().near(tmp_path / "a" / "b" / "kick.wav") is not None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CC0 1.0 Universal", "CC0"),
        ("Attribution-NonCommercial 4.0 International", "CC BY-NC"),
        ("This work is licensed under CC BY-SA 4.0", "CC BY-SA"),
        ("100% Royalty-Free samples", "royalty free"),
        ("=HYPERLINK(evil)\nmore", "HYPERLINK(evil)"),
        ("\n\n", ""),
    ],
)
def test_licences_are_known_by_their_words(text: str, name: str) -> None:
    assert licence_name(text) == name


def test_odd_tables_are_no_licences(tmp_path: Path) -> None:
    for data in (b"", b"\xff\xfe\x00", b"path\nkick.wav\n", b"a,b\n1\n"):
        (tmp_path / "labels.csv").write_bytes(data)
        assert Licences().near(tmp_path / "kick.wav") is None


def test_the_sheet_is_a_table_for_spreadsheets() -> None:
    song = _song()
    text = provenance_csv(provenance(song, sounds_of_crate(song, loops().values())))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS and {row["licence"] for row in rows} == {"unknown"}
    assert {int(row["bar"]) for row in rows} == set(range(1, song.bars + 1))


def test_the_user_can_say_a_licence(real_loops: Path, tmp_path: Path) -> None:
    sound = real_loops / "stargate/fugue-state-audio/loops/130-discobeat.flac"
    with Library(tmp_path) as library:
        library.correct(sound, "license", "  my own \n recording ")
        (loop,) = library.scan(sound).loops
        assert loop.licence == "my own recording"
    plain: Loop = loops()["808_long_F#"]
    assert plain.licence == "" and apply_corrections(plain, {"licence": "CC0"}).licence == "CC0"


def test_the_command_tells_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "song.loopmind"
    project = Project(history=History().add("generated"), snapshots={}, graphs={})
    project = project.with_snapshot(0, assistant_draft()).with_sounds(loops().values())
    write_project(path, project)
    assert main(["provenance", str(path)]) == 0
    said = capsys.readouterr().out
    assert "808_long_F#" in said and "9-56, 65-72" in said and "unknown" in said
    assert main(["provenance", str(path), "--csv", str(tmp_path / "sheet.csv")]) == 0
    assert (tmp_path / "sheet.csv").read_text(encoding="utf-8").startswith("bar,start_s")
    capsys.readouterr()
    assert main(["provenance", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["bar"] == 1
