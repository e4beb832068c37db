"""Moving a sound towards a mood: tags alone move nothing, what is measured must agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from library_sounds import quick_hear

from loopmind.compose.editing.moods import MORE, Heard, measure, step
from loopmind.compose.vocabulary import OPPOSITE_MOOD
from loopmind.music.audio import Audio
from loopmind.music.belief import Belief
from loopmind.music.key import Key
from loopmind.music.loop import MOODS, Loop

PLAIN = quick_hear(Audio(np.full((1, 8000), 0.1, np.float32), 8000), path="x", digest="0" * 32)


def sound(*, minor: float = 0.5, **measured: Any) -> Heard:
    """A sound in the middle of everything, but for what is said."""
    keys = (Belief(Key(0, "major"), 1.0 - minor), Belief(Key(9, "minor"), minor))
    said = {"brightness_hz": 1000.0, "energy": 0.5, "crest_db": 12.0, "tags": (), "key": keys}
    loop: Loop = replace(PLAIN, **{**said, **measured})
    return Heard.of(loop)


def tags(**weights: float) -> tuple[Belief[str], ...]:
    return tuple(Belief(name.replace("lofi", "lo-fi"), weight) for name, weight in weights.items())


@pytest.mark.parametrize(
    ("mood", "against"),
    [
        ("dark", {"brightness_hz": 1300.0}), ("bright", {"brightness_hz": 800.0}),
        ("warm", {"brightness_hz": 1300.0}), ("aggressive", {"energy": 0.4}),
        ("calm", {"energy": 0.6}), ("dreamy", {"energy": 0.6}), ("happy", {"minor": 0.8}),
        ("sad", {"minor": 0.2}), ("sad", {"energy": 0.7}), ("lo-fi", {"brightness_hz": 1300.0}),
        ("punchy", {"crest_db": 8.0}), ("distorted", {"crest_db": 16.0}),
    ],
)  # fmt: skip
def test_a_tag_does_not_outweigh_what_is_measured(mood: str, against: dict[str, Any]) -> None:
    tagged = tags(**{mood.replace("-", ""): 1.0})
    assert step(sound(), sound(**against, tags=tagged), [mood]) is None


def test_every_mood_can_be_moved_towards_and_the_way_back_is_none() -> None:
    there = {
        "dark": {"brightness_hz": 500.0}, "bright": {"brightness_hz": 2000.0},
        "warm": {"brightness_hz": 500.0}, "aggressive": {"energy": 0.8}, "calm": {"energy": 0.2},
        "dreamy": {"energy": 0.2}, "happy": {"minor": 0.1}, "sad": {"minor": 0.9},
        "lo-fi": {"brightness_hz": 500.0}, "punchy": {"crest_db": 16.0},
        "clean": {"tags": tags(clean=0.9)}, "distorted": {"crest_db": 8.0},
    }  # fmt: skip
    assert set(there) == set(MOODS) == set(MORE)
    for mood, measured in there.items():
        tagged = {"tags": tags(**{mood.replace("-", ""): 0.9}), **measured}
        now, new = sound(), sound(**tagged)
        forward = step(now, new, [mood])
        assert forward is not None and forward > 0.0, mood
        assert step(new, now, [mood]) is None
        assert step(now, now, [mood]) is None
        opposite = OPPOSITE_MOOD.get(mood)
        if opposite and OPPOSITE_MOOD.get(opposite) == mood:
            assert step(now, new, [opposite]) is None


def test_a_sound_of_no_clear_mood_is_not_told_as_if_it_had_one() -> None:
    faint, clear = sound(tags=tags(dreamy=0.31)), sound(tags=tags(dreamy=0.95, calm=0.97))
    assert measure(clear, "dreamy") - measure(faint, "dreamy") == pytest.approx(0.32)
    assert step(faint, clear, ["dreamy"]) is not None
    assert step(clear, faint, ["dreamy"]) is None


def test_every_mood_of_several_must_be_moved_towards() -> None:
    now, new = sound(), sound(brightness_hz=500.0, energy=0.8)
    assert step(now, new, ["dark"]) is not None
    assert step(now, new, ["dark", "aggressive"]) is not None
    assert step(now, new, ["dark", "calm"]) is None
