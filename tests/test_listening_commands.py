"""`loopmind transcribe` and `loopmind remake`: what they write, and bad input."""

from __future__ import annotations

import errno
import json
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import pretty_midi
import pytest
import soundfile

from loopmind.analysis.listening import assemble, recording, separation_files
from loopmind.cli import main
from loopmind.files import atomic
from loopmind.nodes import transcribe_audio as node_module

RATE = 22050
SCHEMA = json.loads(
    (Path(__file__).parent.parent / "docs/schema/notes.schema.json").read_text("utf-8")
)


def music(seconds: float = 6.0, rate: int = RATE) -> np.ndarray:
    """A plucked line in C major over kicks, half a second apart."""
    t = np.arange(round(0.5 * rate)) / rate
    out = np.zeros(round(seconds * rate), np.float32)
    for number in range(int(seconds * 2)):
        pitch = (60, 64, 67, 72)[number % 4]
        hertz = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
        tone = sum(np.sin(2 * np.pi * k * hertz * t) / k**1.5 for k in range(1, 6))
        kick = np.sin(2 * np.pi * (50 * t - 4 * np.exp(-t / 0.02))) * np.exp(-t / 0.07)
        sound = 0.2 * tone * np.exp(-t / 0.25) + 0.5 * kick
        first = number * t.size
        out[first : first + t.size] += sound[: out.size - first].astype(np.float32)
    return out


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, music(), RATE)
    return path


def test_a_recording_becomes_midi_data_and_a_picture(
    song: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["transcribe", str(song), "--no-separate", "--quantize", "1/8", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    out = Path(told["out"])
    assert out == Path("transcripts/song")
    data = json.loads((out / "notes.json").read_text("utf-8"))
    jsonschema.validate(data, SCHEMA)
    assert data["quantised_to"] == "1/8"
    assert (out / "piano_roll.png").read_bytes()[:4] == b"\x89PNG"
    instruments = {track["instrument"] for track in data["tracks"]}
    assert {file.stem for file in out.glob("*.mid")} == instruments
    assert "drums" in instruments
    assert len(instruments) > 1
    for track in data["tracks"]:
        midi = pretty_midi.PrettyMIDI(str(out / track["file"]))
        assert sum(len(i.notes) for i in midi.instruments) <= len(track["notes"])
        assert midi.instruments[0].is_drum == (track["instrument"] == "drums")
    # A second time nothing is written over unasked; what another run left behind is taken away.
    assert main(["transcribe", str(song), "--no-separate"]) == 0
    assert Path("transcripts/song-2/notes.json").is_file()
    assert f"{told['bpm']:g} bpm" in capsys.readouterr().out


def test_odd_recordings_are_heard_and_bad_ones_do_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "short.wav": (music(1.0), RATE),
        "low.wav": (music(4.0, 8000), 8000),
        "clipped.wav": (np.clip(8.0 * music(3.0), -1.0, 1.0), RATE),
        "silent.wav": (np.zeros(2 * RATE, np.float32), RATE),
        "blip.wav": (music(0.1), RATE),
    }
    for name, (samples, rate) in files.items():
        soundfile.write(tmp_path / name, samples, rate)
    (tmp_path / "text.wav").write_text("no sound at all", encoding="utf-8")
    names = [*files, "text.wav", "missing.wav", "."]
    given = [str(tmp_path / name) for name in names]
    out = tmp_path / "out"
    assert main(["transcribe", *given, "--no-separate", "--zip", "--out", str(out)]) == 1
    told = capsys.readouterr()
    for name, reason in (
        ("silent.wav", "silent"), ("blip.wav", "only 0.10 s"), ("text.wav", ""),
        ("missing.wav", "no recording"), (str(tmp_path), "folder"),
    ):  # fmt: skip
        assert any(name in line and reason in line for line in told.err.splitlines()), name
    assert sorted(p.name for p in out.iterdir()) == ["clipped.zip", "low.zip", "short.zip"]
    with zipfile.ZipFile(out / "low.zip") as packed:
        assert {"low/notes.json", "low/piano_roll.png"} <= set(packed.namelist())


def test_a_track_too_long_to_be_played_anew_is_told_before_it_is_read(
    song: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(node_module, "LONGEST_S", 3.0)
    assert main(["remake", str(song), str(song.parent)]) == 1
    assert "cut it into pieces" in capsys.readouterr().err
    assert not Path("songs").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--quantize", "1/5"], "1/16"),
        (["--strength", "2"], "between 0 and 1"),
        (["--stems", "--no-separate"], "not allowed"),
    ],
)
def test_impossible_wishes_are_bad_use(
    song: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["transcribe", str(song), *words]) == 2
    assert told in capsys.readouterr().err


def test_a_disk_that_fills_up_leaves_what_was_there(
    song: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def held() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in Path("out").rglob("*") if p.is_file()}

    def fsync(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    transcribe = ["transcribe", str(song), "--no-separate", "--out", "out"]
    for quantize in ([], ["--quantize", "1/4"]):
        written: list[int] = []
        before = held()
        with monkeypatch.context() as patch:
            patch.setattr(atomic.os, "fsync", fsync)
            assert main([*transcribe, *quantize]) == 1
        assert "disk is full" in capsys.readouterr().err
        assert held() == before and Path("out/song").exists() == bool(before)
        assert main(transcribe) == 0 and held()
        capsys.readouterr()


def test_a_stop_while_stems_are_written_leaves_no_empty_folder(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*args: object) -> None:
        Path(str(args[1])).mkdir(parents=True)
        Path(str(args[1])).rmdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(separation_files, "separate_file", stopped)
    assert main(["transcribe", str(song), "--stems"]) == 130
    assert not Path("transcripts/song").exists()


def test_a_stop_half_way_keeps_what_is_finished(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.wav"
    soundfile.write(other, music(2.0), RATE)
    whole = assemble.hear_stretch
    heard: list[float] = []

    def stopped(audio, stems=None, **given):  # type: ignore[no-untyped-def]
        heard.append(audio.duration_s)
        if len(heard) == 2:
            raise KeyboardInterrupt
        return whole(audio, stems, **given)

    monkeypatch.setattr(recording, "hear_stretch", stopped)
    assert main(["transcribe", str(song), str(other), "--no-separate"]) == 130
    assert Path("transcripts/song/notes.json").is_file()
    assert not Path("transcripts/other").exists()


@pytest.mark.slow
def test_a_track_is_played_anew_by_ones_own_sounds(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    t = np.arange(RATE) / RATE
    kick = np.sin(2 * np.pi * (50 * t - 4 * np.exp(-t / 0.02))) * np.exp(-t / 0.08)
    pluck = sum(np.sin(2 * np.pi * k * 261.63 * t) / k for k in range(1, 9)) * np.exp(-t / 0.4)
    noise = np.random.default_rng(0).standard_normal(t.size)
    soundfile.write(sounds / "kick.wav", 0.8 * kick, RATE)
    soundfile.write(sounds / "hat.wav", 0.4 * np.diff(noise, prepend=0) * np.exp(-t / 0.02), RATE)
    soundfile.write(sounds / "snare.wav", 0.4 * noise * np.exp(-t / 0.08), RATE)
    soundfile.write(sounds / "piano c.wav", 0.3 * pluck, RATE)
    assert main(["remake", str(song), str(sounds), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    out = Path(told["out"])
    assert (out / "heard.mid").is_file()
    assert (out / "song.wav").is_file()
    assert told["heard"]["notes"]["drums"] > 0
    assert {"kick"} <= {choice["slot"] for choice in told["choices"]}
