"""Talk round a wish: reasons, corrections in the same breath, contrasts, and second thoughts."""

from __future__ import annotations

import pytest
from assistant_draft import assistant_crate, assistant_draft

from loopmind import assistant
from loopmind.assistant.values import Memory, Reading, Undo

pytestmark = pytest.mark.usefixtures("by_rules")


def read(*said: str) -> Reading:
    """The reading of the last of some sentences, said of the song one after the other."""
    memory = Memory()
    for text in said[:-1]:
        memory = assistant.read(text, assistant_draft(), assistant_crate(), memory).memory
    return assistant.read(said[-1], assistant_draft(), assistant_crate(), memory)


def _done(*said: str) -> tuple[str, ...]:
    reading = read(*said)
    assert reading.question is None, reading.question
    return reading.understood


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("no vocals at all please i can't concentrate", "vocal taken out"),
        ("turn the hats down they are giving me a headache", "hat 2 dB quieter"),
        ("make it 128 bpm so people can dance", "128 bpm"),
        ("cut the lead, my singer needs the space", "lead taken out"),
        ("lower the pad, it gets in the way of everything", "pad 2 dB quieter"),
        ("needs to loop, so no outro", "outro taken out"),
        ("i have a meeting in 5 minutes, just make the kick louder", "kick 2 dB louder"),
        ("turn that guitar up. nobody ever died of too much guitar.", "lead 2 dB louder"),
        ("bass louder, it is killing the groove", "bass 2 dB louder"),
        ("my daughter plays this at school so make it calmer", "the song more calm"),
        ("mute the keys, i want to hear what the bass player is up to", "chords muted"),
    ],
)
def test_what_is_said_beside_a_wish_changes_nothing(text: str, done: str) -> None:
    assert _done(text) == (done,)


def test_a_purpose_that_is_a_wish_of_its_own_stays() -> None:
    # Whether a stripped bridge is out or thinned out is asked; the purpose is part of the question.
    asked = read("strip the bridge so the last hook hits harder").question
    assert asked is not None
    assert "more energy in hook 3" in " ".join((asked.text, *(c.label for c in asked.choices)))
    assert _done("the drums are weak, they need more punch") == ("drums more punchy",)


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("mute the bass, no sorry, the pad", "pad muted"),
        ("make it faster, scratch that, slower", "5 % slower"),
        ("up 3 db on the vocals, make that 2", "vocal 2 dB louder"),
        ("120 bpm no 124", "124 bpm"),
        ("louder drum loop... no wait, quieter bass", "bass 2 dB quieter"),
        ("transpose it up two, no three semitones", "everything up 3 semitones"),
        ("add a bridge after the first hook, no after the second one", "a new bridge after hook 2"),
        ("pan the guitar left, i mean right", "lead 50 % right"),
    ],
)
def test_what_is_put_right_in_the_same_breath(text: str, done: str) -> None:
    assert _done(text) == (done,)


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("change the bass but not the drums", "another sound for bass"),
        ("shorter intro, not outro", "intro 4 bars long"),
        ("make the hooks bigger, not the last one", "more energy in hook 1 and hook 2"),
        ("mute the kick, not the hats", "kick muted"),
    ],
)
def test_what_a_wish_is_not_for(text: str, done: str) -> None:
    assert _done(text) == (done,)


def test_a_place_that_a_wish_is_not_for_is_left_alone() -> None:
    (edit,) = read("louder vocals but not in the bridge").edits
    assert "bridge 1" not in edit.sections and len(edit.sections) == 7  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("said", "done"),
    [
        (("louder bass", "undo", "actually no, do it again"), "redo"),
        (("louder bass", "undo", "i want it back"), "redo"),
        (("remove the lead", "i miss the guitar, bring it back"), "undo"),
        (("add echo to the lead", "take it off again"), "undo"),
        (("swap the bass", "i liked the old bass more"), "undo"),
        (("louder bass", "go bak"), "undo"),
        (("swap the lead", "too bright"), "lead more dark"),
        (("solo the bass", "ok solo off"), "everything sounds again"),
        (("hats down 4 db", "not so much"), "hat 2 dB louder"),
        (("vocal up 1 db", "half that"), "vocal 0.5 dB quieter"),
    ],
)
def test_second_thoughts(said: tuple[str, ...], done: str) -> None:
    assert _done(*said) == (done,)


@pytest.mark.parametrize(
    ("said", "steps"),
    [
        (("put it in g minor", "make the lead brighter", "revert to before i touched the key"), 2),
        (("add another pad", "pad quieter", "back to where we were before the pad"), 2),
        (("more reverb on the pad", "140 bpm", "bass louder", "back to before the reverb"), 3),
        (("bass louder", "pad quieter", "undo", "go back to before the bass"), 1),
    ],
)
def test_one_goes_back_to_before_what_is_named(said: tuple[str, ...], steps: int) -> None:
    reading = read(*said)
    assert not reading.edits
    assert reading.actions == (Undo(steps),)


@pytest.mark.parametrize(
    "text", ["make it better", "something is missing", "the last chorus needs more feeling"]
)
def test_vague_wishes_are_asked_about(text: str) -> None:
    reading = read(text)
    assert reading.question is not None and len(reading.question.choices) > 1
    assert not reading.edits
