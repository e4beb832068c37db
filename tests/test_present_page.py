"""song.html and the arrangement picture: whole, safe with any text, and needing nothing else."""

from __future__ import annotations

import dataclasses
import doctest
import json
import math
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from present_samples import (
    ODD_NAME,
    sample_crate,
    sample_measured,
    sample_mix,
    sample_palette,
    sample_song,
)

from loopmind.music.brief import Brief
from loopmind.music.loop import Crate, Unusable
from loopmind.music.measured import Measured
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song
from loopmind.present import style
from loopmind.present.arrangement import arrangement_svg
from loopmind.present.page import song_page

VOID = {"meta", "input", "br", "audio"}


class Checker(HTMLParser):
    """Collects text, tags and addresses, and fails where elements are not nested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "action", "poster", "srcset"):
                self.addresses.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page(song: Song | None = None, **options: object) -> str:
    return song_page(
        song or sample_song(), sample_palette(), sample_mix(), sample_crate(), sample_measured(),
        **options,  # type: ignore[arg-type]
    )  # fmt: skip


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    return checker


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(style).failed == 0


def test_the_page_is_whole_and_asks_for_nothing_elsewhere() -> None:
    text = page(audio=b"ID3 not really", audio_type="audio/mpeg")
    found = checked(text)
    assert found.addresses == ["data:audio/mpeg;base64,SUQzIG5vdCByZWFsbHk="]
    assert found.handlers == []
    assert "url(http" not in text and "@import" not in text
    assert "default-src 'none'" in text


def test_the_same_song_gives_the_same_page() -> None:
    assert page() == page()


def test_every_choice_runner_up_and_reason_is_there() -> None:
    words = " ".join(checked(page()).text)
    for choice in sample_palette().choices:
        assert choice.reason in words
    for expected in (
        ODD_NAME, "lead take 4.wav", "please", "no piano", "ends in the middle", "export it again",
        "no loop in the folder sounds like strings", "ducks 6 dB under drums", "breakdown",
    ):  # fmt: skip
        assert expected in words, expected


def test_user_text_stays_text() -> None:
    evil = '</title></script><script>alert(1)</script><img src=x onerror="alert(2)">'
    song = dataclasses.replace(
        sample_song(), title=evil, brief=Brief(prompt=evil, understood=(evil,), ignored=(evil,)),
        sections=tuple(dataclasses.replace(s, name=evil) for s in sample_song().sections),
        tracks=tuple(dataclasses.replace(t, name=evil) for t in sample_song().tracks),
    )  # fmt: skip
    found = checked(page(song))
    assert found.tags.count("script") == 2
    assert "img" not in found.tags and found.handlers == []
    facts = re.search(r'id="facts">(.*?)</script>', page(song), re.DOTALL)
    assert facts and json.loads(facts.group(1))["sections"][0][0] == evil


def test_a_file_beside_the_page_is_named_by_a_safe_address() -> None:
    found = checked(page(audio_src='so "ng" #1 ä.mp3'))
    assert found.addresses == ["so%20%22ng%22%20%231%20%C3%A4.mp3"]


def test_a_song_of_nothing_still_makes_a_page_and_a_picture() -> None:
    song = dataclasses.replace(sample_song(), sections=(), tracks=(), clips=(), automation=())
    nothing = Measured(-math.inf, -math.inf, 0.0)
    empty = Palette(140.0, None, 4, 0.5, ())
    broken = Crate((), (Unusable("a\udcff.wav", "is empty", "delete it"),))
    checked(song_page(song, empty, Mix("raw", ()), broken, nothing))
    ElementTree.fromstring(arrangement_svg(song, broken, nothing))


def test_the_picture_is_well_formed_and_shows_every_clip() -> None:
    root = ElementTree.fromstring(arrangement_svg(sample_song(), sample_crate(), sample_measured()))
    drawn = [e for e in root.iter("{http://www.w3.org/2000/svg}svg") if e.get("class") == "clip"]
    assert len(drawn) == len(sample_song().clips)
    sections = [e for e in root.iter() if e.get("class") == "section"]
    assert len(sections) == len(sample_song().sections)
    right = max(float(e.get("x", "0%")[:-1]) + float(e.get("width", "0%")[:-1]) for e in drawn)
    assert right <= 100.0


def test_a_clip_lies_where_it_sounds() -> None:
    song, measured = sample_song(), sample_measured()
    root = ElementTree.fromstring(arrangement_svg(song, None, measured))
    drawn = [e for e in root.iter() if e.get("class") == "clip"]
    drums = sorted(float(e.get("x", "0%")[:-1]) for e in drawn)[0]
    first = min(clip.start_beat for clip in song.clips) * 60 / song.bpm / measured.duration_s
    assert drums == pytest.approx(100 * first, abs=0.01)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_any_title_is_safe_in_page_and_picture(title: str) -> None:
    song = dataclasses.replace(sample_song(), title=title, clips=(), tracks=())
    ElementTree.fromstring(arrangement_svg(song))
    checked(song_page(song, sample_palette(), sample_mix(), Crate(()), sample_measured()))


def test_a_shared_page_does_not_tell_where_the_folder_lies() -> None:
    crate = sample_crate()
    home = "/home/somebody private/loops/"
    moved = Crate(
        tuple(dataclasses.replace(loop, path=home + loop.path) for loop in crate.loops),
        tuple(dataclasses.replace(item, path=home + item.path) for item in crate.unusable),
    )
    text = song_page(sample_song(), sample_palette(), sample_mix(), moved, sample_measured())
    assert "private" not in text
    assert text == page()
