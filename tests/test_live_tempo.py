"""Sections with tempi of their own: every beat on its frame, in what is rendered and heard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from editing_tools import check_laws, crate_of, draft_of
from numpy.typing import NDArray

from loopmind.compose import editing
from loopmind.compose.editing.asking import EditError
from loopmind.dsp.effects.echo import ECHO
from loopmind.dsp.strip import feed, tap, tap_params
from loopmind.music.audio import Audio
from loopmind.music.draft import Draft
from loopmind.music.edit import DuplicateSection, MoveSection, RegenerateSection, SetTempo
from loopmind.music.material import Material, MaterialKey, clip_material
from loopmind.music.mix import EFFECT_KINDS, Effect, EffectKind, Master, Mix, Reverb, Strip
from loopmind.music.song import Automation, Clip, Hit, Section, Song, Track, beat_to_frame
from loopmind.music.tempo_map import TempoMap
from loopmind.present.markers import section_labels, song_midi
from loopmind.runtime.live.engine import Engine
from loopmind.runtime.live.song_patch import song_patch
from loopmind.runtime.live.song_player import SongPlayer
from loopmind.runtime.offline import render
from loopmind.runtime.placing import Sounds, track_events
from loopmind.runtime.program import ProgramPlan
from loopmind.runtime.session import plan_session
from loopmind.runtime.sounding import Levels, Sounding
from loopmind.runtime.takes import MemoryTakes

RATE_HZ = 44100
BPM = 120.0
_BRIEF = draft_of("everything").brief


def song(second: float | None = 90.0, third: float | None = None) -> Song:
    """Three sections of two bars; a loop over all of them, a pattern, and a fade."""
    return Song(
        title="", brief=_BRIEF, seed=1, bpm=BPM, key=None, beats_per_bar=4, swing=0.5,
        sections=(
            Section("intro", "intro", 0, 2, 0.3),
            Section("verse", "verse", 2, 2, 0.5, bpm=second),
            Section("hook", "hook", 4, 2, 0.9, bpm=third),
        ),
        tracks=(Track("loop", "Loop", "pad", "pad"), Track("kick", "Kick", "drums", "kick")),
        clips=(
            Clip("a", "loop", 0.0, 24.0, digest="x", source_bpm=BPM, loop_beats=3.0),
            Clip("b", "kick", 0.0, 24.0, hits=tuple(Hit(n, "k", 1.0) for n in range(24))),
        ),
        automation=(Automation("loop", "gain_db", ((8.0, 0.0), (24.0, -20.0))),),
        tail_beats=4.0,
    )  # fmt: skip


MIX = Mix(
    "raw", (Strip("loop"), Strip("kick")), Reverb(), Master(target_lufs=-14.0, ceiling_dbtp=-1.0)
)


def material(of: Song) -> Material:
    """Each loop is a staircase of its beats, so that every sample tells where it belongs."""
    sounds: dict[MaterialKey, Audio] = {}
    for clip in of.clips:
        for key in clip_material(clip, of):
            frames = 300 if clip.hits else beat_to_frame(key.beats, key.bpm or of.bpm, RATE_HZ)
            place = np.arange(frames) / frames
            wave = np.ones(frames) * 0.5 if clip.hits else 0.1 + 0.1 * np.floor(3.0 * place)
            sounds[key] = Audio(np.stack([wave, wave]).astype(np.float32), RATE_HZ)
    return Material(of.bpm, RATE_HZ, sounds)


def test_beats_fall_where_the_sections_say() -> None:
    tempo = song(90.0, 150.0).tempo
    assert tempo == TempoMap(((0.0, 120.0), (8.0, 90.0), (16.0, 150.0)))
    assert song(None).tempo.tempos == ((0.0, BPM),) == song(BPM).tempo.tempos
    assert song(90.0).tempo.tempos == ((0.0, 120.0), (8.0, 90.0), (16.0, 120.0))
    first = replace(song(), sections=(Section("intro", "intro", 0, 6, 0.5, bpm=99.0),))
    assert first.tempo.tempos == ((0.0, 99.0),)
    assert tempo.seconds(8.0) == 4.0 and tempo.seconds(16.0) == pytest.approx(4.0 + 16 / 3)
    assert song(90.0, 150.0).frames(RATE_HZ) == tempo.frame(28.0, RATE_HZ)
    for beat in range(30):
        assert abs(tempo.frame(beat, RATE_HZ) - tempo.seconds(beat) * RATE_HZ) <= 1.5
    assert tempo.stretches(6.0, 20.0) == [(6.0, 8.0, 120.0), (8.0, 16.0, 90.0), (16.0, 20.0, 150.0)]


def test_one_tempo_is_as_it_was_before() -> None:
    plain = song(None)
    assert clip_material(plain.clips[0], plain) == clip_material(plain.clips[0])
    sounds = Sounds(material(plain), RATE_HZ)
    starts = [e.start for e in track_events(plain, "loop", sounds, RATE_HZ)]
    assert starts == [beat_to_frame(3.0 * n, BPM, RATE_HZ) for n in range(8)]


def test_a_loop_is_cut_where_the_tempo_changes_and_keeps_its_beat() -> None:
    slow = song(90.0, 150.0)
    keys = clip_material(slow.clips[0], slow)
    assert [key.bpm for key in keys] == [0.0, 90.0, 150.0]
    sounds = Sounds(material(slow), RATE_HZ)
    events = track_events(slow, "loop", sounds, RATE_HZ)
    tempo = slow.tempo
    assert {tempo.frame(beat, RATE_HZ) for beat in (8.0, 16.0)} <= {e.start for e in events}
    for event in events:
        # The staircase says which beat of the loop sounds at any frame.
        for at in np.linspace(event.start + 50, event.end - 50, 7).astype(int):
            place = (event.offset + at - event.start) % event.samples.shape[1]
            level = float(event.samples[0, place])
            beat = tempo.beat(at / RATE_HZ) % 3.0
            if 0.02 < beat % 1.0 < 0.98:
                assert level == pytest.approx(0.1 + 0.1 * int(beat), abs=1e-6)
    hits = track_events(slow, "kick", sounds, RATE_HZ)
    assert [e.start for e in hits] == [tempo.frame(float(n), RATE_HZ) for n in range(24)]


def test_automation_follows_the_beats() -> None:
    slow = song(90.0)
    curve = plan_session(slow, MIX, material(slow), RATE_HZ).curves["loop", "gain_db"]
    for beat in (8.0, 12.0, 16.0, 20.0, 23.0):
        row = slow.tempo.frame(beat, RATE_HZ) // 64
        assert curve[row] == pytest.approx(-20.0 * (beat - 8.0) / 16.0, abs=0.01)


@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_what_is_heard_is_what_is_exported(rate_hz: int) -> None:
    """At the rate of the device too: sounds are converted, beats stay on their frames."""
    slow, engine = song(90.0, 150.0), Engine(rate_hz)
    done = render(slow, MIX, material(slow), rate_hz=rate_hz, gain_db=-3.0)
    planned = song_patch(slow, MIX, material(slow), rate_hz=rate_hz, gain_db=-3.0)
    engine.swap(planned)
    engine.play(0)
    total = done.master.frames
    parts = [engine.serve(441) for _ in range(-(-(total + planned.latency) // 441))]
    heard = np.concatenate(parts, axis=1)[:, planned.latency : planned.latency + total]
    scale = np.float32(10.0 ** (done.trim_db / 20.0))
    assert np.array_equal(heard[:, 1000:] * scale, done.master.samples[:, 1000:])
    loudness = np.abs(heard[0])
    for beat in (9.0, 17.0, 20.0):
        frame = slow.tempo.frame(beat, rate_hz)
        before, after = loudness[frame - 150 : frame], loudness[frame + 30 : frame + 150]
        assert before.max() + 0.15 < after.min()
    engine.close()


def stem_of(of: Song, mix: Mix, sounds: Material) -> NDArray[np.float32]:
    """What the track "loop" gives."""
    pieces: dict[str, list[NDArray[np.float32]]] = {}

    def write(name: str, piece: NDArray[np.float32]) -> None:
        pieces.setdefault(name, []).append(piece)

    render(of, mix, sounds, gain_db=0.0, stems=write)
    return np.concatenate(pieces["loop"], axis=1)


def with_effect(kind: EffectKind, beats: float = 0.0) -> Mix:
    return replace(MIX, strips=(Strip("loop", effects=(Effect(kind, 1.0, beats),)), Strip("kick")))


def test_an_echo_repeats_in_the_tempo_of_the_section() -> None:
    slow = song(90.0, 150.0)
    hits = tuple(Hit(beat, "k", 1.0) for beat in (2.0, 12.0, 20.0))
    slow = replace(slow, clips=(Clip("a", "loop", 0.0, 24.0, hits=hits),), automation=())
    sounds = material(slow)
    wet = stem_of(slow, with_effect("echo", 1.5), sounds) - stem_of(slow, MIX, sounds)
    loud = np.abs(wet).max(axis=0) > 0.002
    begins = np.flatnonzero(loud[1:] & ~loud[:-1]) + 1
    for beat in (2.0, 12.0, 20.0):
        assert np.abs(begins - slow.tempo.frame(beat + 1.5, RATE_HZ)).min() <= 1, beat


def test_a_tremolo_sways_on_the_beats_of_the_section() -> None:
    slow, mix = song(90.0, 150.0), with_effect("tremolo", 1.0)
    slow = replace(slow, automation=(), clips=slow.clips[:1])
    flat = {
        key: Audio(np.full_like(audio.samples, 0.5), RATE_HZ)
        for key, audio in material(slow).sounds.items()
    }
    sounds = replace(material(slow), sounds=flat)
    stem = stem_of(slow, mix, sounds)[0]
    for beat in range(1, 23):
        # Loudest on every beat, silent half way to the next.
        top, bottom = (slow.tempo.frame(at, RATE_HZ) for at in (float(beat), beat + 0.5))
        assert stem[top + 100] > 0.48, beat
        assert stem[bottom] < 0.02, beat
    # The loop's own seams are in the plain song too; the sway adds no step to them.
    steady = np.abs(np.diff(stem_of(slow, MIX, sounds)[0])) < 1e-6
    assert np.abs(np.diff(stem))[steady].max() < 0.5 * 2 * np.pi * 2.5 / RATE_HZ * 3.0


def test_an_echo_changes_its_time_without_a_click_and_any_block_gives_the_same() -> None:
    hz, change = 440.0, 30000
    wave = 0.3 * np.sin(2 * np.pi * hz * np.arange(90000) / RATE_HZ)
    settings = {
        "time_s": 0.3, "feedback": 0.5, "damping_hz": 4000.0, "wet_db": 0.0, "dry_db": -120.0,
        "ping_pong": 0.0,
    }  # fmt: skip
    part = ECHO.prepare(RATE_HZ, settings, [(change, 0.41)], 7)
    heard = []
    for blocks in ((256,), (1, 441, 1000, 63)):
        plan = ProgramPlan()
        out = plan.new_buffer()
        sound = np.ascontiguousarray(np.stack([wave, wave], axis=1).astype(np.float32))
        plan.add(feed, [], [out], tap_params(sound, 0, ring=False))
        plan.add(ECHO.kernel, [out], [out], part.params, part.state_words)
        made = np.zeros_like(sound)
        plan.add(tap, [out], [], tap_params(made, 0, ring=False))
        program, done, turn = plan.build(1000), 0, 0
        while done < len(sound):
            n = min(blocks[turn % len(blocks)], len(sound) - done)
            program.run(done, n)
            done, turn = done + n, turn + 1
        heard.append(made[:, 0])
    assert np.array_equal(heard[0], heard[1])
    smooth = 2 * np.pi * hz / RATE_HZ * np.abs(heard[0]).max()
    late = round(0.3 * RATE_HZ)
    assert np.abs(np.diff(heard[0][late + 1 :])).max() < 1.1 * smooth


def test_effects_that_keep_time_are_heard_as_they_are_exported() -> None:
    slow = song(90.0, 150.0)
    effects = tuple(Effect(kind, 0.5) for kind in EFFECT_KINDS)
    strips = (Strip("loop", drive=0.6, effects=effects), Strip("kick", effects=effects[-2:]))
    mix = replace(MIX, strips=strips)
    sounds = material(slow)
    done = render(slow, mix, sounds, gain_db=3.0)
    planned = song_patch(
        slow, mix, sounds, gain_db=3.0, ceiling_dbtp=done.ceiling_dbtp, trim_db=done.trim_db
    )
    engine, blocks = Engine(RATE_HZ), (64, 441, 1000, 7)
    engine.swap(planned)
    engine.serve(1024)
    engine.play(0)
    pieces, frames, turn = [], 0, 0
    while frames < done.master.frames + planned.latency:
        pieces.append(engine.serve(blocks[turn % 4]))
        frames, turn = frames + blocks[turn % 4], turn + 1
    heard = np.concatenate(pieces, axis=1)[:, planned.latency :][:, : done.master.frames]
    assert np.array_equal(heard, done.master.samples)
    engine.close()


def test_takes_know_the_tempo_of_effects() -> None:
    takes, mix = MemoryTakes(), with_effect("echo")
    before, after = (replace(song(90.0, bpm), tail_beats=30.0) for bpm in (None, 140.0))
    render(before, mix, material(before), takes=takes, gain_db=0.0)
    again = render(after, mix, material(after), takes=takes, gain_db=0.0)
    fresh = render(after, mix, material(after), gain_db=0.0)
    assert np.array_equal(again.master.samples, fresh.master.samples)


def test_takes_know_the_tempo() -> None:
    """Another tempo in a later section: what lies before it is taken up, and no sample differs."""
    takes = MemoryTakes()
    before, after = (replace(song(90.0, bpm), tail_beats=30.0) for bpm in (None, 140.0))
    render(before, MIX, material(before), takes=takes, gain_db=0.0)
    again = render(after, MIX, material(after), takes=takes, gain_db=0.0)
    fresh = render(after, MIX, material(after), gain_db=0.0)
    assert again.mixed < 1.0
    assert np.array_equal(again.master.samples, fresh.master.samples)


def test_another_tempo_goes_on_at_the_same_beat() -> None:
    engine = Engine(RATE_HZ)
    player = SongPlayer(engine)
    before, after = song(90.0), song(140.0, 100.0)

    def show(which: Song) -> None:
        found = Sounding(which, MIX, material(which), False)
        player.show(found, Levels(gain_db=0.0, ceiling_dbtp=-1.0))

    show(before)
    engine.play(0)
    beat = 13.25
    while engine.snapshot().position < before.tempo.frame(beat, RATE_HZ):
        engine.serve(256)
    player.loop_section("hook")
    engine.serve(256)
    here = before.tempo.beat(engine.snapshot().position / RATE_HZ)
    assert player.section_at(engine.snapshot().position) == "verse"
    show(after)
    engine.serve(64)
    engine.read_events()
    now = after.tempo.beat((engine.snapshot().position - 64) / RATE_HZ)
    assert now == pytest.approx(here, abs=0.001)
    assert player.frame(16.0) == after.tempo.frame(16.0, RATE_HZ)
    engine.close()


def test_documents_tell_the_tempo() -> None:
    import io

    import pretty_midi

    slow = song(90.0, 150.0)
    times, tempi = pretty_midi.PrettyMIDI(io.BytesIO(song_midi(slow))).get_tempo_changes()
    assert times == pytest.approx([0.0, 4.0, 4.0 + 16 / 3], abs=1e-4)
    assert tempi == pytest.approx([120.0, 90.0, 150.0], abs=0.01)
    rows = [line.split("\t") for line in section_labels(slow).splitlines()]
    assert [float(start) for start, _, _ in rows] == pytest.approx(list(times), abs=1e-4)


def test_a_section_gets_a_tempo_and_keeps_it() -> None:
    before, crate = draft_of("everything"), crate_of("everything")
    hook = next(s for s in before.song.sections if s.kind == "hook").name
    slower = editing.apply(SetTempo(by=0.96, sections=(hook,)), before, crate)
    check_laws(slower, crate)
    wanted = round(before.song.bpm * 0.96, 2)
    assert slower.told[-1] == (
        f"{hook.capitalize()} runs at {wanted:g} bpm in place of {before.song.bpm:g}."
    )
    assert slower.song.clips == before.song.clips

    def tempo_of(draft: Draft) -> float | None:
        return next(s.bpm for s in draft.song.sections if s.name == hook)

    assert tempo_of(slower) == wanted
    for edit in (RegenerateSection(hook, 7), MoveSection(hook, ""), DuplicateSection(hook)):
        after = editing.apply(edit, slower, crate)
        check_laws(after, crate)
        assert wanted in {s.bpm for s in after.song.sections}
    faster = editing.apply(SetTempo(by=1.02), slower, crate)
    assert tempo_of(faster) == pytest.approx(wanted * 1.02, abs=0.02)
    back = editing.apply(SetTempo(before.song.bpm, sections=(hook,)), slower, crate)
    assert back.song == before.song
    for wrong in (SetTempo(before.song.bpm, sections=(hook,)), SetTempo(9.0, sections=(hook,))):
        with pytest.raises(EditError):
            editing.apply(wrong, before, crate)
    with pytest.raises(EditError, match="stretched too far"):
        editing.apply(SetTempo(by=1.4, sections=(hook,)), before, crate)
