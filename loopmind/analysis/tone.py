"""What a sound tells of pitch: key beliefs, pitchedness, a one-shot's note, tuning, chroma."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.key import EVIDENCE, believe_key, fold, key_evidence
from loopmind.analysis.pitch import LOWEST_MIDI, NOTES, PitchMap, pitch_map
from loopmind.music.belief import Belief
from loopmind.music.key import Key
from loopmind.music.loop import CHROMA_SLICES, DRUM_INSTRUMENTS

if TYPE_CHECKING:
    from loopmind.analysis.frontend import Spectra

F32 = NDArray[np.float32]

PITCHED_ENOUGH = 0.4
_SINGLE_NOTE_SHARE = 0.6
_SURELY_DRUMS = 0.6


@dataclass(frozen=True, eq=False)
class Tone:
    """What was heard of pitch; the fields are those of `Loop`, with what they were read from.

    key: candidates, best first; empty where `pitched` lies below PITCHED_ENOUGH.
    pitched: 0 noise .. 1 clearly tonal. pitch_midi: the note of a sound that holds one note
    throughout, as a fractional MIDI number, else None.
    evidence: float32 (rows, 12), see `analysis.key.key_evidence`.
    voices: mean number of notes that sound together. register_midi: the typical lowest note.
    heard: the note salience all of it was read from.
    steadiness: how long notes last unchanged, 0 (each frame another) .. 1 (one held sound).
    """

    key: tuple[Belief[Key], ...]
    pitched: float
    pitch_midi: float | None
    tuning_cents: float
    chroma: tuple[float, ...]
    chroma_slices: tuple[tuple[float, ...], ...]
    heard: PitchMap
    evidence: F32
    voices: float
    register_midi: float
    steadiness: float
    tonal: float
    harmonic: float


def hear_tone(spectra: Spectra) -> Tone:
    """Key, pitch and chroma of a sound from its mono signal at the analysis rate."""
    return tone_of(pitch_map(spectra.mono, spectra.rate_hz))


def settle(tone: Tone, instrument: tuple[Belief[str], ...]) -> Tone:
    """`tone` in the light of the instrument: drums have no key and no note, however they ring."""
    drums = sum(b.weight for b in instrument if b.value in DRUM_INSTRUMENTS)
    if drums <= _SURELY_DRUMS:
        return tone
    return replace(tone, key=(), pitch_midi=None, pitched=tone.pitched * (1.0 - drums))


def tone_of(heard: PitchMap) -> Tone:
    """Key, pitch and chroma from note salience.

    >>> import numpy as np
    >>> from loopmind.analysis.pitch import pitch_map
    >>> silence = tone_of(pitch_map(np.zeros(22050, np.float32), 22050))
    >>> silence.key, silence.pitched, silence.pitch_midi, sum(silence.chroma)
    ((), 0.0, None, 0.0)
    """
    notes = heard.notes
    top = notes.max(axis=1)
    loudest = float(top.max(initial=0.0))
    weight = heard.level * (top > 0.02 * max(loudest, 1e-9))
    total = float(weight.sum())
    if loudest <= 0.0 or total <= 0.0:
        return _nothing_heard(heard)
    tonal = float((weight * heard.tonal).sum() / total)
    harmonic = float((weight * heard.harmonic).sum() / total)
    clear = notes > 0.3 * np.maximum(top, 1e-9)[:, None]
    voices = float((weight * clear.sum(axis=1)).sum() / total)
    low = clear.argmax(axis=1)
    register = float(LOWEST_MIDI + _weighted_median(low, weight))
    steadiness = _steadiness(notes, weight)
    pitched = _pitched(tonal, harmonic, steadiness, heard.tuning_clarity)
    evidence = key_evidence(heard)
    key = believe_key(evidence) if pitched >= PITCHED_ENOUGH else ()
    return Tone(
        key=key,
        pitched=pitched,
        pitch_midi=_single_note(heard, weight) if pitched >= PITCHED_ENOUGH else None,
        tuning_cents=heard.tuning_cents,
        chroma=_loudest_one(fold(notes.sum(axis=0))),
        chroma_slices=tuple(_loudest_one(fold(part)) for part in _slices(notes)),
        heard=heard,
        evidence=evidence,
        voices=voices,
        register_midi=register,
        steadiness=steadiness,
        tonal=tonal,
        harmonic=harmonic,
    )


def _nothing_heard(heard: PitchMap) -> Tone:
    silent = (0.0,) * 12
    return Tone(
        (), 0.0, None, 0.0, silent, (silent,) * CHROMA_SLICES, heard,
        np.zeros((len(EVIDENCE), 12), np.float32),
        0.0, float(LOWEST_MIDI), 0.0, 0.0, 0.0,
    )  # fmt: skip


def _slices(notes: F32) -> list[F32]:
    """Note salience summed over CHROMA_SLICES equal parts; a short file's frames are shared."""
    edges = np.linspace(0, notes.shape[0], CHROMA_SLICES + 1)
    parts = []
    for begin, end in pairwise(edges):
        first = int(begin)
        parts.append(notes[first : max(first + 1, int(np.ceil(end)))].sum(axis=0))
    return parts


def _loudest_one(chroma: F32) -> tuple[float, ...]:
    top = float(chroma.max())
    if top <= 0.0:
        return (0.0,) * 12
    return tuple(round(float(value), 4) for value in chroma / top)


def _weighted_median(values: NDArray[np.int64], weight: F32) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order].astype(np.float64))
    return float(values[order[int(np.searchsorted(reached, 0.5 * reached[-1]))]])


def _steadiness(notes: F32, weight: F32) -> float:
    """Mean cosine between the notes of frames two apart (190 ms), weighted by level."""
    if notes.shape[0] < 3:
        return 1.0
    a, b = notes[:-2], notes[2:]
    scale = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    share = weight[:-2] * (scale > 0.0)
    total = float(share.sum())
    if total <= 0.0:
        return 0.0
    return float((share * (a * b).sum(axis=1) / np.maximum(scale, 1e-9)).sum() / total)


def _pitched(tonal: float, harmonic: float, steadiness: float, clarity: float) -> float:
    """How clearly pitched, 0..1: energy in peaks that are harmonic, last, and share a tuning."""
    score = -6.0 + 5.0 * tonal + 1.0 * harmonic + 3.0 * steadiness + 3.0 * clarity
    return float(1.0 / (1.0 + np.exp(-score)))


def _single_note(heard: PitchMap, weight: F32) -> float | None:
    """The pitch that holds most of the sound (within half a semitone), or None."""
    pitch = heard.first_midi.astype(np.float64)
    share = np.where(pitch > 0.0, weight, 0.0).astype(np.float64)
    total = share.sum()
    if total <= 0.0:
        return None
    spread = np.zeros(NOTES + 24)
    place = np.clip(np.round(pitch - heard.tuning_cents / 100.0).astype(int) - LOWEST_MIDI + 12, 0,
                    spread.size - 1)  # fmt: skip
    np.add.at(spread, place, share)
    best = int(spread.argmax())
    if spread[best] < _SINGLE_NOTE_SHARE * total:
        return None
    chosen = share * (place == best)
    return round(float((chosen * pitch).sum() / chosen.sum()), 3)
