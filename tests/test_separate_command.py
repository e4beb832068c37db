"""`loopmind separate`: what it writes, and what it answers to files and wishes that are no good."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from loopmind.analysis.listening.separation_files import separate_file
from loopmind.analysis.listening.separators import open_separator
from loopmind.files.encode import OutputError
from loopmind.files.stream import open_stream
from loopmind.graph.context import PlainContext
from loopmind.music.audio import Audio
from loopmind.nodes.separate_stems import separate_stems
from tests.bad_input import loopmind, write_hour
from tests.memory import run_measured
from tests.separation_models import untrained

FOUR = ["bass.wav", "drums.wav", "other.wav", "vocals.wav"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("separator"))


def write_noise(path: Path, seconds: float = 1.0, rate_hz: int = 44_100, channels: int = 2,
                level: float = 0.1) -> Path:  # fmt: skip
    rng = np.random.default_rng(3)
    samples = level * rng.standard_normal((round(seconds * rate_hz), channels))
    soundfile.write(path, samples, rate_hz)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("rate_hz", "channels", "level"), [(8_000, 1, 0.1), (48_000, 2, 0.1), (44_100, 2, 3.0)]
)
def test_mono_and_eight_kilohertz_and_clipped_files_add_up(
    tmp_path: Path, model: Path, rate_hz: int, channels: int, level: float
) -> None:
    song = write_noise(tmp_path / "song.wav", 1.5, rate_hz, channels, level)
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, ""), done
    folder = tmp_path / "out" / "song"
    assert names(folder) == FOUR
    total = sum(soundfile.read(folder / name)[0] for name in FOUR)
    truth, rate = soundfile.read(song)
    assert rate == rate_hz and total.shape == truth.shape
    assert np.abs(total - truth).max() < 1e-5
    assert str(folder) in done.out


def test_six_channels_are_mixed_down_as_everywhere(tmp_path: Path, model: Path) -> None:
    song = write_noise(tmp_path / "film.wav", 0.5, 44_100, 6)
    made = separate_file(song, tmp_path / "out", open_separator(str(model)))
    assert soundfile.info(made.stems["bass"]).channels == 2


def test_chosen_stems_as_json(tmp_path: Path, model: Path) -> None:
    song = write_noise(tmp_path / "song.flac")
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out",
                    "--stems", "bass, drums", "--json")  # fmt: skip
    told = json.loads(done.out)
    assert told["files"][0]["seconds"] == 1.0
    assert list(told["files"][0]["stems"]) == ["bass", "drums"]
    assert names(tmp_path / "out" / "song") == ["bass.wav", "drums.wav"]


def test_one_bad_file_never_stops_the_others(tmp_path: Path, model: Path) -> None:
    good = [write_noise(tmp_path / f"{n}.wav", 0.4) for n in ("one", "two")]
    (tmp_path / "sub").mkdir()
    again = write_noise(tmp_path / "sub" / "one.wav", 0.4)
    text = tmp_path / "notes.mp3"
    text.write_text("no sound, but a shopping list")
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    nothing = write_noise(tmp_path / "nothing.wav", 0.0)
    out = tmp_path / "out"
    done = loopmind("separate", good[0], text, empty, nothing, tmp_path, again, good[1],
                    "--model", model, "--out", out)  # fmt: skip
    assert done.code == 1
    assert len(done.lines) == 4 and all(line.startswith("loopmind: error: ") for line in done.lines)
    assert names(out) == ["one", "one-2", "two"]
    assert all(names(folder) == FOUR for folder in out.iterdir())


def test_a_second_run_writes_over_nothing_unasked(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    song = write_noise(tmp_path / "song.wav", 0.3)
    for _ in range(2):
        assert loopmind("separate", song, "--model", model).code == 0
    assert names(tmp_path / "separated") == ["song", "song-2"]


def test_no_recording_is_replaced_by_a_stem(tmp_path: Path, model: Path) -> None:
    own = tmp_path / "bass" / "bass.wav"
    own.parent.mkdir()
    write_noise(own, 0.3)
    other = write_noise(tmp_path / "song.wav", 0.2)
    (tmp_path / "song").mkdir()
    drums = write_noise(tmp_path / "song" / "drums.wav", 0.25)
    before = {path: path.read_bytes() for path in (own, other, drums)}
    done = loopmind("separate", *before, "--model", model, "--out", tmp_path)
    assert done.code == 0, done
    assert {path: path.read_bytes() for path in before} == before
    assert names(tmp_path / "bass-2") == names(tmp_path / "song-2") == FOUR
    with pytest.raises(OutputError, match=r"bass\.wav: would be replaced by its own stem; choose"):
        separate_file(own, own.parent, open_separator(str(model)))
    assert own.read_bytes() == before[own]
    # A stem that is not asked for replaces nothing.
    done = loopmind("separate", own, "--model", model, "--out", tmp_path, "--stems", "drums")
    assert done.code == 0 and names(own.parent) == ["bass.wav", "drums.wav"]


@pytest.mark.parametrize(
    ("name", "subtype"), [("drums.wav", "PCM_24"), ("drums.wav", "FLOAT"), ("drums.flac", "PCM_24")]
)
def test_what_loopmind_did_not_write_is_never_replaced(
    tmp_path: Path, model: Path, name: str, subtype: str
) -> None:
    song = write_noise(tmp_path / "song.wav", 0.2)
    out = tmp_path / "out"
    mine = out / "song" / name
    mine.parent.mkdir(parents=True)
    soundfile.write(mine, np.full((4000, 2), 0.1), 44_100, subtype)
    before = mine.read_bytes()
    for _ in range(2):  # the second time over the stems of the first
        done = loopmind("separate", song, "--model", model, "--out", out)
        assert done.code == 0 and mine.read_bytes() == before
        assert names(out) == ["song", "song-2"] and names(out / "song-2") == FOUR
        told = f"{song} has its stems in {out / 'song-2'}, as {mine} is not LoopMind's to replace"
        assert done.lines == [f"loopmind: {told}"]
    with pytest.raises(OutputError, match="LoopMind did not write what is there; choose another"):
        separate_file(song, mine.parent, open_separator(str(model)))
    assert names(mine.parent) == [name] and mine.read_bytes() == before
    mine.unlink()
    assert loopmind("separate", song, "--model", model, "--out", out).err == ""
    assert names(out / "song") == FOUR


def test_a_stem_that_is_taken_apart_is_not_replaced(tmp_path: Path, model: Path) -> None:
    song = write_noise(tmp_path / "bass.wav", 0.2)
    assert loopmind("separate", song, "--model", model, "--out", tmp_path).code == 0
    stem, linked = tmp_path / "bass" / "bass.wav", tmp_path / "bass" / "other.wav"
    before = stem.read_bytes()
    linked.unlink()
    linked.hardlink_to(stem)
    again = ["separate", stem, "--model", model, "--out", tmp_path]
    for wish in ("drums,bass", "drums,other"):
        assert loopmind(*again, "--stems", wish).code == 0
    assert stem.read_bytes() == linked.read_bytes() == before
    assert names(tmp_path / "bass-2") == ["bass.wav", "drums.wav", "other.wav"]


@pytest.mark.parametrize("seconds", [0.001, 1.0])
def test_silence_and_a_moment_of_sound(tmp_path: Path, model: Path, seconds: float) -> None:
    song = write_noise(tmp_path / "song.wav", seconds, level=0.0)
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out")
    assert done.code == 0 and "is silent, and so are its stems" in done.err
    assert names(tmp_path / "out" / "song") == FOUR


@pytest.mark.parametrize(
    ("wish", "code", "answer"),
    [
        (["--stems", "drums,flute"], 2, "no stem 'flute'; choose from drums, bass, vocals, other"),
        (["--model", "spleeter"], 2, "there is no model 'spleeter'; choose from light, htdemucs"),
        (["--model", "none.onnx"], 1, "there is no model file none.onnx"),
        (["--threads", "0"], 2, "--threads must be 1 or more"),
    ],
)
def test_impossible_wishes(
    tmp_path: Path, model: Path, wish: list[str], code: int, answer: str
) -> None:
    song = write_noise(tmp_path / "song.wav", 0.2)
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out", *wish)
    assert (done.code, len(done.lines)) == (code, 1) and answer in done.err
    assert not (tmp_path / "out").exists()


def test_a_model_that_was_altered_or_is_of_another_kind(tmp_path: Path, model: Path) -> None:
    song = write_noise(tmp_path / "song.wav", 0.2)
    bad = tmp_path / "bad.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 0xFF
    bad.write_bytes(data)
    bad.with_suffix(".md").write_text(model.with_suffix(".md").read_text())
    done = loopmind("separate", song, "--model", bad, "--out", tmp_path / "out")
    assert done.code == 1 and "cut off or altered" in done.err
    picture = tmp_path / "model.png"
    picture.write_bytes(b"\x89PNG")
    done = loopmind("separate", song, "--model", picture, "--out", tmp_path / "out")
    assert done.code == 1 and "is no model that LoopMind knows" in done.err


def test_a_disk_that_is_full_is_told_before_anything_is_written(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    song = write_noise(tmp_path / "song.wav", 0.5)
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out")
    assert done.code == 1 and "the stems take 706 kB and 1 kB are free; free some" in done.err
    assert not (tmp_path / "out").exists()
    free = {"free": 1_234_000}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(**free))
    song = write_noise(tmp_path / "song.wav", 5.0)
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out")
    assert "the stems take 7.1 MB and 1.2 MB are free" in done.err


def test_a_disk_that_fills_up_leaves_nothing(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loopmind.files.encode import AudioWriter

    song = write_noise(tmp_path / "song.wav", 0.5)
    written = AudioWriter.write

    def full(self: AudioWriter, block: np.ndarray) -> None:
        if self.path.name == "vocals.wav":
            raise OutputError(self.path, "the disk is full", "free some space")
        written(self, block)

    monkeypatch.setattr(AudioWriter, "write", full)
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out")
    assert done.code == 1 and "the disk is full" in done.err
    assert not (tmp_path / "out").exists()


def test_a_file_with_a_hole_is_saved_as_far_as_it_goes(tmp_path: Path, model: Path) -> None:
    song = write_noise(tmp_path / "song.flac", 3.0)
    song.write_bytes(song.read_bytes()[:200_000])
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out")
    assert done.code == 0 and "cut short" in done.err
    assert names(tmp_path / "out" / "song") == FOUR


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU"])
def test_a_file_that_ends_before_its_header_says_is_told(
    tmp_path: Path, model: Path, kind: str
) -> None:
    song = tmp_path / f"song.{kind.lower()}"
    soundfile.write(song, np.full((30_000, 2), 0.1), 10_000, "PCM_16", format=kind)
    data = song.read_bytes()
    song.write_bytes(data[: len(data) // 3])
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out")
    assert done.code == 0 and names(tmp_path / "out" / "song") == FOUR
    assert done.lines == [f"loopmind: {song} is cut short: 1.0 s of 3.0 s are there"]


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x7FFF_F000, 0x7FFF_FFFF, 0x8000_0000, 120_001])
def test_a_file_that_was_written_to_a_pipe_is_not_cut_short(tmp_path: Path, size: int) -> None:
    song = tmp_path / "song.wav"
    soundfile.write(song, np.full((30_000, 2), 0.1), 10_000, "PCM_16")
    data = bytearray(song.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = size.to_bytes(4, "little")
    song.write_bytes(data)
    sound = open_stream(song)
    assert (sound.frames, sound.notes) == (30_000, ())


def test_a_wav_that_was_cut_is_separated_and_told(tmp_path: Path, model: Path) -> None:
    song = write_noise(tmp_path / "song.wav", 1.0)
    song.write_bytes(song.read_bytes()[:60_000])
    done = loopmind("separate", song, "--model", model, "--out", tmp_path / "out")
    assert done.code == 0 and "is cut short: 0.3 s of 1.0 s are there" in done.err
    assert soundfile.info(tmp_path / "out" / "song" / "bass.wav").frames == (60_000 - 44) // 4


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
@pytest.mark.slow
def test_stopped_half_way_keeps_what_is_finished(tmp_path: Path, model: Path) -> None:
    first, second = write_noise(tmp_path / "a.wav", 0.3), write_noise(tmp_path / "b.wav", 240.0)
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "loopmind.cli", "separate", first, second, "--model", model,
         "--out", out], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not (out / "b").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.strip()) == (130, "loopmind: stopped")
    assert names(out) == ["a"] and names(out / "a") == FOUR


def test_the_node_takes_a_sound_apart(model: Path) -> None:
    rng = np.random.default_rng(0)
    audio = Audio((0.1 * rng.standard_normal((1, 30_000))).astype(np.float32), 22_050)
    stems = separate_stems(audio, PlainContext(), ("drums", "other"), str(model))
    assert stems.names == ("drums", "other")
    assert all(sound.samples.shape == (1, 30_000) for sound in stems.sounds)


@pytest.mark.slow
def test_hours_take_no_more_memory_than_minutes(tmp_path: Path, model: Path) -> None:
    long = write_hour(tmp_path / "hour.wav")
    done, peak = run_measured(
        *["separate", long, "--model", model, "--stems", "bass", "--out", tmp_path / "out"]
    )
    assert done.returncode == 0, done.stderr
    assert peak < 1 << 30, f"{peak / 2**20:.0f} MiB"
