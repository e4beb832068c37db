"""Prompts in plain words become briefs: a table of what producers and beginners write."""

from __future__ import annotations

import doctest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import loopmind.compose.prompt as prompt_module
import loopmind.compose.spelling as spelling_module
from loopmind.compose.genres import names
from loopmind.compose.prompt import read_prompt
from loopmind.music.key import Key
from loopmind.music.loop import INSTRUMENTS, MOODS, ROLES

# prompt -> the fields that must come out; every other field must stay unset.
CASES: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("make me a song", {}),
    ("trap", {"genre": "trap"}),
    ("dark trap 140 bpm", {"genre": "trap", "bpm": 140, "moods": ("dark",)}),
    ("dark trap, 140", {"genre": "trap", "bpm": 140, "moods": ("dark",)}),
    ("140bpm trap", {"genre": "trap", "bpm": 140}),
    ("bpm: 93 boom bap", {"genre": "boom bap", "bpm": 93}),
    ("tempo of 101, funk", {"genre": "funk", "bpm": 101}),
    ("techno at 132", {"genre": "techno", "bpm": 132}),
    ("techno @ 132", {"genre": "techno", "bpm": 132}),
    ("house 124.5 bpm", {"genre": "house", "bpm": 124.5}),
    ("lofi, 85 to 95", {"genre": "lo-fi", "bpm": (85, 95)}),
    ("lofi 85-95 bpm", {"genre": "lo-fi", "bpm": (85, 95)}),
    ("between 85 and 95 bpm lo fi", {"genre": "lo-fi", "bpm": (85, 95)}),
    ("95 to 85 bpm", {"bpm": (85, 95)}),
    ("around 90", {"bpm": (86, 94)}),
    ("about 90 bpm hip hop", {"genre": "boom bap", "bpm": (86, 94)}),
    ("something faster than 150 bpm", {"bpm": (150, 190)}),
    ("under 80 bpm", {"bpm": (50, 80)}),
    ("slow", {"bpm": (60, 88)}),
    ("uptempo", {"bpm": (130, 170)}),
    ("house 128 bpm 90s vibes", {"genre": "house", "bpm": 128, "ignored": ("90s",)}),
    ("UK drill in Bb minor 142", {"genre": "drill", "bpm": 142, "key": "A# minor"}),
    ("in F# minor", {"key": "F# minor"}),
    ("in f# minor", {"key": "F# minor"}),
    ("in C sharp minor", {"key": "C# minor"}),
    ("key of E flat major", {"key": "D# major"}),
    ("drum and bass in Em", {"genre": "drum and bass", "key": "E minor"}),
    ("pop in C", {"genre": "pop", "key": "C major"}),
    ("pop song in A", {"genre": "pop", "key": "A major"}),
    ("in A minor", {"key": "A minor"}),
    ("key: Gm", {"key": "G minor"}),
    ("D dorian funk", {"genre": "funk", "key": "D minor"}),
    ("trap in G", {"genre": "trap", "key": "G minor"}),
    ("minor key", {"mode": "minor"}),
    ("in a minor key", {"mode": "minor"}),
    ("in a major key please", {"mode": "major"}),
    ("a house track in a club style", {"genre": "house"}),
    ("2 minutes", {"length_s": 120}),
    ("2:30", {"length_s": 150}),
    ("2:30 min of techno", {"genre": "techno", "length_s": 150}),
    ("3-minute synthwave", {"genre": "synthwave", "length_s": 180}),
    ("two and a half minutes of dnb", {"genre": "drum and bass", "length_s": 150}),
    ("90 seconds", {"length_s": 90}),
    ("1 minute and 30 seconds of ambient", {"genre": "ambient", "length_s": 90}),
    ("short", {"length_s": 75}),
    ("a very long ambient drone", {"genre": "ambient", "length_s": 330}),
    ("32 bars of techno at 128", {"genre": "techno", "bpm": 128, "length_s": 60}),
    ("a short intro and a pop song", {"genre": "pop", "ignored": ("short intro",)}),
    ("no vocals", {"forbidden": ("vocal",)}),
    ("without drums", {"forbidden": ("drums", "percussion")}),
    ("no drums or bass", {"forbidden": ("drums", "bass", "percussion")}),
    ("trap without hats and claps", {"genre": "trap", "forbidden": ("hat", "clap")}),
    ("don't use guitars", {"forbidden": ("guitar",)}),
    ("drumless lo-fi", {"genre": "lo-fi", "forbidden": ("drums", "percussion")}),
    ("an instrumental r&b track", {"genre": "r&b", "forbidden": ("vocal",)}),
    ("no bass, no vocals", {"forbidden": ("bass", "vocal")}),
    ("with strings", {"wanted": ("strings",)}),
    ("with piano and violins", {"wanted": ("keys", "strings")}),
    ("heavy 808s trap with bells", {"genre": "trap", "moods": ("aggressive",),
                                    "wanted": ("bass", "keys")}),
    ("add some horns", {"wanted": ("brass",)}),
    ("use only my guitar loops", {"only": ("guitar",)}),
    ("only piano and drums", {"only": ("keys", "drums")}),
    ("just piano", {"only": ("keys",)}),
    ("guitar only", {"only": ("guitar",)}),
    ("nothing but guitar", {"only": ("guitar",), "forbidden": ("drums", "percussion")}),
    ("only my pads and nothing else", {"only": ("pad",), "forbidden": ("drums", "percussion")}),
    ("use only my guitar loops, no drums", {"only": ("guitar",),
                                            "forbidden": ("drums", "percussion")}),
    ("drill loops with lo-fi samples", {"genre": "drill", "folders": ("drill", "lo-fi")}),
    ("house with my tokyo samples", {"genre": "house", "folders": ("tokyo",)}),
    ("techno from the folder Warehouse", {"genre": "techno", "folders": ("warehouse",)}),
    ('techno from the "Night Drive" folder', {"genre": "techno", "folders": ("night drive",)}),
    ("trap beat with jazz samples", {"genre": "trap", "folders": ("jazz",)}),
    ("from my loops", {}),
    ("tape", {"mix_style": "tape"}),
    ("raw mix", {"mix_style": "raw"}),
    ("radio ready pop", {"genre": "pop", "mix_style": "polished"}),
    ("lofi on cassette", {"genre": "lo-fi", "mix_style": "tape"}),
    ("chill", {"moods": ("calm",), "energy": 0.25}),
    ("high energy techno", {"genre": "techno", "energy": 0.9}),
    ("energy 7/10", {"energy": 0.7}),
    ("energy 80%", {"energy": 0.8}),
    ("sad and dreamy", {"moods": ("sad", "dreamy")}),
    ("gloomy", {"moods": ("dark",)}),
    ("not too dark trap", {"genre": "trap", "moods": ("bright",)}),
    ("melancholic piano, 70 bpm", {"bpm": 70, "moods": ("sad",), "wanted": ("keys",)}),
    ("agressive technoo", {"genre": "techno", "moods": ("aggressive",)}),
    ("syntwave with guittar", {"genre": "synthwave", "wanted": ("guitar",)}),
    ("lo-fi house", {"genre": "house", "moods": ("lo-fi",)}),
    ("trap and techno", {"genre": "trap", "ignored": ("techno (one genre a song)",)}),
    ("reggaeton with flute", {"genre": "reggaeton", "wanted": ("woodwind",)}),
    ("epic orchestral trailer", {"genre": "cinematic", "energy": 0.85}),
    ("afrobeats 105", {"genre": "afrobeats", "bpm": 105}),
    ("two step garage", {"genre": "uk garage"}),
    ("jersey purple elephants", {"ignored": ("jersey purple elephants",)}),
    ("no drums in the intro, house", {"genre": "house", "ignored": (
        "no drums in the intro (say it as an edit once the song is made)",)}),
    ("999 bpm", {"ignored": ("999 bpm (tempo must lie in 40 to 240 bpm)",)}),
    ("5 seconds of trap", {"genre": "trap", "length_s": 10,
                           "ignored": ("length 0:05 (made it 0:10)",)}),
    ("HARD TECHNO 145 BPM!!!", {"genre": "techno", "bpm": 145}),
]  # fmt: skip
FIELDS = ("genre", "bpm", "key", "mode", "moods", "energy", "length_s", "wanted", "forbidden",
          "only", "folders", "mix_style", "ignored")  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[c[0] or "nothing" for c in CASES])
