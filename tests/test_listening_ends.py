"""Where notes end: what is asked, how the answers become ends, and what is learned from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from test_listening_notes import answer

from loopmind.analysis.listening.pitched_decode import Limits, polyphonic
from loopmind.analysis.listening.pitched_ends import FEATURES, LONGEST, Ringing, ends_of
from loopmind.analysis.listening.pitched_model import FPS
from loopmind.analysis.listening.pitched_second import Judged, Layers, candidates
from loopmind.analysis.listening.spectrogram import LOWEST_MIDI, RATE_HZ
from loopmind.files.encode import write_audio
from loopmind.learn.sounds.pieces import Piece
from loopmind.learn.sounds.render import RENDER_RATE_HZ
from loopmind.music.audio import Audio

NOTES = [(0.5, 1.3, 60, 0.5, "keys"), (0.5, 0.7, 64, 0.5, "keys"), (1.5, 6.0, 60, 0.5, "keys"),
         (6.2, 19.0, 67, 0.5, "keys")]  # fmt: skip
CURVE_NOW = 4  # the fourth of the moments of the curve, behind the time since the onset
KEYS = np.array([pitch - LOWEST_MIDI for _, _, pitch, *_ in NOTES])
STRUCK = np.array([round(start * FPS) for start, *_ in NOTES])


def by_curve() -> Layers:
    """Says that a note is held as long as its frame curve is above a half."""
    weights = np.zeros((FEATURES + 1, 1), np.float32)
    weights[CURVE_NOW] = 1.0
    return Layers((weights,))


def ends(stops: NDArray[np.int64], least: float = 0.5) -> list[float]:
    heard = answer(round(20 * FPS), NOTES)
    return (ends_of(heard, by_curve(), STRUCK, KEYS, stops, least) / FPS).tolist()


def test_each_note_ends_where_it_is_no_longer_held() -> None:
    found = ends(np.full(4, round(20 * FPS)))
    wanted = [end for _, end, *_ in NOTES]
    assert found[:3] == pytest.approx(wanted[:3], abs=1.5 / FPS)
    assert found[3] == pytest.approx(6.2 + LONGEST / FPS, abs=1.5 / FPS)


def test_no_note_outlasts_the_next_of_its_key() -> None:
    found = ends(np.array([STRUCK[0] + 20, STRUCK[1] + 2, STRUCK[2] + 1, STRUCK[3] + 300]))
    behind = [round(end * FPS) - at for end, at in zip(found, STRUCK, strict=True)]
    assert behind == [20, 2, 1, 300]


def test_decoding_asks_where_notes_end_and_begins_them_as_before() -> None:
    heard = answer(round(10 * FPS), NOTES[:3])
    heard.frame[:, KEYS[1]] = 0.9  # the curve rings on for good
    frames, keys = candidates(heard.onset)
    likely = np.full((frames.size, 1), 0.9, np.float32)
    weights = np.zeros((FEATURES + 1, 1), np.float32)
    weights[0], weights[-1] = -10.0, 10.0 * np.log1p(20.5)  # held for 20 frames
    plain = polyphonic(heard, Limits(), Judged(frames, keys, likely))
    told = polyphonic(heard, Limits(held=0.5), Judged(frames, keys, likely, Layers((weights,))))
    assert [(n.start, n.key) for n in told] == [(n.start, n.key) for n in plain]
    assert [n.end - n.start for n in told] == pytest.approx([20.0] * 3, abs=1.0)
    assert plain[1].end - plain[1].start > 200


def test_questions_of_silence_and_at_the_edges_are_numbers() -> None:
    heard = answer(8, [])
    asked = Ringing(heard).features(np.array([0, 0, 6]), np.array([0, 87, 40]), np.array([1, 7, 7]))
    assert asked.shape == (3, FEATURES) and np.isfinite(asked).all()
    none = np.zeros(0, np.int64)
    assert ends_of(heard, by_curve(), none, none, none, 0.5).size == 0


def test_what_is_learned_from_is_asked_round_the_true_ends() -> None:
    pytest.importorskip("torch")
    from loopmind.learn.notes.ends import questions, train

    heard = answer(round(20 * FPS), NOTES)
    rows = np.array([(a, b, pitch, 64) for a, b, pitch, *_ in NOTES], np.float32)
    rng = np.random.default_rng(1)
    seen, held = questions(heard, rows, 1.0, rng)
    assert len(seen) == len(held) > 100 and 0.2 < held.mean() < 0.9
    assert ((seen[:, CURVE_NOW] > 0.0) == (held > 0)).mean() > 0.95
    learned = train(seen, held, hidden=(16,), epochs=60, batch=64)
    kept = Layers.from_text(learned.to_text(), FEATURES)
    assert ((kept(seen)[:, 0] > 0.5) == (held > 0)).mean() > 0.9
    nothing = questions(heard, np.zeros((0, 4), np.float32), 1.0, rng)
    assert nothing[0].shape == (0, FEATURES)


def test_tracks_are_played_once_each_with_their_notes(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from loopmind.learn.notes.second import played

    tone = np.sin(np.arange(2 * RENDER_RATE_HZ) * 0.05).astype(np.float32) * 0.3
    notes = [[0.2 * i, 0.2 * i + 0.1, 60, 64] for i in range(8)]
    tracks = []
    for number, instrument in enumerate(("keys", "guitar", "bass", "keys")):
        write_audio(tmp_path / f"{number:02d}.flac", Audio(np.stack([tone, tone]), RENDER_RATE_HZ))
        own = notes if number < 3 else notes[:3]
        tracks.append({"file": f"{number:02d}.flac", "instrument": instrument, "notes": own})
    truth = json.loads(json.dumps({"tracks": tracks}))
    found = list(played([Piece(tmp_path, truth)], np.random.default_rng(1)))
    assert len(found) == 2, "a bass plays no chords, and three notes tell too little"
    for sound, rows in found:
        assert rows.shape == (8, 4) and sound.dtype == np.float32
        assert abs(sound.size / RATE_HZ - 2.0) < 0.01
