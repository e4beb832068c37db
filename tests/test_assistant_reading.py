"""Plain words become edits: laws that hold for every sentence, and what a talk remembers."""

from __future__ import annotations

import pytest
from assistant_draft import assistant_crate, assistant_draft, loops
from hypothesis import given, settings
from hypothesis import strategies as st

from loopmind.assistant import Memory, Reading, read, recall
from loopmind.assistant import values as v
from loopmind.assistant.lexicon import PHRASES, TRACK_WORDS
from loopmind.compose.editing import apply_all
from loopmind.music import edit as e
from loopmind.music.edit import Edit, edit_from_plain, edit_to_plain

DRAFT, CRATE = assistant_draft(), assistant_crate()


def said(*sentences: str) -> Reading:
    """The last reading of a talk, without the edits of the ones before being applied."""
    memory = Memory()
    for sentence in sentences:
        reading = read(sentence, DRAFT, CRATE, memory)
        memory = reading.memory
    return reading


def edits(*sentences: str) -> list[Edit]:
    return list(said(*sentences).edits)


# What is said in one sentence


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("more bass", e.ChangeStrip("bass", "gain_db", None, 2.0)),
        ("a bit less hats", e.ChangeStrip("hat", "gain_db", None, -1.0)),
        ("way more vocals in verse 2", e.ChangeStrip("vocal", "gain_db", None, 4.0, ("verse 2",))),
        ("turn the 808 up by 3 dB", e.ChangeStrip("bass", "gain_db", None, 3.0)),
        ("less reverb on the vocals", e.ChangeStrip("vocal", "reverb_send_db", None, -4.0)),
        ("make it louder", e.ChangeMaster("target_lufs", None, 2.0)),
        ("make the kick louder than the bass", e.ChangeStrip("kick", "gain_db", None, 2.0)),
        ("pan the hats 30% left", e.ChangeStrip("hat", "pan", -0.3)),
        ("tape vibe", e.SetMixStyle("tape")),
        ("make it darker", e.ShiftMood(("dark",))),
        ("punchier kick", e.ShiftMood(("punchy",), track="kick")),
        ("the chords are too happy", e.ShiftMood(("sad",), track="chords")),
        ("make the intro shorter", e.ResizeSection("intro", 4)),
        ("extend the outro to 16 bars", e.ResizeSection("outro", 16)),
        ("take 4 bars off verse 1", e.ResizeSection("verse 1", 12)),
        ("move the bridge before hook 2", e.MoveSection("bridge 1", "verse 2")),
        ("repeat the final chorus", e.DuplicateSection("hook 3")),
        ("get rid of the second hook", e.RemoveSection("hook 2")),
        ("10 bpm faster", e.SetTempo(150.0)),
        ("make it 10% slower", e.SetTempo(None, 0.9)),
        ("change the key to A minor", e.SetKey("A minor")),
        ("pitch the melody down an octave", e.Transpose(-12, "lead")),
        ("lock the bass", e.SetLock("track", "bass")),
        ("solo the vocals", e.SoloTracks(("vocal",))),
        ("fade out over 8 bars", e.SetFade(None, 32.0)),
        ("mute the hats", e.MuteTrack("hat")),
        ("remove the vocals", e.RemoveTrack("vocal")),
        ("start with only the pad", e.SetLayers("intro", ("pad",))),
        ("no vocals in the last hook", e.SetLayers("hook 3", remove=("vocal",))),
        ("build more into the hook", e.SetEnergy(("hook 1", "hook 2", "hook 3"), None, 0.15)),
    ],
)  # fmt: skip
def test_one_wish(sentence: str, wanted: Edit) -> None:
    reading = said(sentence)
    assert reading.edits == (wanted,)
    assert reading.sure and len(reading.understood) == 1


def test_several_wishes_are_several_edits_in_their_order() -> None:
    found = edits("more bass, less hats, then add a bridge after hook 2 and make it slower")
    assert [type(x) for x in found] == [e.ChangeStrip, e.ChangeStrip, e.AddSection, e.SetTempo]
    assert edits("make the intro shorter and the outro longer") == [
        e.ResizeSection("intro", 4), e.ResizeSection("outro", 16),
    ]  # fmt: skip
    assert edits("vocals louder in the hooks, quieter in verse 1") == [
        e.ChangeStrip("vocal", "gain_db", None, 2.0, ("hook 1", "hook 2", "hook 3")),
        e.ChangeStrip("vocal", "gain_db", None, -2.0, ("verse 1",)),
    ]


