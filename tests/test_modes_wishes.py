"""Modes as wishes: what an anchor, two folders or a reference make of a brief and a palette."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from compose_factory import make
from tools.derive_presets import PRESETS, derived

from loopmind.compose.anchor import anchored
from loopmind.compose.arrange import arrange
from loopmind.compose.genres import PEAK_KINDS
from loopmind.compose.inspire import invent
from loopmind.compose.select import choose
from loopmind.compose.sharing import choose_shared, contributions, contributions_told, shared
from loopmind.compose.tuning import tuned
from loopmind.compose.wishes import genre_of
from loopmind.errors import LoopMindError
from loopmind.graph.schema import load_graph
from loopmind.music.brief import Anchor, Brief, FormPart
from loopmind.music.key import Key
from loopmind.music.loop import Crate, Loop


def crate_of(*loops: Loop) -> Crate:
    """A crate as a scan gives it: absolute paths, in order."""
    found = (replace(loop, path=str(Path(loop.path).resolve())) for loop in loops)
    return Crate(tuple(sorted(found, key=lambda loop: loop.path)))


def crate() -> Crate:
    """Two tempi and keys, so that an anchor has something to decide."""
    loops = []
    for number, (bpm, key) in enumerate([(90.0, "A minor"), (128.0, "F major")] * 2):
        loops += [
            make(instrument, bpm=bpm, key=key, number=number)
            for instrument in ("drums", "bass", "keys", "pad", "lead")
        ]
    return crate_of(*loops)


def sounding(crate: Crate, brief: Brief, digest: str) -> dict[str, float]:
    """Section name -> share of it in which the sound plays."""
    song = arrange(choose(crate, brief, 1), crate, brief, 1)
    shares = {}
    for section in song.sections:
        start = section.start_bar * song.beats_per_bar
        end = start + section.bars * song.beats_per_bar
        shares[section.name] = sum(
            clip.beats - sum(length for _, length in clip.silences)
            for clip in song.clips
            if clip.digest == digest and start <= clip.start_beat < end
        ) / (end - start)
    return shares


def test_presets_are_what_the_tool_derives_from_generate() -> None:
    for name, text in derived().items():
        assert json.loads((PRESETS / f"{name}.json").read_text("utf-8")) == json.loads(text), (
            f"run tests/tools/derive_presets.py: {name}.json is not up to date"
        )
        load_graph(PRESETS / f"{name}.json")


# Anchors


@pytest.mark.parametrize("instrument", ["drums", "bass", "keys", "lead", "pad"])
def test_the_anchor_decides_and_plays_in_every_peak(instrument: str) -> None:
    sounds = crate()
    for loop in (x for x in sounds.loops if x.best_instrument == instrument):
        brief = anchored(Brief(), sounds, Path(loop.path))
        palette = choose(sounds, brief, 1)
        picked = next(c.picked for c in palette.choices if c.picked.digest == loop.digest)
        assert picked.ratio == pytest.approx(1.0, abs=0.002)
        assert picked.semitones == 0
        assert palette.bpm in (loop.bpm, 2 * (loop.bpm or 0), (loop.bpm or 0) / 2)
        if instrument != "drums":
            assert palette.key == loop.best_key
        shares = sounding(sounds, brief, loop.digest)
        peaks = [name for name in shares if name.split()[0] in PEAK_KINDS]
        assert peaks and all(shares[name] >= 0.7 for name in peaks), shares


def test_a_wish_for_tempo_and_key_wins_over_the_anchor() -> None:
    sounds = crate()
    loop = next(x for x in sounds.loops if x.best_instrument == "keys" and x.bpm == 90.0)
    brief = Brief(bpm=(96.0, 96.0), key=Key.parse("B minor"))
    brief = anchored(brief, sounds, Path(loop.path))
    palette = choose(sounds, brief, 1)
    picked = next(c.picked for c in palette.choices if c.picked.digest == loop.digest)
    assert palette.bpm == 96.0 and palette.key == Key.parse("B minor")
    assert picked.ratio == pytest.approx(96.0 / 90.0, abs=1e-4) and picked.semitones == 2
    assert any("faster" in said for said in brief.why)


def test_a_range_that_holds_the_anchors_tempo_leaves_it_alone() -> None:
    sounds = crate()
    loop = next(x for x in sounds.loops if x.best_instrument == "keys" and x.bpm == 90.0)
    brief = anchored(Brief(bpm=(80.0, 100.0)), sounds, Path(loop.path))
    assert brief.bpm == (90.0, 90.0)


def test_the_anchor_stays_whatever_else_the_wish_leaves_out() -> None:
    sounds = crate()
    loop = next(x for x in sounds.loops if x.best_instrument == "lead")
    brief = anchored(Brief(only=("keys",), forbidden=("pad",)), sounds, Path(loop.path))
    palette = choose(sounds, brief, 1)
    assert loop.digest in {c.picked.digest for c in palette.choices}


def test_anchors_that_will_not_do_are_named_with_the_remedy(tmp_path: Path) -> None:
    shot = make("snare", kind="oneshot", name="crate/hit.wav")
    mute = make("keys", lufs=-90.0, name="crate/mute.wav")
    whole = make("keys", kind="song", name="crate/whole.wav")
    short = make("keys", beats=0.5, seamless=False, name="crate/short.wav")
    sounds = crate_of(shot, mute, whole, short, make("drums"))
    for loop, word in ((shot, "single sound"), (mute, "silent"), (whole, "whole song"),
                       (short, "shorter than a beat")):  # fmt: skip
        with pytest.raises(LoopMindError, match=word):
            anchored(Brief(), sounds, Path(loop.path).resolve())
    with pytest.raises(LoopMindError, match="no file"):
        anchored(Brief(), sounds, tmp_path / "nothing.wav")
    stranger = tmp_path / "stranger.wav"
    stranger.write_bytes(b"")
    with pytest.raises(LoopMindError, match="not among the sounds"):
        anchored(Brief(), sounds, stranger)


def test_a_brief_without_modes_leaves_the_genre_as_it_is() -> None:
    brief = Brief(genre="trap")
    genre = genre_of(brief, crate())
    assert tuned(genre, brief) is genre
    led = tuned(genre, Brief(anchors=(Anchor("x", "pad"),)))
    assert led.role("pad").priority > max(r.priority for r in genre.roles)


def test_a_wanted_form_is_kept_bar_by_bar() -> None:
    form = (
        FormPart("intro", 8, 0.2), FormPart("verse", 12, 0.5), FormPart("hook", 8, 0.9),
        FormPart("breakdown", 4, 0.3), FormPart("hook", 16, 1.0), FormPart("outro", 4, 0.2),
    )  # fmt: skip
    sounds = crate()
    bars = sum(part.bars for part in form)
    brief = Brief(bpm=(120.0, 120.0), form=form, length_s=bars * 2.0)
    song = arrange(choose(sounds, brief, 1), sounds, brief, 1)
    assert [(s.kind, s.bars) for s in song.sections] == [(p.kind, p.bars) for p in form]


# Two folders


def two_folders() -> Crate:
    """Two people's loops at one tempo and in one key, one of them with many more."""
    loops = []
    for folder, count in (("ann", 4), ("bob", 1)):
        loops += [
            make(instrument, bpm=100.0, key="A minor", number=n,
                 name=f"{folder}/{instrument}_{n}.wav")
            for instrument in ("drums", "bass", "keys", "pad", "lead", "percussion")
            for n in range(count)
        ]  # fmt: skip
    return crate_of(*loops)


