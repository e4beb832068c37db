"""Pitched notes: the front end, decoding, routing, and training in small."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from loopmind.analysis.listening import pitched
from loopmind.analysis.listening.pitched import Texture
from loopmind.analysis.listening.pitched_bends import bends_of
from loopmind.analysis.listening.pitched_decode import Limits, polyphonic, single_line
from loopmind.analysis.listening.pitched_model import FAMILIES, FOLD, FPS, Heard, heard_mono, listen
from loopmind.analysis.listening.pitched_players import players
from loopmind.analysis.listening.pitched_second import (
    FEATURES,
    Layers,
    candidates,
    features,
    look_again,
)
from loopmind.analysis.listening.spectrogram import (
    CHANNELS,
    HOP,
    LOWEST_MIDI,
    RATE_HZ,
    SEMITONES,
    loudness_gain,
    note_spectrogram,
)
from loopmind.analysis.models import ModelError, open_file
from loopmind.errors import CancelledError
from loopmind.learn.notes.judge import Line, midi_truth, score
from loopmind.music.audio import Audio

F32 = NDArray[np.float32]


def tone(pitch: float, seconds: float = 1.0, harmonics: int = 5) -> F32:
    hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    parts = [np.sin(2 * np.pi * hertz * h * t) / h for h in range(1, harmonics + 1)]
    return (0.1 * np.sum(parts, axis=0)).astype(np.float32)


@pytest.mark.parametrize("pitch", [33, 40, 50, 57, 60, 71, 72, 83, 84, 96, 108])
def test_a_tone_is_loudest_in_its_own_third(pitch: int) -> None:
    picture = note_spectrogram(tone(pitch, harmonics=1))
    middle = picture[:3, picture.shape[1] // 2]
    third, semitone = np.unravel_index(int(np.argmax(middle)), middle.shape)
    # The lowest strings have no window long enough to tell thirds of semitones apart.
    assert semitone == pitch - LOWEST_MIDI
    assert third == 1 or pitch < 45


def melody(partials: Sequence[float], falls: bool, seed: int = 7) -> tuple[Audio, list[Line]]:
    """24 notes, one after the other, of sines at the harmonics; held, or falling like a string."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(0.45 * RATE_HZ)) / RATE_HZ
    shape = np.minimum(1.0, t / 0.005) * np.minimum(1.0, (0.45 - t) / 0.02)
    sound = np.zeros(round(13.0 * RATE_HZ), np.float32)
    notes = []
    for number, pitch in enumerate(rng.integers(45, 80, 24).tolist()):
        start_s = 0.3 + 0.5 * number
        hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
        parts = [a * np.sin(2 * np.pi * hertz * k * t) for k, a in enumerate(partials, 1)]
        first = round(start_s * RATE_HZ)
        fall = np.exp(-5.0 * t) if falls else 1.0
        sound[first : first + t.size] += (0.2 * np.sum(parts, axis=0) * shape * fall).astype("f4")
        notes.append(Line(start_s, start_s + 0.45, pitch, "lead"))
    return Audio(sound[None], RATE_HZ), notes


@pytest.mark.parametrize("falls", [False, True])
@pytest.mark.parametrize("texture", ["line", "chords", "mix"])
@pytest.mark.parametrize(
    "partials", [(1.0,), (1.0, 0.5, 0.3), (1.0, 0.7, 0.5, 0.3), (1.0, 1.0, 1.0), (1.0, 0.0, 0.4)],
    ids=str,
)  # fmt: skip
def test_plain_tones_are_heard_whatever_their_colour(
    partials: tuple[float, ...], texture: Texture, falls: bool
) -> None:
    sound, truth = melody(partials, falls)
    found = [
        Line(n.start_s, n.end_s, n.pitch, n.instrument)
        for n in pitched.transcribe_pitched(sound, texture=texture)
    ]
    assert score(truth, found).onset > (0.7 if texture == "mix" else 0.9)


def test_picture_of_silence_and_of_nothing() -> None:
    assert not note_spectrogram(np.zeros(RATE_HZ, np.float32)).any()
    assert note_spectrogram(np.zeros(0, np.float32)).shape == (CHANNELS, 1, SEMITONES)
    assert loudness_gain(np.zeros(100, np.float32)) == 1.0
    assert loudness_gain(np.zeros(0, np.float32)) == 1.0


