"""Clone my style: what is measured of songs, and the genre brain that it becomes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from compose_factory import make
from test_modes_match import reference

from loopmind.compose import genres
from loopmind.compose.arrange import arrange
from loopmind.compose.mixing import mix_song
from loopmind.compose.select import choose
from loopmind.compose.style import genre_data, style_of_audio, style_of_project
from loopmind.errors import LoopMindError
from loopmind.files.places import preset_file
from loopmind.graph.context import PlainContext
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.loop import Crate
from loopmind.music.style import Style
from loopmind.nodes.hear_style import hear_style
from loopmind.nodes.write_genre import write_genre


def crate() -> Crate:
    loops = [
        make(instrument, bpm=bpm, key="E minor", number=n)
        for n, bpm in enumerate((96.0, 98.0, 100.0))
        for instrument in ("drums", "bass", "keys", "pad", "lead", "percussion")
    ]
    return Crate(tuple(sorted(loops, key=lambda loop: loop.path)))


def draft(seed: int = 1) -> Draft:
    sounds, brief = crate(), Brief(genre="house", moods=("dark",), bpm=(98.0, 98.0))
    palette = choose(sounds, brief, seed)
    song = arrange(palette, sounds, brief, seed)
    mix = mix_song(song, palette, sounds, style="tape", target_lufs=-10.0)
    return Draft(song.brief, palette, song, mix)


def test_a_project_gives_its_form_roles_tempo_and_mix() -> None:
    made = draft()
    one = style_of_project("one", made)
    default = genres.read_profile({"name": "x"}, _base(), "x")
    data, measured, kept = genre_data(Style((one,)), "mine", default, {})
    brain = genres.read_profile(data, _base(), "mine")
    assert brain.bpm[0] < 98.0 < brain.bpm[1] and brain.typical_bpm == 98.0
    assert [(p.kind, p.bars) for p in brain.structures[0]] == [
        (s.kind, s.bars) for s in made.song.sections
    ]
    adorning = {"crash", "fill", "riser"}
    playing = {str(track.role) for track in made.song.tracks if track.id not in adorning}
    assert all(brain.role(role).priority > 0.1 for role in playing)
    assert (brain.mix_style, brain.loudness_lufs, brain.mode) == ("tape", -10.0, "minor")
    assert brain.moods["dark"] > 0.0
    assert brain.drums == default.drums and any("patterns" in said for said in kept)
    assert any("roles" in said for said in measured)


def test_of_audio_roles_are_not_claimed() -> None:
    one = style_of_audio(reference())
    default = genres.read_profile({"name": "x"}, _base(), "x")
    data, _, kept = genre_data(Style((one, one)), "mine", default, {})
    assert "roles" not in data and "habits" not in data and "mix_style" not in data
    assert any(said.startswith("roles") for said in kept)
    brain = genres.read_profile(data, _base(), "mine")
    assert brain.length_s == pytest.approx(120.0) and brain.mode == "minor"


def test_half_and_double_time_are_one_tempo() -> None:
    one = style_of_audio(reference())
    songs = tuple(replace(one, bpm=bpm) for bpm in (87.0, 88.0, 175.0))
    default = genres.read_profile({"name": "x"}, _base(), "x")
    data, _, _ = genre_data(Style(songs), "mine", default, {})
    assert data["bpm"][1] < 95.0


def test_the_written_brain_works_as_any_other(own_home: Path) -> None:
    style = Style((style_of_project("one", draft()), style_of_audio(reference())))
    written = write_genre(style, "Mine Own", like="lo-fi")
    assert written.file.parent == own_home / "presets" / "genres"
    assert genres.find("mine own") == "mine own" and "mine own" in genres.names()
    assert genres.profile("mine own").swing == genres.profile("lo-fi").swing
    sounds, brief = crate(), Brief(genre="mine own")
    song = arrange(choose(sounds, brief, 1), sounds, brief, 1)
    assert song.brief.genre == "mine own" and 90.0 <= song.bpm <= 105.0
    with pytest.raises(LoopMindError, match="there already"):
        write_genre(style, "mine own")
    assert write_genre(style, "mine own", replace=True).file == written.file
    with pytest.raises(LoopMindError, match="choose another name"):
        write_genre(style, "lofi")
    with pytest.raises(LoopMindError, match="will not do"):
        write_genre(style, "../mine")


def test_files_that_are_no_songs_are_left_out_or_refused(tmp_path: Path) -> None:
    with pytest.raises(LoopMindError, match="there is no file"):
        hear_style((tmp_path / "gone.wav",), PlainContext())
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    with pytest.raises(LoopMindError, match="nothing to measure"):
        hear_style((text,), PlainContext())


def _base() -> dict[str, object]:
    found: dict[str, object] = json.loads(preset_file("genres/default").read_text("utf-8"))
    return found
