"""Scanning: what is found, what is remembered, and that nothing is done twice."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from library_sounds import RATE, quick_hear, write_sound

from loopmind.errors import CancelledError
from loopmind.library.library import Library, LibraryError
from loopmind.library.rows import pack_loop, unpack_loop
from loopmind.music.audio import Audio


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces hearing by a quick stand-in; the paths that were heard."""
    paths: list[str] = []

    def hear(audio: Audio, *, path: str, digest: str) -> object:
        paths.append(path)
        return quick_hear(audio, path=path, digest=digest)

    monkeypatch.setattr("loopmind.analysis.hear.hear", hear)
    return paths


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    root = tmp_path / "sounds"
    write_sound(root / "Drums" / "Kick 1.wav", 1)
    write_sound(root / "Drums" / "snare.WAV", 2)
    write_sound(root / "Loops" / "TapePad_120bpm_Am.wav", 3, seconds=2.0)
    write_sound(root / "deep" / "a" / "b" / "x.wav", 4)
    return root


def scan(library: Library, *folders: Path, **options: object) -> list[str]:
    crate = library.scan(folders, workers=0, **options)  # type: ignore[arg-type]
    return [Path(loop.path).name for loop in crate.loops]


def test_a_scan_finds_sounds_sorted_by_path_and_a_rescan_hears_nothing(
    tmp_path: Path, sounds: Path, heard: list[str]
) -> None:
    with Library(tmp_path / "lib") as library:
        first = library.scan([sounds], workers=0)
        assert [loop.path for loop in first.loops] == sorted(loop.path for loop in first.loops)
        assert len(first.loops) == library.report.new == library.report.heard == 4
        revision = library.revision
        again = library.scan([sounds], workers=0)
        assert again == first
        assert library.report.heard == library.report.new == 0
        assert library.revision == revision
        assert len(heard) == 4
    with Library(tmp_path / "lib") as library:
        assert library.scan(str(sounds), workers=0) == first
        assert library.size == 4
    assert len(heard) == 4


def test_only_asked_folders_are_in_the_crate(
    tmp_path: Path, sounds: Path, heard: list[str]
) -> None:
    with Library(tmp_path / "lib") as library:
        scan(library, sounds)
        assert scan(library, sounds / "Drums") == ["Kick 1.wav", "snare.WAV"]
        both = scan(library, sounds / "deep", sounds / "deep" / "a", sounds / "Loops")
        assert both == ["TapePad_120bpm_Am.wav", "x.wav"]
        assert scan(library, sounds / "Drums" / "snare.WAV") == ["snare.WAV"]
        write_sound(tmp_path / "sounds2" / "y.wav", 9)  # a name that begins alike
        assert len(scan(library, sounds)) == 4


def test_songs_that_were_made_below_the_folder_are_no_loops(
    tmp_path: Path, sounds: Path, heard: list[str]
) -> None:
    write_sound(sounds / "songs" / "mine" / "stems" / "bass.wav", 9)
    (sounds / "songs" / "mine" / "song.loopmind").write_bytes(b"")
    with Library(tmp_path / "library") as library:
        assert all("stems" not in loop.path for loop in library.scan(sounds).loops)
        named = library.scan(sounds / "songs" / "mine").loops
    assert [Path(loop.path).name for loop in named] == ["bass.wav"]


def test_names_are_evidence_unless_they_are_off(
    tmp_path: Path, sounds: Path, heard: list[str]
) -> None:
    with Library(tmp_path / "lib") as library:
        named = {Path(x.path).name: x for x in library.scan([sounds], workers=0).loops}
        pad = named["TapePad_120bpm_Am.wav"]
        assert pad.best_instrument == "pad"
        assert "name: 120 bpm" in pad.evidence
        assert "lo-fi" in {b.value for b in pad.tags}
        plain = library.scan([sounds], workers=0, use_names=False)
        assert all(x.best_instrument == "keys" and not x.evidence for x in plain.loops)
        assert library.report.heard == 0


def test_touched_changed_renamed_copied_and_vanished_files(
    tmp_path: Path, sounds: Path, heard: list[str]
) -> None:
    with Library(tmp_path / "lib") as library:
        scan(library, sounds)
        kick = sounds / "Drums" / "Kick 1.wav"
        os.utime(kick, (1, 1))
        scan(library, sounds)
        assert (library.report.heard, library.report.changed) == (0, 0)

        write_sound(kick, 77)
        scan(library, sounds)
        assert (library.report.heard, library.report.changed) == (1, 1)

        kick.rename(sounds / "Moved.wav")
        names = scan(library, sounds)
        assert "Moved.wav" in names and "Kick 1.wav" not in names
        assert (library.report.heard, library.report.renamed, library.report.missing) == (0, 1, 1)

        (sounds / "copy.wav").write_bytes((sounds / "Moved.wav").read_bytes())
        assert len(scan(library, sounds)) == 5
        assert (library.report.heard, library.report.duplicates) == (0, 1)

        snare = sounds / "Drums" / "snare.WAV"
        data = snare.read_bytes()
        snare.unlink()
        assert "snare.WAV" not in scan(library, sounds)
        snare.write_bytes(data)
        assert "snare.WAV" in scan(library, sounds)
        assert library.report.heard == 0


