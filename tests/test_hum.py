"""Hum to beat: pitch, notes, tempo and key of a voice, and the song round its melody."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import compose_factory as factory
import numpy as np
import pytest
from mode_sounds import RATE, ode, sung

from loopmind.analysis.melody import melody_of
from loopmind.analysis.notes import SungNotes, held_notes, sung_notes
from loopmind.analysis.voice import track_voice
from loopmind.cli import main
from loopmind.compose import editing, select
from loopmind.compose.hum import arrange_melody, melody_brief, voices, with_voice
from loopmind.compose.mixing import mix_song
from loopmind.files.encode import write_audio
from loopmind.files.midi import read_midi
from loopmind.files.project import read_project
from loopmind.music.audio import Audio
from loopmind.music.brief import Brief
from loopmind.music.draft import Draft
from loopmind.music.edit import Edit, RegenerateSection, Reseed, SetEnergy
from loopmind.music.key import Key
from loopmind.music.loop import Crate
from loopmind.music.melody import Melody
from loopmind.music.notes import Note
from loopmind.present.melody_midi import melody_midi


def _heard(sound: np.ndarray) -> SungNotes:
    return sung_notes(track_voice(np.asarray(sound, np.float32), RATE))


@pytest.mark.parametrize("midi", [45.0, 57.3, 69.0, 81.4, 93.0])
def test_a_steady_tone_has_its_pitch(midi: float) -> None:
    t = np.arange(RATE) / RATE
    tone = 0.4 * np.sin(2 * np.pi * 440.0 * 2 ** ((midi - 69) / 12) * t)
    heard = track_voice(tone.astype(np.float32), RATE)
    inner = heard.midi[10:-10]
    assert np.abs(inner - midi).max() < 0.15
    assert abs(float(np.median(inner)) - midi) < 0.06


def test_a_glide_is_followed() -> None:
    t = np.arange(2 * RATE) / RATE
    midi = 57.0 + 6.0 * t
    phase = 2 * np.pi * np.cumsum(440.0 * 2 ** ((midi - 69) / 12)) / RATE
    voice = np.sum([np.sin(h * phase) / h for h in range(1, 6)], axis=0)
    heard = track_voice((0.3 * voice).astype(np.float32), RATE)
    times = (np.arange(heard.midi.size) + 0.5) * heard.hop_s
    inner = slice(12, -12)
    assert np.abs(heard.midi[inner] - (57.0 + 6.0 * times[inner])).max() < 0.3


def test_silence_and_noise_have_no_pitch() -> None:
    rng = np.random.default_rng(0)
    assert not track_voice(np.zeros(RATE, np.float32), RATE).voiced.any()
    noise = track_voice(rng.normal(0, 0.1, 2 * RATE).astype(np.float32), RATE)
    assert noise.voiced.mean() < 0.1
    assert _heard(np.zeros(RATE)).notes == ()


@pytest.mark.parametrize("cents", [0.0, 30.0, -35.0])
def test_notes_with_vibrato_and_scoops_are_those_that_were_sung(cents: float) -> None:
    truth = ode(100.0)
    heard = _heard(sung(truth, cents=cents))
    assert [n.pitch for n in heard.notes] == [midi for _, _, midi in truth]
    off = [n.start_s - start for n, (start, _, _) in zip(heard.notes, truth, strict=True)]
    assert np.abs(off).max() < 0.05
    assert heard.tuning_cents == pytest.approx(cents, abs=12.0)
    assert heard.clarity > 0.9 and heard.steadiness > 0.55


def test_a_held_note_tells_its_true_pitch() -> None:
    held = held_notes(track_voice(sung([(0.1, 1.1, 62.3)], vibrato=0.05, scoop=0.0), RATE))
    assert held[0].pitch == pytest.approx(62.3, abs=0.06)
    assert held[0].end_s - held[0].start_s > 0.8


@pytest.mark.parametrize("gap_s", [0.05, 0.08, 0.12, 0.2])
def test_a_note_struck_again_begins_where_it_sounds(gap_s: float) -> None:
    starts = [0.2 + (0.5 + gap_s) * i for i in range(4)]
    t = np.arange(RATE // 2) / RATE
    note = sum(0.2 / h * np.sin(2 * np.pi * 261.6 * h * t) for h in range(1, 9))
    sound = np.zeros(round((starts[-1] + 1.0) * RATE))
    for start in starts:
        at = round(start * RATE)
        sound[at : at + t.size] = note * np.minimum(1.0, (0.5 - t) / 0.2)
    heard = _heard(sound).notes
    assert [n.pitch for n in heard] == [60.0] * 4
    assert np.abs([n.start_s - s for n, s in zip(heard, starts, strict=True)]).max() < 0.02


def test_a_stray_octave_is_repaired() -> None:
    notes = [(0.1 + 0.4 * i, 0.42 + 0.4 * i, float(m)) for i, m in enumerate(
        (60, 62, 64, 77, 64, 62, 60))]  # fmt: skip
    assert [n.pitch for n in _heard(sung(notes)).notes] == [60, 62, 64, 65, 64, 62, 60]


@pytest.mark.parametrize("bpm", [84.0, 100.0, 120.0])
def test_tempo_bars_and_key_of_a_free_voice(bpm: float) -> None:
    truth = [Note(a, b, m, 0.8) for a, b, m in ode(bpm, jitter_s=0.02, seed=int(bpm))]
    melody = melody_of(truth)
    assert melody.bpm == pytest.approx(bpm, rel=0.02)
    assert melody.key == Key.parse("D major")
    assert (melody.beats_per_bar, melody.bars) == (4, 4)
    wanted = np.concatenate([[0.0], np.cumsum((1,) * 12 + (1.5, 0.5))])
    got = np.array([note.beat for note in melody.notes])
    assert np.abs(got - got[0] - wanted).max() < 0.13
    # What was sung late stays a little late: the feel is kept.
    assert np.abs(got * 4 - np.round(got * 4)).max() > 0.01


def test_a_known_tempo_is_taken() -> None:
    truth = [Note(a, b, m, 0.8) for a, b, m in ode(100.0)]
    assert melody_of(truth, bpm=(200.0, 200.0)).bpm == 200.0


def test_too_few_notes_are_no_melody() -> None:
    with pytest.raises(ValueError, match="no melody"):
        melody_of([Note(0.0, 0.5, 60.0, 0.8)] * 3)


@pytest.fixture(scope="module")
def melody() -> Melody:
    return melody_of([Note(a, b, m, 0.8) for a, b, m in ode(100.0)])


def _hum_draft(melody: Melody) -> tuple[Draft, Crate]:
    crate = factory.crate(factory.loops(100.0, "D major"), factory.kit(), factory.notes())
    brief = melody_brief(Brief(genre="pop"), melody)
    base = select.choose(crate, brief, 1)
    palette = with_voice(base, melody, crate, voices(base, melody, crate, 1), ())
    assert palette is not None
    song = arrange_melody(palette, melody, crate, brief, 1)
    return editing.start(brief, palette, song, mix_song(song, palette, crate)), crate


def test_the_song_states_the_melody_with_the_user_s_sound(melody: Melody) -> None:
    crate = factory.crate(factory.loops(100.0, "D major"), factory.kit(), factory.notes())
    brief = melody_brief(Brief(genre="pop"), melody)
    assert brief.bpm == (melody.bpm, melody.bpm) and brief.key == melody.key
    base = select.choose(crate, brief, 1)
    palette = with_voice(base, melody, crate, voices(base, melody, crate, 1), ())
    assert palette is not None
    assert [c.slot for c in palette.choices if c.role in ("lead", "vocal")] == ["melody"]
    song = arrange_melody(palette, melody, crate, brief, 1)
    hook = next(s for s in song.sections if s.kind in ("hook", "drop"))
    start = hook.start_bar * 4.0
    hits = [
        (clip.start_beat + hit.beat - start, hit.semitones)
        for clip in song.clips if clip.track == "melody"
        for hit in clip.hits if start <= clip.start_beat < start + melody.bars * 4
    ]  # fmt: skip
    assert [beat for beat, _ in hits] == pytest.approx([n.beat for n in melody.notes], abs=1e-3)
    steps = np.diff([semitones for _, semitones in hits])
    assert steps.tolist() == np.diff([n.midi for n in melody.notes]).tolist()
    assert arrange_melody(palette, melody, crate, brief, 1) == song


def test_edits_keep_what_was_sung(melody: Melody) -> None:
    draft, crate = _hum_draft(melody)
    sung = [c for c in draft.song.clips if c.track == "melody"]
    names = [s.name for s in draft.song.sections]
    edits: tuple[Edit, ...] = (
        RegenerateSection(names[1], 5), Reseed(7), SetEnergy((names[1],), by=-0.05),
    )  # fmt: skip
    for edit in edits:
        draft = editing.apply(edit, draft, crate)
        here = [c for c in draft.song.clips if c.track == "melody"]
        assert [(c.id, c.start_beat, c.hits, c.digest) for c in here] == [
            (c.id, c.start_beat, c.hits, c.digest) for c in sung
        ], edit
    with pytest.raises(editing.EditError, match="what was sung"):
        where = next(c.id.split("/")[0] for c in sung)
        editing.apply(RegenerateSection(where, 1, ("melody",)), draft, crate)


def test_hum_mid_holds_what_is_played(melody: Melody, tmp_path: Path) -> None:
    path = tmp_path / "hum.mid"
    path.write_bytes(melody_midi(melody, "hum"))
    read = read_midi(path)
    assert read.bpm == pytest.approx(melody.bpm, abs=0.01)
    notes = read.instruments[0].notes
    assert [n.pitch for n in notes] == [n.midi for n in melody.notes]
    beat = 60.0 / melody.bpm
    starts = [n.start_s / beat for n in notes]
    assert starts == pytest.approx([n.beat for n in melody.notes], abs=0.01)


def _bad(kind: str) -> np.ndarray:
    rng = np.random.default_rng(1)
    t = np.arange(6 * RATE) / RATE
    if kind == "silent":
        return np.zeros(6 * RATE)
    if kind == "noise":
        return rng.normal(0, 0.1, 6 * RATE)
    if kind == "second":
        return sung([(0.1, 0.4, 60.0), (0.5, 0.9, 62.0)])[:RATE]
    # Speech: the pitch never rests, and breaks off at every syllable.
    contour = np.interp(t, np.arange(0, 6.1, 0.12), rng.uniform(-0.5, 0.5, 51))
    phase = 2 * np.pi * np.cumsum(110.0 * 2**contour) / RATE
    voice = np.sum([np.sin(h * phase) / h for h in range(1, 15)], axis=0)
    return np.asarray(0.2 * voice * (np.sin(2 * np.pi * 4 * t) > -0.4))


@pytest.mark.parametrize(
    ("kind", "words"),
    [("silent", "is silent"), ("noise", "clear pitch"), ("second", "1.0 s long"),
     ("speech", "speech or noise"), ("missing", "does not exist")],
)  # fmt: skip
def test_bad_recordings_are_told_in_one_line(
    kind: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, crate = tmp_path / "hum.wav", tmp_path / "crate"
    crate.mkdir()
    tone = sung([(0.0, 0.5, 60.0)], vibrato=0.0)
    write_audio(crate / "tone.wav", Audio(tone[None, :], RATE))
    if kind != "missing":
        write_audio(path, Audio(np.asarray(_bad(kind), np.float32)[None, :], RATE))
    assert main(["hum", str(path), str(crate), "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert words in told and len(told.splitlines()) == 1


@pytest.mark.slow
def test_a_hum_becomes_a_song_of_real_sounds(real_loops: Path, tmp_path: Path) -> None:
    path = tmp_path / "hum.wav"
    write_audio(path, Audio(sung(ode(100.0, jitter_s=0.015))[None, :], RATE))
    out = tmp_path / "song"
    arguments = ["hum", str(path), str(real_loops), "--length", "1:00", "--out", str(out)]
    assert main(arguments) == 0
    song = read_project(out / "song.loopmind").draft().song
    assert song.bpm == pytest.approx(100.0, abs=1.0) and song.key == Key.parse("D major")
    sounded = [c for c in song.clips if c.track == "melody" and not c.hits]
    again = [(a, b) for a, b in pairwise(sounded) if a.semitones == b.semitones]
    assert again, "its notes are held by a loop, and the tune repeats some"
    assert all(a.start_beat + a.beats < b.start_beat for a, b in again)
    played = read_midi(out / "hum.mid").instruments[0].notes
    assert [n.pitch for n in played] == [m for _, _, m in ode(100.0)]
