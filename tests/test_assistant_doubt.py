"""The assistant never guesses silently: what is left over is asked about, refused or named."""

from __future__ import annotations

import pytest
from assistant_draft import assistant_crate, assistant_draft

from loopmind import assistant
from loopmind.assistant.values import Memory, Reading
from loopmind.music.edit import ChangeStrip, ResizeSection, SetAutomation, SetSidechain, SetTempo

pytestmark = pytest.mark.usefixtures("by_rules")


def read(text: str, *before: str) -> Reading:
    memory = Memory()
    for said in before:
        memory = assistant.read(said, assistant_draft(), assistant_crate(), memory).memory
    return assistant.read(text, assistant_draft(), assistant_crate(), memory)


@pytest.mark.parametrize(
    "text",
    [
        "mute the bass for half of verse 1",
        "take half of the drums out",
        "delay the vocals",
        "echo on everything",
        "add a fill",
        "split the hook",
        "drop the drums right before the last hook",
        "bring the lead in halfway through verse 2",
        "mute the banjo",
        "turn the lead down on beat 3",
        "i don't want less reverb",
        "don't make the drums louder",
        "vocals as loud as the lead",
        "unless the bass is too loud leave it",
        "more bass or less drums",
        "chop the vocals",
    ],
)
def test_what_is_half_understood_is_asked_about(text: str) -> None:
    reading = read(text)
    assert not reading.edits
    assert reading.question is not None
    assert reading.question.choices


def test_a_doubt_is_confirmed_or_dropped() -> None:
    question = "mute the banjo"
    assert read("yes", question).edits == read("mute the lead").edits
    assert not read("no", question).edits
    assert read("mute the hats", question).edits == read("mute the hats").edits


@pytest.mark.parametrize(
    "text",
    [
        "make the intro minus 4 bars",
        "resize the intro to 0 bars",
        "shorten the intro by 20 bars",
        "set the tempo to 0",
        "transpose everything up 40 semitones",
        "raise the vocals by 60 db",
        "pan the hats 300% left",
    ],
)
def test_impossible_figures_are_refused_with_the_reason(text: str) -> None:
    reading = read(text)
    assert not reading.edits
    assert reading.notes


@pytest.mark.parametrize(
    "text",
    [
        "who won the game last night",
        "can you order me a pizza",
        "my dog ate the hook",
        "turn off the lights",
        "is the pope catholic?",
        "change the title to banger",
        "make the bass splutter",
        "sort of a nice evening",
    ],
)
def test_talk_of_other_things_changes_nothing(text: str) -> None:
    reading = read(text)
    assert not reading.edits
    assert not reading.actions


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("les revreb on teh vocals", "less reverb on the vocals"),
        ("less reverbb on vocls", "less reverb on vocals"),
        ("moar bass", "more bass"),
        ("witout drums in verse 1", "without drums in verse 1"),
        ("loooouder drums", "louder drums"),
        ("make the hok longer", "make the hook longer"),
    ],
)
def test_slips_of_direction_are_mended(slip: str, meant: str) -> None:
    assert read(slip).edits == read(meant).edits != ()


def test_words_that_mean_themselves_are_not_mended() -> None:
    assert not read("the 808 and the crash").edits
    sidechain = read("the 808 and the kick clash").edits
    assert [(type(e), getattr(e, "track", "")) for e in sidechain] == [(SetSidechain, "bass")]


def test_each_object_keeps_its_own_figure() -> None:
    bars = {e.section: e.bars for e in read("cut the verses to 8 bars and the bridge to 4").edits
            if isinstance(e, ResizeSection)}  # fmt: skip
    assert bars == {"verse 1": 8, "verse 2": 8, "bridge 1": 4}
    assert read("make verse 1 8 bars").edits == (ResizeSection("verse 1", 8),)
    gains = {e.track: e.by for e in read("hats -2, kick +1").edits if isinstance(e, ChangeStrip)}
    assert gains == {"hat": -2.0, "kick": 1.0}


def test_more_of_a_tempo_goes_on_the_way_it_went() -> None:
    (up,) = read("a bit more", "set the tempo to 150").edits
    (down,) = read("a bit more", "10 bpm slower").edits
    assert isinstance(up, SetTempo)
    assert isinstance(down, SetTempo)
    assert (up.bpm or 0) > 150
    assert (down.bpm or 0) < 130


def test_a_filter_sweep_opens_before_the_section_and_is_gone_in_it() -> None:
    (edit,) = read("sweep a low pass up before hook 2").edits
    assert isinstance(edit, SetAutomation)
    song = assistant_draft().song
    hook = next(s for s in song.sections if s.name == "hook 2")
    beats = [beat for beat, _ in edit.automation.points]
    assert beats[-1] == hook.start_bar * song.beats_per_bar
    assert edit.automation.points[-1][1] == 20000.0
    assert beats == sorted(beats)


@pytest.mark.parametrize(
    "text",
    [
        "Give the guitar's tune to a flute.",
        "hold the drums back until halfway through verse 1",
        "can she start singing right from the beginning?",
    ],
)
def test_what_neither_reader_has_heard_of_is_asked(text: str) -> None:
    reading = read(text)
    assert not reading.edits
    assert reading.question is not None


@pytest.mark.parametrize("text", ["a bit less hats", "way more vocals in verse 2", "mute the bass"])
def test_what_cannot_be_mistaken_is_done(text: str) -> None:
    assert read(text).edits


def test_a_wish_to_go_back_said_twice_goes_back_once() -> None:
    reading = read("oops, that was better before, can you put it back", "make it darker")
    assert [type(action).__name__ for action in reading.actions] == ["Undo"]
