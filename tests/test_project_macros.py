"""Macros of a project's graph: set like any edit, what hangs on them is made anew, edits hold."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bad_input import loopmind, write_good

from loopmind.assistant.macros import KnownMacro, macro_wishes
from loopmind.errors import LoopMindError
from loopmind.files.project import read_project, write_project
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit, MuteTrack, RemoveSection, SetLock, SetMacro
from loopmind.runtime.project_session import ProjectSession


def generate(root: Path, out: Path, library: Path, *more: str) -> Path:
    done = loopmind(
        "generate", root / "loops", "--out", out, "--length", "0:24", "--prompt", "trap 140",
        "--library", library, *more,
    )  # fmt: skip
    assert done.code == 0, done.err
    return out / "song.loopmind"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("macros")
    write_good(root / "loops")
    generate(root, root / "song", root / "library")
    return root


@pytest.fixture
def song(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "song", tmp_path / "song")) / "song.loopmind"


def bare(draft: Draft) -> Draft:
    return replace(draft, told=())


def apply(song: Path, *edits: Edit) -> Draft:
    with ProjectSession.open(song) as session:
        session.apply(edits)
        return session.draft


@pytest.mark.parametrize(
    ("name", "value", "flag"), [("seed", 5, "--seed"), ("wish", "lofi 80", "--prompt")]
)
def test_a_song_made_anew_is_the_one_generated_so_with_the_edits_done_again(
    made: Path, song: Path, tmp_path: Path, name: str, value: int | str, flag: str
) -> None:
    with ProjectSession.open(song) as session:
        first, document = session.draft, session.document()
        session.apply([MuteTrack("bass")], "no bass")
        session.apply([SetMacro(name, value), MuteTrack("drums")], "wilder")
        wild = session.draft
        step = session.history().head
        assert (step.kind, step.words, len(step.told)) == ("remade", "wilder", 2)
        assert (
            step.told[0] == f"The macro {name} is {value} now, and the song was made anew with it."
        )
        assert session.document()["macros"][name]["value"] == value
    own = generate(made, tmp_path / "own", made / "library", flag, str(value))
    as_generated = apply(own, MuteTrack("bass"), MuteTrack("drums"))
    assert bare(wild) == bare(as_generated)
    assert wild.song != first.song
    with ProjectSession.open(song) as session:  # also after a restart
        assert session.draft == wild
        session.undo(2)
        assert session.draft == first and session.document() == document
        session.redo(2)
        assert session.draft == wild and session.document() != document


def test_only_the_last_value_of_a_macro_counts(song: Path) -> None:
    other = Path(shutil.copytree(song.parent, song.parent.with_name("other"))) / song.name
    apply(song, SetMacro("energy", 0.2))
    apply(song, SetMacro("energy", by=0.7))
    twice = apply(song, MuteTrack("drums"))
    apply(other, MuteTrack("drums"))
    assert bare(apply(other, SetMacro("energy", 0.9))) == bare(twice)


def test_what_no_macro_reaches_stays_whatever_came_into_the_folders(
    made: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(made, tmp_path / "copy"))
    song = generate(root, root / "mine", root / "library")
    for sound in sorted((root / "loops").iterdir()):  # twice the choice from now on
        data = sound.read_bytes()
        sound.with_name(f"new_{sound.name}").write_bytes(data + b"\0\0")
    with ProjectSession.open(song) as session:
        before = session.draft
        session.apply([SetMacro("mix", "tape")])
        after = session.draft
    assert "mixed anew" in after.told[-1]
    assert (after.song, after.palette, after.brief) == (before.song, before.palette, before.brief)
    assert (after.mix.style, before.mix.style != "tape") == ("tape", True)


def test_a_macro_behind_the_song_changes_only_what_is_written(song: Path) -> None:
    with ProjectSession.open(song) as session:
        before = session.draft
        session.apply([SetLock("track", "drums"), SetMacro("stems", True)])
        assert session.draft.told[-1] == "The macro stems is on now."
        assert bare(replace(session.draft, locks=())) == bare(before)
        session.render()
    assert sorted((song.parent / "stems").glob("*.wav"))


def test_a_macro_of_a_graph_that_was_wired_by_hand(song: Path) -> None:
    project = read_project(song)
    document: dict[str, Any] = project.graph()
    del document["macros"]["loudness_lufs"]
    document["macros"]["weight"] = {
        "type": "number", "default": 0.0, "low": 0.0, "high": 1.0,
        "targets": [{"control": "mix.loudness_lufs", "low": -20.0, "high": -8.0}],
    }  # fmt: skip
    write_project(song, project.with_graph(0, document))
    draft = apply(song, SetMacro("weight", 0.5))
    assert draft.mix.master.target_lufs == pytest.approx(-14.0)
    assert apply(song, SetMacro("weight", by=9.0)).mix.master.target_lufs == pytest.approx(-8.0)


def test_edits_that_the_graph_makes_itself_are_made_again(song: Path) -> None:
    project = read_project(song)
    document: dict[str, Any] = project.graph()
    document["macros"]["edits"]["value"] = [{"edit": "mute_track", "track": "bass"}]
    write_project(song, project.with_graph(0, document))
    draft = apply(song, SetMacro("seed", 9))
    assert next(s for s in draft.mix.strips if s.track == "bass").muted


def test_edits_without_a_place_in_the_new_song_are_left_out_and_told(song: Path) -> None:
    short = SetMacro("length_s", 10.0)
    with ProjectSession.open(song) as session:
        now = {s.name for s in session.draft.song.sections}
        gone = sorted(now - {s.name for s in session.preview([short]).song.sections})
        assert gone
        session.apply([RemoveSection(gone[0])])
        session.apply([MuteTrack("bass")])
        session.apply([short])
        text = session.draft.told[-1]
        assert (
            f"Left out, as it has no place here: remove section (there is no section {gone[0]!r}"
            in text
        )
        assert next(s for s in session.draft.mix.strips if s.track == "bass").muted
        with pytest.raises(LoopMindError, match="there is no section"):
            session.preview([SetMacro("length_s", 11.0), RemoveSection("verse 9")])


def test_locked_parts_are_not_made_anew(song: Path) -> None:
    with ProjectSession.open(song) as session:
        session.apply([SetLock("track", "drums")])
        before = song.read_bytes()
        with pytest.raises(LoopMindError, match="drums is locked, and with another energy"):
            session.apply([SetMacro("energy", 0.9)])
        assert song.read_bytes() == before


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (SetMacro("nope", 1), "there is no macro 'nope'; this graph has bpm"),
        (SetMacro("energy", 4.0), r"energy.*number in 0\.\.1 or nothing, received 4"),
        (SetMacro("energy", "much"), r"energy.*received 'much'"),
        (SetMacro("energy", by=0.1), "energy stands at nothing, so it cannot be moved"),
        (SetMacro("key", by=1.0), "key is text, not to be moved"),
        (SetMacro("mix", ""), "mix stands at empty already"),
        (SetMacro("out", "x"), "a project writes beside itself"),
        (SetMacro("edits", ()), "holds the song's edits"),
        (SetMacro("folders", ("nowhere-at-all",)), "there is no nowhere-at-all; check the path"),
        (SetMacro("seed", float("nan")), "seed"),
        (SetMacro("seed", by=float("nan")), "seed cannot be moved by nan"),
    ],
    ids=lambda value: value.name if isinstance(value, SetMacro) else "",
)
def test_what_no_macro_takes_is_refused_and_changes_nothing(
    song: Path, edit: SetMacro, message: str
) -> None:
    before = song.read_bytes()
    with ProjectSession.open(song) as session, pytest.raises(LoopMindError, match=message):
        session.apply([MuteTrack("bass"), edit])
    assert song.read_bytes() == before


MACROS = (
    KnownMacro("energy", "number", None, 0.0, 1.0),
    KnownMacro("stems", "boolean", False),
    KnownMacro("mix", "text", "", choices=("", "raw", "tape")),
    KnownMacro("wish", "text", ""),
    KnownMacro("loudness_lufs", "number", None, -30.0, -6.0),
    KnownMacro("seed", "integer", 1, 0, 2**31 - 1),
)


@pytest.mark.parametrize(
    ("text", "edits", "rest"),
    [
        ("set the macro energy to 0.8", [SetMacro("energy", 0.8)], ""),
        ("turn down the energy macro by 20%", [SetMacro("energy", by=-0.2)], ""),
        ("energy macro up a bit", [SetMacro("energy", by=0.075)], ""),
        ("turn on the stems macro, and more bass", [SetMacro("stems", True)], "more bass"),
        ("put the loudness lufs macro at 50 %", [SetMacro("loudness_lufs", -18.0)], ""),
        ("mute the drums, then set macro wish to dark trap, 140 bpm",
         [SetMacro("wish", "dark trap, 140 bpm")], "mute the drums"),
        ("macro mix to tape and macro seed to 7", [SetMacro("mix", "tape"), SetMacro("seed", 7)],
         ""),
        ("reset the energy macro", [SetMacro("energy", None)], ""),
    ],
)  # fmt: skip
def test_macros_are_set_in_plain_words(text: str, edits: list[SetMacro], rest: str) -> None:
    found = macro_wishes(text, MACROS)
    assert (list(found.edits), found.rest, found.notes) == (edits, rest, ())


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("set the density macro to 1", "there is no macro of that name; .* has energy, stems"),
        ("set the macro energy", "say what the macro energy is to be"),
        ("macro mix loud", "set the macro mix to tape"),
    ],
)
def test_a_wish_that_no_macro_fits_is_told_not_guessed(text: str, note: str) -> None:
    found = macro_wishes(text, MACROS)
    assert not found.edits and len(found.notes) == 1
    assert re.search(note, found.notes[0])


def test_macros_in_a_talk(song: Path) -> None:
    listed = loopmind("edit", song, "which macros are there?")
    assert "energy: empty (number in 0..1 or nothing)" in listed.out
    done = loopmind("edit", song, "set the energy macro to 0.8 and mute the bass", "--no-render")
    assert done.code == 0, done.err
    assert "1. macro energy to 0.8" in done.out and "2. bass muted" in done.out
    refused = loopmind("edit", song, "set the energy macro to 7", "--no-render")
    assert (refused.code, "number in 0..1" in refused.err) == (1, True)
