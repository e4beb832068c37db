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

from loopmind.analysis.listening import assemble, recording
from loopmind.analysis.listening.recording import transcribe_file
from loopmind.cli import main
from loopmind.commands._terminal import ProgressLine
from loopmind.files import atomic
from loopmind.files.atomic import OutputError
from loopmind.nodes import transcribe_audio as node_module
from loopmind.nodes.write_transcript import write_transcript

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


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


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
        assert held() == before and Path("out").exists() == bool(before)
        assert main(transcribe) == 0 and held()
        capsys.readouterr()


@pytest.mark.parametrize("there", [False, True])
def test_a_stop_while_stems_are_written_leaves_no_empty_folder(
    song: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    def stopped(done: int, total: int, what: str) -> None:
        if what == "separating":
            assert Path("deep/out/song/stems").is_dir()
            raise KeyboardInterrupt

    if there:
        Path("deep/out/song").mkdir(parents=True)
    monkeypatch.setattr(ProgressLine, "progress", lambda line, label: stopped)
    assert main(["transcribe", str(song), "--stems", "--out", "deep/out"]) == 130
    assert [str(p) for p in Path("deep").rglob("*")] == (["deep/out", "deep/out/song"] * there)
    assert Path("deep").exists() == there


@pytest.mark.parametrize("name", ["drums.mid", "keys.mid", "piano_roll.png", "notes.json"])
def test_what_loopmind_did_not_write_is_never_replaced(
    song: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = Path("out/song") / name
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"{}")
    transcribe = ["transcribe", str(song), "--no-separate", "--out", "out"]
    for _ in range(2):  # the second time over the transcript of the first
        assert main(transcribe) == 0
        told = capsys.readouterr()
        assert "out/song-2 " in told.out
        why = f"as {mine} is not LoopMind's to replace"
        assert told.err == f"loopmind: {song} has its transcript in out/song-2, {why}\n"
        assert mine.read_bytes() == b"{}" and names("out") == ["song", "song-2"]
        assert names("out/song") == [name]
    transcript = transcribe_file(song)
    if name != "keys.mid" or any(track.instrument == "keys" for track in transcript.tracks):
        with pytest.raises(OutputError, match="LoopMind did not write what is there"):
            write_transcript(transcript, Path("out/song"))
    assert names("out/song") == [name] and mine.read_bytes() == b"{}"
    mine.unlink()
    (mine.parent / "mix.mid").write_bytes(b"of mine, under a name that no track has")
    for _ in range(2):
        assert main(transcribe) == 0 and capsys.readouterr().err == ""
    assert Path("out/song/notes.json").is_file() and Path("out/song/mix.mid").is_file()


def test_stems_replace_no_recording(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = Path("out/song/stems/drums.wav")
    mine.parent.mkdir(parents=True)
    soundfile.write(mine, music(1.0), RATE)
    before = mine.read_bytes()
    for _ in range(2):
        assert main(["transcribe", str(song), "--stems", "--out", "out"]) == 0
        told = capsys.readouterr()
        assert f"in out/song-2, as {mine} is not LoopMind's to replace" in told.err
        assert mine.read_bytes() == before and names("out") == ["song", "song-2"]
        assert names("out/song-2/stems") == ["bass.wav", "drums.wav", "other.wav", "vocals.wav"]


def test_a_zip_of_ones_own_is_never_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    song = tmp_path / "my.song.wav"
    soundfile.write(song, music(2.0), RATE)
    transcribe = ["transcribe", str(song), "--no-separate", "--zip"]
    for _ in range(2):
        assert main(transcribe) == 0
    assert names("transcripts") == ["my.song-2.zip", "my.song.zip"]
    Path("out").mkdir()
    mine = Path("out/my.song.zip")
    with zipfile.ZipFile(mine, "w") as archive:
        archive.writestr("my.song/notes.json", "{}")
    before = mine.read_bytes()
    for _ in range(2):
        capsys.readouterr()
        assert main([*transcribe, "--out", "out"]) == 0
        told = f"in out/my.song-2.zip, as {mine} is not LoopMind's to replace"
        assert told in capsys.readouterr().err
        assert names("out") == ["my.song-2.zip", "my.song.zip"] and mine.read_bytes() == before


def test_a_recording_that_ends_before_its_header_says_is_told(
    song: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = song.read_bytes()
    song.write_bytes(data[: len(data) // 3])
    for _ in range(2):  # the second time it is remembered
        assert main(["transcribe", str(song), "--no-separate", "--out", "out"]) == 0
        told = f"loopmind: {song} is cut short: 2.0 s of 6.0 s are there\n"
        assert capsys.readouterr().err == told


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
