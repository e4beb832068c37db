"""The second look at mixes: what it sees, says and is taught; sounds to choose limits by."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from test_listening_notes import answer

from loopmind.analysis.listening import pitched
from loopmind.analysis.listening.pitched_decode import Limits, polyphonic
from loopmind.analysis.listening.pitched_many import (
    FEATURES,
    OUTPUTS,
    features_of_many,
    look_at_many,
)
from loopmind.analysis.listening.pitched_model import FAMILIES, FPS
from loopmind.analysis.listening.pitched_second import Judged, Layers, candidates
from loopmind.analysis.listening.spectrogram import LOWEST_MIDI, RATE_HZ
from loopmind.analysis.models import ModelError
from loopmind.learn.drums.held import patch, patched_kit
from loopmind.learn.sounds.pieces import Piece
from loopmind.learn.sounds.render import RENDER_RATE_HZ

F32 = NDArray[np.float32]
NOTES = [(0.2 + 0.3 * i, 0.4 + 0.3 * i, 40 if i % 2 else 76, 0.5, "bass" if i % 2 else "strings")
         for i in range(10)]  # fmt: skip


def undecided() -> Layers:
    """Says .5 of everything."""
    return Layers((np.zeros((FEATURES + 1, OUTPUTS), np.float32),))


def test_each_place_is_seen_with_what_is_around_it() -> None:
    heard = answer(400, NOTES)
    frames, keys = candidates(heard.onset)
    seen = features_of_many(heard, frames, keys)
    assert seen.shape == (len(NOTES), FEATURES) and seen.dtype == np.float32
    assert np.isfinite(seen).all()


def test_a_place_is_told_of_its_neighbours_families_and_not_of_its_own() -> None:
    alike = [(0.5, 0.9, 60, 0.5, "keys"), (1.0, 1.4, 60, 0.5, "brass")]
    frames, keys = candidates(answer(300, alike).onset)
    both = features_of_many(answer(300, alike), frames, keys)
    at = FEATURES - 13 - 5 * len(FAMILIES)
    near = both[:, at : at + len(FAMILIES)]
    first, second = FAMILIES.index("keys"), FAMILIES.index("brass")
    assert near[0, second] > 0.0 > near[0, first] and near[1, first] > 0.0 > near[1, second]
    alone = features_of_many(answer(300, alike[:1]), frames[:1], keys[:1])
    around = alone[0, at : at + 5 * len(FAMILIES)]
    assert (around == around.min()).all()


def test_what_is_said_of_a_place_decides_whether_and_whose_it_is() -> None:
    heard = answer(400, NOTES)
    frames, keys = candidates(heard.onset)
    likely = np.full((frames.size, OUTPUTS), 0.02, np.float32)
    low = keys == 40 - LOWEST_MIDI
    likely[low, 0] = 0.9
    likely[low, 1 + FAMILIES.index("guitar")] = 0.8
    judged = Judged(frames, keys, likely)
    assert judged.named
    notes = polyphonic(heard, Limits(many=0.5), judged)
    assert [note.key for note in notes] == [40 - LOWEST_MIDI] * 5
    for note in notes:
        assert FAMILIES[int(np.argmax(note.who))] == "guitar"
        assert note.likely == pytest.approx(0.9)
    named = pitched.notes_of(heard, Limits(many=0.5), texture="mix", again=judged)
    assert {note.instrument for note in named} == {"guitar"}
    assert polyphonic(heard, Limits(many=0.95), judged) == []


def test_silence_and_a_mix_are_looked_at() -> None:
    empty = look_at_many(answer(50, []), undecided())
    assert empty.likely.shape == (0, OUTPUTS)
    assert polyphonic(answer(50, []), Limits(), empty) == []
    said = look_at_many(answer(400, NOTES), undecided())
    assert said.likely.shape == (len(NOTES), OUTPUTS)
    assert said.likely == pytest.approx(0.5)


class Kept:
    """A model's file with its notes."""

    file = "notes.onnx"

    def __init__(self, **notes: str) -> None:
        self.notes = {"limits": json.dumps({}), **notes}


def test_the_networks_are_kept_in_the_models_file() -> None:
    looks = pitched.looks_of(Kept(many=undecided().to_text()))  # type: ignore[arg-type]
    heard = answer(400, NOTES)
    assert looks.second is None and looks.at(heard, "chords") is None
    assert looks.at(heard, "line") is None
    said = looks.at(heard, "mix")
    assert said is not None and said.named
    assert pitched.looks_of(Kept()).at(heard, "mix") is None  # type: ignore[arg-type]
    for text in ("nonsense", Layers(undecided().layers[:0]).to_text() + "3x1:AAAA"):
        with pytest.raises(ModelError, match="cannot be used"):
            pitched.looks_of(Kept(many=text))  # type: ignore[arg-type]


def test_it_learns_what_is_a_note_and_whose() -> None:
    pytest.importorskip("torch")
    from loopmind.learn.notes.many import Taken, train

    rng = np.random.default_rng(4)
    mixes = []
    for _ in range(6):
        seen = np.zeros((120, FEATURES), np.float32)
        seen[:, :9] = rng.standard_normal((120, 9))
        truth = np.zeros((120, OUTPUTS), np.float32)
        truth[:, 0] = seen[:, 3] > 0.0
        truth[:, 1] = truth[:, 0] * (seen[:, 7] > 0.0)
        truth[:, 2] = truth[:, 0] - truth[:, 1]
        mixes.append(Taken(seen, truth))
    net = Layers.from_text(train(mixes, longer=8).to_text(), FEATURES, OUTPUTS)
    right = total = 0
    for mix in mixes:
        likely = net(mix.seen)
        notes = mix.truth[:, 0] > 0
        right += int(((likely[:, 0] > 0.5) == notes).sum())
        whose = mix.truth[notes, 1:].argmax(axis=1)
        right += int((likely[notes, 1:].argmax(axis=1) == whose).sum())
        total += notes.size + int(notes.sum())
    assert right / total > 0.8


