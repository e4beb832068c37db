"""Rendering a whole song: the grid, fades, stems, loudness, blocks, threads, and refusals."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from loopmind.dsp.loudness import integrated_lufs, true_peak_dbtp
from loopmind.music.audio import Audio
from loopmind.music.brief import Brief
from loopmind.music.material import Material, clip_material
from loopmind.music.mix import Compressor, EqBand, Master, Mix, Reverb, Sidechain, Strip
from loopmind.music.song import (
    Automation,
    Clip,
    Hit,
    Section,
    Song,
    Track,
    beat_to_frame,
)
from loopmind.runtime.offline import RenderCancelled, Rendering, render
from loopmind.runtime.placing import MissingMaterialError
from loopmind.runtime.session import plan_session

RATE_HZ = 44100
BPM = 93.0
FLAT = Master(target_lufs=-60.0, ceiling_dbtp=0.0)


def make_song(clips: Sequence[Clip], bars: int = 4, **more: Any) -> Song:
    names = sorted({c.track for c in clips})
    return Song(
        title="test",
        brief=Brief(),
        seed=1,
        bpm=BPM,
        key=None,
        beats_per_bar=4,
        swing=0.5,
        sections=(Section("all", "verse", 0, bars, 0.5),),
        tracks=tuple(Track(n, n, "drums", "kick") for n in names),
        clips=tuple(clips),
        tail_beats=2.0,
        **more,
    )


def make_material(song: Song, rate_hz: int = RATE_HZ, constant: float | None = None) -> Material:
    """Noise bursts on every beat (or a constant) for each key, as long as the key asks."""
    sounds = {}
    keys = sorted({key for clip in song.clips for key in clip_material(clip)})
    for seed, key in enumerate(keys):
        frames = beat_to_frame(key.beats, BPM, rate_hz) if key.beats else 3000
        rng = np.random.default_rng(seed)
        wave = rng.standard_normal((2 if seed % 2 else 1, frames)) * 0.2
        beat = 60.0 * rate_hz / BPM
        wave *= np.exp(-(np.arange(frames) % beat) / beat * 6.0)
        if constant is not None:
            wave[:] = constant
        sounds[key] = Audio(wave.astype(np.float32), rate_hz)
    return Material(BPM, rate_hz, sounds)


def loop(track: str, **more: Any) -> Clip:
    given: dict[str, Any] = {
        "start_beat": 0.0, "beats": 16.0, "digest": f"d-{track}", "loop_beats": 4.0,
        "source_bpm": 90.0,
    }  # fmt: skip
    return Clip(id=f"clip-{track}", track=track, **{**given, **more})


def stems_of(song: Song, mix: Mix, material: Material, **more: Any) -> tuple[Any, Rendering]:
    pieces: dict[str, list[NDArray[np.float32]]] = {}
    result = render(
        song, mix, material, stems=lambda n, x: pieces.setdefault(n, []).append(x), **more
    )
    return {n: np.concatenate(p, axis=1) for n, p in pieces.items()}, result


def flat_stem(song: Song, material: Material, strip: Strip | None = None) -> NDArray[np.float32]:
    strips = (strip,) if strip else ()
    stems, _ = stems_of(song, Mix("raw", strips, master=FLAT), material)
    return next(iter(stems.values()))


def full_session() -> tuple[Song, Mix, Material]:
    """Six tracks with everything that a mix can ask for."""
    clips = [loop(f"t{i}", loop_beats=(4.0, 8.0, 3.0)[i % 3]) for i in range(5)]
    clips[1] = dataclasses.replace(clips[1], silences=((4.0, 1.0),), fade_in_beats=4.0)
    hits = tuple(Hit(i * 0.5, "hat", 0.5 + 0.1 * (i % 4)) for i in range(32))
    clips.append(Clip("pattern", "t5", 0.0, 16.0, hits=hits))
    song = make_song(
        clips,
        automation=(
            Automation("t0", "lowpass_hz", ((0.0, 20000.0), (8.0, 300.0), (16.0, 20000.0))),
            Automation("t1", "gain_db", ((0.0, -12.0), (8.0, 0.0))),
            Automation("t2", "reverb_send_db", ((0.0, -90.0), (16.0, -6.0))),
            Automation("master", "highpass_hz", ((0.0, 400.0), (4.0, 20.0))),
            Automation("master", "gain_db", ((14.0, 0.0), (18.0, -80.0))),
        ),
    )
    eq = (EqBand("lowcut", 50.0), EqBand("peak", 900.0, 4.0, 1.2))
    strips = (
        Strip("t0", -3.0, -0.4, 1.2, eq, Compressor(-20.0, 3.0, 0.005, 0.1), 0.4, -12.0),
        Strip("t1", -6.0, 0.3, 0.5, eq[:1], sidechain=Sidechain("t5", 9.0, 0.005, 0.15)),
        Strip("t2", -4.0, reverb_send_db=-9.0),
        Strip("t3", -5.0, 0.9, drive=0.8),
        Strip("t4", muted=True),
        Strip("t5", 0.0, compressor=Compressor(-18.0, 4.0, 0.001, 0.05)),
    )
    master = Master((EqBand("highshelf", 9000.0, 2.0),), Compressor(-18.0, 2.0, 0.02, 0.2), 0.2)
    return song, Mix("tape", strips, Reverb(decay_s=1.0), master), make_material(song)


def test_same_bytes_at_any_block_size_and_number_of_threads() -> None:
    expected, first = stems_of(*full_session(), block=512, threads=2)
    for block, threads in ((64, 1), (441, 2), (1024, 3)):
        stems, result = stems_of(*full_session(), block=block, threads=threads)
        assert result.master == first.master
        assert result.premaster == first.premaster
        assert list(stems) == list(expected)
        for name, stem in stems.items():
            np.testing.assert_array_equal(stem, expected[name], err_msg=name)


def test_stems_sum_to_the_premaster() -> None:
    stems, result = stems_of(*full_session())
    assert list(stems) == ["t0", "t1", "t2", "t3", "t4", "t5", "reverb"]
    assert not stems["t4"].any()  # muted
    names = ["t0", "t1", "t2", "t3", "t5", "reverb"]
    assert result.premaster is not None
    # Exactly, in the stated order: fours of tracks first, then the groups, then the reverb.
    groups = [names[:4], names[4:5]]
    sums = []
    for group in groups:
        total = np.zeros_like(stems["t0"])
        for name in group:
            total += stems[name]
        sums.append(total)
    exact = (sums[0] + sums[1]) + stems["reverb"]
    np.testing.assert_array_equal(exact, result.premaster.samples)
    # And within -120 dB of full scale in any order.
    other = sum(stems[name].astype(np.float64) for name in reversed(names))
    assert np.abs(other - result.premaster.samples).max() < 10 ** (-120 / 20)


def test_loudness_and_ceiling_are_met() -> None:
    song, mix, material = full_session()
    result = render(song, mix, material)
    assert result.lufs == pytest.approx(-14.0, abs=0.1)
    assert result.lufs == pytest.approx(integrated_lufs(result.master.samples, RATE_HZ), abs=0.01)
    assert result.true_peak_dbtp <= -1.0
    assert true_peak_dbtp(result.master.samples, RATE_HZ) <= -1.0
    assert result.master.frames == song.frames(RATE_HZ)
    assert np.isfinite(result.short_term_lufs).any()


def test_quiet_target_needs_one_pass_and_no_limiting() -> None:
    song, mix, material = full_session()
    mix = dataclasses.replace(mix, master=dataclasses.replace(mix.master, target_lufs=-30.0))
    result = render(song, mix, material)
    assert result.passes == 1
    assert result.lufs == pytest.approx(-30.0, abs=0.05)


def test_plain_loop_is_the_material_itself_on_the_grid() -> None:
    song = make_song([loop("a", start_beat=4.0, beats=8.0)])
    material = make_material(song)
    stem = flat_stem(song, material)
    sound = next(iter(material.sounds.values())).samples
    frames = sound.shape[1]
    first = beat_to_frame(4.0, BPM, RATE_HZ)
    again = beat_to_frame(8.0, BPM, RATE_HZ)
    assert not stem[:, :first].any()
    # Only the first half millisecond and, round a repeat, a few frames may differ.
    np.testing.assert_allclose(
        stem[:, first + 30 : first + frames], sound[:, 30:].repeat(2, 0), atol=1e-7
    )
    np.testing.assert_allclose(
        stem[:, again + 70 : again + 5000], sound[:, 70:5000].repeat(2, 0), atol=1e-7
    )
    assert not stem[:, beat_to_frame(12.0, BPM, RATE_HZ) :].any()


def test_every_repetition_lies_on_its_beat() -> None:
    """Rounding never accumulates: 3.5-beat loops over 64 beats stay on their frames."""
    song = make_song([loop("a", beats=64.0, loop_beats=3.5)], bars=16)
    material = make_material(song)
    (sound,) = (a.samples for a in material.sounds.values())
    stem = flat_stem(song, material)
    for k in range(18):
        at = beat_to_frame(3.5 * k, BPM, RATE_HZ)
        np.testing.assert_allclose(
            stem[0, at + 80 : at + 1000], sound[0, 80:1000], atol=1e-7, err_msg=str(k)
        )


@pytest.mark.parametrize("offset", [0.5, 1.0, 3.75, 5.0])
def test_offset_begins_inside_the_loop(offset: float) -> None:
    song = make_song([loop("a", offset_beats=offset, beats=8.0)])
    material = make_material(song)
    (sound,) = (a.samples for a in material.sounds.values())
    stem = flat_stem(song, material)
    place = -beat_to_frame(-(offset % 4.0), BPM, RATE_HZ)
    np.testing.assert_allclose(stem[0, 30:2000], sound[0, place + 30 : place + 2000], atol=1e-7)


def test_constant_sound_shows_every_edge() -> None:
    """Silences and ends are faded over a few milliseconds, seams and starts leave no step."""
    clip = loop("a", beats=8.0, silences=((2.0, 1.0), (5.0, 0.5)))
    song = make_song([clip])
    stem = flat_stem(song, make_material(song, constant=0.5))[0]
    for beat, gone in ((2.5, True), (5.25, True), (1.0, False), (4.0, False), (8.5, True)):
        value = stem[beat_to_frame(beat, BPM, RATE_HZ)]
        assert value == pytest.approx(0.0 if gone else 0.5, abs=1e-6), beat
    assert np.abs(np.diff(stem)).max() < 0.5 / 20
    # The first sample of the sound after a silence is reached within half a millisecond.
    at = beat_to_frame(3.0, BPM, RATE_HZ)
    assert stem[at - 1] == 0.0
    assert stem[at + 23] == pytest.approx(0.5, abs=1e-6)


def test_musical_fades_have_equal_power() -> None:
    song = make_song([loop("a", beats=16.0, fade_in_beats=4.0, fade_out_beats=4.0)])
    stem = flat_stem(song, make_material(song, constant=0.5))[0]
    rise = stem[: beat_to_frame(4.0, BPM, RATE_HZ)]
    last = beat_to_frame(16.0, BPM, RATE_HZ)
    fall = stem[last - len(rise) : last]
    power = (np.square(rise) + np.square(fall))[100:-200]
    np.testing.assert_allclose(power, 0.25, atol=1e-3)


def test_treated_clip_sounds_once() -> None:
    song = make_song([loop("a", treatment="riser", beats=6.0, loop_beats=4.0)])
    material = make_material(song)
    (sound,) = (a.samples for a in material.sounds.values())
    stem = flat_stem(song, material)
    n = sound.shape[1]
    np.testing.assert_allclose(stem[0, 30 : n - 200], sound[0, 30 : n - 200], atol=1e-7)
    assert not stem[:, n + 2 :].any()


def test_hits_start_on_their_frames_with_their_velocity() -> None:
    hits = (Hit(0.0, "k", 1.0), Hit(1.5, "k", 0.5), Hit(2.25, "s", 0.8), Hit(6.0, "k", 1.0))
    clip = Clip("p", "a", 4.0, 8.0, hits=hits, silences=((5.5, 1.0),))
    song = make_song([clip])
    material = make_material(song, constant=0.5)
    stem = flat_stem(song, material)[0]
    for beat, level in ((0.0, 0.5), (1.5, 0.25), (2.25, 0.4), (6.0, 0.0)):
        at = beat_to_frame(4.0 + beat, BPM, RATE_HZ)
        assert stem[at - 1] == 0.0
        assert stem[at + 100] == pytest.approx(level, abs=1e-6)


def test_the_notes_of_a_chord_ring_together() -> None:
    chord = tuple(Hit(1.0, "k", 1.0, semitones) for semitones in (0, 3, 7))
    song = make_song([Clip("p", "a", 0.0, 8.0, hits=(*chord, Hit(1.03, "k", 1.0)))])
    stem = flat_stem(song, make_material(song, constant=0.1))[0]
    at, later = (beat_to_frame(beat, BPM, RATE_HZ) for beat in (1.0, 1.03))
    assert stem[at + 400] == pytest.approx(0.3, abs=1e-6)
    assert stem[later + 400] == pytest.approx(0.1, abs=1e-6)


def test_a_struck_sound_chokes_itself() -> None:
    hits = (Hit(0.0, "k", 1.0), Hit(0.05, "k", 1.0))
    song = make_song([Clip("p", "a", 0.0, 8.0, hits=hits)])
    stem = flat_stem(song, make_material(song, constant=0.5))[0]
    assert stem[beat_to_frame(0.05, BPM, RATE_HZ) + 300] == pytest.approx(0.5, abs=1e-6)


def test_overlapping_clips_sum() -> None:
    one = loop("a", beats=8.0)
    two = dataclasses.replace(one, id="again", start_beat=0.0, gain_db=-6.0)
    song = make_song([one, two])
    stem = flat_stem(song, make_material(song, constant=0.25))[0]
    assert stem[5000] == pytest.approx(0.25 * (1 + 10 ** (-6 / 20)), abs=1e-6)


def test_gain_automation_is_linear_in_db() -> None:
    points = ((0.0, -20.0), (8.0, 0.0))
    song = make_song([loop("a")], automation=(Automation("a", "gain_db", points),))
    stem = flat_stem(song, make_material(song, constant=0.5))[0]
    for beat in (1.0, 4.0, 7.0, 10.0):
        level = 20 * np.log10(stem[beat_to_frame(beat, BPM, RATE_HZ) + 100] / 0.5)
        assert level == pytest.approx(min(0.0, -20.0 + 2.5 * beat), abs=0.05)


def test_driven_tracks_stay_aligned() -> None:
    """The saturator's latency is taken out of its own track and of all others."""
    song = make_song([loop("a", start_beat=4.0), loop("b", start_beat=4.0)])
    strips = (Strip("a", drive=0.3), Strip("b"))
    stems, _ = stems_of(song, Mix("tape", strips, master=FLAT), make_material(song))
    first = beat_to_frame(4.0, BPM, RATE_HZ)
    for name in ("a", "b"):
        loud = np.abs(stems[name]).max(axis=0) > 0.05
        assert abs(int(np.argmax(loud)) - first) < 40, name
    (sound,) = (a.samples for k, a in make_material(song).sounds.items() if k.digest == "d-b")
    np.testing.assert_allclose(
        stems["b"][:, first + 30 : first + 3000], sound[:, 30:3000].repeat(3 - len(sound), 0)[:2],
        atol=1e-7,
    )  # fmt: skip


