"""Bad input to the commands that listen and learn: one clear line, the exit code, no traces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from loopmind.files.own_models import keep_model, use_model
from loopmind.files.places import shipped_model_file, user_models
from tests.bad_input import loop_samples, loopmind

RATE = 22050


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bad files, and of one good sound; the working folder."""
    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / "home"))
    here = tmp_path / "here"
    (here / "empty").mkdir(parents=True)
    (here / "sounds").mkdir()
    monkeypatch.chdir(here)
    good = loop_samples(1.0)
    soundfile.write("sounds/good.wav", good, RATE)
    soundfile.write("silent.wav", np.zeros(RATE), RATE)
    soundfile.write("constant.wav", np.full(RATE, 0.3), RATE)
    broken = good.copy()
    broken[100] = np.nan
    soundfile.write("nan.wav", broken, RATE, "FLOAT")
    soundfile.write("nothing.wav", good[:0], RATE)
    Path("text.wav").write_text("no sound, but a shopping list", encoding="utf-8")
    Path("empty.wav").write_bytes(b"")
    Path("video.mp4").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(3000))
    return here


SLOW = pytest.mark.slow  # the sounds are scanned in processes of their own


@pytest.mark.parametrize("command", ["separate", "transcribe", pytest.param("remake", marks=SLOW)])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("text.wav", "is text, not audio"),
        ("empty.wav", "is empty (0 bytes)"),
        ("nothing.wav", ""),
        ("video.mp4", "video.mp4"),
        ("nan.wav", "samples that are no numbers"),
        ("missing.wav", "missing.wav"),
        ("empty", "is a folder"),
    ],
)
def test_what_is_no_recording(place: Path, command: str, name: str, told: str) -> None:
    more = ["sounds"] if command == "remake" else []
    done = loopmind(command, name, *more, "--out", "out")
    assert (done.code, len(done.lines)) == (1, 1), done
    assert name in done.err and told in done.err and ";" in done.err
    assert not [path for path in Path("out").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("wish", "code", "told"),
    [
        (["remake", "sounds/good.wav", "nowhere"], 1, "the folder nowhere does not exist"),
        pytest.param(
            ["remake", "silent.wav", "sounds"], 1, "is silent; there is nothing", marks=SLOW
        ),
        (["transcribe", "constant.wav"], 1, "constant.wav is silent; there is nothing"),
        (["run", "audio_to_midi"], 1, "node 'transcribe': . names no file; name a recording"),
        (["remake", "sounds/good.wav"], 2, "required: FOLDER"),
        (["learn", "tagger", "--from", "nowhere"], 1, "nowhere does not exist; check the path"),
        (["learn", "tagger", "--from", "text.wav"], 1, "is a file; name a folder"),
        (["learn", "tagger", "--from", "empty"], 1, "no sounds whose names or folders tell"),
        (["learn", "transcriber", "--from", "sounds"], 1, "no audio beside MIDI files"),
        (["learn", "drums", "--from", "sounds"], 1, "no drum recordings beside MIDI files"),
        (["learn", "separator", "--from", "sounds"], 1, "no folders of stems"),
        (["learn", "fit", "--from", "sounds"], 1, "no folders of tracks that belong together"),
        (["learn", "tagger", "--from", "sounds", "--minutes", "0"], 2, "more than 0, got 0"),
        (["learn", "spoons"], 2, "invalid choice"),
        (["learn", "tagger", "--use", "mine"], 1, "make one: loopmind learn tagger --from"),
        (["learn", "tagger", "--undo"], 1, "there is nothing to undo"),
        (["evaluate", "tempo", "--data", "."], 1, "is a folder; name the CSV file"),
        (["evaluate", "tempo", "--data", "none.csv"], 1, "none.csv cannot be read"),
        (["evaluate", "tempo"], 2, "required: --data"),
        (["separate", "sounds/good.wav", "--model", "text.wav"], 1, "is no model that LoopMind"),
    ],
)
def test_impossible_wishes(place: Path, wish: list[str], code: int, told: str) -> None:
    done = loopmind(*wish)
    assert (done.code, len(done.lines)) == (code, 1), done
    assert told in done.err


def test_altered_weights_are_refused_before_anything_is_written(place: Path) -> None:
    shipped = shipped_model_file("notes.onnx")
    folder = keep_model("transcriber", [shipped, shipped.with_suffix(".md")])
    use_model("transcriber", "mine")
    own = user_models() / "transcriber" / folder / "notes.onnx"
    data = bytearray(own.read_bytes())
    data[len(data) // 2] ^= 0xFF
    own.write_bytes(data)
    done = loopmind("transcribe", "sounds/good.wav", "--out", "out")
    assert (done.code, len(done.lines)) == (1, 1), done
    assert "cut off or altered; go back" in done.err and "--use shipped" in done.err
    assert not Path("out").exists()