def test_sounds_are_found_by_the_words_of_their_names() -> None:
    for sentence, name in (
        ("use the dark analog pad", "dark_analog_pad_F#m"),
        ("swap the bass for the reese", "reese_bass_A"),
        ("put the organ in for the chords", "organ_A"),
    ):
        (edit,) = edits(sentence)
        assert isinstance(edit, e.SwapSound) and edit.digest == loops()[name].digest


def test_slips_are_mended_and_names_of_sounds_are_none() -> None:
    assert edits("regenrate the frist verse") == edits("regenerate the first verse")
    assert edits("less revreb on teh vocals") == edits("less reverb on the vocals")
    (edit,) = edits("try the reese bass")
    assert isinstance(edit, e.SwapSound)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("make the bace louder", "make the bass louder"),
        ("mute the gutair", "mute the guitar"),
        ("put some eko on the voice", "put some echo on the voice"),
    ],
)
def test_words_are_known_by_their_sound(heard: str, meant: str) -> None:
    assert edits(heard) == edits(meant) != ()


def test_one_wish_holds_for_all_that_it_names() -> None:
    assert edits("swap the kick and the hats for something darker") == [
        *edits("swap the kick for something darker"),
        *edits("swap the hats for something darker"),
    ]
    for sentence, parameter, sections in (
        ("make everything wider", "width", ()),
        ("make the song quieter in hook 1", "gain_db", ("hook 1",)),
    ):
        found = edits(sentence)
        assert len(found) > 1
        for edit in found:
            assert isinstance(edit, e.ChangeStrip)
            assert (edit.parameter, edit.sections) == (parameter, sections)


# What has more than one meaning, or none


@pytest.mark.parametrize(
    ("sentence", "labels"),
    [
        ("remove the hook", ["hook 1", "hook 2", "hook 3"]),
        ("add a bridge after the hook", ["after hook 1", "after hook 2", "after hook 3"]),
        ("duplicate the verse", ["verse 1", "verse 2"]),
        ("make the snare louder", ["drums", "kick", "hat"]),
    ],
)
def test_what_is_ambiguous_is_asked_and_every_choice_leads_somewhere(
    sentence: str, labels: list[str]
) -> None:
    reading = said(sentence)
    assert not reading.edits and reading.question is not None
    assert [c.label for c in reading.question.choices] == labels
    assert all(c.edits or c.actions for c in reading.question.choices)


@pytest.mark.parametrize(
    "sentence",
    ["put a vocoder on the guitar", "mute verse 7", "frobnicate the gizmo", "make it 900 bpm",
     "make it better", "use runner-up number 42 for the bass", "write me lyrics about the sea"],
)  # fmt: skip
def test_what_cannot_be_done_is_said_and_never_guessed(sentence: str) -> None:
    reading = said(sentence)
    assert not reading.edits and not reading.actions
    assert reading.notes or reading.ignored or reading.question


@pytest.mark.parametrize(
    "sentence", ["", "   ", "hi there", "i love the drums", "hmm", "...", "?!"]
)
def test_talk_that_asks_for_nothing_changes_nothing(sentence: str) -> None:
    reading = said(sentence)
    assert not reading.edits and reading.question is None


# What a talk remembers


def test_it_that_and_the_same_mean_what_was_spoken_of() -> None:
    assert edits("swap the melody", "make it louder") == [
        e.ChangeStrip("lead", "gain_db", None, 2.0)
    ]
    assert edits("make verse 1 shorter", "the same for verse 2") == [e.ResizeSection("verse 2", 8)]
    assert edits("less reverb on the vocals", "pads too") == [
        e.ChangeStrip("pad", "reverb_send_db", None, -4.0)
    ]
    assert edits("turn up the pad", "a bit more") == [e.ChangeStrip("pad", "gain_db", None, 1.0)]
    assert edits("turn up the pad", "too much, a little less") == [
        e.ChangeStrip("pad", "gain_db", None, -1.0)
    ]
    assert edits("add a bridge after hook 1", "make it 4 bars") == [e.ResizeSection("bridge 2", 4)]