def test_networks_are_joined_into_the_mean_of_their_opinions() -> None:
    pytest.importorskip("torch")
    from loopmind.learn.notes.many import joined

    rng = np.random.default_rng(6)

    def net(hidden: int) -> Layers:
        shapes = ((6, hidden), (hidden + 1, 4), (5, 3))
        return Layers(tuple((0.4 * rng.standard_normal(s)).astype(np.float32) for s in shapes))

    one, two = net(7), net(9)
    seen = rng.standard_normal((20, 5)).astype(np.float32)
    odds = [np.log(own(seen) / (1.0 - own(seen))) for own in (one, two)]
    expected = 1.0 / (1.0 + np.exp(-0.5 * (odds[0] + odds[1])))
    np.testing.assert_allclose(joined([one, two])(seen), expected, atol=1e-4)


def test_a_piece_is_mixed_anew_with_its_notes_where_they_sound(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    import soundfile

    from loopmind.learn.notes.many import mixed_anew, truths_of

    t = np.arange(3 * RENDER_RATE_HZ) / RENDER_RATE_HZ
    sound = np.where(t >= 1.0, 0.3 * np.sin(2 * np.pi * 440.0 * t) * np.exp(-(t - 1.0)), 0.0)
    tracks = []
    for number, name in enumerate(("keys", "drums")):
        file = f"{number:02d}.flac"
        quiet = sound if name == "keys" else 0.0 * sound
        soundfile.write(tmp_path / file, np.stack([quiet, quiet]).T, RENDER_RATE_HZ)
        tracks.append({"file": file, "instrument": name, "notes": [[1.0, 2.0, 69, 90]]})
    piece = Piece(tmp_path, {"tracks": tracks})
    played, parts = mixed_anew(piece, np.random.default_rng(5))
    again, _ = mixed_anew(piece, np.random.default_rng(5))
    np.testing.assert_array_equal(played, again)
    ((family, notes),) = parts
    assert FAMILIES[family] == "keys"
    first = int(np.argmax(np.abs(played) > 0.1 * np.abs(played).max())) / RATE_HZ
    assert notes[0, 0] == pytest.approx(first, abs=0.02)
    at, key = round(float(notes[0, 0]) * FPS), round(float(notes[0, 2])) - LOWEST_MIDI
    said = truths_of(np.array([at, at + 40]), np.array([key, key]), np.ones(2, np.float32), parts)
    assert said[0, 0] == said[0, 1 + family] == 1.0 and said.sum() == 2.0


def gus(sound: NDArray[np.int16], rate_hz: int) -> bytes:
    """A GUS patch of one sample of 16 bits."""
    header = bytearray(96)
    struct.pack_into("<I", header, 8, sound.nbytes)
    struct.pack_into("<H", header, 20, rate_hz)
    header[55] = 1
    return b"GF1PATCH110" + bytes(129 + 63 + 47 - 11) + bytes(header) + sound.tobytes()


def test_patches_become_a_kit(tmp_path: Path) -> None:
    sound = (8000.0 * np.exp(-np.arange(4000) / 500.0)).astype(np.int16)
    read, rate_hz = patch(gus(sound, 22050))
    assert rate_hz == 22050
    np.testing.assert_allclose(read, sound / 32768.0, atol=1e-6)
    with pytest.raises(ValueError, match="GUS patch"):
        patch(b"RIFF" + bytes(400))
    for name in ("036_Kick.pat", "046_Open.pat", "127_Shot.pat"):
        (tmp_path / name).write_bytes(gus(sound, 22050))
    kit = patched_kit(tmp_path)
    assert set(kit) == {"kick", "open"}
    ((kick,), (opened,)) = kit["kick"], kit["open"]
    assert kick.shape == opened.shape == (2, 8000) and np.abs(kick).max() == pytest.approx(1.0)


def test_beside_another_a_network_has_half_the_say_of_notes_and_none_of_players() -> None:
    pytest.importorskip("torch")
    from loopmind.learn.notes.many import Taken, beside

    rng = np.random.default_rng(4)
    shapes = ((FEATURES + 1, 8), (9, 6), (7, OUTPUTS))
    known = Layers(tuple(rng.normal(0.0, 0.3, shape).astype(np.float32) for shape in shapes))
    seen = rng.standard_normal((400, FEATURES)).astype(np.float32)
    truth = np.zeros((400, OUTPUTS), np.float32)
    truth[:, 0] = seen[:, 0] > 0.0
    both = beside(known, [Taken(seen, truth)], longer=4)(seen)
    before = known(seen)
    np.testing.assert_allclose(both[:, 1:], before[:, 1:], atol=1e-4)

    def logit(x: np.ndarray) -> np.ndarray:
        return np.log(x / (1.0 - x))

    # What it says itself is twice the whole less what was known, and it has learned what is true.
    own = 2.0 * logit(both[:, 0]) - logit(before[:, 0])
    assert ((own > 0.0) == (truth[:, 0] > 0.0)).mean() > 0.9