def test_a_rise_of_the_analysis_version_hears_again(
    tmp_path: Path, sounds: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library(tmp_path / "lib") as library:
        scan(library, sounds)
        monkeypatch.setattr("loopmind.analysis.version.ANALYSIS_VERSION", 10_000)
        assert len(scan(library, sounds)) == 4
        assert library.report.heard == 4


def test_what_is_not_sound_is_not_mentioned_and_what_is_broken_is(
    tmp_path: Path, heard: list[str]
) -> None:
    root = tmp_path / "odd"
    good = write_sound(root / "no_extension", 1)
    (root / "readme.txt").write_text("hello")
    (root / "x.asd").write_bytes(b"ableton")
    (root / "LICENSE").write_text("text without extension")
    (root / ".DS_Store").write_bytes(b"x")
    (root / "._hidden.wav").write_bytes(good.read_bytes())
    (root / ".hidden").mkdir()
    write_sound(root / ".hidden" / "a.wav", 5)
    write_sound(root / "__MACOSX" / "b.wav", 6)
    (root / "notes.mid").write_bytes(b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\0")
    (root / "sound.mid").write_bytes(good.read_bytes()[:800])
    (root / "empty.wav").write_bytes(b"")
    (root / "text.wav").write_text("this is not audio\n" * 40)
    (root / "aac.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(500))
    dither = np.random.default_rng(1).integers(-1, 2, 4000) / 32768
    soundfile.write(root / "silent.wav", dither, RATE)
    soundfile.write(root / "dc.flac", np.full(4000, 0.25), RATE)
    soundfile.write(root / "one.wav", np.array([0.5]), RATE)
    soundfile.write(root / "nan.wav", np.array([np.nan] * 800), RATE, "FLOAT")
    quiet = np.random.default_rng(0).uniform(-3e-4, 3e-4, 4000)
    soundfile.write(root / "quiet.wav", quiet, RATE, "PCM_24")
    (root / "link.wav").symlink_to(root / "gone.wav")
    (root / "loop").symlink_to(root, target_is_directory=True)
    with Library(tmp_path / "lib") as library:
        crate = library.scan([root], workers=0)
        names = [Path(x.path).name for x in crate.loops]
        assert names == ["no_extension", "quiet.wav", "sound.mid"]
        reasons = {Path(bad.path).name: bad.reason for bad in crate.unusable}
        expected = {
            "aac.m4a": "is AAC", "dc.flac": "constant level", "empty.wav": "is empty (0 bytes)",
            "link.wav": "link to a file that does not exist", "nan.wav": "no numbers",
            "one.wav": "too short to use (1 sample)", "silent.wav": "is silent",
            "text.wav": "is text",
        }  # fmt: skip
        assert sorted(reasons) == sorted(expected)
        for name, words in expected.items():
            assert words in reasons[name], (name, reasons[name])
        assert [Path(p).name for p in library.report.midi] == ["notes.mid"]
        assert library.scan([root], workers=0) == crate
        assert library.report.heard == 0


def test_a_name_that_is_no_text_is_listed_and_not_lost(tmp_path: Path, heard: list[str]) -> None:
    root = tmp_path / "latin"
    write_sound(root / "good.wav", 1)
    try:
        Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.wav")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes no such names")
    with Library(tmp_path / "lib") as library:
        crate = library.scan([root], workers=0)
    assert [bad.reason for bad in crate.unusable] == ["has a name that is no text"]
    assert crate.unusable[0].path.encode("utf-8")


def test_sides_that_cancel_are_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Audio] = []

    def hear(audio: Audio, *, path: str, digest: str) -> object:
        heard.append(audio)
        return quick_hear(audio, path=path, digest=digest)

    monkeypatch.setattr("loopmind.analysis.hear.hear", hear)
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 4000)
    soundfile.write(tmp_path / "antiphase.wav", np.stack([sound, -sound], axis=1), RATE)
    with Library(tmp_path / "lib") as library:
        loop = library.scan([tmp_path / "antiphase.wav"], workers=0).loops[0]
    assert float(np.abs(heard[0].samples.mean(axis=0)).max()) > 0.4
    assert any("cancel out in mono" in words for words in loop.evidence)


