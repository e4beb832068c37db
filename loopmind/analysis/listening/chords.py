"""Names the chords of transcribed notes, beat by beat, joined where they do not change.

A hidden Markov model over chords as in Sheh and Ellis, "Chord segmentation and recognition" (ISMIR
2003), whose observations are the pitch classes that sound in each beat instead of a chromagram.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.quantise import Grid
from loopmind.music.key import Key
from loopmind.music.transcript import QUALITIES, HeardChord, TranscribedNote

F64 = NDArray[np.float64]

# How much a kind of chord has to be sounder than a plain triad to be named.
_RARENESS = {
    "major": 0.0, "minor": 0.0, "7": 0.25, "maj7": 0.35, "min7": 0.3, "dim": 0.5, "aug": 0.7,
    "sus2": 0.5, "sus4": 0.45, "5": 0.3,
}  # fmt: skip
_CHANGE_COST, _ON_BAR, _ON_HALF = 1.4, 0.5, 0.8
_STRANGE, _OUTSIDE_KEY = 0.05, 0.12
_BASS_BONUS = 0.5
_LEAST_SOUND = 0.05
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_STATES = tuple((root, quality) for quality in QUALITIES for root in range(12))


def name_chords(
    notes: Sequence[TranscribedNote], grid: Grid, key: Key | None
) -> tuple[HeardChord, ...]:
    """The chords under pitched `notes`, in order of time; beats in which little sounds have none.

    A chord in inversion names its bass. With `key`, chords within it need less evidence.
    """
    if not notes:
        return ()
    sounding, lowest = _beatwise(notes, grid)
    loud = sounding.sum(axis=1)
    present = loud > _LEAST_SOUND * float(np.median(loud[loud > 0.0])) if loud.any() else loud > 0
    if not present.any():
        return ()
    likely = _likelihoods(sounding, lowest, key)
    likely[~present] = 0.0
    path = _best_path(likely, grid)
    return tuple(_joined(path, present, sounding, lowest, grid))


def _beatwise(notes: Sequence[TranscribedNote], grid: Grid) -> tuple[F64, NDArray[np.int64]]:
    """How long and strongly each pitch class sounds in each beat, and the lowest note's class."""
    beats = grid.times_s.size - 1
    sounding = np.zeros((beats, 12))
    low_pitch = np.full(beats, 1000.0)
    lowest = np.full(beats, -1, np.int64)
    begin = grid.beats(np.array([note.start_s for note in notes]))
    until = grid.beats(np.array([note.end_s for note in notes]))
    for note, start, end in zip(notes, begin.tolist(), until.tolist(), strict=True):
        first, last = max(int(np.floor(start)), 0), min(int(np.floor(end)), beats - 1)
        for beat in range(first, last + 1):
            share = min(end, beat + 1.0) - max(start, float(beat))
            if share <= 0.05:
                continue
            # What is struck in a beat tells more of it than what rings on into it.
            weight = np.sqrt(share) * (0.3 + 0.7 * note.velocity)
            sounding[beat, note.pitch % 12] += weight
            if note.pitch < low_pitch[beat] and share > 0.2:
                low_pitch[beat], lowest[beat] = note.pitch, note.pitch % 12
    return sounding, lowest


def _likelihoods(sounding: F64, lowest: NDArray[np.int64], key: Key | None) -> F64:
    """(beats, states): how well each chord explains each beat, in nats."""
    share = np.sqrt(sounding)
    share /= np.maximum(np.linalg.norm(share, axis=1, keepdims=True), 1e-9)
    scale = set()
    if key is not None:
        scale = {(key.tonic + step) % 12 for step in _SCALES[key.mode]}
    columns = []
    for root, quality in _STATES:
        tones = [(root + step) % 12 for step in QUALITIES[quality]]
        ideal = np.full(12, _STRANGE)
        ideal[tones] = 1.0
        ideal[root] = 1.15
        ideal /= np.linalg.norm(ideal)
        score = 6.0 * (share @ ideal) - _RARENESS[quality]
        score += _BASS_BONUS * (lowest == root)
        outside = sum(tone not in scale for tone in tones) if scale else 0
        columns.append(score - _OUTSIDE_KEY * outside)
    return np.stack(columns, axis=1)


def _best_path(likely: F64, grid: Grid) -> list[int]:
    """The likeliest chord of every beat, chords changing on bars rather than within."""
    beats = len(likely)
    places = grid.places.tolist()
    score = likely[0].copy()
    back = np.zeros(likely.shape, np.int64)
    for beat in range(1, beats):
        place = places[beat]
        on_half = grid.per_bar % 2 == 0 and place == grid.per_bar // 2
        cost = _CHANGE_COST * (_ON_BAR if place == 0 else _ON_HALF if on_half else 1.0)
        best = int(score.argmax())
        stay = score >= score[best] - cost
        back[beat] = np.where(stay, np.arange(score.size), best)
        score = np.where(stay, score, score[best] - cost) + likely[beat]
    path = [int(score.argmax())]
    for beat in range(beats - 1, 0, -1):
        path.append(int(back[beat, path[-1]]))
    return path[::-1]


def _joined(
    path: Sequence[int], present: NDArray[np.bool_], sounding: F64, lowest: NDArray[np.int64],
    grid: Grid,
) -> list[HeardChord]:  # fmt: skip
    """Neighbouring beats of one chord as one, with the bass that it mostly stands on."""
    found = []
    first = 0
    while first < len(path):
        last = first + 1
        while last < len(path) and path[last] == path[first] and present[last] == present[first]:
            last += 1
        if present[first]:
            root, quality = _STATES[path[first]]
            bass = _bass(lowest[first:last])
            tones = {(root + step) % 12 for step in QUALITIES[quality]}
            start = round(max(float(grid.times_s[first]), 0.0), 4)
            end = round(float(grid.times_s[last]), 4)
            held = bass if bass in tones and bass != root else None
            found.append(HeardChord(start, end, root, quality, held))
        first = last
    return found


def _bass(lowest: NDArray[np.int64]) -> int | None:
    """The pitch class that is lowest in most of the beats; None where none prevails."""
    known = lowest[lowest >= 0]
    if not known.size:
        return None
    counts = np.bincount(known, minlength=12)
    best = int(counts.argmax())
    return best if counts[best] > 0.6 * known.size else None
