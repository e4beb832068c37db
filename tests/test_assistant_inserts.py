"""Effects, fills, halves and sections with tempi of their own: said in words, told in words."""

from __future__ import annotations

import pytest
from assistant_draft import assistant_crate, assistant_draft

from loopmind import assistant
from loopmind.assistant.telling import tell
from loopmind.assistant.values import Memory, Reading
from loopmind.compose import editing
from loopmind.music.edit import (
    Edit,
    MuteTrack,
    SetEffect,
    SetFill,
    SetTempo,
    SplitSection,
)
from loopmind.music.mix import EFFECT_KINDS, EffectKind

pytestmark = pytest.mark.usefixtures("by_rules")

THERE_ARE = ("echo", "chorus", "flanger", "phaser", "tremolo", "bit crusher")


def read(text: str, *before: str) -> Reading:
    memory, draft = Memory(), assistant_draft()
    for said in before:
        reading = assistant.read(said, draft, assistant_crate(), memory)
        memory = reading.memory
        draft = editing.apply_all(reading.edits, draft, assistant_crate())
    return assistant.read(text, draft, assistant_crate(), memory)


def test_an_effect_that_there_is_not_is_told_with_those_there_are() -> None:
    reading = read("put a vocoder on the vocals")
    assert not reading.edits
    (note,) = reading.notes
    assert "vocoder" in note
    assert all(name in note for name in THERE_ARE)


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("more chorus on the pad", True),
        ("the pad could use some chorus", True),
        ("take the chorus off the pad", True),
        ("turn the chorus on the pad down", True),
        ("no pad in the chorus", False),
        ("remove the pad from the chorus", False),
        ("add strings to the chorus", False),
        ("add a chorus after the bridge", False),
        ("chorus louder", False),
    ],
)
def test_chorus_is_a_section_or_an_effect_by_its_neighbours(text: str, effect: bool) -> None:
    edits = read(text).edits
    assert edits
    assert all(isinstance(edit, SetEffect) == effect for edit in edits)


@pytest.mark.parametrize("kind", EFFECT_KINDS)
def test_every_effect_can_be_put_on_and_taken_off(kind: EffectKind) -> None:
    name = "bit crusher" if kind == "crusher" else kind
    (on,) = read(f"add some {name} to the pad").edits
    assert on == SetEffect("pad", kind)
    (off,) = read(f"take the {name} off the pad", f"add some {name} to the pad").edits
    assert off == SetEffect("pad", kind, 0.0)


def test_what_nobody_named_is_the_track_that_has_the_effect() -> None:
    (less,) = read("less echo", "put an echo on the vocals").edits
    assert isinstance(less, SetEffect)
    assert (less.track, less.by < 0) == ("vocal", True)
    several = read("less echo", "put an echo on the vocals", "echo on the lead", "more bass")
    assert several.question is not None
    assert {c.label for c in several.question.choices} == {"vocal", "lead"}
    gone = read("no echo", "put an echo on the vocals", "echo on the lead")
    assert {e.track for e in gone.edits if isinstance(e, SetEffect)} == {"vocal", "lead"}


def test_reverb_and_an_effect_on_one_track_are_two_wishes() -> None:
    done = read("more reverb and a delay on the lead").edits
    assert {type(edit).__name__ for edit in done} == {"ChangeStrip", "SetEffect"}


@pytest.mark.parametrize(
    "text",
    ["don't put echo on the lead", "the echo on the lead is nice",
     "a delay on the melody, and a drum fill before the hook"],
)  # fmt: skip
def test_what_was_not_wished_for_is_not_done(text: str) -> None:
    assert not read(text).edits


@pytest.mark.parametrize(
    "text",
    [
        "no drums in the second half of verse 1",
        "lower the vocals by 2 db in the last half of hook 1",
        "drums out for the last 4 bars of verse 1",
        "add echo to the vocals in the second half of hook 2",
    ],
)
def test_a_wish_for_half_a_section_splits_it_and_can_be_done(text: str) -> None:
    reading = read(text)
    assert isinstance(reading.edits[0], SplitSection)
    assert len(reading.edits) > 1
    assert len(reading.understood) == len(reading.edits)
    after = editing.apply_all(reading.edits, assistant_draft(), assistant_crate())
    song = assistant_draft().song
    assert len(after.song.sections) == len(song.sections) + 1
    assert after.song.beats == song.beats


def test_sections_have_tempi_of_their_own() -> None:
    assert read("slow the bridge down to 120").edits == (SetTempo(120.0, sections=("bridge 1",)),)
    (others,) = read("make everything but the bridge faster").edits
    assert isinstance(others, SetTempo)
    assert "bridge 1" not in others.sections
    assert len(others.sections) == len(assistant_draft().song.sections) - 1


def test_which_half_is_asked_with_both_as_choices() -> None:
    question = read("mute the bass for half of verse 1").question
    assert question is not None
    assert len(question.choices) == 2
    assert question.choices[0].edits[0] == question.choices[1].edits[0] == SplitSection("verse 1")
    assert question.choices[0].edits[1] != question.choices[1].edits[1]


def test_the_same_is_not_said_of_another_half_without_asking() -> None:
    reading = read("the same for verse 2", "no drums in the second half of verse 1")
    assert not reading.edits
    assert reading.notes


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (SetEffect("lead", "echo"), "lead with echo"),
        (SetEffect("lead", "echo", 0.3, beats=0.75), "lead with echo at 30 % every 0.75 beats"),
        (SetEffect("hat", "crusher", 0.0), "hat without bit crusher"),
        (SetEffect("pad", "chorus", by=-0.15, sections=("outro",)),
         "pad with less chorus in outro"),
        (SetFill(("verse 1",)), "a drum fill at the end of verse 1"),
        (SetFill((), "none"), "no fill everywhere"),
        (SplitSection("bridge 1", 1), "bridge 1 split after 1 bar"),
        (SetTempo(120.0, sections=("bridge 1",)), "bridge 1 at 120 bpm"),
        (SetTempo(None, 0.5, ("intro",)), "intro 50 % slower"),
        (MuteTrack("pad"), "pad muted"),
    ],
)  # fmt: skip
def test_edits_are_told_in_words(edit: Edit, words: str) -> None:
    assert tell(edit) == words
