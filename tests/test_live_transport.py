"""Transport, metronome, mixer moves and recording of the live engine, without a device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dsp_tools import sine
from test_live_engine import biggest_step, serve, tone_plan
from test_render_song import BPM, RATE_HZ, loop, make_material, make_song

from loopmind.errors import LoopMindError
from loopmind.music.material import Material
from loopmind.music.mix import Master, Mix, Reverb, Strip
from loopmind.music.song import Song, beat_to_frame
from loopmind.music.tempo_map import TempoMap
from loopmind.runtime.live import layout as at
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.song_patch import song_patch
from loopmind.runtime.live.song_player import SongPlayer
from loopmind.runtime.live.taping import played_along
from loopmind.runtime.offline import render
from loopmind.runtime.sounding import Levels, Sounding

STRIPS = (
    Strip("a", -3.0, 0.2, reverb_send_db=-9.0),
    Strip("b", -6.0, reverb_send_db=-12.0),
    Strip("c", 0.0, -0.5),
)


def made() -> tuple[Song, Mix, Material]:
    song = make_song([loop(name) for name in "abcde"])
    mix = Mix("test", STRIPS, Reverb(decay_s=1.0), Master(target_lufs=-20.0))
    return song, mix, make_material(song)


def planned(mix: Mix | None = None):  # type: ignore[no-untyped-def]
    song, plain, material = made()
    return song_patch(song, mix or plain, material, gain_db=-6.0)


def test_the_same_program_swapped_in_goes_on_as_if_nothing_had_been() -> None:
    """Reverbs, filters and limiter take over what those of the program before remember."""
    plain, swapped = Engine(), Engine()
    heard = []
    for engine in (plain, swapped):
        engine.swap(planned())
        engine.play(0)
        serve(engine, 30000)
        if engine is swapped:
            engine.swap(planned(), follow=True)
        heard.append(serve(engine, 30000))
    assert np.abs(heard[0] - heard[1]).max() < 1e-6
    assert np.array_equal(heard[0][:, 600:], heard[1][:, 600:])


def test_programs_that_the_callback_never_saw_break_nothing() -> None:
    plain, swapped = Engine(), Engine()
    heard = []
    for engine in (plain, swapped):
        engine.swap(planned())
        engine.play(0)
        serve(engine, 30000)
        for _ in range(3 if engine is swapped else 0):
            engine.swap(planned(), follow=True)
        heard.append(serve(engine, 5000))
        engine.read_events()
    assert np.array_equal(heard[0][:, 600:], heard[1][:, 600:])
    assert len(swapped._patches) == 1


def test_a_new_tempo_goes_on_at_the_same_beat() -> None:
    engine = Engine()
    song, mix, material = made()
    engine.swap(song_patch(song, mix, material))
    engine.play(0)
    serve(engine, beat_to_frame(6.0, BPM, RATE_HZ))
    engine.loop(beat_to_frame(4, BPM, RATE_HZ), beat_to_frame(8, BPM, RATE_HZ))
    serve(engine, 512)
    before = engine.snapshot().position
    faster = replace(song, bpm=2 * BPM)
    engine.swap(song_patch(faster, mix, Material(2 * BPM, RATE_HZ, material.sounds)), follow=True)
    serve(engine, 128)
    now = engine.snapshot().position
    assert abs((now - 128) - before / 2) <= 1
    words = engine._words
    late = engine.patch.planned.read_latency  # type: ignore[union-attr]
    assert abs(words[at.LOOP_TO] - late - beat_to_frame(8, 2 * BPM, RATE_HZ)) <= 1


def test_a_fader_moves_while_it_plays_and_settles_to_what_an_export_has() -> None:
    song, mix, material = made()
    engine = Engine()
    player = SongPlayer(engine)
    player.show(Sounding(song, mix, material), Levels(-6.0, -1.0, 0.0), follow=False)
    engine.play(0)
    quiet = serve(engine, 20000)
    assert player.move("b", gain_db=-12.0, pan=0.4, reverb_send_db=-20.0)
    assert player.move("c", muted=True)
    moving = serve(engine, 20000)
    # Noise steps by itself: the moves must add no step of their own.
    assert biggest_step(moving) < 1.5 * biggest_step(quiet)
    serve(engine, 60000)
    # After the glide it is the plan that has those settings.
    other = Engine()
    other.swap(song_patch(song, player.mix, material, gain_db=-6.0, ceiling_dbtp=-1.0))
    other.play(0)
    serve(other, 100000)
    assert np.abs(serve(engine, 4000) - serve(other, 4000)).max() < 1e-4
    player.settle()
    serve(engine, 600)
    serve(other, 600)
    assert np.abs(serve(engine, 4000) - serve(other, 4000)).max() < 1e-4


def test_what_needs_another_plan_gets_one_and_solo_leaves_one_track() -> None:
    song, mix, material = made()
    engine = Engine()
    player = SongPlayer(engine)
    player.show(Sounding(song, mix, material), follow=False)
    engine.play(0)
    serve(engine, 3000)
    assert not player.move("c", reverb_send_db=-6.0)  # it sent nothing: no bus to move
    serve(engine, 3000)
    assert player.solo("a")
    assert [s.track for s in player.mix.strips if not s.muted] == ["a"]
    player.solo()
    with pytest.raises(LoopMindError, match="no track 'x'"):
        player.move("x", gain_db=0.0)


def test_the_master_moves_and_settles() -> None:
    song, mix, material = made()
    engine = Engine()
    player = SongPlayer(engine)
    player.show(Sounding(song, mix, material), Levels(-30.0, -1.0, 0.0), follow=False)
    engine.play(0)
    serve(engine, 4000)
    player.move_master(-6.0)
    serve(engine, 40000)
    moved = serve(engine, 20000)
    player.settle()
    engine.play(44000)
    serve(engine, 4000)
    other = Engine()
    other.swap(song_patch(song, mix, material, gain_db=-36.0, ceiling_dbtp=-1.0))
    other.play(0)
    serve(other, 44000)
    assert np.abs(serve(other, 20000) - moved).max() < 1e-5


def test_levels_found_aside_are_those_of_the_export() -> None:
    song, mix, material = made()
    player = SongPlayer(Engine())
    player.show(Sounding(song, mix, material), follow=False)
    rendering = render(song, mix, material)
    assert player.find_levels() == Levels(
        rendering.gain_db, rendering.ceiling_dbtp, rendering.trim_db
    )


def test_the_metronome_clicks_on_the_beats_and_the_export_is_not_touched() -> None:
    song, mix, material = made()
    engine = Engine()
    player = SongPlayer(engine)
    player.show(Sounding(song, mix, material), Levels(-6.0, -1.0, 0.0), follow=False)
    engine.play(0)
    plain = serve(engine, 100000)
    player.metronome(0.25)
    serve(engine, 2000)
    engine.play(0)
    with_clicks = serve(engine, 100000)
    added = np.abs(with_clicks - plain)[0]
    late = engine.patch.planned.latency  # type: ignore[union-attr]
    for beat in (1, 2, 3):
        place = beat_to_frame(beat, BPM, RATE_HZ) + late
        assert added[place - 2000 : place - 1].max() < 1e-6
        assert added[place : place + 60].max() > 0.03


def test_a_count_in_comes_before_and_the_song_begins_on_time() -> None:
    song, mix, material = made()
    engine = Engine()
    player = SongPlayer(engine)
    player.show(Sounding(song, mix, material), Levels(-6.0, -1.0, 0.0), follow=False)
    first = beat_to_frame(4, BPM, RATE_HZ)
    engine.play(first)
    serve(engine, 3000)
    plain = engine.heard(0, 3000)
    engine.stop()
    serve(engine, 90000)
    engine.play(first, count_in_beats=2)
    beat = beat_to_frame(1, BPM, RATE_HZ)
    counted = serve(engine, round(2 * 60 * RATE_HZ / BPM))
    assert np.abs(counted[0, 200:1200]).max() > 0.05  # the first of the two clicks
    assert np.abs(counted[0, 5000 : beat - 500]).max() < 1e-9
    song_now = serve(engine, 3000)
    place = slice(1500, 3000)
    assert np.corrcoef(song_now[0, place], plain[0, place])[0, 1] > 0.9
    engine.play(0, count_in_beats=4)  # from before the song's first frame
    serve(engine, 1000)
    assert engine.snapshot().playing


def test_scrubbing_lets_a_moment_be_heard_and_stops() -> None:
    engine = Engine()
    engine.swap(tone_plan(220.0))
    engine.scrub(20000)
    heard = serve(engine, 20000)
    assert np.abs(heard[:, 1000:3000]).max() > 0.4
    assert not engine.snapshot().playing


def test_what_came_in_is_found_at_its_place_in_the_song() -> None:
    """A player who hears the song and plays it back at once is recorded exactly in time."""
    engine = Engine()
    engine.swap(planned())
    engine._words[at.IN_CHANNELS] = 2
    engine.play(0)
    out = np.zeros((128, 2), np.float32)
    heard = []
    for _ in range(400):
        played = engine.serve(128, np.ascontiguousarray(out))  # one block later, as by a cable
        out = played.T
        heard.append(played)
    late = engine.patch.planned.latency  # type: ignore[union-attr]
    song = np.concatenate(heard, axis=1)[:, late:]
    clip = played_along(engine, 10000, 20000, latency=128)
    assert np.array_equal(clip, song[:, 10000:20000])
    with pytest.raises(LoopMindError, match="in one go"):
        played_along(engine, 60000, 70000)


def test_a_tempo_map_counts_in_both_directions() -> None:
    beats = TempoMap(((0, 120), (8, 90), (16, 150)), ((0, 4), (3, 3)))
    for beat in (0.0, 3.5, 8.0, 12.25, 16.0, 40.0):
        assert beats.beat(beats.seconds(beat)) == pytest.approx(beat)
    assert beats.bar_beat(12.0) == (3, 0.0) and beats.first_beat(4) == 15
    assert TempoMap(((0, BPM),)).frame(7, RATE_HZ) == beat_to_frame(7, BPM, RATE_HZ)
    with pytest.raises(ValueError, match="begin at 0"):
        TempoMap(((1, 120),))


def test_swapping_faster_than_programs_fade_makes_no_click() -> None:
    engine = Engine()
    plans = [tone_plan(220.0), tone_plan(330.0)]
    engine.swap(plans[0])
    serve(engine, 1000)
    engine.play(0)
    serve(engine, 1000)
    pieces = []
    for number in range(1, 30):
        engine.swap(plans[number % 2])
        pieces.append(serve(engine, 200, 100))
    # A jump of two full tones, smoothed over 128 frames (steepest in the middle, 1.5 times).
    smooth = biggest_step(sine(9000, 330.0))
    assert biggest_step(np.concatenate(pieces, axis=1)) <= smooth + 1.5 / 128 + 1.0 / 512