def test_picture_of_a_part_is_part_of_the_picture() -> None:
    sound = np.random.default_rng(1).standard_normal(3 * RATE_HZ).astype(np.float32) * 0.1
    whole = note_spectrogram(sound)
    part = note_spectrogram(sound[40 * HOP : 140 * HOP])
    np.testing.assert_allclose(part[:, 20:80], whole[:, 60:120], atol=2e-3)


def test_gain_makes_levels_alike() -> None:
    sound = tone(60)
    quiet = sound * np.float32(0.01)
    np.testing.assert_allclose(
        sound * loudness_gain(sound), quiet * loudness_gain(quiet), rtol=1e-4
    )


def answer(frames: int, notes: list[tuple[float, float, int, float, str]]) -> Heard:
    """What a perfect network would say of notes: start s, end s, pitch, velocity, family."""
    onset = np.zeros((frames, 88), np.float32)
    frame, velocity = onset.copy(), onset.copy()
    family = np.zeros((len(FAMILIES), -(-frames // FOLD), 88), np.float32)
    at = np.arange(frames)
    for start, end, pitch, strength, name in notes:
        key = pitch - LOWEST_MIDI
        shape = np.maximum(0.0, 1.0 - np.abs(at - start * FPS) / 2.0)
        onset[:, key] = np.maximum(onset[:, key], shape)
        frame[round(start * FPS) : round(end * FPS), key] = 1.0
        velocity[np.flatnonzero(shape > 0), key] = strength
        family[FAMILIES.index(name), int(start * FPS) // FOLD : int(end * FPS) // FOLD + 1, key] = (
            0.9
        )
    return Heard(
        onset,
        frame,
        velocity,
        family,
        np.zeros((frames, 104, 3), np.float32),
        np.zeros((frames, 104), np.float32),
        frames / FPS,
    )


def test_decoding_gives_back_what_was_said() -> None:
    notes = [(0.1034, 0.6, 60, 0.5, "keys"), (0.1034, 0.9, 64, 0.7, "keys"),
             (0.7013, 1.2, 60, 0.9, "keys"), (1.2021, 1.5, 60, 0.4, "keys")]  # fmt: skip
    found = polyphonic(answer(200, notes), Limits())
    assert [(n.key + LOWEST_MIDI) for n in found] == [60, 64, 60, 60]
    for note, truth in zip(found, notes, strict=True):
        assert note.start / FPS == pytest.approx(truth[0], abs=0.001)
        assert note.end / FPS == pytest.approx(truth[1], abs=1.1 / FPS)
        assert note.velocity == pytest.approx(truth[3], abs=0.01)


def test_a_single_line_has_one_note_at_a_time() -> None:
    notes = [(0.2, 0.5, 60, 0.5, "lead"), (0.5, 0.8, 62, 0.5, "lead"), (0.8, 1.1, 62, 0.5, "lead"),
             (1.3, 1.6, 48, 0.5, "lead")]  # fmt: skip
    said = answer(200, notes)
    said.frame[:, 84 - LOWEST_MIDI] = 0.3  # an overtone that sounds a little all the time
    found = single_line(said, Limits())
    assert [n.key + LOWEST_MIDI for n in found] == [60, 62, 62, 48]
    for note, truth in zip(found, notes, strict=True):
        assert note.start / FPS == pytest.approx(truth[0], abs=0.003)
    for before, after in itertools.pairwise(found):
        assert before.end <= after.start + 1.0


def test_an_instrument_keeps_its_line() -> None:
    bass = [(0.3 * i, 0.3 * i + 0.2, 40 + i % 3, 0.5, "bass") for i in range(10)]
    keys = [(0.3 * i, 0.3 * i + 0.2, 70 + i % 3, 0.5, "keys") for i in range(10)]
    found = polyphonic(answer(300, [*bass, *keys]), Limits())
    # One note's own evidence is doubtful; its neighbours tell.
    stray = next(i for i, n in enumerate(found) if n.key == 41 - LOWEST_MIDI)
    who = found[stray].who.copy()
    who[:] = 0.0
    who[FAMILIES.index("bass")], who[FAMILIES.index("strings")] = 0.3, 0.4
    found[stray] = replace(found[stray], who=who)
    named = players(found, Limits())
    assert {name for _, name in named} == {"bass", "keys"}
    assert all((name == "bass") == (note.key < 60 - LOWEST_MIDI) for note, name in named)


def test_two_that_play_the_same_note_both_have_it() -> None:
    both = [(0.1, 0.5, 60, 0.5, name) for name in ("strings", "brass")]
    more = [(0.6 + 0.3 * i, 0.8 + 0.3 * i, 60 + i, 0.5, n) for i in range(4) for n in
            ("strings", "brass")]  # fmt: skip
    named = players(polyphonic(answer(250, [*both, *more]), Limits()), Limits())
    assert sum(name == "strings" for _, name in named) == 5
    assert sum(name == "brass" for _, name in named) == 5


def test_a_key_struck_while_it_rings_is_seen_in_short_windows() -> None:
    gap = round(0.03 * RATE_HZ)
    struck = tone(45, 0.5)
    struck[-gap:] = 0.0
    picture = note_spectrogram(np.concatenate([struck, tone(45, 0.5)]))
    at, key = round(0.485 * FPS), 57 - LOWEST_MIDI
    around = picture[:, at - 6 : at + 7, key]
    # Windows of 46 ms show the gap, the long ones hardly do.
    assert np.ptp(around[4]) > 3.0 * np.ptp(around[1])


def test_the_second_network_judges_each_place_again() -> None:
    notes = [(0.1 + 0.3 * i, 0.3 + 0.3 * i, 40 if i % 2 else 80, 0.5, "keys") for i in range(12)]
    heard = answer(400, notes)
    frames, keys = candidates(heard.onset)
    seen = features(heard, frames, keys)
    assert seen.shape == (12, FEATURES) and np.isfinite(seen).all()
    # Believes in what is low alone: registers are the last of the features.
    layer = np.zeros((FEATURES + 1, 1), np.float32)
    layer[FEATURES - 11 + 2], layer[-1] = 8.0, -4.0
    kept = Layers.from_text(Layers((layer,)).to_text(), FEATURES)
    found = polyphonic(heard, Limits(), look_again(heard, kept))
    assert [note.key for note in found] == [40 - LOWEST_MIDI] * 6
    assert all(note.likely > 0.5 for note in found)
    for text in ("3x4:AAAA", "nonsense", Layers((layer[:-2],)).to_text()):
        with pytest.raises(ValueError):
            Layers.from_text(text, FEATURES)


def test_a_second_look_sees_what_lies_around_it() -> None:
    notes = [(0.5, 1.0, 60, 0.5, "keys"), (0.5, 1.0, 72, 0.5, "keys"), (2.0, 2.5, 72, 0.5, "keys")]
    heard = answer(300, notes)
    frames, keys = candidates(heard.onset)
    seen = features(heard, frames, keys)
    together, alone = seen[(keys == 72 - LOWEST_MIDI)]
    changed = np.flatnonzero(np.abs(together - alone) > 1.0)
    assert changed.size and (seen[:, :3].max(axis=0) <= 6.1).all()
    silent = answer(50, [])
    again = look_again(silent, Layers((np.zeros((FEATURES + 1, 1), np.float32),)))
    assert not again.frames.size and polyphonic(silent, Limits(), again) == []


def test_bends_follow_a_glide_and_leave_a_held_note_alone() -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    held = note_spectrogram(tone(69))[:3].transpose(1, 2, 0)
    assert bends_of(held, 69 - LOWEST_MIDI, 0.0, 85.0) == ()
    pitch = 69 + np.clip((t - 0.3) / 0.4, 0.0, 1.0)
    phase = 2 * np.pi * np.cumsum(440.0 * 2.0 ** ((pitch - 69) / 12)) / RATE_HZ
    glide = note_spectrogram((0.1 * (np.sin(phase) + 0.5 * np.sin(2 * phase))).astype(np.float32))
    bends = bends_of(glide[:3].transpose(1, 2, 0), 69 - LOWEST_MIDI, 0.0, 85.0)
    assert bends[0][1] == pytest.approx(0.0, abs=0.15)
    assert bends[-1][1] == pytest.approx(1.0, abs=0.15)
    assert [b[0] for b in bends] == sorted(b[0] for b in bends)


class FakeModel:
    """Stands in for the network: every key sounds as loud as the picture shows it."""

    notes = {"limits": "{}"}  # noqa: RUF012
    file = Path("fake.onnx")

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def run(self, inputs: dict[str, F32], outputs: object = None) -> list[F32]:
        picture = inputs["picture"]
        self.lengths.append(picture.shape[2])
        level = picture[:, 1, :, :88]
        family = np.repeat(level[:, None, ::FOLD], len(FAMILIES), axis=1)
        return [level, level, level, family]


def test_chunks_join_without_seams_and_can_be_stopped() -> None:
    sound = np.concatenate([tone(60 + i % 12, 2.0) for i in range(16)])
    model = FakeModel()
    heard = listen(sound, model=model)  # type: ignore[arg-type]
    assert max(model.lengths) <= 1024 + 128 and len(model.lengths) == 3
    whole = note_spectrogram(sound * np.float32(loudness_gain(sound)))
    np.testing.assert_allclose(heard.onset, whole[1, :, :88], atol=4e-3)
    assert heard.family.shape[1] == -(-heard.onset.shape[0] // FOLD)

    def stop(done: int, total: int) -> None:
        raise CancelledError("cancelled")

    with pytest.raises(CancelledError):
        listen(sound, model=model, progress=stop)  # type: ignore[arg-type]


def test_long_recordings_are_heard_in_stretches() -> None:
    rate = RATE_HZ
    for samples in (0, 10 * rate, 611 * rate, 1500 * rate, 3 * 3600 * rate):
        parts = pitched._stretches(samples)
        assert parts[0][0] == 0 and parts[-1][1] == samples
        for (_, last, _, end), (first, _, begin, _) in itertools.pairwise(parts):
            assert first == last and begin < first and end > last
        assert all(end - begin <= 625 * rate for _, _, begin, end in parts)


@pytest.mark.parametrize(
    "samples", [np.zeros((2, 44100), np.float32), np.zeros((1, 0), np.float32)]
)
def test_silence_has_no_notes(samples: F32) -> None:
    found = pitched.transcribe_pitched(Audio(samples, 44100), model=FakeModel())  # type: ignore[arg-type]
    assert found == ()


def test_mono_takes_any_rate_and_what_is_not_finite() -> None:
    samples = np.full((1, 8000), 0.1, np.float32)
    samples[0, 10] = np.nan
    mono = heard_mono(Audio(samples, 8000))
    assert abs(mono.size - RATE_HZ) <= 1 and np.isfinite(mono).all()


def test_score_counts_notes_onsets_and_players() -> None:
    truth = [Line(0.0, 0.5, 60, "keys"), Line(1.0, 1.5, 64, "bass")]
    found = [Line(0.01, 0.9, 60, "keys"), Line(1.03, 1.5, 64, "keys"), Line(2.0, 2.5, 70, "keys")]
    result = score(truth, found)
    assert result.onset == pytest.approx(0.8) and result.offset == pytest.approx(0.4)
    assert result.instrument == pytest.approx(0.4)
    assert result.deviation_s == pytest.approx(0.02)
    assert score([], []).onset == 1.0 and score(truth, []).onset == 0.0


def test_limits_are_read_from_the_file_of_the_model(tmp_path: Path) -> None:
    class Other(FakeModel):
        notes = {"thresholds": "[]"}  # noqa: RUF012

    with pytest.raises(ModelError, match="no model of notes"):
        pitched.limits_of(Other())  # type: ignore[arg-type]

    class Own(FakeModel):
        notes = {"limits": json.dumps({"onset": 0.2, "unknown": 1})}  # noqa: RUF012

    assert pitched.limits_of(Own()).onset == 0.2  # type: ignore[arg-type]
    with pytest.raises(ModelError):
        open_file(tmp_path / "none.onnx")


def test_midi_truth_leaves_drums_out(tmp_path: Path) -> None:
    from loopmind.files.midi_notes import write_notes
    from loopmind.music.notes import Note, Notes

    file = write_notes(tmp_path / "a.mid", [
        Notes("bass", (Note(0.0, 0.5, 40.0, 0.8),)), Notes("drums", (Note(0.0, 0.1, 36.0, 0.8),)),
    ])  # fmt: skip
    truth = midi_truth(file, mixed=True)
    assert [(n.pitch, n.family) for n in truth] == [(40, "bass")]
