"""Laws of hearing timbre: gain, channels, beliefs, unit embedding; floors on real sounds."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from loopmind.analysis.embedding import SIZE
from loopmind.analysis.features import shape_of, timbre_features
from loopmind.analysis.frontend import frontend
from loopmind.analysis.hear import hear
from loopmind.analysis.instrument import believe_instrument, believe_role
from loopmind.analysis.listening.tagger import tell
from loopmind.analysis.models import ModelError
from loopmind.analysis.moods import Character, energy_of
from loopmind.analysis.timbre import SPECTRUM_FLOOR_DB, band_levels
from loopmind.analysis.tone import hear_tone
from loopmind.files.decode import read_audio
from loopmind.music.audio import Audio
from loopmind.music.belief import Belief
from loopmind.music.loop import INSTRUMENTS, MOODS, ROLES, SPECTRUM_BANDS_HZ, Loop

RATE = 44100
COARSE = {"tom": "perc", "cymbal": "perc", "percussion": "perc", "drums": "drum loop",
          "lead": "lead/synth"}  # fmt: skip


def heard(samples: np.ndarray, rate: int = RATE) -> Loop:
    data = np.atleast_2d(samples).astype(np.float32)
    return hear(Audio(data, rate), path="", digest="")


def kick(seconds: float = 0.5) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    hertz = 50 + 200 * np.exp(-t / 0.02)
    return np.asarray(0.8 * np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * np.exp(-t / 0.12))


def hat(seconds: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(0)
    noise = np.diff(rng.standard_normal(int(seconds * RATE) + 3), n=3)
    t = np.arange(noise.size) / RATE
    return np.asarray(0.1 * noise * np.exp(-t / 0.03))


def chord(seconds: float = 4.0) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    tone = sum(
        np.sin(2 * np.pi * h * 220 * 2 ** (step / 12) * t) / h**2
        for step in (0, 4, 7)
        for h in range(1, 7)
    )
    return np.asarray(0.1 * tone * np.minimum(1.0, t / 0.8) * np.minimum(1.0, (seconds - t) / 0.8))


def test_obvious_sounds() -> None:
    assert heard(kick()).best_instrument == "kick"
    assert heard(hat()).best_instrument == "hat"
    loop = heard(chord())
    assert loop.best_role in ("pad", "chords")
    assert "calm" in {b.value for b in loop.tags}
    driven = {b.value for b in heard(0.3 * np.tanh(300.0 * chord())).tags}
    assert "distorted" in driven and "calm" not in driven
    assert heard(kick()).energy > 0.0


def test_gain_and_channel_order_change_nothing() -> None:
    stereo = np.vstack([kick(), 0.5 * np.roll(kick(), 100)])
    plain = heard(stereo)
    swapped = heard(stereo[::-1])
    quiet = heard(stereo * 0.03)
    assert swapped.embedding == plain.embedding and swapped.instrument == plain.instrument
    assert quiet.best_instrument == plain.best_instrument
    assert np.dot(quiet.embedding, plain.embedding) > 0.999
    assert quiet.energy == pytest.approx(plain.energy, abs=0.02)
    assert np.allclose(quiet.spectrum_db, plain.spectrum_db, atol=0.1)


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize(
    "samples",
    [np.zeros(0), np.ones(1), np.zeros(5000), np.full(5000, 0.7), np.full(64, np.nan),
     np.sign(np.sin(np.arange(9000) / 9.0)), np.eye(1, 80)[0], 1e-9 * np.sin(np.arange(5000))],
    ids=["empty", "one", "silence", "dc", "nan", "clipped", "10 ms", "nearly silent"],
)  # fmt: skip
def test_odd_sounds_give_finite_beliefs(samples: np.ndarray, rate: int) -> None:
    from loopmind.analysis.rhythm import hear_rhythm
    from loopmind.analysis.timbre import hear_timbre

    spectra = frontend(Audio(samples[None].astype(np.float32), rate))
    tone = hear_tone(spectra)
    timbre = hear_timbre(spectra, hear_rhythm(spectra), tone)
    assert len(timbre.spectrum_db) == len(SPECTRUM_BANDS_HZ)
    assert all(SPECTRUM_FLOOR_DB <= level <= 0.01 for level in timbre.spectrum_db)
    assert 0.0 <= timbre.energy <= 1.0 and math.isfinite(timbre.brightness_hz)
    assert len(timbre.embedding) == SIZE
    length = math.sqrt(sum(value**2 for value in timbre.embedding))
    assert length == pytest.approx(1.0, abs=1e-3) or length == 0.0
    for beliefs, known in ((timbre.instrument, INSTRUMENTS), (timbre.role, ROLES)):
        assert all(b.value in known for b in beliefs)
        assert not beliefs or sum(b.weight for b in beliefs) == pytest.approx(1.0)
    assert all(b.value in MOODS for b in timbre.tags)


def test_percussion_leads_where_its_kinds_together_do() -> None:
    scores = dict.fromkeys(INSTRUMENTS, 0.0)
    scores |= {"hat": 0.3, "tom": 0.05, "cymbal": 0.25, "percussion": 0.2, "fx": 0.2}
    beliefs = believe_instrument(np.array([scores[name] for name in INSTRUMENTS], np.float32))
    assert beliefs[0].value == "cymbal" and beliefs[1].value == "hat"
    assert sum(b.weight for b in beliefs) == pytest.approx(1.0)
    scores |= {"hat": 0.6}
    beliefs = believe_instrument(np.array([scores[name] for name in INSTRUMENTS], np.float32))
    assert beliefs[0].value == "hat"


def test_roles_follow_how_an_instrument_is_played() -> None:
    def role(name: str, **how: float) -> str:
        usual = {"register_midi": 55.0, "voices": 3.0, "steadiness": 0.5, "onset_rate": 3.0,
                 "pitched": 1.0}  # fmt: skip
        return believe_role((Belief(name, 1.0),), **(usual | how))[0].value

    assert role("keys") == "chords" and role("drums") == "drums"
    assert role("bass", register_midi=33.0, voices=1.0) == "bass"
    assert role("lead", register_midi=35.0, voices=1.0) == "bass"
    assert role("keys", register_midi=72.0, voices=1.0) == "lead"
    assert role("strings", onset_rate=0.3, steadiness=0.9) == "pad"


def test_energy_rises_with_what_happens() -> None:
    usual = Character(
        brightness_hz=1200.0, low_share=0.3, air_share=0.01, flatness=0.1, onset_rate=1.0,
        attack=0.5, crest_db=14.0, minor=0.5, pitched=0.9, steadiness=0.5, distortion=0.1,
        sustain=0.5,
    )  # fmt: skip
    for change in ({"onset_rate": 3.0}, {"brightness_hz": 3000.0}, {"attack": 1.0}):
        assert energy_of(replace(usual, **change)) > energy_of(usual)


def test_spectrum_bands() -> None:
    t = np.arange(2 * RATE) / RATE
    for centre in (125.0, 1000.0, 8000.0):
        spectrum = heard(0.5 * np.sin(2 * np.pi * centre * t)).spectrum_db
        assert spectrum[SPECTRUM_BANDS_HZ.index(centre)] > -0.5
        assert sorted(spectrum)[-2] < -20.0
    assert set(band_levels(np.zeros(513), 22050)) == {SPECTRUM_FLOOR_DB}


def test_the_harmony_of_a_transposed_sound_is_alike() -> None:
    plain = heard(chord())
    at = np.arange(int(chord().size / 2 ** (2 / 12))) * 2 ** (2 / 12)
    moved = heard(np.interp(at, np.arange(chord().size), chord()))
    other = heard(hat())
    assert np.dot(plain.embedding, moved.embedding) > 0.9
    assert np.dot(plain.embedding, other.embedding) < 0.5


def test_features_fit_the_model() -> None:
    spectra = frontend(Audio(kick()[None].astype(np.float32), RATE))
    tone = hear_tone(spectra)
    shape = shape_of(spectra.mono, spectra.rate_hz, spectra.power, spectra.hop)
    features = timbre_features(shape, tone, tone.heard)
    told = tell(spectra, features)
    assert told.instrument.shape == (len(INSTRUMENTS),) and told.role.shape == (len(ROLES),)
    assert float(told.instrument.sum()) == pytest.approx(1.0, abs=1e-4)
    assert 0.0 <= told.loop <= 1.0
    assert INSTRUMENTS[int(told.instrument.argmax())] == "kick"


def test_another_model_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A model that answers other questions, put where the tagger is looked for."""
    from loopmind.analysis.listening import tagger

    class Other:
        file = tmp_path / "tagger.onnx"

        def run(self, inputs: object, outputs: object) -> list[np.ndarray]:
            return [np.zeros((1, 3), np.float32)] * 4

    monkeypatch.setattr(tagger, "open_model", lambda name: Other())
    with pytest.raises(ModelError, match=r"tagger\.onnx answers other questions"):
        heard(kick())


def test_real_sounds_instrument(real_loops: Path) -> None:
    """The shipped model has seen these files, so this guards the pipeline, not its accuracy."""
    hits = []
    with (real_loops / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["instrument"]]
    for row in rows[::3]:
        best = heard_file(real_loops / row["path"]).best_instrument
        hits.append(COARSE.get(best or "", best) == row["instrument"])
    assert np.mean(hits) >= 0.85


def heard_file(path: Path) -> Loop:
    return hear(read_audio(path), path="", digest="")
