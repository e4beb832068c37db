"""Which key a sound is in: pitch-class evidence and the small model that weighs it.

The model scores one tonic at a time on evidence rotated to that tonic, so that transposing a
sound transposes the belief, by construction. `loopmind.learn.tempo_key.keys` trains it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.models import KEY_MODEL, read_arrays
from loopmind.analysis.pitch import LOWEST_MIDI, NOTES, PitchMap
from loopmind.music.belief import Belief, rank
from loopmind.music.key import Key, Mode

F32 = NDArray[np.float32]

EVIDENCE = ("all", "lowest", "start", "start lowest", "presence", "strongest", "deep", "end lowest")
_TURNS = (np.arange(12)[:, None] + np.arange(12)) % 12  # tonic, degree
_MODES: tuple[Mode, Mode] = ("major", "minor")


def key_evidence(heard: PitchMap) -> F32:
    """Pitch-class evidence, float32 (len(EVIDENCE), 12), each row summing to one (or zero).

    all: salience of every note. lowest: of the lowest clear note of each frame (chords stand on
    their root, bass lines are roots). start, start lowest: the same in the first eighth, where
    loops state their chord. presence: how often a pitch class sounds, whatever its level.
    strongest: of the strongest note. deep: all, weighted towards the lowest notes of the file.
    end lowest: the lowest notes of the last eighth.
    """
    notes = heard.notes
    rows = np.zeros((len(EVIDENCE), 12), np.float32)
    top = notes.max(axis=1)
    sounding = top > 0.02 * max(1e-9, float(top.max(initial=0.0)))
    if not sounding.any():
        return rows
    notes = notes * sounding[:, None]
    clear = (notes > 0.3 * np.maximum(top, 1e-9)[:, None]) & sounding[:, None]
    frames = np.arange(notes.shape[0])
    low = clear.argmax(axis=1)
    lowest = np.zeros_like(notes)
    lowest[frames, low] = np.where(clear.any(axis=1), notes[frames, low], 0.0)
    strongest = np.zeros_like(notes)
    strongest[frames, notes.argmax(axis=1)] = top * sounding
    begin = int(sounding.argmax())
    end = notes.shape[0] - int(sounding[::-1].argmax())
    part = max(4, (end - begin) // 8)
    total = notes.sum(axis=0)
    spread = np.cumsum(lowest.sum(axis=0))
    floor = int(np.searchsorted(spread, 0.05 * spread[-1]))
    distance = np.maximum(0.0, np.arange(NOTES) - floor)
    rows[0] = fold(total)
    rows[1] = fold(lowest.sum(axis=0))
    rows[2] = fold(notes[begin : begin + part].sum(axis=0))
    rows[3] = fold(lowest[begin : begin + part].sum(axis=0))
    rows[4] = fold(clear.sum(axis=0).astype(np.float32))
    rows[5] = fold(strongest.sum(axis=0))
    rows[6] = fold((total * np.exp(-distance / 8.0)).astype(np.float32))
    rows[7] = fold(lowest[max(begin, end - part) : end].sum(axis=0))
    return rows


def fold(salience: F32) -> F32:
    """Pitch-class sums (12,) of a note salience (NOTES,), scaled to sum to one."""
    chroma: F32 = salience.reshape(-1, 12).sum(axis=0)
    if LOWEST_MIDI % 12:
        chroma = np.roll(chroma, LOWEST_MIDI % 12)
    total = float(chroma.sum())
    return (chroma / np.float32(total)).astype(np.float32) if total > 0.0 else chroma


def rotations(evidence: F32) -> F32:
    """Evidence as each tonic hears it: float32 (12, rows * 12)."""
    turned = evidence[:, _TURNS].transpose(1, 0, 2)
    return np.sqrt(turned.reshape(12, -1)).astype(np.float32)


def believe_key(evidence: F32) -> tuple[Belief[Key], ...]:
    """Weighted keys, best first; () where `evidence` is empty."""
    if float(evidence.sum()) <= 0.0:
        return ()
    layers = _model()
    hidden = rotations(evidence)
    for weight, bias in layers[:-1]:
        hidden = np.maximum(hidden @ weight + bias, 0.0)
    scores = hidden @ layers[-1][0] + layers[-1][1]
    scores = np.exp(scores - scores.max())
    pairs = [
        (Key(tonic, mode), float(scores[tonic, m]))
        for tonic in range(12)
        for m, mode in enumerate(_MODES)
    ]
    return rank(pairs, keep=6)


@lru_cache(maxsize=1)
def _model() -> list[tuple[F32, F32]]:
    arrays = read_arrays(KEY_MODEL)
    count = sum(name.startswith("weight") for name in arrays)
    return [(arrays[f"weight{i}"], arrays[f"bias{i}"]) for i in range(count)]