def test_a_long_file_is_heard_in_part(
    tmp_path: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopmind.library.hearing.HEARD_SECONDS", 1.0)
    write_sound(tmp_path / "s" / "long.wav", 1, seconds=3.0)
    with Library(tmp_path / "lib") as library:
        loop = library.scan([tmp_path / "s"], workers=0).loops[0]
    assert loop.duration_s == pytest.approx(3.0)
    assert "file: heard the first 0:01 of 0:03" in loop.evidence


@pytest.mark.parametrize("folders", [[], ["nowhere"]])
def test_missing_folders_are_refused_in_one_line(tmp_path: Path, folders: list[str]) -> None:
    with Library(tmp_path / "lib") as library, pytest.raises(LibraryError) as caught:
        library.scan(folders)
    assert ";" in str(caught.value) and "\n" not in str(caught.value)


def test_an_error_inside_analysis_costs_one_file_and_is_tried_again(
    tmp_path: Path, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = True

    def hear(audio: Audio, *, path: str, digest: str) -> object:
        if fail and "snare" in path:
            raise ZeroDivisionError("a fault")
        return quick_hear(audio, path=path, digest=digest)

    monkeypatch.setattr("loopmind.analysis.hear.hear", hear)
    with Library(tmp_path / "lib") as library:
        crate = library.scan([sounds], workers=0)
        assert [len(crate.loops), len(crate.unusable)] == [3, 1]
        assert "ZeroDivisionError" in crate.unusable[0].reason
        fail = False
        assert len(library.scan([sounds], workers=0).loops) == 4
        assert library.report.heard == 1


def test_progress_counts_to_the_end_and_cancelling_keeps_what_was_heard(
    tmp_path: Path, heard: list[str]
) -> None:
    root = tmp_path / "many"
    for number in range(12):
        write_sound(root / f"{number}.wav", number)
    told: list[tuple[int, int, str]] = []
    with Library(tmp_path / "lib") as library:
        with pytest.raises(CancelledError):
            library.scan([root], workers=0, cancelled=lambda: len(heard) >= 5)
        assert len(heard) == 5
        library.scan([root], workers=0, progress=lambda *step: told.append(step))
        assert library.report.heard == 7
        assert len(heard) == 12
    assert told[-1][:2] == (7, 7)


def test_rows_give_back_what_they_were_made_of() -> None:
    rng = np.random.default_rng(0)
    audio = Audio(rng.uniform(-1, 1, (1, 16000)).astype(np.float32), 8000)
    loop = quick_hear(audio, path="a/b.wav", digest="12" * 16)
    row = pack_loop(loop)
    again = unpack_loop(row, "a/b.wav")
    assert pack_loop(again) == row  # a row is a fixed point
    assert vars(again).keys() == vars(loop).keys()
    for name, value in vars(loop).items():
        if name in ("tempo", "key", "instrument", "role", "tags"):
            assert [b.value for b in getattr(again, name)] == [b.value for b in value]
            assert [b.weight for b in getattr(again, name)] == pytest.approx(
                [b.weight for b in value], abs=1e-4
            )
        elif isinstance(value, tuple) and value and isinstance(value[0], float):
            assert getattr(again, name) == pytest.approx(value, abs=1 / 500)
        else:
            assert getattr(again, name) == value
    assert hash(again) == hash(unpack_loop(row, "a/b.wav"))


def test_threads_may_share_a_library(tmp_path: Path, sounds: Path, heard: list[str]) -> None:
    failures: list[BaseException] = []
    with Library(tmp_path / "lib") as library:

        def work() -> None:
            try:
                assert len(library.scan([sounds], workers=0).loops) == 4
                assert library.search("pad", 2)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures


def test_real_sounds_in_worker_processes(tmp_path: Path, real_loops: Path) -> None:
    """Real hearing in real processes gives what it gives in this one; cancelling is quick."""
    files = sorted((real_loops / "stargate" / "stargate" / "kicks").glob("*.flac"))[:2]
    with Library(tmp_path / "a") as pooled, Library(tmp_path / "b") as here:
        crate = pooled.scan(files, workers=2)
        assert not crate.unusable
        assert [loop.kind for loop in crate.loops] == ["oneshot"] * len(files)
        assert crate == here.scan(files, workers=0)
        asked: list[float] = []

        def stop() -> bool:
            asked.append(time.monotonic())
            return len(asked) > 3

        folder = real_loops / "orin-ayo" / "drums"
        with pytest.raises(CancelledError):
            pooled.scan([folder], workers=2, cancelled=stop)
        assert time.monotonic() - asked[3] < 1.0  # .2 s on a quiet machine
