"""What holds of separation with any model: stems add up, chunks do not matter, rates come back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from loopmind.analysis.listening.separation import (
    LightSeparator,
    separate,
)
from loopmind.analysis.listening.stft import HOP, LAP, WINDOW, Loudness, signal, spectra
from loopmind.analysis.models import ModelError
from loopmind.dsp.resample import resample
from loopmind.errors import CancelledError, UsageError
from loopmind.files.decode import read_audio
from loopmind.music.audio import Audio
from tests.separation_models import untrained


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("separator"))


@pytest.fixture(scope="module")
def light(model: Path) -> LightSeparator:
    return LightSeparator(model, threads=1)


def noise(seconds: float, rate_hz: int = 44_100, channels: int = 2, seed: int = 1) -> Audio:
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal((channels, round(seconds * rate_hz))).astype(np.float32)
    return Audio(0.1 * np.cumsum(samples, axis=1).astype(np.float32) % 0.3, rate_hz)


def error_db(found: np.ndarray, truth: np.ndarray) -> float:
    return float(10 * np.log10(np.sum((found - truth) ** 2) / np.sum(truth**2) + 1e-20))


def test_spectra_and_back_give_the_same_sound() -> None:
    sound = noise(0.7).samples[:, : 20 * HOP]
    padded = np.pad(sound, ((0, 0), (LAP, LAP)))
    back = signal(spectra(padded))[:, LAP : LAP + sound.shape[1]]
    assert np.abs(back - sound).max() < 1e-6
    power = np.mean(np.abs(spectra(np.random.default_rng(0).standard_normal((1, 9 * WINDOW)))) ** 2)
    assert power == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(
    ("rate_hz", "channels", "seconds"),
    [(44_100, 2, 3.0), (44_100, 1, 1.0), (8_000, 1, 2.5), (48_000, 2, 2.0), (96_000, 2, 1.3),
     (22_050, 2, 0.02)],
)  # fmt: skip
def test_the_stems_add_up_to_the_mix(
    light: LightSeparator, rate_hz: int, channels: int, seconds: float
) -> None:
    audio = noise(seconds, rate_hz, channels)
    stems = separate(audio, light)
    assert stems.names == ("drums", "bass", "vocals", "other")
    for sound in stems.sounds:
        assert (sound.rate_hz, sound.samples.shape) == (rate_hz, audio.samples.shape)
    total = np.sum([sound.samples for sound in stems.sounds], axis=0)
    assert error_db(total, audio.samples) < -110.0
    assert min(float(np.abs(sound.samples).max()) for sound in stems.sounds) > 1e-3


def test_the_size_of_the_chunks_changes_nothing(model: Path) -> None:
    audio = noise(5.0)
    whole = separate(audio, LightSeparator(model, threads=1, chunk_frames=10_000))
    for frames in (7, 50):
        cut = separate(audio, LightSeparator(model, threads=1, chunk_frames=frames))
        for a, b in zip(whole.sounds, cut.sounds, strict=True):
            assert np.abs(a.samples - b.samples).max() < 1e-5


def test_chosen_stems_are_those_of_all(light: LightSeparator) -> None:
    audio = noise(2.0)
    every = dict(zip(*_parts(light, audio, ()), strict=True))
    for chosen in (("bass",), ("other", "drums"), ("vocals", "bass", "vocals")):
        names, sounds = _parts(light, audio, chosen)
        assert names == tuple(dict.fromkeys(chosen))
        for name, sound in zip(names, sounds, strict=True):
            assert np.abs(sound - every[name]).max() < 1e-6


def _parts(light: LightSeparator, audio: Audio, chosen: tuple[str, ...]):
    stems = separate(audio, light, chosen)
    return stems.names, [sound.samples for sound in stems.sounds]


def test_a_stem_that_is_not_known_is_named_with_those_that_are(light: LightSeparator) -> None:
    with pytest.raises(UsageError, match="no stem 'flute'; choose from drums, bass"):
        separate(noise(0.5), light, ("flute",))


def test_level_and_sides_do_not_change_what_is_heard(light: LightSeparator) -> None:
    """A quieter copy gives quieter stems, and one side given twice gives twice the same."""
    audio = noise(2.0)
    loud = separate(audio, light)
    quiet = separate(Audio(audio.samples * np.float32(0.01), audio.rate_hz), light)
    for a, b in zip(loud.sounds, quiet.sounds, strict=True):
        assert np.abs(a.samples - 100.0 * b.samples).max() < 1e-4
    mono = Audio(audio.samples[:1].copy(), audio.rate_hz)
    twice = Audio(np.repeat(audio.samples[:1], 2, axis=0), audio.rate_hz)
    for a, b in zip(separate(mono, light).sounds, separate(twice, light).sounds, strict=True):
        assert np.abs(a.samples[0] - b.samples.mean(axis=0)).max() < 1e-6


@pytest.mark.parametrize("frames", [1, 300, 44_100])
def test_silence_and_next_to_nothing_stay_silent(light: LightSeparator, frames: int) -> None:
    stems = separate(Audio(np.zeros((2, frames), np.float32), 44_100), light)
    assert all(not sound.samples.any() and sound.frames == frames for sound in stems.sounds)


def test_no_sound_at_all_has_empty_stems(light: LightSeparator) -> None:
    stems = separate(Audio(np.zeros((2, 0), np.float32), 44_100), light)
    assert [sound.frames for sound in stems.sounds] == [0, 0, 0, 0]


def test_cancelling_hears_no_further_chunk(light: LightSeparator) -> None:
    told: list[int] = []

    def progress(done: int, total: int) -> None:
        told.append(done)
        if done:
            raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        separate(noise(40.0), light, progress=progress)
    assert [done > 0 for done in told].count(True) == 1


def test_loudness_leaves_pauses_out() -> None:
    sound = noise(6.0).samples
    one, two = Loudness(44_100), Loudness(44_100)
    one.add(sound)
    for first in range(0, sound.shape[1], 5000):
        two.add(sound[:, first : first + 5000])
    two.add(np.zeros((2, 20 * 66_150), np.float32))
    assert one.gain() == pytest.approx(two.gain(), rel=1e-3)
    assert Loudness(44_100).gain() == 0.0


def test_another_kind_of_model_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(ModelError, match="there is no model file"):
        LightSeparator(tmp_path / "none.onnx")
    text = tmp_path / "text.onnx"
    text.write_text("not a model")
    with pytest.raises(ModelError, match=r"no ONNX model"):
        LightSeparator(text)
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(model.read_bytes()[:-1000])
    cut.with_suffix(".md").write_bytes(model.with_suffix(".md").read_bytes())
    with pytest.raises(ModelError, match="cut off or altered"):
        LightSeparator(cut)


def test_the_shipped_model_tells_real_drums_from_a_real_bass(real_loops: Path) -> None:
    """Loops of a source that it never learned from."""
    from loopmind.learn.separation.judge import si_sdr

    folder, frames = real_loops / "orin-ayo", 6 * 44_100
    truth = {}
    for stem, name in (
        ("drums", "drums/amazing-pop_100bpm_arra.ogg"),
        ("bass", "bass/pop_90bpm_D.ogg"),
    ):
        audio = read_audio(folder / name)
        sound = resample(audio.samples, audio.rate_hz, 44_100)[:, :frames]
        truth[stem] = np.broadcast_to(0.1 * sound / np.sqrt(np.mean(sound**2)), (2, frames))
    mix = np.ascontiguousarray(truth["drums"] + truth["bass"], np.float32)
    stems = separate(Audio(mix, 44_100), LightSeparator(threads=1))
    for name, sound in zip(stems.names, stems.sounds, strict=True):
        if name in truth:
            assert si_sdr(sound.samples, truth[name]) > 3.0 + si_sdr(mix, truth[name]), name
