"""`loopmind analyze` and `loopmind search`: output, schema, exit codes, messages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from library_sounds import RATE, quick_hear, write_sound

from loopmind.cli import main

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def hearing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopmind.analysis.hear.hear", quick_hear)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    root = tmp_path / "s"
    write_sound(root / "Kick.wav", 1)
    write_sound(root / "ループ_WarmPad_120bpm_Am.wav", 2, 2.0)
    soundfile.write(root / "silent.wav", np.zeros(4000), RATE)
    (root / "notes.mid").write_bytes(b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\0")
    return root


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_lines_follow_the_schema(sounds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import jsonschema

    schema = json.loads(
        (CHECKOUT / "docs" / "schema" / "analysis.schema.json").read_text(encoding="utf-8")
    )
    assert main(["analyze", str(sounds), "--json", "--workers", "0"]) == 0
    found = lines(capsys)
    for item in found:
        jsonschema.validate(item, schema)
    by_name = {Path(str(item["path"])).name: item for item in found}
    assert [item["path"] for item in found] == sorted(str(item["path"]) for item in found)
    pad = by_name["ループ_WarmPad_120bpm_Am.wav"]
    assert (pad["status"], pad["kind"], pad["bpm"], pad["beats"], pad["bars"], pad["key"]) == (
        "ok", "loop", 120.0, 4.0, 1.0, "A minor",
    )  # fmt: skip
    assert by_name["Kick.wav"]["bpm"] is None
    assert by_name["silent.wav"]["status"] == "unusable"
    assert "is silent; " in str(by_name["silent.wav"]["error"])
    assert by_name["notes.mid"]["status"] == "midi"


def test_the_table_names_every_file(sounds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(sounds), "--workers", "0"]) == 0
    out = capsys.readouterr().out
    assert "Kick.wav" in out and "A minor" in out
    assert "2 usable, 1 not usable, 1 MIDI" in out
    assert "silent.wav is silent; remove it" in out


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        ("missing", 1, "does not exist; check the path"),
        ("empty", 1, "no sound files in"),
        ("silent only", 1, "no usable sound in"),
        ("midi only", 1, "only MIDI files in"),
        ("nothing named", 2, ""),
    ],
)
def test_bad_folders_end_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: str, code: int, words: str
) -> None:
    folder = tmp_path / "f"
    if make != "missing":
        folder.mkdir()
    if make == "silent only":
        soundfile.write(folder / "a.wav", np.zeros(4000), RATE)
    if make == "midi only":
        (folder / "a.mid").write_bytes(b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\0")
    arguments = ["analyze"] if make == "nothing named" else ["analyze", str(folder), "--workers=0"]
    assert main(arguments) == code
    error = capsys.readouterr().err
    assert words in error
    if code == 1:
        assert len(error.strip().splitlines()) == 1


def test_correcting_from_the_terminal(sounds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kick = str(sounds / "Kick.wav")
    told = ["analyze", kick, "--workers=0", "--json", "--correct", "instrument=tom"]
    assert main([*told, "--correct", "tags=dark"]) == 0
    found = lines(capsys)[0]
    assert (found["instrument"], found["role"], found["tags"]) == ("tom", "percussion", ["dark"])
    assert main(["analyze", str(sounds), "--correct", "instrument=tom"]) == 2
    assert main(["analyze", kick, "--correct", "instrument"]) == 2
    assert main(["analyze", kick, "--correct", "bpm=fast"]) == 2
    assert "20 to 400" in capsys.readouterr().err


def test_search(sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = ["--library", str(tmp_path / "lib")]
    assert main(["search", "warm pad", *library]) == 1
    assert "run 'loopmind analyze FOLDER' first" in capsys.readouterr().err
    assert main(["analyze", str(sounds), "--workers=0", *library]) == 0
    capsys.readouterr()
    assert main(["search", "warm pad", "--json", "-k", "1", *library]) == 0
    found = lines(capsys)
    assert len(found) == 1 and str(found[0]["path"]).endswith("WarmPad_120bpm_Am.wav")
    assert 0 < float(str(found[0]["score"])) <= 1
    assert main(["search", str(sounds / "Kick.wav"), *library]) == 0
    assert "WarmPad" in capsys.readouterr().out
    for query, code in (
        ("gone.wav", 1), ("", 2), (str(sounds), 2), ("xyzzy", 2),
    ):  # fmt: skip
        assert main(["search", query, *library]) == code
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert main(["search", "pad", "--bpm", "fast", *library]) == 2
    assert main(["search", "pad", "--key", "H", *library]) == 2
    assert main(["search", "pad", "-k", "0", *library]) == 2