def test_asking_again_gives_something_else() -> None:
    first, second = edits("swap the bass"), edits("swap the bass", "try another one")
    assert isinstance(first[0], e.SwapSound) and isinstance(second[0], e.SwapSound)
    assert second[0].track == "bass" and second[0].seed != first[0].seed


@pytest.mark.parametrize("answer", ["2", "the second one", "hook 2", "number 2", "HOOK 2!"])
def test_a_question_is_answered_by_number_or_in_words(answer: str) -> None:
    assert edits("delete the hook", answer) == [e.RemoveSection("hook 2")]
    assert said("delete the hook", answer).memory.question is None


def test_a_question_can_be_declined_or_passed_over() -> None:
    assert not edits("delete the hook", "no")
    assert edits("delete the hook", "more bass") == edits("more bass")
    assert said("delete the hook", "more bass").memory.question is None


def test_memory_can_be_made_of_the_last_edits() -> None:
    memory = recall(edits("turn up the pad"), 3, DRAFT, CRATE)
    assert read("pan it left", DRAFT, CRATE, memory).edits == (e.ChangeStrip("pad", "pan", -0.5),)
    assert memory.turn == 3


@pytest.mark.parametrize(
    ("sentence", "action"),
    [
        ("undo", v.Undo()),
        ("undo the last three changes", v.Undo(3)),
        ("go back 2 steps", v.Undo(2)),
        ("redo", v.Redo()),
        ("why this bass?", v.Explain("sound", "bass")),
        ("what did you change?", v.Explain("changes")),
        ("what plays in the bridge?", v.Explain("section", "", "bridge 1")),
        ("list the tracks", v.ListParts("tracks")),
        ("new branch night drive", v.Branch("night drive")),
        ("switch to branch main", v.Switch("main")),
        ("take hook 2 from night", v.Merge("night", "hook 2")),
        ("export it", v.Render()),
    ],
)
def test_actions(sentence: str, action: v.Action) -> None:
    reading = said(sentence)
    assert reading.actions == (action,) and not reading.edits


# Laws

_MORE = (
    "verse 1", "the hook", "swap", "make", "add", "mute", "16", "3 db", "8 bars", "140 bpm",
    "in A minor", "xyzzy", ",", "and", "?", "the", "a",
)  # fmt: skip
WORDS = sorted({*PHRASES, *TRACK_WORDS, *_MORE})


@pytest.mark.parametrize("said", ["less reverb on the drums", "no reverb on the drums"])
def test_a_kit_of_which_some_have_no_reverb_can_have_less(said: str) -> None:
    reading = read(said, DRAFT, CRATE, None)
    wet = {s.track for s in DRAFT.mix.strips if s.reverb_send_db is not None}
    assert reading.edits
    assert {x.track for x in reading.edits if isinstance(x, e.ChangeStrip)} <= wet
    apply_all(reading.edits, DRAFT, CRATE)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_any_words_are_read_alike_and_give_edits_about_what_there_is(words: list[str]) -> None:
    text = " ".join(words)
    reading = read(text, DRAFT, CRATE, None)
    assert read(text, DRAFT, CRATE, None) == reading
    tracks = {t.id for t in DRAFT.song.tracks} | {"master", ""}
    sections = {s.name for s in DRAFT.song.sections} | {""}
    everything = list(reading.edits)
    if reading.question is not None:
        everything += [x for c in reading.question.choices for x in c.edits]
    for edit in everything:
        assert edit_from_plain(edit_to_plain(edit)) == edit
        for name in ("track", "section", "after"):
            assert getattr(edit, name, "") in tracks | sections
        for name in ("tracks", "only", "add", "remove"):
            assert set(getattr(edit, name, ())) <= tracks
        assert set(getattr(edit, "sections", ())) <= sections
    assert len(reading.understood) == len(reading.edits) + len(reading.actions)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=120))
def test_no_text_can_stop_the_reader(text: str) -> None:
    read(text, DRAFT, CRATE, None)


def test_a_very_long_request_is_read_in_reasonable_time() -> None:
    reading = read("more bass and less hats, " * 400, DRAFT, CRATE, None)
    assert reading.edits