def test_sidechain_lowers_while_its_source_sounds() -> None:
    hits = tuple(Hit(float(i), "k", 1.0) for i in range(16))
    song = make_song([Clip("p", "kick", 0.0, 16.0, hits=hits), loop("pad")])
    strips = (Strip("pad", sidechain=Sidechain("kick", 12.0, 0.003, 0.1)),)
    stems, _ = stems_of(song, Mix("x", strips, master=FLAT), make_material(song, constant=0.5))
    beat = beat_to_frame(4.0, BPM, RATE_HZ)
    assert 20 * np.log10(stems["pad"][0, beat + 2500] / 0.5) == pytest.approx(-12.0, abs=0.5)
    assert stems["pad"][0, beat - 500] > 0.45


def test_material_at_another_rate_is_converted() -> None:
    song = make_song([loop("a")])
    material = make_material(song, rate_hz=48000, constant=0.5)
    result = render(song, Mix("raw", (), master=FLAT), material, gain_db=0.0)
    assert result.master.rate_hz == RATE_HZ
    assert result.master.samples[0, 20000] == pytest.approx(0.5, abs=1e-3)


def test_silent_song_is_silence() -> None:
    result = render(make_song([]), Mix("raw", ()), Material(BPM, RATE_HZ, {}))
    assert not result.master.samples.any()
    assert result.lufs == -np.inf


