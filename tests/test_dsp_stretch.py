"""Fitting keeps its laws: exact lengths, hits on the grid, seamless wraps, right pitch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from loopmind.compose.fit import FitError, fit_loop, fit_material, fit_oneshot
from loopmind.dsp.resample import resample
from loopmind.dsp.slices import find_hits, sliced_stretch
from loopmind.dsp.stretch import Samples, blend, phase_stretch
from loopmind.dsp.treatments import TREATMENTS, treat
from loopmind.music.audio import Audio
from loopmind.music.material import MaterialKey
from loopmind.music.song import beat_to_frame

RATE = 44100


def drum_loop(
    bpm: float, beats: int, *, rate_hz: int = RATE, swing: float = 0.5, seed: int = 0
) -> Audio:
    """Hits on every eighth: a low thump on beats, a noise burst on off-beats; tails wrap."""
    rng = np.random.default_rng(seed)
    frames = beat_to_frame(beats, bpm, rate_hz)
    out = np.zeros(frames)
    time = np.arange(int(0.25 * rate_hz)) / rate_hz
    for step in range(2 * beats):
        beat = step // 2 + (swing if step % 2 else 0.0)
        tone = np.sin(2 * np.pi * 70 * time) * np.exp(-time * 18)
        hiss = rng.normal(size=time.size) * np.exp(-time * 60) * 0.4
        at = (beat_to_frame(beat, bpm, rate_hz) + np.arange(time.size)) % frames
        np.add.at(out, at, hiss + (tone if step % 2 == 0 else 0.0))
    return Audio((out[None] * 0.5).astype(np.float32), rate_hz)


def tone_loop(bpm: float, beats: int, hz: float) -> Audio:
    """A seamless steady tone: a whole number of its periods fits in the loop."""
    frames = beat_to_frame(beats, bpm, RATE)
    periods = round(hz * frames / RATE)
    wave = 0.3 * np.sin(2 * np.pi * periods * np.arange(frames) / frames)
    return Audio(np.stack([wave, 0.5 * wave]).astype(np.float32), RATE)


def rise_times(samples: Samples, rate_hz: int, near: list[int]) -> np.ndarray:
    """Where the energy near each given frame first reaches a quarter of its local peak."""
    power = np.diff(samples.mean(axis=0), prepend=0.0) ** 2
    energy = np.convolve(power, np.ones(rate_hz // 1000) * 1000 / rate_hz)[: power.size]
    reach = int(0.03 * rate_hz)
    found = []
    for frame in near:
        piece = energy[np.arange(frame - reach, frame + reach) % energy.size]
        found.append(frame - reach + int(np.argmax(piece > piece.max() / 4)))
    return np.array(found)


def wrap_step(audio: Audio) -> tuple[float, float]:
    """(largest step across the wrap, largest step inside), between neighbouring samples."""
    inside = np.abs(np.diff(audio.samples, axis=1)).max()
    across = np.abs(audio.samples[:, 0] - audio.samples[:, -1]).max()
    return float(across), float(inside)


@settings(max_examples=200, deadline=None)
@given(
    source_bpm=st.floats(60, 180),
    ratio=st.floats(0.5, 2.0),
    beats=st.sampled_from([1.0, 2.0, 3.0, 4.0, 8.0, 0.5, 2.5]),
    rate=st.sampled_from([8000, 11025, 12000]),
    semitones=st.sampled_from([0, 0, -5, 7]),
    role=st.sampled_from(["drums", "bass", None]),
    start_s=st.floats(0.0, 1.5),
)
def test_lengths_are_exact_whatever_the_tempo(
    source_bpm: float,
    ratio: float,
    beats: float,
    rate: int,
    semitones: int,
    role: str | None,
    start_s: float,
) -> None:
    bpm = source_bpm * ratio
    source = drum_loop(source_bpm, 4, rate_hz=8000)
    made = fit_loop(
        source, rate_hz=rate, source_bpm=source_bpm, start_s=start_s, beats=beats, bpm=bpm,
        semitones=semitones, role=role,
    )  # fmt: skip
    assert made.samples.shape == (2, beat_to_frame(beats, bpm, rate))
    assert made.rate_hz == rate
    assert np.isfinite(made.samples).all()


@pytest.mark.parametrize("role", ["drums", "chords"])
@pytest.mark.parametrize("bpm", [96.0, 112.0, 127.0, 150.0])
def test_hits_land_on_the_grid(bpm: float, role: str) -> None:
    made = fit_loop(
        drum_loop(120.0, 8), rate_hz=48000, source_bpm=120.0, start_s=0.0, beats=8, bpm=bpm,
        role=role,
    )  # fmt: skip
    grid = [beat_to_frame(step / 2, bpm, 48000) for step in range(16)]
    late_ms = (rise_times(made.samples, 48000, grid) - grid) / 48.0
    assert np.median(np.abs(late_ms)) <= (1.0 if role == "drums" else 3.0)
    if role == "drums":
        assert np.abs(late_ms).max() <= 3.0


@pytest.mark.parametrize("late_s", [-0.015, 0.012, 0.025])
@pytest.mark.parametrize("bpm", [120.0, 131.0])
def test_drums_that_lean_late_or_early_come_onto_the_beat(bpm: float, late_s: float) -> None:
    source = drum_loop(120.0, 8, swing=0.6)
    leaning = Audio(np.roll(source.samples, round(late_s * RATE), axis=1), RATE)
    settings_ = {"rate_hz": RATE, "source_bpm": 120.0, "start_s": 0.0, "beats": 8.0, "bpm": bpm,
                 "role": "drums", "source_swing": 0.6, "target_swing": 0.6}  # fmt: skip
    straight, made = (fit_loop(audio, **settings_).samples for audio in (source, leaning))
    beats = np.arange(8) * 60.0 / bpm * RATE
    for samples in (straight, made):
        hits = find_hits(samples, RATE)
        off = (hits[:, None] - beats + beats[1] / 2) % (8 * beats[1]) - beats[1] / 2
        assert np.abs(off).min(axis=0).max() < 0.003 * RATE
    # What lies between the beats keeps its distance from them.
    np.testing.assert_allclose(
        np.diff(find_hits(made, RATE)), np.diff(find_hits(straight, RATE)), atol=0.004 * RATE
    )


def test_drum_attacks_are_copied_not_smeared() -> None:
    source = drum_loop(120.0, 4)
    hits = find_hits(source.samples, RATE)
    assert hits.size == 8
    frames = beat_to_frame(4, 100.0, RATE)
    made = sliced_stretch(source.samples, frames, rate_hz=RATE, hits=hits)
    attack = int(0.03 * RATE)
    for step in (1, 2, 5):
        at, goal = beat_to_frame(step / 2, 120.0, RATE), beat_to_frame(step / 2, 100.0, RATE)
        wanted = source.samples[0, at : at + attack]
        near = [made[0, goal + d : goal + d + attack] for d in range(-60, 61)]
        assert min(float(np.abs(piece - wanted).max()) for piece in near) < 1e-6


def test_off_beats_move_to_the_common_swing() -> None:
    for role in ("drums", "chords"):
        made = fit_loop(
            drum_loop(120.0, 8, swing=0.5), rate_hz=RATE, source_bpm=120.0, start_s=0.0, beats=8,
            bpm=110.0, role=role, source_swing=0.5, target_swing=0.62,
        )  # fmt: skip
        grid = [beat_to_frame(beat + 0.62, 110.0, RATE) for beat in range(8)]
        late_ms = (rise_times(made.samples, RATE, grid) - grid) / 44.1
        assert np.median(np.abs(late_ms)) <= 3.0


@pytest.mark.parametrize("bpm", [80.0, 99.95, 120.0, 131.0])
@pytest.mark.parametrize("semitones", [0, 4])
def test_a_seamless_loop_still_wraps_without_a_click(bpm: float, semitones: int) -> None:
    made = fit_loop(
        tone_loop(100.0, 4, 220.0), rate_hz=RATE, source_bpm=100.0, start_s=0.3, beats=4, bpm=bpm,
        semitones=semitones, role="pad",
    )  # fmt: skip
    across, inside = wrap_step(made)
    assert across <= inside * 1.05
    rotated = np.roll(made.samples[0], made.frames // 2)
    blocks = rotated[: made.frames // 441 * 441].reshape(-1, 441)
    level = np.sqrt((blocks**2).mean(axis=1))
    assert level.min() > 0.8 * np.median(level)


@pytest.mark.parametrize("semitones", [-7, -3, 0, 2, 5, 12])
def test_transposition_is_exact_and_keeps_the_length(semitones: int) -> None:
    made = fit_loop(
        tone_loop(100.0, 4, 220.0), rate_hz=RATE, source_bpm=100.0, start_s=0.0, beats=4, bpm=110.0,
        semitones=semitones, role="lead",
    )  # fmt: skip
    spectrum = np.abs(np.fft.rfft(made.samples[0] * np.hanning(made.frames), 4 * RATE))
    heard = float(np.argmax(spectrum)) / 4
    cents = 1200 * np.log2(heard / (220.0 * 2 ** (semitones / 12)))
    assert abs(cents) < 8.0


def test_the_same_tempo_gives_the_same_samples() -> None:
    source = drum_loop(120.0, 4)
    made = fit_loop(
        source, rate_hz=RATE, source_bpm=120.0, start_s=0.0, beats=4, bpm=120.0, role="drums"
    )
    assert np.array_equal(made.samples[0], source.samples[0])
    assert np.array_equal(made.samples[1], source.samples[0])


def test_a_later_downbeat_turns_the_loop() -> None:
    source = drum_loop(120.0, 4)
    turned = Audio(np.roll(source.samples, RATE // 4, axis=1), RATE)
    made = fit_loop(
        turned, rate_hz=RATE, source_bpm=120.0, start_s=0.25, beats=4, bpm=120.0, role="drums"
    )
    assert np.array_equal(made.samples[0], source.samples[0])


def test_a_short_source_repeats_and_a_long_one_is_cut() -> None:
    source = drum_loop(120.0, 2)
    twice = fit_loop(source, rate_hz=RATE, source_bpm=120.0, start_s=0.0, beats=4, bpm=120.0)
    assert np.array_equal(twice.samples[:, : twice.frames // 2], twice.samples[:, -source.frames :])
    long = Audio(np.tile(drum_loop(120.0, 4).samples, (1, 5)), RATE)
    part = fit_loop(long, rate_hz=RATE, source_bpm=120.0, start_s=2.0, beats=4, bpm=120.0)
    assert part.frames == 2 * RATE
    across, inside = wrap_step(part)
    assert across <= inside


def test_a_file_cut_short_of_its_beats_ends_in_silence_not_early() -> None:
    source = drum_loop(120.0, 4)
    cut = Audio(source.samples[:, : source.frames - RATE // 5], RATE)
    made = fit_loop(cut, rate_hz=RATE, source_bpm=120.0, start_s=0.0, beats=8, bpm=120.0)
    half = made.frames // 2
    assert np.abs(made.samples[:, :half] - made.samples[:, half:]).max() < 1e-6


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_any_number_of_channels_becomes_stereo(channels: int) -> None:
    source = Audio(np.repeat(drum_loop(120.0, 2).samples, channels, axis=0), RATE)
    made = fit_loop(source, rate_hz=RATE, source_bpm=120.0, start_s=0.0, beats=2, bpm=125.0)
    assert made.channels == 2
    mono = fit_loop(
        drum_loop(120.0, 2), rate_hz=RATE, source_bpm=120.0, start_s=0.0, beats=2, bpm=125.0
    )
    assert np.abs(made.samples - mono.samples).max() < 0.02


def test_fitting_is_deterministic_and_leaves_its_source_alone() -> None:
    source = drum_loop(120.0, 4)
    before = source.samples.copy()
    key = MaterialKey("x", 120.0, 0.1, 4.0, 3, "riser")
    first = fit_material(key, source, bpm=133.0, rate_hz=48000, role="chords")
    assert first.samples.tobytes() == (
        fit_material(key, source, bpm=133.0, rate_hz=48000, role="chords").samples.tobytes()
    )
    assert np.array_equal(source.samples, before)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bpm": 250.0}, "half or double"),
        ({"bpm": 40.0}, "half or double"),
        ({"source_bpm": 0.0}, "correct the loop's tempo"),
        ({"beats": -1.0}, "must be positive"),
        ({"semitones": 30}, "nearer key"),
    ],
)
def test_silly_wishes_are_refused_with_words(change: dict[str, float], words: str) -> None:
    wish = {"source_bpm": 120.0, "start_s": 0.0, "beats": 4.0, "bpm": 120.0, "semitones": 0}
    with pytest.raises(FitError, match=words):
        fit_loop(drum_loop(120.0, 4), rate_hz=RATE, **{**wish, **change})  # type: ignore[arg-type]


def test_empty_and_silent_sounds_are_refused_or_stay_silent() -> None:
    empty = Audio(np.zeros((1, 0), np.float32), RATE)
    silent = Audio(np.zeros((2, RATE), np.float32), RATE)
    with pytest.raises(FitError, match="no sound"):
        fit_loop(empty, rate_hz=RATE, source_bpm=120, start_s=0, beats=2, bpm=120)
    with pytest.raises(FitError, match="silent"):
        fit_oneshot(silent, rate_hz=RATE)
    made = fit_loop(silent, rate_hz=RATE, source_bpm=120, start_s=0, beats=2, bpm=100, role="drums")
    assert not made.samples.any()


def test_a_one_shot_starts_on_time_and_plays_faster_when_higher() -> None:
    time = np.arange(RATE // 2) / RATE
    hit = np.sin(2 * np.pi * 200 * time) * np.exp(-time * 8)
    late = Audio(np.concatenate([np.zeros(5000), hit, np.zeros(9000)])[None].astype("f4"), RATE)
    same = fit_oneshot(late, rate_hz=RATE)
    higher = fit_oneshot(late, rate_hz=RATE, semitones=12)
    assert np.argmax(np.abs(same.samples[0]) > 0.05) < 0.003 * RATE
    assert higher.frames == pytest.approx(same.frames / 2, abs=3)
    assert abs(float(same.samples[0, -1])) < 1e-4


@pytest.mark.parametrize("kind", TREATMENTS)
@pytest.mark.parametrize("frames", [1, 700, 22050, 100_003])
def test_treatments_have_exact_length_and_silent_edges(kind: str, frames: int) -> None:
    source = drum_loop(120.0, 2).samples
    made = treat(source, kind, frames=frames, rate_hz=RATE, beat_s=0.5)
    assert made.shape == (1, frames) and made.dtype == np.float32
    assert np.isfinite(made).all()
    if frames > 1000:
        assert np.abs(made[:, [0, -1]]).max() < 0.01


def test_treatments_do_what_they_say() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(1, 2 * RATE)).astype(np.float32) * 0.2
    tone = tone_loop(120.0, 4, 440.0).samples

    def quarters(samples: Samples) -> list[float]:
        return [float(np.sqrt((q**2).mean())) for q in np.array_split(samples[0], 4)]

    def crossings(samples: Samples) -> list[int]:
        return [int((np.diff(np.sign(q)) != 0).sum()) for q in np.array_split(samples[0], 4)]

    def made(source: Samples, kind: str) -> Samples:
        return treat(source, kind, frames=2 * RATE, rate_hz=RATE, beat_s=0.5)

    rising, falling = quarters(made(noise, "riser")), quarters(made(noise, "fall"))
    assert rising == sorted(rising) and falling == sorted(falling, reverse=True)
    slowing = crossings(made(tone, "tape_stop"))
    assert slowing == sorted(slowing, reverse=True) and slowing[0] > 4 * slowing[3]
    backwards = made(noise, "reverse")
    middle = slice(1000, 2 * RATE - 1000)
    assert np.array_equal(backwards[0, ::-1][middle], noise[0, middle])
    stutter = made(noise, "stutter")
    half_beat = RATE // 4
    assert np.array_equal(stutter[0, 500:5000], stutter[0, half_beat + 500 : half_beat + 5000])
    with pytest.raises(FitError, match="choose from"):
        made(noise, "explode")


def test_steps_of_a_treated_tone_stay_as_small_as_the_tone() -> None:
    tone = tone_loop(120.0, 4, 440.0).samples
    inside = np.abs(np.diff(tone)).max()
    for kind in ("reverse", "riser", "fall", "tape_stop", "stutter"):
        made = treat(tone, kind, frames=2 * RATE, rate_hz=RATE, beat_s=0.5)
        assert np.abs(np.diff(made)).max() <= inside * 1.2, kind


@given(st.integers(1, 3000), st.floats(0.5, 2.0))
@settings(max_examples=25, deadline=None)
def test_resampling_keeps_the_expected_length(frames: int, ratio: float) -> None:
    made = resample(np.ones((2, frames), np.float32), 1000.0, 1000.0 * ratio)
    assert made.shape[1] == round(frames * (1000.0 * ratio) / 1000.0)


def test_a_blend_keeps_the_level_of_like_and_unlike_sounds() -> None:
    rng = np.random.default_rng(2)
    one, two = rng.normal(size=(2, 1, 20000)).astype(np.float32)
    for ending, entering in ((one, one), (one, two)):
        power = np.array([(b**2).mean() for b in np.array_split(blend(ending, entering)[0], 8)])
        assert np.abs(power - 1.0).max() < 0.15


def test_phase_stretch_places_impulses_exactly() -> None:
    source = np.zeros((1, 2 * RATE), np.float32)
    places = np.arange(4) * RATE // 2
    source[0, places] = 1.0
    for ratio in (0.6, 0.9, 1.25, 1.8):
        frames = round(2 * RATE / ratio)
        made = phase_stretch(source, frames, rate_hz=RATE)[0]
        for place in places:
            goal = round(place * frames / (2 * RATE))
            near = np.abs(made[np.arange(goal - 400, goal + 400) % frames])
            assert abs(int(near.argmax()) - 400) <= 0.001 * RATE


@pytest.mark.parametrize("name", ["praise_127bpm_arra", "pop_90bpm_arra", "rock_130bpm_arrb"])
def test_hits_of_real_drum_loops_keep_their_place(real_loops: Path, name: str) -> None:
    samples, rate = soundfile.read(
        real_loops / "orin-ayo" / "drums" / f"{name}.ogg", dtype="float32", always_2d=True
    )
    source_bpm = float(name.split("_")[1][:-3])
    audio = Audio(np.ascontiguousarray(samples.T), rate)
    beats = round(audio.duration_s * source_bpm / 60)
    bpm = source_bpm * 0.88
    made = fit_loop(
        audio, rate_hz=RATE, source_bpm=source_bpm, start_s=0, beats=beats, bpm=bpm, role="drums"
    )
    hits = find_hits(audio.samples, rate)
    strong = [h for h in hits if np.abs(audio.samples[:, h : h + 1500]).max() > 0.2]
    before = rise_times(audio.samples, rate, strong) / rate * source_bpm / 60
    near = [round(beat * 60 / bpm * RATE) for beat in before]
    after = rise_times(made.samples, RATE, near)
    assert len(strong) >= 8
    moved_ms = (after - near) / RATE * 1000  # all alike, where the loop leaned off its beats
    assert abs(np.median(moved_ms)) <= 30.0
    assert np.median(np.abs(moved_ms - np.median(moved_ms))) <= 3.0


def test_swing_leaves_flowing_sounds_in_one_piece() -> None:
    for role in ("pad", "chords"):
        made = [
            fit_loop(
                tone_loop(100.0, 4, 220.0), rate_hz=RATE, source_bpm=100.0, start_s=0.0, beats=4,
                bpm=110.0, role=role, source_swing=0.5, target_swing=swing,
            )
            for swing in (0.5, 0.62)
        ]  # fmt: skip
        assert made[0] == made[1]


def test_drums_are_transposed_by_speed_and_stay_on_the_grid() -> None:
    made = fit_loop(
        drum_loop(120.0, 8), rate_hz=RATE, source_bpm=120.0, start_s=0.0, beats=8, bpm=112.0,
        role="drums", semitones=3,
    )  # fmt: skip
    grid = [beat_to_frame(step / 2, 112.0, RATE) for step in range(16)]
    late_ms = (rise_times(made.samples, RATE, grid) - grid) / 44.1
    assert np.median(np.abs(late_ms)) <= 1.0


def test_a_loop_cut_within_a_note_does_not_click() -> None:
    wave = 0.5 * np.cos(2 * np.pi * 55.25 * np.arange(2 * RATE) / RATE + 0.4)
    made = fit_loop(
        Audio(wave[None].astype(np.float32), RATE), rate_hz=RATE, source_bpm=120.0, start_s=0.0,
        beats=4, bpm=120.0, role="bass",
    )  # fmt: skip
    source_jump = abs(float(wave[0] - wave[-1]))
    across, inside = wrap_step(made)
    assert source_jump > 0.1
    assert across <= inside and inside < 0.02
