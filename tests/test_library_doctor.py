"""The doctor finds what was planted among sounds, and leaves sound collections alone."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from compose_factory import crate, make

from loopmind.cli import main
from loopmind.library.doctor import examine
from loopmind.library.gaps import find_gaps
from loopmind.music.loop import Loop

HOUSE = "stargate/fugue-state-audio/loops/130-discobeat.flac"


def _doctor(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert main(["doctor", str(folder), "--json"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)["findings"]
    return found


def test_planted_troubles_in_real_sounds_are_found(
    real_loops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beat = real_loops / HOUSE
    shutil.copy(beat, tmp_path / "discobeat 130 bpm.flac")
    shutil.copy(beat, tmp_path / "discobeat 151 bpm.flac")
    sound, rate = soundfile.read(beat)
    soundfile.write(tmp_path / "disco again.wav", 0.99 * sound, rate)
    soundfile.write(tmp_path / "nothing.wav", np.zeros(8000), 8000)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    found = _doctor(tmp_path, capsys)
    by_kind: dict[object, list[str]] = {}
    for finding in found:
        by_kind.setdefault(finding["kind"], []).append(str(finding["what"]))
        assert finding["remedy"]
    assert len(by_kind["broken"]) == 2
    assert len(by_kind["copy"]) == 1 and len(by_kind["alike"]) == 1
    assert by_kind["name"] == [what for what in by_kind["name"] if "151" in what]
    assert any("no bass" in what for what in by_kind["gap"])


def test_what_the_user_corrected_is_not_doubted(
    real_loops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = tmp_path / "discobeat 151 bpm.flac"
    shutil.copy(real_loops / HOUSE, named)
    assert any(f["kind"] == "name" for f in _doctor(tmp_path, capsys))
    assert main(["analyze", str(named), "--correct", "bpm=151"]) == 0
    capsys.readouterr()
    assert not any(f["kind"] == "name" for f in _doctor(tmp_path, capsys))


def test_rightly_named_real_loops_are_left_alone(
    real_loops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = real_loops / "stargate" / "fugue-state-audio" / "loops"
    assert [f for f in _doctor(folder, capsys) if f["kind"] == "name"] == []


def test_a_readable_report_for_a_person(
    real_loops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(real_loops / HOUSE, tmp_path / "a.flac")
    shutil.copy(real_loops / HOUSE, tmp_path / "b.flac")
    assert main(["doctor", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "a.flac is there twice" in said and "What is missing for songs" in said
    assert "-> " in said


def _gaps(*loops: Loop) -> list[str]:
    return [what for what, _, _ in find_gaps(loops)]


def _band(bass_key: str | None) -> list[Loop]:
    loops = [make("keys", name=f"keys_{i}_Fm.wav", bpm=140, key="F minor") for i in range(4)]
    return [*loops, make("bass", name="bass.wav", bpm=140, key=bass_key)]


def test_a_key_without_bass_is_a_gap_only_out_of_reach() -> None:
    assert any("no F minor bass for 4 loops" in gap for gap in _gaps(*_band("B minor")))
    for near in ("F minor", "G minor", "G# major", "D minor"):
        assert not any("minor bass" in gap for gap in _gaps(*_band(near)))
    note = replace(make("bass", name="808.wav", kind="oneshot", bpm=None, key=None), pitch_midi=33)
    assert not any("minor bass" in gap for gap in _gaps(*_band("B minor"), note))


def test_few_fills_and_missing_kits_are_gaps() -> None:
    drums = [make("drums", name=f"drums_{i}.wav", bpm=140, key=None) for i in range(3)]
    assert "no drum fills" in _gaps(*drums)
    fills = [
        make("drums", name=f"drum_fill_{i}.wav", bpm=140, key=None, beats=4.0) for i in range(2)
    ]  # fmt: skip
    assert "only two drum fills" in _gaps(*drums, *fills)
    assert any(gap.startswith("no drum loops") for gap in _gaps(*_band("F minor")))


def test_healthy_sounds_give_no_findings_but_gaps() -> None:
    sounds = crate(_band("F minor"))
    assert {finding.kind for finding in examine(sounds, sounds)} <= {"gap"}
