"""The demo crate is the same every time, in tune, seamless, and quick to make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from loopmind import demo_crate
from loopmind.dsp import synth
from loopmind.files.decode import read_audio

LOOPS = {
    "drums/trap_drums_140bpm.wav": 140, "bass/Dark808_Am_140.wav": 140,
    "keys/ep_Am_90bpm.wav": 90, "percussion/hat_rolls_140.wav": 140,
}  # fmt: skip


@pytest.mark.parametrize("name", ["drums/trap_drums_140bpm.wav", "one-shots/open_hat.wav"])
def test_a_sound_is_the_same_every_time(name: str) -> None:
    assert demo_crate.sound(name) == demo_crate.sound(name)


@pytest.mark.parametrize(("name", "bpm"), LOOPS.items())
def test_loops_hold_whole_bars_and_wrap(name: str, bpm: int) -> None:
    made = demo_crate.sound(name)
    bars = made.duration_s * bpm / 240
    assert bars == pytest.approx(round(bars), abs=1e-4)
    assert np.abs(made.samples).max() == pytest.approx(10 ** (-1 / 20), rel=1e-4)
    across = np.abs(made.samples[:, 0] - made.samples[:, -1]).max()
    assert across <= np.abs(np.diff(made.samples)).max() / 2


@pytest.mark.parametrize("midi", [52, 64, 76])
@pytest.mark.parametrize("instrument", ["pluck", "electric_piano", "bell", "strings", "bass_sub"])
def test_instruments_are_in_tune(instrument: str, midi: int) -> None:
    rng = np.random.default_rng(0)
    extra = {"rng": rng} if instrument in ("pluck", "strings") else {}
    wave = np.atleast_2d(getattr(synth, instrument)(midi, 1.0, **extra)).sum(axis=0)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(wave.size), 1 << 19))
    hz = np.fft.rfftfreq(1 << 19, 1 / synth.RATE)
    near = np.abs(np.log2(np.maximum(hz, 1) / synth.hertz(midi))) < 0.1
    heard = float(hz[near][np.argmax(spectrum[near])])
    assert abs(1200 * np.log2(heard / synth.hertz(midi))) < 12


def test_the_crate_is_written_once_and_reads_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {n: r for n, r in demo_crate.recipes().items() if n.startswith("one-shots")}
    monkeypatch.setattr(demo_crate, "recipes", lambda: few)
    seen: list[tuple[int, int]] = []
    files = demo_crate.write_demo_crate(
        tmp_path, lambda done, total, name: seen.append((done, total))
    )
    assert list(files) == sorted(files) and len(files) == len(few) == len(seen)
    kick = tmp_path / "one-shots" / "kick.wav"
    assert (
        np.abs(read_audio(kick).samples - demo_crate.sound("one-shots/kick.wav").samples).max()
        < 1e-6
    )
    written = kick.stat().st_mtime_ns
    demo_crate.write_demo_crate(tmp_path)
    assert kick.stat().st_mtime_ns == written


def test_the_crate_offers_every_role_and_odd_names() -> None:
    names = list(demo_crate.recipes())
    assert 20 <= len(names) <= 30
    assert {name.split("/")[0] for name in names} >= {
        "drums", "percussion", "bass", "keys", "pads", "leads", "vocals", "fx", "one-shots",
    }  # fmt: skip
    assert any(not name.isascii() for name in names)


@pytest.mark.slow
def test_every_sound_of_the_crate_is_finite_and_audible() -> None:
    for name in demo_crate.recipes():
        samples = demo_crate.sound(name).samples
        assert np.isfinite(samples).all(), name
        assert np.sqrt((samples**2).mean()) > 0.01, name
        assert abs(samples.mean()) < 0.02, name
