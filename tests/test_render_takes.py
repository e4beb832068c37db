"""Taking up earlier renders: the same bits as a render from nothing, and little is mixed anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_render_song import full_session, loop, make_material, make_song, stems_of

from loopmind.dsp.fingerprint import fingerprint
from loopmind.dsp.reverb import PERIOD
from loopmind.music.material import Material
from loopmind.music.mix import Compressor, EqBand, Mix, Sidechain
from loopmind.music.song import Automation, Clip, Hit, Song, beat_to_frame
from loopmind.runtime.offline import Rendering, render
from loopmind.runtime.takes import MemoryTakes, TakeState

BARS = 16
SONG_BEATS = 4.0 * BARS


def long_session() -> tuple[Song, Mix, Material]:
    """Forty seconds of six tracks in clips of four bars, with everything that a mix can ask for."""
    short, mix, _ = full_session()
    clips: list[Clip] = []
    for track in range(5):
        for start in range(0, BARS, 4):
            if (start // 4 + track) % 5 != 4:
                beats = (4.0, 8.0, 3.0)[track % 3]
                clip = loop(f"t{track}", start_beat=4.0 * start, loop_beats=beats)
                clips.append(dataclasses.replace(clip, id=f"t{track}/{start}"))
    for start in range(0, BARS, 4):
        hits = tuple(Hit(i * 0.5, "hat", 0.5 + 0.1 * (i % 4)) for i in range(32))
        clips.append(Clip(f"t5/{start}", "t5", 4.0 * start, 16.0, hits=hits))
    song = make_song(clips, bars=BARS, automation=short.automation)
    return song, mix, make_material(song)


Edit = Callable[[Song, Mix], tuple[Song, Mix]]


def change_clip(number: int, **more: Any) -> Edit:
    def edit(song: Song, mix: Mix) -> tuple[Song, Mix]:
        clips = list(song.clips)
        clips[number] = dataclasses.replace(clips[number], **more)
        return dataclasses.replace(song, clips=tuple(clips)), mix

    return edit


def change_strip(number: int, **more: Any) -> Edit:
    def edit(song: Song, mix: Mix) -> tuple[Song, Mix]:
        strips = list(mix.strips)
        strips[number] = dataclasses.replace(strips[number], **more)
        return song, dataclasses.replace(mix, strips=tuple(strips))

    return edit


def without_clip(number: int) -> Edit:
    def edit(song: Song, mix: Mix) -> tuple[Song, Mix]:
        clips = song.clips[:number] + song.clips[number + 1 :]
        return dataclasses.replace(song, clips=clips), mix

    return edit


def automate(line: Automation) -> Edit:
    def edit(song: Song, mix: Mix) -> tuple[Song, Mix]:
        return dataclasses.replace(song, automation=(*song.automation[1:], line)), mix

    return edit


EDITS: dict[str, Edit] = {
    "a clip is lowered": change_clip(2, gain_db=-7.0),
    "a clip is gone": without_clip(7),
    "the first clip begins later": change_clip(0, silences=((0.0, 2.0),)),
    "the last hits are others": change_clip(-1, hits=(Hit(0.0, "hat", 1.0), Hit(3.0, "hat", 0.1))),
    "a fade in the middle": change_clip(9, fade_out_beats=8.0),
    "louder": change_strip(0, gain_db=1.0),
    "a muted track returns": change_strip(4, muted=False),
    "another filter": change_strip(2, eq=(EqBand("highcut", 2000.0),)),
    "another compressor": change_strip(5, compressor=Compressor(-25.0, 2.0, 0.01, 0.3)),
    "another key": change_strip(1, sidechain=Sidechain("t0", 6.0, 0.005, 0.1)),
    "no drive": change_strip(3, drive=0.0),
    "a sweep late": automate(
        Automation("t3", "highpass_hz", ((40.0, 20.0), (50.0, 900.0), (52.0, 20.0)))
    ),
    "only louder in the end": lambda song, mix: (
        song,
        dataclasses.replace(mix, master=dataclasses.replace(mix.master, target_lufs=-11.0)),
    ),
    "a shorter song": lambda song, mix: (dataclasses.replace(song, tail_beats=0.0), mix),
}


def same(one: Rendering, other: Rendering) -> bool:
    return (
        one.master == other.master
        and (one.gain_db, one.lufs, one.trim_db) == (other.gain_db, other.lufs, other.trim_db)
        and np.array_equal(one.short_term_lufs, other.short_term_lufs)
    )


@pytest.mark.slow
def test_taking_up_an_earlier_render_changes_no_bit() -> None:
    """Edits one after the other, each on all before it, against renders from nothing."""
    song, mix, material = long_session()
    takes = MemoryTakes()
    render(song, mix, material, takes=takes, gain_db=0.0)
    mixed = {}
    for number, (name, edit) in enumerate(EDITS.items()):
        song, mix = edit(song, mix)
        # The loudness, too, is found alike; looking for it every time would take long.
        gain_db = 0.0 if number % 5 else None
        taken = render(song, mix, material, takes=takes, gain_db=gain_db)
        assert same(taken, render(song, mix, material, gain_db=gain_db)), name
        mixed[name] = taken.mixed
    assert mixed["only louder in the end"] == 0.0
    assert mixed["the last hits are others"] < 0.5
    assert mixed["louder"] == 1.0
    assert sum(mixed.values()) / len(mixed) < 0.7, mixed


def test_automation_that_begins_late_leaves_what_is_before() -> None:
    """A curve that is open or at rest is as good as none, bit for bit."""
    song, mix, material = long_session()
    takes = MemoryTakes()
    render(song, mix, material, takes=takes, gain_db=0.0)
    late = 52.0
    lines = (
        Automation("t3", "highpass_hz", ((0.0, 20.0), (late, 20.0), (late + 2.0, 500.0))),
        Automation("t5", "lowpass_hz", ((0.0, 20000.0), (late, 20000.0), (late + 2.0, 500.0))),
        Automation("t3", "gain_db", ((0.0, 0.0), (late, 0.0), (late + 2.0, -9.0))),
        Automation("t5", "reverb_send_db", ((0.0, -90.0), (late, -90.0), (late + 2.0, -9.0))),
        Automation("master", "lowpass_hz", ((0.0, 20000.0), (late, 20000.0), (late + 2.0, 900.0))),
    )
    for line in lines:
        song = dataclasses.replace(song, automation=(*song.automation, line))
        taken = render(song, mix, material, takes=takes, gain_db=0.0)
        assert 0.0 < taken.mixed < 0.5, line
        assert same(taken, render(song, mix, material, gain_db=0.0)), line


@pytest.mark.slow
def test_random_edits_change_no_bit() -> None:
    rng = np.random.default_rng(11)
    song, mix, material = long_session()
    first = song
    takes = MemoryTakes()
    render(song, mix, material, takes=takes, gain_db=0.0, block=441, threads=1)
    for _ in range(5):
        number = int(rng.integers(len(song.clips)))
        clip = song.clips[number]
        kind = rng.integers(4)
        if kind == 0:
            song, mix = without_clip(number)(song, mix)
        elif kind == 1:
            beat = float(rng.integers(0, 64)) / 4.0
            song, mix = change_clip(number, silences=((beat, 1.5),))(song, mix)
        elif kind == 2:
            song, mix = change_clip(number, gain_db=float(rng.normal() * 6.0))(song, mix)
        else:
            start = float(np.clip(clip.start_beat + rng.integers(-3, 4), 0.0, SONG_BEATS - 16.0))
            song, mix = change_clip(number, start_beat=start)(song, mix)
        taken = render(song, mix, material, takes=takes, gain_db=0.0)
        assert same(taken, render(song, mix, material, gain_db=0.0))
    # All undone: nothing is left to mix.
    assert render(first, mix, material, takes=takes).mixed == 0.0


def test_a_change_is_forgotten_after_the_reverb() -> None:
    """What is mixed anew ends soon behind the change, though song and drums go on."""
    song, mix, material = long_session()
    takes = MemoryTakes()
    render(song, mix, material, takes=takes, gain_db=0.0)
    number = next(i for i, c in enumerate(song.clips) if c.track == "t0" and c.start_beat == 16.0)
    song, mix = change_clip(number, silences=((2.0, 2.0),))(song, mix)
    taken = render(song, mix, material, takes=takes, gain_db=0.0)
    assert 0.0 < taken.mixed < 0.75
    assert same(taken, render(song, mix, material, gain_db=0.0))


def test_stems_outside_the_change_are_the_same_bits() -> None:
    """Other tracks stay whole, the changed one but for a moment, the reverb but for its tail."""
    song, mix, material = long_session()
    number = next(i for i, c in enumerate(song.clips) if c.track == "t0" and c.start_beat == 16.0)
    before, _ = stems_of(song, mix, material, gain_db=0.0)
    changed, _ = change_clip(number, silences=((2.0, 2.0),))(song, mix)
    after, _ = stems_of(changed, mix, material, gain_db=0.0)
    first, last = (beat_to_frame(beat, song.bpm, 44100) for beat in (18.0, 20.0))
    for name, stem in before.items():
        differs = np.flatnonzero((stem != after[name]).any(axis=0))
        if name == "t0":
            assert first - 1000 < differs[0]
            assert differs[-1] < last + 3 * 44100
        elif name == "reverb":
            assert first - 1000 < differs[0]
            # Networks change every period, and the one before rings out.
            assert differs[-1] < (last // PERIOD + 1) * PERIOD + 4 * 44100
        else:
            assert not len(differs), name


def test_stems_are_mixed_whole_and_are_the_same() -> None:
    song, mix, material = long_session()
    takes = MemoryTakes()
    render(song, mix, material, takes=takes, gain_db=0.0)
    expected, plain = stems_of(song, mix, material, gain_db=0.0)
    stems, taken = stems_of(song, mix, material, takes=takes, gain_db=0.0)
    assert taken.mixed == 1.0
    assert same(taken, plain)
    assert taken.premaster == plain.premaster
    for name, stem in expected.items():
        np.testing.assert_array_equal(stems[name], stem)


@pytest.mark.slow
def test_forgotten_takes_and_states_are_made_again() -> None:
    song, mix, material = long_session()
    other, _ = change_clip(10, gain_db=-3.0)(song, mix)
    expected = render(other, mix, material, gain_db=0.0)

    class Forgetful(MemoryTakes):
        def state(self, key: str) -> TakeState | None:
            return None

    for takes in (Forgetful(), MemoryTakes(limit_bytes=4 << 20), MemoryTakes(limit_bytes=0)):
        render(song, mix, material, takes=takes, gain_db=0.0)
        assert same(render(other, mix, material, takes=takes, gain_db=0.0), expected)


def test_other_material_under_the_same_name_is_noticed() -> None:
    song, mix, material = long_session()
    takes = MemoryTakes()
    render(song, mix, material, takes=takes, gain_db=0.0)
    key, sound = next(iter(material.sounds.items()))
    other = dict(material.sounds)
    other[key] = dataclasses.replace(sound, samples=-sound.samples)
    changed = dataclasses.replace(material, sounds=other)
    taken = render(song, mix, changed, takes=takes, gain_db=0.0)
    assert taken.mixed > 0.0
    assert same(taken, render(song, mix, changed, gain_db=0.0))


def test_states_are_kept_without_their_empty_pages() -> None:
    state = np.zeros(100_000)
    state[70_000:70_010] = 1.5
    held = TakeState.of(state)
    assert held.pages.nbytes < 200_000
    np.testing.assert_array_equal(held.whole(), state)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 1000, 4099])
def test_fingerprints_tell_arrays_apart(size: int) -> None:
    array = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    seen = {fingerprint(array)}
    assert fingerprint(array.copy()) in seen
    for place in range(0, size, max(1, size // 50)):
        for change in (-array[place], np.nextafter(array[place], np.float32(9.0)), 0.0):
            other = array.copy()
            other[place] = change
            found = fingerprint(other)
            assert found not in seen
            seen.add(found)
    assert fingerprint(array.astype(np.float64)) not in seen
    if size > 2:
        flipped = array.copy()
        flipped[:2] *= -1.0
        assert fingerprint(flipped) not in seen
