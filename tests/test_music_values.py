"""Laws of the music values: keys, beliefs, the beat grid, and the codec."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import json
import pkgutil

import mir_eval.key
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loopmind.music
from loopmind.music.belief import Belief, rank
from loopmind.music.brief import Brief
from loopmind.music.codec import CodecError, from_plain, to_plain
from loopmind.music.key import SHARP_NAMES, Key, mirex_score
from loopmind.music.loop import Crate, Unusable
from loopmind.music.song import Clip, Hit, Section, Song, Track, beat_to_frame

keys = st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "minor"]))


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(loopmind.music.__path__)])
def test_examples_in_docstrings_hold(name: str) -> None:
    module = importlib.import_module(f"loopmind.music.{name}")
    assert doctest.testmod(module).failed == 0


@given(keys)
def test_a_key_reads_back_from_its_name(key: Key) -> None:
    assert Key.parse(str(key)) == key


@given(keys, keys)
def test_transposition_gives_the_same_notes(source: Key, goal: Key) -> None:
    moved = source.transpose(source.semitones_to(goal))
    assert moved == goal or moved.relative() == goal
    assert -6 <= source.semitones_to(goal) <= 5


@given(keys, keys)
def test_mirex_score_agrees_with_mir_eval(estimate: Key, truth: Key) -> None:
    def name(key: Key) -> str:
        return f"{SHARP_NAMES[key.tonic]} {key.mode}"

    assert mirex_score(estimate, truth) == mir_eval.key.weighted_score(name(truth), name(estimate))


@given(st.lists(st.tuples(st.integers(), st.floats(-1, 100)), max_size=20))
def test_ranked_weights_fall_and_sum_to_one(pairs: list[tuple[int, float]]) -> None:
    ranked = rank(pairs)
    weights = [belief.weight for belief in ranked]
    assert weights == sorted(weights, reverse=True)
    assert not weights or sum(weights) == pytest.approx(1.0)


@given(st.floats(20, 300), st.integers(0, 4000), st.sampled_from([8000, 44100, 48000, 192000]))
def test_beats_fall_within_half_a_frame(bpm: float, sixteenths: int, rate_hz: int) -> None:
    beat = sixteenths / 4
    assert abs(beat_to_frame(beat, bpm, rate_hz) - beat * 60 * rate_hz / bpm) <= 0.5 + 1e-6


def example_song() -> Song:
    return Song(
        title="Test", brief=Brief(prompt="dark trap", key=Key(6, "minor"), bpm=(140.0, 140.0)),
        seed=3, bpm=140.0, key=None, beats_per_bar=4, swing=0.5,
        sections=(Section("hook 1", "hook", 0, 8, 1.0),),
        tracks=(Track("drums", "Drums", "drums", "drums"),),
        clips=(Clip("a", "drums", 0.0, 4.0, hits=(Hit(0.0, "x", 1.0),)),),
    )  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [example_song(), Crate((), (Unusable("a", "b", "c"),)), Belief(Key(3, "major"), 0.5), Brief()],
    ids=lambda v: type(v).__name__,
)
def test_values_survive_json(value: object) -> None:
    read = json.loads(json.dumps(to_plain(value)))
    again = from_plain(type(value), read)
    assert to_plain(again) == to_plain(value)
    if not isinstance(value, Belief):  # a bare Belief does not say what it is a belief of
        assert again == value


def test_the_codec_names_the_field_at_fault() -> None:
    plain = to_plain(example_song())
    plain["sections"][0]["bars"] = "eight"
    with pytest.raises(CodecError, match=r"Song\.sections\[0\]\.bars"):
        from_plain(Song, plain)
    with pytest.raises(CodecError, match="unknown field 'colour'"):
        from_plain(Section, {**dataclasses.asdict(example_song().sections[0]), "colour": 1})
