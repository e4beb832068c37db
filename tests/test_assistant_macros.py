"""Wishes for macros in plain words: what is set, what is only asked, and what is left alone."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest
from bad_input import loopmind, write_good

from loopmind.assistant.macro_values import KnownMacro
from loopmind.assistant.macros import macro_wishes
from loopmind.assistant.values import ListParts
from loopmind.commands._steps import _asked, _do
from loopmind.music.edit import SetMacro
from loopmind.runtime.project_session import ProjectSession
from loopmind.runtime.stepping import Stepper

MACROS = (
    KnownMacro("energy", "number", None, 0.0, 1.0),
    KnownMacro("stems", "boolean", False),
    KnownMacro("mix", "text", "", choices=("", "raw", "tape")),
    KnownMacro("wish", "text", ""),
    KnownMacro("loudness_lufs", "number", None, -30.0, -6.0, unit="LUFS"),
    KnownMacro("seed", "integer", 1, 0, 2**31 - 1),
    KnownMacro("length_s", "number", None, 10.0, 1200.0, unit="s"),
    KnownMacro("folders", "path[]", ()),
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


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("what does the wish macro do?", ("wish",)),
        ("is the stems macro on", ("stems",)),
        ("why is the wish macro empty?", ("wish",)),
        ("set the macro energy to 0.8?", ("energy",)),
        ("can you tell me about the mix macro?", ("mix",)),
        ("is the energy macro up and the seed macro at 5?", ("energy", "seed")),
        ("show the energy macro and all macros", ()),
        ("which macro does what?", ()),
        ("which macros are there?", ()),
        ("list the macros", ()),
        ("macros", ()),
    ],
)
def test_a_question_is_answered_and_changes_nothing(text: str, names: tuple[str, ...]) -> None:
    found = macro_wishes(text, MACROS)
    assert found.actions == (ListParts("macros", names),)
    assert (found.edits, found.notes, found.rest) == ((), (), "")


@pytest.mark.parametrize(
    "text",
    [
        "do not set the macro energy to 0.8", "don't touch the wish macro", "keep the wish macro",
        "leave the energy macro alone", "never change the seed macro",
        "the energy macro isn't to be 0.8",
        "do not set the macro energy to 0.8 and the macro seed to 4",
    ],
)  # fmt: skip
def test_what_is_denied_is_left_alone(text: str) -> None:
    found = macro_wishes(text, MACROS)
    assert (found.edits, set(found.notes)) == ((), {"macros were left as they are"})


@pytest.mark.parametrize("text", ["undo the wish macro", "undo the macro change"])
def test_going_back_is_no_value_and_only_the_last_change_can_be_undone(text: str) -> None:
    found = macro_wishes(text, MACROS)
    assert (found.edits, found.actions, found.rest) == ((), (), "")
    assert "'undo' takes back the last change" in found.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "make the wish macro darker", "wish macro loud and wild", "compare the wish macro to trap",
        "set the wish macro to",
    ],
)  # fmt: skip
def test_free_text_must_be_said_plainly(text: str) -> None:
    found = macro_wishes(text, MACROS)
    assert not found.edits and "say what the macro wish is to be" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "edit", "rest"),
    [
        ("set the macro energy to 0,8", SetMacro("energy", 0.8), ""),
        ("set the length_s macro to 1:30", SetMacro("length_s", 90.0), ""),
        ("set the macro length_s to 2 minutes", SetMacro("length_s", 120.0), ""),
        ("set the macro length_s to 2 min 30 s", SetMacro("length_s", 150.0), ""),
        ("set the macro length_s to 2 minutes and 5 seconds", SetMacro("length_s", 125.0), ""),
        ("raise the length_s macro by 1:30", SetMacro("length_s", by=90.0), ""),
        ("raise the macro length_s by 2 minutes", SetMacro("length_s", by=120.0), ""),
        ("set the macro loudness_lufs to -9 dB", SetMacro("loudness_lufs", -9.0), ""),
        ("raise the macro seed", SetMacro("seed", by=1.0), ""),
        ("could you set the energy macro to 0.8?", SetMacro("energy", 0.8), ""),
        ("why don't you set the energy macro to 0.8?", SetMacro("energy", 0.8), ""),
        ("set the wish macro to trap and the tempo to 120", SetMacro("wish", "trap"),
         "the tempo to 120"),
        ("i want to set the wish macro to dark trap", SetMacro("wish", "dark trap"), ""),
        ("set the wish macro to drum and bass and mute the pad",
         SetMacro("wish", "drum and bass"), "mute the pad"),
        ("set the wish macro to “one, mute two” then undo",
         SetMacro("wish", "one, mute two"), "undo"),
        ('set the wish macro to "nothing"', SetMacro("wish", "nothing"), ""),
        ("set the macro folders to packs/Vol. 2, Drums and Bass",
         SetMacro("folders", ("packs/Vol. 2", "Drums and Bass")), ""),
        ('set the macro folders to "A, B" and "C"', SetMacro("folders", ("A, B", "C")), ""),
        ("set the macro energy to 0.5, keep the drums and bass as they are",
         SetMacro("energy", 0.5), "keep the drums and bass as they are"),
        ("set the energy macro to its default", SetMacro("energy", None), ""),
        ("clear the wish macro", SetMacro("wish", ""), ""),
        ("enable the stems macro", SetMacro("stems", True), ""),
        ('set the wish macro to "dark, and make it trap" and mute the drums',
         SetMacro("wish", "dark, and make it trap"), "mute the drums"),
        ("set the wish macro to house. mute the bass", SetMacro("wish", "house"), "mute the bass"),
        ("set the macro folders to ~/My Loops and make the hook louder",
         SetMacro("folders", ("~/My Loops",)), "make the hook louder"),
        ("reset the stems macro", SetMacro("stems", False), ""),
        ("set the wish macro to nothing", SetMacro("wish", ""), ""),
        ("put the macro mix on tape", SetMacro("mix", "tape"), ""),
        ("choose tape for the mix macro", SetMacro("mix", "tape"), ""),
        ("set the macros energy to 0.5", SetMacro("energy", 0.5), ""),
        ("set the macro energy to 0.5 please", SetMacro("energy", 0.5), ""),
    ],
)  # fmt: skip
def test_values_end_where_they_end(text: str, edit: SetMacro, rest: str) -> None:
    found = macro_wishes(text, MACROS)
    assert (list(found.edits), found.rest, found.notes) == ([edit], rest, ())


@pytest.mark.parametrize(
    "text",
    [
        "set the macro energy to 8 bananas", "set the length_s macro to 3 bars", "stems macro loud",
        "set the macro energy to 0.8 in the hook", "raise the energy macro in the hook",
        "set the macro seed to 10,000", "raise the macro length_s by half",
    ],
)  # fmt: skip
def test_what_is_more_than_a_value_is_asked_about(text: str) -> None:
    found = macro_wishes(text, MACROS)
    assert not found.edits and "say what the macro" in found.notes[0]


@pytest.mark.parametrize("text", ["clear the seed macro", "set the stems macro to nothing"])
def test_what_always_has_a_value_is_not_emptied(text: str) -> None:
    found = macro_wishes(text, MACROS)
    assert not found.edits and "always has a value; 'reset the macro" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "edits", "rest"),
    [
        ("set energy and loudness_lufs macros to 0.5, and mute the bass",
         [SetMacro("energy", 0.5), SetMacro("loudness_lufs", 0.5)], "mute the bass"),
        ("set the macros energy and seed to 1", [SetMacro("energy", 1.0), SetMacro("seed", 1)], ""),
        ("set the macros energy to 0.8 and seed to 7, bass to 3",
         [SetMacro("energy", 0.8), SetMacro("seed", 7)], "bass to 3"),
        ('set the wish macro to "a" and the macro mix to "raw"',
         [SetMacro("wish", "a"), SetMacro("mix", "raw")], ""),
    ],
)  # fmt: skip
def test_several_macros_are_set(text: str, edits: list[SetMacro], rest: str) -> None:
    found = macro_wishes(text, MACROS)
    assert (list(found.edits), found.rest, found.notes) == (edits, rest, ())


def test_macros_without_a_name_are_asked_for() -> None:
    assert "say which macro" in macro_wishes("reset all macros", MACROS).notes[0]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("mute the bass and show the macros", "mute the bass"),
        ("show the macros, then mute the bass", "mute the bass"),
        ("why this loop? show the macros. mute the bass", "why this loop? mute the bass"),
    ],
)
def test_what_else_was_said_is_not_lost(text: str, rest: str) -> None:
    found = macro_wishes(text, MACROS)
    assert (found.actions, found.rest) == ((ListParts("macros"),), rest)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("macros")
    write_good(root / "loops")
    done = loopmind(
        "generate", root / "loops", "--out", root / "song", "--length", "0:24", "--prompt",
        "trap 140", "--library", root / "library",
    )  # fmt: skip
    assert done.code == 0, done.err
    return root / "song"


@pytest.fixture
def song(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "song")) / "song.loopmind"


def edit(song: Path, text: str) -> str:
    done = loopmind("edit", song, text, "--no-render")
    assert done.code == 0, done.err
    return done.out


def test_macros_are_gone_on_with(song: Path) -> None:
    edit(song, "set the macro energy to 0.5")
    assert "The macro energy is 0.575 now" in edit(song, "a bit more")
    assert "The macro energy is 0.65 now" in edit(song, "do that again")
    edit(song, "set the macro energy to 0.5")
    assert "The macro energy is 0.425 now" in edit(song, "a bit less")
    edit(song, "set the macro seed to 5")
    assert "The macro seed is 6 now" in edit(song, "a bit more")
    edit(song, "set the macro mix to tape")
    for text in ("a bit more", "a bit less", "do that again"):
        assert edit(song, text) == (
            "note: the macro mix is that already; say what it is to be instead\n"
        )


def test_a_question_about_macros_does_not_end_what_is_gone_on_with(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ("set the energy macro to 0.5", "show the energy macro and list the tracks", "more")
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(said)))
    done = loopmind("chat", song, "--no-render")
    assert "energy: 0.5 (number in 0..1 or nothing); 0 calm .. 1 intense" in done.out
    assert "The macro energy is 0.65 now" in done.out


def test_another_wish_beside_a_question_is_done(song: Path) -> None:
    told = edit(song, "mute the bass and show the macros")
    assert "Bass is muted." in told and "energy: nothing (number" in told


def test_macros_between_sections(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ProjectSession.open(song) as session:
        stepper, said = Stepper(session), io.StringIO()
        stepper.accept()
        assert _do("What is the Energy macro?", stepper, said) == ""
        assert "energy: nothing (number" in said.getvalue()
        assert _do("set the macro stems to on", stepper, said) == ""
        assert (stepper.number[0], session.document()["macros"]["stems"]["value"]) == (2, True)
        # What was accepted is another section now.
        assert _do("set the macro seed to 9", stepper, said) == "anew"
        assert stepper.number[0] == 1 and "every section is another one now" in said.getvalue()
        monkeypatch.setattr("sys.stdin", io.StringIO("set the macro wish to Dark Trap\n"))
        _do(_asked(said) or "", stepper, said)
        assert session.document()["macros"]["wish"]["value"] == "Dark Trap"
