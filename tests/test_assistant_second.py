"""The second reader weighs whole sentences; where it and the frames disagree nothing is guessed."""

from __future__ import annotations

import time

import numpy as np
import pytest
from assistant_draft import assistant_crate, assistant_draft

from loopmind import assistant
from loopmind.assistant import agreed, likely
from loopmind.assistant.kinds import kinds_of_edits
from loopmind.assistant.lexer import lex
from loopmind.assistant.values import Reading
from loopmind.learn.reader.model import fit
from loopmind.learn.reader.sentences import patterns, sentences
from loopmind.music.edit import ChangeStrip, SetFade, SetLayers

pytestmark = pytest.mark.usefixtures("by_rules")


def read(text: str) -> Reading:
    return assistant.read(text, assistant_draft(), assistant_crate(), None)


def test_made_up_sentences_are_the_same_each_time_and_of_every_kind() -> None:
    made = list(sentences(3, each=1))
    assert made == list(sentences(3, each=1))
    kinds = {k.rstrip("!") for names, _ in patterns() for k in names}
    assert kinds <= {k for s in made for k in s.kinds}
    assert not any("{" in s.text or "}" in s.text for s in made)


def test_weights_are_fitted_the_same_each_time_and_tell_kinds_apart() -> None:
    rows = [
        {"features": likely.features(lex(text).tokens), "kinds": [kind], "maybe": []}
        for kind, texts in {
            "gain_up": ("the bass is too quiet", "bass louder", "i cannot hear the bass"),
            "gain_down": ("the bass is too loud", "bass quieter", "the bass drowns the rest"),
        }.items()
        for text in texts
    ]
    arrays = fit(rows, rounds=6)
    again = fit(rows, rounds=6)
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)
    held = likely.Weights(
        ("gain_down", "gain_up"),
        arrays["table"].astype(np.float32) * arrays["scale"],
        arrays["bias"],
    )
    told = likely._weighed(held, likely.features(lex("the pad is too quiet").tokens))
    assert told["gain_up"] > told["gain_down"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("the chords are swallowing the vocal", "gain_down"),
        ("let the song creep in out of silence", "fade_in"),
        ("the guitar feels out of place, find something else", "swap"),
        ("the vocals are giving me a headache", "gain_down"),
    ],
)
def test_wordings_that_no_frame_knows_are_understood(text: str, kind: str) -> None:
    chances = likely.likely(lex(text).tokens)
    assert chances is not None
    assert chances[kind] > 0.4


def test_sections_before_and_after_are_those() -> None:
    assert read("no more guitar after the bridge").edits == (SetLayers("hook 3", remove=("lead",)),)


def test_what_stands_side_by_side_is_two_wishes() -> None:
    pans = {e.track: e.value for e in read("hats left, percussion to the right").edits
            if isinstance(e, ChangeStrip)}  # fmt: skip
    assert pans == {"hat": -0.5, "perc": 0.5}
    assert read("fade in over 2 bars, fade out over 8").edits == (SetFade(8.0, 32.0),)


def test_an_instrument_that_nobody_plays_stays_a_question() -> None:
    for text in ("louder banjo", "mute the banjo"):
        reading = read(text)
        assert not reading.edits
        assert reading.question is not None


def test_without_weights_the_frames_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreed, "likely", lambda tokens: None)
    assert kinds_of_edits(read("bass louder").edits) == {"gain_up"}


def test_a_sentence_is_read_in_a_blink() -> None:
    read("bass louder")  # the weights are read with the first sentence
    began = time.process_time()
    for _ in range(10):
        read("the chords are swallowing the vocal, and make the bridge four bars longer")
    assert (time.process_time() - began) / 10 < 0.15
