"""Writing sound files: whole or not at all, the same bytes every time."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from loopmind.files.atomic import atomic_path, atomic_write
from loopmind.files.decode import probe, read_audio
from loopmind.files.digest import file_digest
from loopmind.files.encode import WRITABLE_SUFFIXES, AudioWriter, OutputError, write_audio
from loopmind.music.audio import Audio


def noise(seconds: float = 0.5, rate: int = 48000) -> Audio:
    rng = np.random.default_rng(3)
    samples = rng.uniform(-0.4, 0.4, (2, int(rate * seconds))).astype(np.float32)
    return Audio(samples, rate)


@pytest.mark.parametrize("suffix", WRITABLE_SUFFIXES)
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    file = write_audio(tmp_path / f"song{suffix}", noise())
    back = read_audio(file)
    assert (back.rate_hz, back.channels) == (48000, 2)
    assert abs(back.frames - noise().frames) <= 1200
    if suffix in (".wav", ".flac", ".aiff", ".aif"):
        assert np.abs(back.samples - noise().samples).max() < 2.0**-22
    assert [file] == list(tmp_path.iterdir())


def test_bytes_do_not_depend_on_the_clock(tmp_path: Path) -> None:
    names = [(f"a{suffix}", None) for suffix in WRITABLE_SUFFIXES]
    names += [("f.wav", "FLOAT"), ("f.aiff", "FLOAT")]
    first = [file_digest(write_audio(tmp_path / n, noise(), subtype=s)) for n, s in names]
    time.sleep(1.05)  # libsndfile's clock counts seconds
    again = [file_digest(write_audio(tmp_path / n, noise(), subtype=s)) for n, s in names]
    assert first == again


def test_blocks_make_the_same_file_as_the_whole(tmp_path: Path) -> None:
    audio = noise()
    whole = write_audio(tmp_path / "whole.flac", audio)
    with AudioWriter(tmp_path / "blocks.flac", audio.rate_hz, 2) as writer:
        for at in range(0, audio.frames, 1000):
            writer.write(audio.samples[:, at : at + 1000])
    assert whole.read_bytes() == (tmp_path / "blocks.flac").read_bytes()


def test_integer_formats_clip_and_never_wrap(tmp_path: Path) -> None:
    loud = Audio(np.array([[2.0, -2.0, 1.0, -1.0]], np.float32), 44100)
    back = read_audio(write_audio(tmp_path / "loud.wav", loud)).samples[0]
    assert np.allclose(back, [1.0, -1.0, 1.0, -1.0], atol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
@pytest.mark.parametrize("suffix", [".wav", ".aiff"])
def test_whole_numbers_are_made_as_libsndfile_makes_them(
    tmp_path: Path, suffix: str, subtype: str
) -> None:
    rng = np.random.default_rng(1)
    samples = rng.normal(size=(2, 40_000)) * np.exp2(rng.uniform(-32, 1, (2, 40_000)))
    edges = [1.0, -1.0, 1.0 - 2.0**-24, 2.0**-24 - 1.0, 2.0, -2.0, 0.0, 1e-12, 0.5, -(2.0**-31)]
    samples[0, : len(edges)] = edges
    audio = Audio(samples.astype(np.float32), 44100)
    ours = write_audio(tmp_path / f"a{suffix}", audio, subtype=subtype)
    theirs = tmp_path / f"b{suffix}"
    soundfile.write(theirs, audio.samples.T, 44100, subtype=subtype)
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = write_audio(tmp_path / "song.wav", noise())
    before = file.read_bytes()
    with pytest.raises(RuntimeError, match="stopped"), AudioWriter(file, 48000, 2) as writer:
        writer.write(noise().samples)
        raise RuntimeError("stopped")
    with pytest.raises(FileNotFoundError), AudioWriter(file, 48000, 2):
        (tmp_path / "another").read_bytes()  # an error of the caller stays the caller's
    assert file.read_bytes() == before
    assert [file] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "rate", "subtype", "words"),
    [
        ("song.xyz", 44100, None, "names no audio format; choose from .wav"),
        ("song.opus", 44100, None, "cannot hold 2 channels at 44100 Hz"),
        ("song.flac", 44100, "FLOAT", "FLAC has no subtype FLOAT"),
        ("folder.wav", 44100, None, "a folder of that name exists"),
        ("file/song.wav", 44100, None, "choose another folder"),
    ],
)
def test_impossible_outputs_say_what_to_do(
    tmp_path: Path, name: str, rate: int, subtype: str | None, words: str
) -> None:
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=words) as caught:
        write_audio(tmp_path / name, noise(rate=rate), subtype=subtype)
    assert caught.value.path.endswith(name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.wav"]


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    bad = noise().samples.copy()
    bad[0, 5] = np.nan
    with pytest.raises(OutputError, match="NaN"):
        write_audio(tmp_path / "bad.wav", Audio(bad, 44100))
    assert not list(tmp_path.iterdir())


FULL = """
import resource, sys
import numpy as np
from pathlib import Path
from loopmind.files.encode import OutputError, write_audio
from loopmind.music.audio import Audio
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
audio = Audio(np.random.default_rng(0).uniform(-.5, .5, (2, 441000)).astype(np.float32), 44100)
folder = Path(sys.argv[1])
for name in ("song.wav", "song.flac", "song.mp3", "song.ogg", "song.aiff"):
    try:
        write_audio(folder / name, audio)
    except OutputError as error:
        print(name, error.remedy, "|", error)
print(sorted(p.name for p in folder.iterdir()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 6, done.stdout + done.stderr
    assert all("choose another folder" in line for line in lines[:5])
    assert lines[-1] == "[]"


def test_atomic_write_replaces_whole_files_and_clears_leftovers(tmp_path: Path) -> None:
    file = tmp_path / "a" / "data.json"
    atomic_write(file, b"one")
    atomic_write(file, b"two")
    assert file.read_bytes() == b"two"
    with atomic_path(file) as temporary:
        assert temporary.parent == file.parent
        assert temporary.suffix == ".json"
        pid_at = temporary.name.index("-", temporary.name.index("-") + 1) + 1
        dead = temporary.with_name(temporary.name[:pid_at] + "999999999-00.json")
        temporary.write_bytes(b"three")
        dead.write_bytes(b"left by a killed process")
    assert file.read_bytes() == b"three"
    if sys.platform != "win32":
        atomic_write(file, b"four")
        assert list(file.parent.iterdir()) == [file]


def test_a_4_gib_wav_is_refused_before_it_breaks(tmp_path: Path) -> None:
    refused = pytest.raises(OutputError, match=r"4 GiB; choose \.flac")
    with refused, AudioWriter(tmp_path / "long.wav", 44100, 2) as writer:
        writer.frames = 1 << 30
        writer.write(np.zeros((2, 4), np.float32))
    assert probe(write_audio(tmp_path / "ok.wav", noise())).frames == noise().frames


@pytest.mark.parametrize("suffix", [".ogg", ".flac"])
def test_a_long_file_is_written_in_one_call_also_from_a_thread(tmp_path: Path, suffix: str) -> None:
    # libsndfile's Vorbis encoder overflows a thread's small stack when given minutes at once.
    frames = 44100 * 150
    long = Audio(np.zeros((2, frames), np.float32), 44100)
    with ThreadPoolExecutor(1) as pool:
        path = pool.submit(write_audio, tmp_path / f"long{suffix}", long).result()
    assert soundfile.info(str(path)).frames == frames