@pytest.mark.parametrize("genre", ["house", "lo-fi", "trap"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_folders_contribute_about_half(genre: str, seed: int) -> None:
    sounds = two_folders()
    brief = shared(Brief(genre=genre), sounds, [Path("ann"), Path("bob")])
    palette = choose_shared(sounds, brief, seed)
    song = arrange(palette, sounds, brief, seed)
    found = contributions(song, sounds, brief.sides)
    assert sum(one.time_share for one in found) == pytest.approx(1.0)
    for one in found:
        assert 0.38 <= one.time_share <= 0.62, contributions_told(found)
        assert 0.35 <= one.role_share <= 0.65, contributions_told(found)


def test_where_one_has_little_the_song_says_so() -> None:
    sounds = crate_of(
        *(x for x in two_folders().loops if "ann" in x.path),
        make("fx", bpm=100.0, name="bob/noise.wav"),
    )
    brief = shared(Brief(), sounds, [Path("ann"), Path("bob")])
    palette = choose_shared(sounds, brief, 1)
    assert any("bob has too little" in note for note in palette.notes)


def test_folders_that_cannot_share_are_named(tmp_path: Path) -> None:
    sounds = two_folders()
    for folders, word in (
        ([Path("ann")], "two folders"),
        ([Path("ann"), Path("ann")], "apart from each other"),
        ([Path("ann"), tmp_path], "no usable sound"),
    ):
        with pytest.raises(LoopMindError, match=word):
            shared(Brief(), sounds, folders)


# Inspire me


def test_what_is_invented_is_at_home_in_the_crate_and_says_why() -> None:
    strong = [
        make(instrument, bpm=84.0, key="A minor", number=n, moods=("lo-fi",), energy=0.3)
        for instrument in ("drums", "bass", "keys", "keys", "pad", "lead")
        for n in range(4)
    ]
    few = [make("keys", bpm=128.0, key="F# major", number=9), make("drums", bpm=128.0, number=9)]
    sounds = crate_of(*strong, *few)
    for seed in range(1, 6):
        brief = invent(Brief(), sounds, seed)
        assert brief.genre and brief.bpm and brief.key and brief.moods
        assert brief.genre != genre_of(Brief(), sounds).name
        assert 79.0 <= brief.bpm[0] <= 89.5 and brief.bpm[0] == brief.bpm[1]
        assert abs(Key.parse("A minor").semitones_to(brief.key)) <= 2
        assert any(said.startswith("you have ") for said in brief.why)
        assert invent(Brief(), sounds, seed) == brief


def test_what_the_wish_names_is_not_invented() -> None:
    wish = Brief(genre="house", key=Key.parse("C major"), bpm=(120.0, 126.0), moods=("dark",))
    brief = invent(wish, crate(), 3)
    assert (brief.genre, brief.key, brief.moods) == ("house", wish.key, ("dark",))
    assert brief.bpm and 120.0 <= brief.bpm[0] <= 126.0


def test_single_sounds_inspire_nothing() -> None:
    with pytest.raises(LoopMindError, match="single sounds"):
        invent(Brief(), crate_of(make("kick", kind="oneshot")), 1)