def test_a_prompt_is_read(text: str, expected: dict[str, Any]) -> None:
    brief = read_prompt(text)
    wanted = dict(expected)
    if "key" in wanted:
        key = Key.parse(wanted["key"])
        wanted["key"], wanted["mode"] = key, key.mode
    if isinstance(wanted.get("bpm"), (int, float)):
        wanted["bpm"] = (wanted["bpm"], wanted["bpm"])
    for field in FIELDS:
        found = getattr(brief, field)
        if field not in wanted:
            assert not found, f"{field} of {text!r} should be unset"
        else:
            assert found == wanted[field], f"{field} of {text!r}"
    assert brief.prompt == text


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 80


def test_what_was_understood_is_said() -> None:
    brief = read_prompt("agressive trap 140 bpm in F# minor without vocals, zyzzy")
    said = " | ".join(brief.understood)
    for part in ("genre: trap", "140 bpm", "F# minor", "without: vocal", "'aggressive'"):
        assert part in said
    assert brief.ignored == ("zyzzy",)


@pytest.mark.parametrize("name", names())
def test_every_genre_is_found_by_its_name(name: str) -> None:
    assert read_prompt(f"a {name} song").genre == name


@given(st.text(max_size=120))
def test_any_text_gives_a_valid_brief(text: str) -> None:
    check(text)


WORDS = ["dark", "trap", "140", "bpm", "no", "vocals", "only", "guitar", "in", "a", "minor", "key",
         "2:30", "with", "my", "loops", "85", "to", "95", "lo-fi", "and", "house", "F#", "energy",
         "without", "drums", ",", "not", "too", "samples", "short", "90%", "bass"]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_mix_of_known_words_gives_a_valid_brief(text: str) -> None:
    check(text)


def check(text: str) -> None:
    brief = read_prompt(text)
    if brief.bpm is not None:
        assert 40.0 <= brief.bpm[0] <= brief.bpm[1] <= 240.0
    assert brief.genre is None or brief.genre in names()
    assert set(brief.moods) <= set(MOODS)
    assert brief.energy is None or 0.0 <= brief.energy <= 1.0
    assert brief.length_s is None or 10.0 <= brief.length_s <= 1200.0
    for words in (brief.wanted, brief.forbidden, brief.only):
        assert set(words) <= set(INSTRUMENTS) | set(ROLES)
    assert not set(brief.wanted) & set(brief.forbidden)


@pytest.mark.parametrize("module", [prompt_module, spelling_module])
def test_examples_in_docstrings_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