def test_missing_material_is_named() -> None:
    song = make_song([loop("a")])
    with pytest.raises(MissingMaterialError, match="clip-a"):
        render(song, Mix("raw", ()), Material(BPM, RATE_HZ, {}))


def test_mix_of_another_song_is_refused() -> None:
    song = make_song([loop("a")])
    with pytest.raises(ValueError, match="ghost"):
        render(song, Mix("raw", (Strip("ghost"),)), make_material(song))


def test_cancelling_and_progress() -> None:
    seen: list[tuple[int, int, str]] = []
    song, mix, material = full_session()
    render(song, mix, material, progress=lambda *step: seen.append(step))
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    with pytest.raises(RenderCancelled):
        render(song, mix, material, cancelled=lambda: True)


def test_plan_is_printable() -> None:
    session = plan_session(*full_session(), RATE_HZ)
    text = str(session.gangs[0].plan)
    for word in ("play", "equalise", "compress", "saturate", "duck", "fade", "add_up"):
        assert word in text


class Sink:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.begun = 0
        self.pieces: list[NDArray[np.float32]] = []

    def start(self) -> None:
        self.begun += 1
        self.pieces.clear()

    def write(self, samples: NDArray[np.float32]) -> None:
        self.pieces.append(samples.copy())


@pytest.mark.parametrize("target_lufs", [-30.0, -14.0, -8.0])
def test_the_master_is_handed_out_while_it_is_made(target_lufs: float) -> None:
    song, mix, material = full_session()
    louder = dataclasses.replace(mix.master, target_lufs=target_lufs)
    mix = dataclasses.replace(mix, master=louder)
    sink = Sink()
    result = render(song, mix, material, master=sink)
    assert sink.begun >= result.passes
    np.testing.assert_array_equal(np.concatenate(sink.pieces, axis=1), result.master.samples)


def test_a_sink_that_fails_is_told() -> None:
    class Full(Sink):
        def write(self, samples: NDArray[np.float32]) -> None:
            raise OSError("the disk is full")

    song, mix, material = full_session()
    with pytest.raises(OSError, match="full"):
        render(song, mix, material, master=Full())
