"""Effects on tracks: what the edit says and does, and what is heard of it, rendered and live."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from editing_tools import check_laws, crate_of, draft_of
from test_render_song import BPM, FLAT, RATE_HZ, full_session, loop, make_material, make_song
from test_render_song import stems_of as rendered_stems
from test_render_takes import long_session

from loopmind.compose import editing
from loopmind.compose.difference import difference
from loopmind.compose.editing import EditError, curves
from loopmind.compose.tell_mix import strip_words
from loopmind.music.draft import Draft
from loopmind.music.edit import (
    ChangeStrip,
    Edit,
    SetAutomation,
    SetEffect,
    SetLock,
    SetMixStyle,
)
from loopmind.music.mix import EFFECT_KINDS, Effect, EffectKind, Mix, Strip
from loopmind.music.song import Automation, Song, beat_to_frame
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.song_patch import song_patch
from loopmind.runtime.offline import render
from loopmind.runtime.takes import MemoryTakes

CRATE = crate_of("everything")


def apply(edit: Edit, to: Draft) -> Draft:
    after = editing.apply(edit, to, CRATE)
    check_laws(after, CRATE)
    assert len(after.told) == len(to.told) + 1
    return after


def strip_of(draft: Draft, track: str) -> Strip:
    return next(s for s in draft.mix.strips if s.track == track)


def drawn_at(song: Song, track: str, kind: str, beat: float) -> float:
    held = curves.of(song, track, kind)
    assert held is not None
    return curves.value_at(held.points, beat)


# The edit


def test_an_effect_is_put_on_moved_and_taken_off() -> None:
    plain = draft_of("everything")
    echoed = apply(SetEffect("lead", "echo", beats=0.5), plain)
    assert strip_of(echoed, "lead").effects == (Effect("echo", 0.35, 0.5),)
    assert echoed.told[-1] == "Lead has echo now (35%), repeating every 0.5 beats."
    assert {s.track for s in echoed.mix.strips if s.effects} == {"lead"}
    assert echoed.song == plain.song
    more = apply(SetEffect("lead", "echo", by=0.15), echoed)
    assert strip_of(more, "lead").effects == (Effect("echo", 0.5, 0.5),)
    assert "from 35% to 50%" in more.told[-1]
    both = apply(SetEffect("lead", "chorus", 0.8), more)
    assert [e.kind for e in strip_of(both, "lead").effects] == ["chorus", "echo"]
    assert {"much chorus", "some echo, repeating every 0.5 beats"} <= set(
        strip_words(strip_of(both, "lead"))
    )
    gone = apply(SetEffect("lead", "echo", 0.0), both)
    assert [e.kind for e in strip_of(gone, "lead").effects] == ["chorus"]
    assert gone.told[-1] == "The echo of lead was taken off."


def test_what_cannot_be_is_refused_with_what_can() -> None:
    plain = draft_of("everything")
    for edit, words in (
        (SetEffect("kazoo", "echo"), "there is no track 'kazoo'"),
        (SetEffect("master", "echo"), "name the tracks"),
        (SetEffect("lead", "echo", 0.0), "has no echo"),
        (SetEffect("lead", "echo", by=-0.2), "add some instead"),
        (SetEffect("lead", "echo", 1.5), "0, none, to 1, all"),
        (SetEffect("lead", "chorus", beats=0.5), "keeps no time"),
        (SetEffect("lead", "echo", beats=64.0), "64 beats is no time"),
        (SetEffect("lead", "echo", sections=("verse 9",)), "there is no section"),
    ):
        with pytest.raises(EditError, match=words):
            editing.apply(edit, plain, CRATE)
    locked = apply(SetLock("track", "lead"), plain)
    with pytest.raises(EditError, match="locked"):
        editing.apply(SetEffect("lead", "echo"), locked, CRATE)
    twice = apply(SetEffect("lead", "echo", 0.4), plain)
    with pytest.raises(EditError, match="40% already"):
        editing.apply(SetEffect("lead", "echo", 0.4), twice, CRATE)


def test_in_some_sections_it_is_drawn_and_elsewhere_stays() -> None:
    plain = draft_of("everything")
    hook = next(s for s in plain.song.sections if s.kind == "hook")
    middle = (hook.start_bar + hook.bars / 2.0) * plain.song.beats_per_bar
    made = apply(SetEffect("lead", "echo", sections=(hook.name,), beats=1.0), plain)
    assert drawn_at(made.song, "lead", "echo", middle) == pytest.approx(0.35)
    assert drawn_at(made.song, "lead", "echo", 1.0) == 0.0
    assert strip_of(made, "lead").effects == (Effect("echo", 0.0, 1.0),)
    assert made.told[-1] == f"Lead has echo (35%) in {hook.name}, repeating every 1 beat."
    told = difference(plain, made)
    touched = [s.name for s in told.sections if s.status != "identical"]
    assert touched == [hook.name]
    # The whole song: what is drawn makes way.
    wide = apply(SetEffect("lead", "echo", 0.6), made)
    assert curves.of(wide.song, "lead", "echo") is None
    assert strip_of(wide, "lead").effects == (Effect("echo", 0.6, 1.0),)
    # More of it everywhere moves what is drawn.
    more = apply(SetEffect("lead", "echo", by=0.2), made)
    assert drawn_at(more.song, "lead", "echo", middle) == pytest.approx(0.55)
    assert drawn_at(more.song, "lead", "echo", 1.0) == pytest.approx(0.2)
    # Without it in one section of a song that has it.
    dry = apply(SetEffect("lead", "echo", 0.0, sections=(hook.name,)), wide)
    assert drawn_at(dry.song, "lead", "echo", middle) == 0.0
    assert drawn_at(dry.song, "lead", "echo", 0.0) == pytest.approx(0.6)


def test_automation_of_an_effect_is_an_edit_and_stays_on_tracks() -> None:
    plain = draft_of("everything")
    line = Automation("lead", "phaser", ((0.0, 0.0), (32.0, 1.0)))
    assert apply(SetAutomation(line), plain).song.automation[-1] == line
    with pytest.raises(EditError, match="master has no phaser"):
        editing.apply(SetAutomation(dataclasses.replace(line, track="master")), plain, CRATE)
    loud = dataclasses.replace(line, points=((0.0, 2.0),))
    with pytest.raises(EditError, match="within 0 to 1"):
        editing.apply(SetAutomation(loud), plain, CRATE)


def test_another_mix_style_keeps_effects_put_on_by_hand() -> None:
    echoed = apply(SetEffect("lead", "echo", 0.4), draft_of("everything"))
    style = "tape" if echoed.mix.style != "tape" else "polished"
    assert strip_of(apply(SetMixStyle(style), echoed), "lead").effects == (Effect("echo", 0.4),)


def test_the_reverb_of_a_whole_track_moves_what_sections_draw_of_it() -> None:
    plain = draft_of("everything")
    hook = next(s for s in plain.song.sections if s.kind == "hook")
    middle = (hook.start_bar + hook.bars / 2.0) * plain.song.beats_per_bar
    wet = apply(ChangeStrip("lead", "reverb_send_db", -6.0, sections=(hook.name,)), plain)
    less = apply(ChangeStrip("lead", "reverb_send_db", by=-4.0), wet)
    assert drawn_at(less.song, "lead", "reverb_send_db", middle) == pytest.approx(-10.0)
    dry = apply(ChangeStrip("lead", "reverb_send_db", -60.0), wet)
    assert curves.of(dry.song, "lead", "reverb_send_db") is None
    assert strip_of(dry, "lead").reverb_send_db is None


# What is heard


def with_effects(*effects: Effect, track: int = 2) -> tuple[Song, Mix]:
    song, mix, _ = full_session()
    strips = list(mix.strips)
    strips[track] = dataclasses.replace(strips[track], effects=effects)
    return song, dataclasses.replace(mix, strips=tuple(strips))


ALL = tuple(Effect(kind, 0.5) for kind in EFFECT_KINDS)


@pytest.mark.slow
def test_only_the_track_with_the_effect_sounds_otherwise() -> None:
    song, plain, material = full_session()
    before, _ = rendered_stems(song, plain, material, gain_db=0.0)
    for kind in EFFECT_KINDS:
        after, _ = rendered_stems(*with_effects(Effect(kind, 0.5)), material, gain_db=0.0)
        changed = [n for n in before if not np.array_equal(before[n], after[n])]
        assert changed == ["t2", "reverb"], kind
        assert np.isfinite(after["t2"]).all()
        assert np.abs(after["t2"]).max() < 3.0 * np.abs(before["t2"]).max()


def test_an_echo_comes_when_the_beat_says() -> None:
    song = make_song([loop("t0", beats=1.0, loop_beats=1.0)], bars=2)
    material = make_material(song)
    amount, beats = 0.5, 1.5
    dry = rendered_stems(song, Mix("raw", (Strip("t0"),), master=FLAT), material)[0]["t0"]
    strip = Strip("t0", effects=(Effect("echo", amount, beats),))
    wet = rendered_stems(song, Mix("raw", (strip,), master=FLAT), material)[0]["t0"]
    late = round(beats * 60.0 / BPM * RATE_HZ)
    assert late == pytest.approx(beat_to_frame(beats, BPM, RATE_HZ), abs=1)
    length = beat_to_frame(1.0, BPM, RATE_HZ)
    np.testing.assert_array_equal(wet[:, :late], dry[:, :late])
    repeat = wet[:, late : late + length]  # from side to side: the first one is on the left
    mono = dry[:, :length].mean(axis=0)
    np.testing.assert_allclose(repeat[0], amount * mono, atol=1e-5)
    assert np.abs(repeat[1]).max() < 1e-6


def test_an_echo_that_is_drawn_away_rings_on() -> None:
    clip = loop("t0", beats=8.0, loop_beats=1.0)
    drawn = Automation("t0", "echo", ((0.0, 0.5), (7.5, 0.5), (7.6, 0.0)))
    song = make_song([clip], bars=4, automation=(drawn,))
    stem = rendered_stems(song, Mix("raw", (Strip("t0"),), master=FLAT), make_material(song))[0]
    after = stem["t0"][:, beat_to_frame(8.05, BPM, RATE_HZ) :]
    assert np.abs(after).max() > 0.01
    ended = stem["t0"][:, -RATE_HZ // 100 :]
    assert np.abs(ended).max() < 0.2 * np.abs(after).max()


def test_a_drawn_amount_that_stands_still_is_that_amount() -> None:
    song, mix = with_effects(*ALL)
    _, plain, material = full_session()
    still = tuple(Automation("t2", kind, ((0.0, 0.5),)) for kind in EFFECT_KINDS)
    drawn = dataclasses.replace(song, automation=(*song.automation, *still))
    one = rendered_stems(song, mix, material, gain_db=0.0)[0]["t2"]
    two = rendered_stems(drawn, plain, material, gain_db=0.0)[0]["t2"]
    np.testing.assert_allclose(one, two, atol=2e-6)


@pytest.mark.slow
def test_any_block_size_any_threads_and_live_give_the_same_samples() -> None:
    _, _, material = full_session()
    song, mix = with_effects(*ALL)
    automation = Automation("t3", "tremolo", ((0.0, 0.0), (8.0, 1.0)))
    song = dataclasses.replace(song, automation=(*song.automation, automation))
    first = render(song, mix, material)
    for block, threads in ((64, 1), (441, 3)):
        again = render(song, mix, material, block=block, threads=threads)
        np.testing.assert_array_equal(again.master.samples, first.master.samples)
    plan = song_patch(
        song, mix, material, gain_db=first.gain_db, ceiling_dbtp=first.ceiling_dbtp,
        trim_db=first.trim_db,
    )  # fmt: skip
    engine = Engine()
    engine.swap(plan)
    engine.play(0)
    pieces, done = [], 0
    while done < 5 * RATE_HZ + plan.latency:
        pieces.append(engine.serve(441))
        done += 441
    heard = np.concatenate(pieces, axis=1)[:, plan.latency :]
    np.testing.assert_array_equal(heard, first.master.samples[:, : heard.shape[1]])


@pytest.mark.slow
def test_earlier_renders_are_taken_up_with_effects_too() -> None:
    """Same bits as from nothing; past the change and its echoes the old render goes on."""
    song, mix, material = long_session()
    kinds: tuple[EffectKind, ...] = ("crusher", "phaser", "chorus", "tremolo", "echo")
    strips = list(mix.strips)
    strips[2] = dataclasses.replace(strips[2], effects=tuple(Effect(k, 0.4) for k in kinds))
    mix = dataclasses.replace(mix, strips=tuple(strips))
    takes = MemoryTakes()
    render(song, mix, material, takes=takes, gain_db=0.0)
    place = next(i for i, c in enumerate(song.clips) if c.track == "t2")
    clips = list(song.clips)
    clips[place] = dataclasses.replace(clips[place], gain_db=-3.0)
    changed = dataclasses.replace(song, clips=tuple(clips))
    taken = render(changed, mix, material, takes=takes, gain_db=0.0)
    assert taken.master == render(changed, mix, material, gain_db=0.0).master
    # Another amount, and the same figures at another tempo, are other renders.
    strips[2] = dataclasses.replace(strips[2], effects=(Effect("echo", 0.5),))
    other = dataclasses.replace(mix, strips=tuple(strips))
    assert render(song, other, material, takes=takes, gain_db=0.0).mixed == 1.0
