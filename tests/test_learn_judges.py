"""Judging tempo, key and fit on labelled files, and the command that prints it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile
from test_learn_fit import SMALL, songs

from loopmind.cli import main
from loopmind.errors import LoopMindError
from loopmind.files.encode import write_audio
from loopmind.learn.drums import judge as judge_drums
from loopmind.learn.evaluate import table_of
from loopmind.learn.fit import judge as judge_fit
from loopmind.learn.fit.lists import stock
from loopmind.learn.fit.model import train
from loopmind.learn.judging import NOTICE, OURS, UNUSABLE, Row, number_in, read_labels
from loopmind.learn.notes import judge as judge_notes
from loopmind.learn.separation import judge as judge_separation
from loopmind.learn.tempo_key import judge as judge_tempo_key
from loopmind.music.audio import Audio
from loopmind.music.key import Key

RATE = 44100


def clicks(path: Path, bpm: float, beats: int = 16) -> None:
    frames = round(beats * 60.0 / bpm * RATE)
    sound = np.zeros(frames, np.float32)
    click = np.exp(-np.arange(4000) / 400.0) * np.sin(np.arange(4000) * 0.02)
    for beat in range(beats):
        at = round(beat * 60.0 / bpm * RATE)
        sound[at : at + 4000] += click[: frames - at].astype(np.float32)
    write_audio(path, Audio(0.8 * sound[None], RATE))


def chord(path: Path, midi: tuple[int, ...]) -> None:
    t = np.arange(3 * RATE) / RATE
    parts = [np.sin(2 * np.pi * 440.0 * 2 ** ((n - 69) / 12) * t) for n in midi]
    write_audio(path, Audio((0.2 * np.sum(parts, axis=0)).astype(np.float32)[None], RATE))


def by_name(rows: list[Row]) -> dict[tuple[str, str], float]:
    return {(row.what, row.of): row.value for row in rows if row.unit != UNUSABLE}


def test_tempo_is_judged_exactly_and_with_octaves_forgiven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_tempo_key, "_their_bpm", lambda audio: 60.0)
    clicks(tmp_path / "a.wav", 120.0)
    clicks(tmp_path / "b.wav", 100.0)
    (tmp_path / "silent.wav").write_bytes(b"RIFF")
    table = tmp_path / "labels.csv"
    table.write_text("path,bpm\na.wav,120\nb.wav,100\nsilent.wav,90\na.wav,fast\n")
    seen: list[str] = []
    rows = judge_tempo_key.judge_tempo(table, lambda done, total, what: seen.append(what))
    figures = by_name(rows)
    assert figures["tempo within 1 %", OURS] == 1.0 and figures["files", OURS] == 2
    assert figures["tempo within 1 %", "librosa"] == 0.0
    assert figures["tempo within 4 %, octaves forgiven", "librosa"] == 0.5
    unusable = [row.what for row in rows if row.unit == UNUSABLE]
    assert len(unusable) == 2 and any("'fast' is no number" in text for text in unusable)
    assert len(seen) == 4


def test_key_is_judged_by_root_and_by_how_far_off_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_tempo_key, "_their_key", lambda audio: Key.parse("A minor"))
    chord(tmp_path / "a.wav", (48, 60, 64, 67, 72))
    table = tmp_path / "labels.csv"
    table.write_text("path,key\na.wav,C major\na.wav,H dur\n")
    rows = judge_tempo_key.judge_key(table, lambda done, total, what: None)
    figures = by_name(rows)
    assert figures["key root", OURS] == 1.0 and figures["key root", "librosa"] == 0.0
    assert figures["key, MIREX score", "librosa"] == pytest.approx(0.3)
    assert "'H dur' is none" in next(row.what for row in rows if row.unit == UNUSABLE)


def test_fit_is_judged_beside_its_peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = songs(14, seed=4)
    table = tmp_path / "labels.csv"
    lines = []
    for number, sample in enumerate(made):
        (tmp_path / f"{number}.wav").write_bytes(b"")
        lines.append(f"{number}.wav,{sample.piece}")
    table.write_text("path,group\n" + "\n".join(lines))
    model = train(stock(songs(24)), SMALL)
    monkeypatch.setattr(judge_fit, "_sample", lambda line, bad: made[int(line.path.stem)])
    monkeypatch.setattr(judge_fit, "fit_model", lambda: model)
    figures = by_name(judge_fit.judge(table, lambda done, total, what: None))
    what = "right one of 10, beside all mates"
    assert figures[what, OURS] > max(figures[what, judge_fit.HANDMADE], 0.5)
    assert (what, judge_fit.EMBEDDING) in figures and figures["questions", OURS] == len(made)
    made[:] = made[:3] * 14
    with pytest.raises(LoopMindError, match="too few groups"):
        judge_fit.judge(table, lambda done, total, what: None)


def test_the_command_prints_figures_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(judge_tempo_key, "_their_bpm", lambda audio: 100.0)
    clicks(tmp_path / "a.wav", 100.0)
    table = tmp_path / "labels.csv"
    table.write_text("path,bpm\na.wav,100\n")
    assert main(["evaluate", "tempo", "--data", str(table), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["judged"] == "tempo" and told["unusable"] == []
    assert {"what", "value", "unit", "of"} == set(told["figures"][0])
    assert main(["evaluate", "tempo", "--data", str(tmp_path / "none.csv")]) == 1
    assert "none.csv cannot be read" in capsys.readouterr().err
    assert main(["evaluate", "spoons", "--data", str(table)]) == 2
    lines = table_of([Row("a", 0.5, "", OURS), Row("a", 1.25, "dB", "peer"),
                      Row("b", float("nan"), "", "peer")])  # fmt: skip
    assert "0.500" in lines[1] and "1.250 dB" in lines[1] and lines[2].split() == ["b", "-", "-"]
    wide = [Row("a", 1.0, "dB", f"a peer of many words {n}") for n in range(6)]
    lines = table_of([Row("a", 1.0, "dB", OURS), Row("mixes", 2.0, "files", OURS), *wide])
    assert max(map(len, lines)) <= 110 and sum("LoopMind" in line for line in lines) == 2
    assert "2 files" in "\n".join(lines)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"file,tempo\na.wav,120\n", "line 1 has no column path, bpm"),
        (b"path,bpm\nnone.wav,120\n", "line 2: there is no file none.wav"),
        ("path,bpm\na.wav,1\nm\u00fcll.wav,2\n".encode("latin-1"), "line 3 is no UTF-8 text"),
        (b"", "is empty"),
        (b"\xff\xfep\x00a\x00", "line 1 is no UTF-8 text"),
    ],
)
def test_tables_that_are_no_good_are_told_in_one_line(
    tmp_path: Path, data: bytes, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels.csv").write_bytes(data)
    for what in ("tempo", "transcribe"):
        wanted = data.replace(b"bpm", b"midi") if what == "transcribe" else data
        (tmp_path / "labels.csv").write_bytes(wanted)
        assert main(["evaluate", what, "--data", str(tmp_path / "labels.csv")]) == 1
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert told.replace("bpm", "midi" if what == "transcribe" else "bpm") in err


def test_a_table_of_another_spreadsheet_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    table = tmp_path / "labels.csv"
    table.write_bytes("\ufeffpath;bpm\r\na.wav;92,5\r\n".encode())
    (line,), bad = read_labels(table, ("path", "bpm"))
    assert number_in(line, "bpm") == 92.5 and not bad


def test_every_path_counts_from_the_table_s_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    chord(tmp_path / "a" / "mix.wav", (48, 64))
    table = tmp_path / "labels.csv"
    table.write_text("path,drums,bass\na/mix.wav,a/drums.wav,\n", encoding="utf-8")
    (line,), bad = read_labels(table, ("path",), ("drums", "bass"))
    assert not bad
    assert line.path == tmp_path / "a" / "mix.wav"
    assert line.file("drums") == tmp_path / "a" / "drums.wav"
    assert line.file("bass") is None


def notes_in(path: Path, seconds: float, *, drums: bool = False) -> None:
    """A note (or kick) every half second, C4 and E4 in turn, from a quarter of a second on."""
    made = pretty_midi.PrettyMIDI()
    part = pretty_midi.Instrument(0, is_drum=drums)
    for number in range(int(2 * seconds)):
        pitch = 36 if drums else 60 + 4 * (number % 2)
        at = 0.25 + 0.5 * number
        part.notes.append(pretty_midi.Note(100, pitch, at, at + 0.4))
    made.instruments.append(part)
    made.write(str(path))


def test_notes_behind_the_end_of_a_recording_are_no_misses_and_are_told(tmp_path: Path) -> None:
    t = np.arange(round(0.4 * RATE)) / RATE
    sound = np.zeros(4 * RATE, np.float32)
    for number in range(8):
        hertz = 440.0 * 2.0 ** ((60 + 4 * (number % 2) - 69) / 12)
        tone = sum(np.sin(2 * np.pi * k * hertz * t) / k for k in range(1, 8)) * np.exp(-4 * t)
        at = round((0.25 + 0.5 * number) * RATE)
        part = sound[at : at + t.size]
        part += 0.1 * tone[: part.size].astype(np.float32)
    write_audio(tmp_path / "a.wav", Audio(sound[None], RATE))
    table = tmp_path / "labels.csv"
    table.write_text("path,midi,kind\na.wav,a.mid,line\n")
    rows = {}
    for seconds in (4.0, 20.0):
        notes_in(tmp_path / "a.mid", seconds)
        rows[seconds] = judge_notes.judge(table, lambda done, total, what: None)
    own = {n: [r for r in made if r.of == OURS] for n, made in rows.items()}
    assert own[4.0] == own[20.0] and by_name(own[4.0])["line: onset F1", OURS] > 0.9
    told = [row.what for row in rows[20.0] if row.unit == NOTICE]
    assert "a.wav ends after 4.0 s, its MIDI goes on to 19.8 s" in told[0]
    notes_in(tmp_path / "a.mid", 1.0)
    rows[1.0] = judge_notes.judge(table, lambda done, total, what: None)
    told = [row.what for row in rows[1.0] if row.unit == NOTICE]
    assert "a.wav lasts 4.0 s, its MIDI ends after 1.1 s: check" in told[0]
    assert not any("a.wav" in row.what for row in rows[4.0] if row.unit == NOTICE)


def test_what_cannot_be_judged_at_all_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clicks(tmp_path / "a.wav", 100.0, 4)
    notes_in(tmp_path / "a.mid", 2.0)
    (tmp_path / "text.mid").write_text("no notes")
    table = tmp_path / "labels.csv"
    for name, told in (("a.mid", "a.mid has no drum part; put the drums on MIDI channel 10"),
                       ("text.mid", "text.mid is no MIDI file, or a damaged one")):  # fmt: skip
        table.write_text(f"path,midi\na.wav,{name}\n")
        assert main(["evaluate", "drums", "--data", str(table)]) == 1
        caught = capsys.readouterr()
        assert "could be judged" in caught.err and told in caught.err and not caught.out
        assert told.startswith("text") or "check the column" not in caught.err  # one remedy
    (tmp_path / "junk.wav").write_text("a shopping list")
    for what, rows, reasons in (
        ("tempo", "path,bpm\njunk.wav,120\n", ("junk.wav: is text",)),
        ("key", "path,key\njunk.wav,A minor\n", ("junk.wav: is text",)),
        ("transcribe", "path,midi\njunk.wav,a.mid\na.wav,text.mid\n", ("junk.wav: is", "text.mid")),
        ("drums", "path,midi,kind\na.wav,a.mid,keys\n", ("no line is of the kind drums or mix",)),
        ("transcribe", "path,midi,kind\na.wav,a.mid,drums\n", ("no line is of the kind line",)),
    ):
        table.write_text(rows)
        assert main(["evaluate", what, "--data", str(table)]) == 1
        caught = capsys.readouterr()
        assert "could be judged" in caught.err and not caught.out
        assert all(reason in caught.err for reason in reasons), caught.err
    assert main(["evaluate", "transcribe", "--data", str(table), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["figures"] == [] and len(told["unusable"]) == 1


@pytest.mark.filterwarnings("ignore:Empty filters")  # librosa's, of a low rate
def test_drums_are_read_by_the_recording_s_name_not_by_the_midi_s(tmp_path: Path) -> None:
    clicks(tmp_path / "beat.wav", 120.0, 8)
    notes_in(tmp_path / "take.mid", 4.0)
    table = tmp_path / "labels.csv"
    for kind, judged in (("", True), ("mix", False)):
        table.write_text(f"path,midi,kind\nbeat.wav,take.mid,{kind}\n")
        rows = judge_drums.judge(table, lambda done, total, what: None)
        # What is called a beat is all drums; of a mix drums are what the MIDI file says they are.
        assert bool(by_name(rows)) == judged
    assert "take.mid has no drum part; put the drums on" in rows[0].what
    notes_in(tmp_path / "take.mid", 4.0, drums=True)
    late = pretty_midi.PrettyMIDI(str(tmp_path / "take.mid"))
    for note in late.instruments[0].notes:
        note.start, note.end = note.start + 30.0, note.end + 30.0
    late.write(str(tmp_path / "take.mid"))
    (row,) = judge_drums.judge(table, lambda done, total, what: None)
    assert row.unit == UNUSABLE and "all hits in take.mid lie behind its end" in row.what


@pytest.mark.parametrize("command", ["evaluate", "learn"])
def test_a_package_that_is_not_installed_is_named(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LOOPMIND_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(sys.modules, "mir_eval", None)
    for name in "abcd":
        clicks(tmp_path / f"{name}.wav", 100.0 + ord(name), 8)
        notes_in(tmp_path / f"{name}.mid", 2.0, drums=True)
    (tmp_path / "table").mkdir()
    table = tmp_path / "table" / "labels.csv"
    table.write_text("path,midi\n../a.wav,../a.mid\n")
    given = ["--data", str(table)] if command == "evaluate" else ["--from", str(tmp_path)]
    assert main([command, "drums", *given]) == 1
    assert "drums needs the package mir_eval; pip install mir_eval" in capsys.readouterr().err


def test_a_peer_that_is_not_installed_is_told_below_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(judge_notes, "basic_pitch", lambda: None)
    chord(tmp_path / "a.wav", (60, 64))
    notes_in(tmp_path / "a.mid", 2.0)
    table = tmp_path / "labels.csv"
    table.write_text("path,midi,kind\na.wav,a.mid,keys\n")
    assert main(["evaluate", "transcribe", "--data", str(table)]) == 0
    out = capsys.readouterr().out
    assert "Basic Pitch is not installed" in out.splitlines()[-1]
    assert "pip install --no-deps basic-pitch resampy" in out.splitlines()[-1]


def test_some_stems_are_enough_to_judge_a_separation_by(tmp_path: Path) -> None:
    clicks(tmp_path / "drums.wav", 120.0, 4)
    chord(tmp_path / "keys.wav", (48, 64))
    one, two = (soundfile.read(tmp_path / name)[0] for name in ("drums.wav", "keys.wav"))
    length = min(one.size, two.size)
    soundfile.write(tmp_path / "mix.wav", one[:length] + two[:length], RATE)
    table = tmp_path / "labels.csv"
    table.write_text("path,drums\nmix.wav,drums.wav\n")
    rows = judge_separation.judge(table, lambda done, total, what: None, sdr=False)
    assert by_name(rows)["drums: SI-SDR gain over the mix", OURS] > 3.0
    assert not any(row.what.startswith("other") for row in rows)
    (tmp_path / "text.mp3").write_text("a shopping list")
    chord(tmp_path / "short.wav", (48,))
    short = soundfile.read(tmp_path / "short.wav")[0][: RATE // 4]
    soundfile.write(tmp_path / "short.wav", short, RATE)
    table.write_text("path,bass\nmix.wav,text.mp3\nmix.wav,short.wav\n")
    bad = judge_separation.judge(table, lambda done, total, what: None, sdr=False)
    assert bad[0].what == (
        "labels.csv, line 2: text.mp3 is text, not audio; remove it or give it its own extension"
    )
    assert "short.wav is not as long as mix.wav" in bad[1].what and "mend it" not in bad[1].what
    table.write_text("path,guitars\nmix.wav,drums.wav\n")
    with pytest.raises(LoopMindError, match="none of the columns drums, bass, vocals, other; one"):
        judge_separation.judge(table, lambda done, total, what: None)
