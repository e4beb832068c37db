"""A song told in words says what the values say, and keeps saying it after a change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from assistant_draft import assistant_draft, loops

from loopmind.cli import main
from loopmind.compose.tell import section_lines, song_lines, tell_section, tell_song, value_at
from loopmind.compose.tell_mix import strip_words
from loopmind.errors import LoopMindError
from loopmind.files.project import Project, write_project
from loopmind.music.draft import Draft, Lock
from loopmind.music.history import History
from loopmind.music.mix import EqBand, Sidechain, Strip
from loopmind.music.song import Automation

NAMES = {loop.digest: name for name, loop in loops().items()}


def test_sections_tell_what_plays_enters_and_leaves() -> None:
    told = tell_section(assistant_draft(), NAMES, "hook 1")
    assert (told.first_bar, told.last_bar) == (25, 32)
    assert told.start_s == pytest.approx(24 * 4 * 60 / 140, abs=1e-3)
    assert told.enters == ("perc", "lead") and told.leaves == ()
    assert {part.track: part.files for part in told.plays}["bass"] == ("808_long_F#",)
    text = "\n".join(section_lines(told))
    assert "bars 25 to 32" in text and "a pattern of" in text and "energy 85" in text


def test_sections_follow_one_another_without_gap() -> None:
    told = tell_song(assistant_draft(), NAMES)
    for before, after in zip(told.sections, told.sections[1:], strict=False):
        assert after.first_bar == before.last_bar + 1 and after.start_s == before.end_s


def test_unknown_sections_are_answered_with_those_there_are() -> None:
    with pytest.raises(LoopMindError, match=r"hook 9.*intro, verse 1, hook 1"):
        tell_section(assistant_draft(), NAMES, "hook 9")


def test_the_song_is_told_as_it_is_now() -> None:
    draft = assistant_draft()
    strips = tuple(
        replace(s, muted=True) if s.track == "pad" else s for s in draft.mix.strips
    )  # fmt: skip
    changed = replace(
        draft,
        mix=replace(draft.mix, strips=strips),
        locks=(Lock("section", "hook 2"),),
        told=("muted the pad",),
    )
    text = "\n".join(song_lines(tell_song(changed, NAMES)))
    assert "mix    muted" in text and "muted the pad" in text and ", locked" in text
    assert "muted" not in "\n".join(song_lines(tell_song(draft, NAMES)))


def test_a_sound_put_by_hand_is_not_praised_with_the_old_reason() -> None:
    draft = assistant_draft()
    other = loops()["sub_bass_F#m"].digest
    clips = tuple(
        replace(c, digest=other) if c.track == "bass" else c for c in draft.song.clips
    )  # fmt: skip
    told = tell_song(replace(draft, song=replace(draft.song, clips=clips)), NAMES)
    bass = next(track for track in told.tracks if track.track == "bass")
    assert bass.files == ("sub_bass_F#m",) and "808" not in bass.why


def test_missing_sounds_are_named_as_missing() -> None:
    told = tell_song(assistant_draft(), {})
    assert all("missing" in track.files[0] for track in told.tracks)


def test_moves_are_told_where_they_are_heard_and_only_there() -> None:
    draft = assistant_draft()
    hook = next(s for s in draft.song.sections if s.name == "hook 1").start_bar * 4.0
    sweep = Automation("chords", "lowpass_hz", ((hook - 32, 500.0), (hook, 20000.0)))
    idle = Automation("lead", "lowpass_hz", ((hook - 32, 500.0), (hook, 20000.0)))
    song = replace(draft.song, automation=(sweep, idle))
    moved = replace(draft, song=song)
    assert tell_section(moved, NAMES, "verse 1").moves == (
        "chords: from dull to bright towards its end",
    )  # the lead does not play there
    assert tell_section(moved, NAMES, "hook 1").moves == ()
    assert value_at(sweep, hook - 16) == pytest.approx(10250.0)


def test_strips_are_told_in_plain_words() -> None:
    strip = Strip(
        "bass", gain_db=3.0, pan=-0.5, width=0.0, drive=0.5, reverb_send_db=-6.0,
        eq=(EqBand("lowcut", 30.0), EqBand("peak", 300.0, -3.0)),
        sidechain=Sidechain("kick", 6.0, 0.01, 0.1),
    )  # fmt: skip
    assert strip_words(strip) == (
        "turned up 3.0 dB", "half left", "mono", "lowered 3.0 dB round 300 Hz", "driven hard",
        "much reverb", "ducked by the kick, so that it comes through",
    )  # fmt: skip


def test_the_command_tells_of_a_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "song.loopmind"
    _keep(path, assistant_draft())
    assert main(["explain", str(path)]) == 0
    said = capsys.readouterr().out
    assert "What plays" in said and "808_long_F#" in said and "Why these sounds" in said
    assert main(["explain", str(path.parent), "Hook", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "hook 2"
    assert main(["explain", str(path), "bridge"]) == 0
    assert "bridge 1: bars" in capsys.readouterr().out
    assert main(["explain", str(path), "hook"]) == 1
    assert "hook 1" in capsys.readouterr().err


def _keep(path: Path, draft: Draft) -> None:
    project = Project(history=History().add("generated"), snapshots={}, graphs={})
    write_project(path, project.with_snapshot(0, draft).with_sounds(loops().values()))
