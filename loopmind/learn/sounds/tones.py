"""Synthesised tones of known instruments, as one-shots, chords and loops, dry or in a room.

The patches that play them live in `patches`, drum machines in `synth`; nothing recorded is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.learn.sounds.patches import MAKERS, Voice
from loopmind.learn.sounds.phrases import played_loop
from loopmind.learn.sounds.render import Note
from loopmind.learn.sounds.waves import RATE_HZ, array, shaped, span

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]

_LONGEST_LOOP_S, _LONGEST_NOTE_S = 7.5, 6.0
_SHAPES = ((0,), (0, 4, 7), (0, 3, 7), (0, 7, 12), (0, 4, 7, 12), (0, 3, 7, 10), (0, 12))
# How often a one-shot of an instrument is a chord.
_CHORD_ODDS = {"keys": 0.4, "pad": 0.7, "strings": 0.4, "vocal": 0.4, "brass": 0.35,
               "guitar": 0.4, "lead": 0.15}  # fmt: skip
_REGISTER = {"keys": (36, 88), "strings": (38, 86), "brass": (40, 78), "woodwind": (50, 92),
             "vocal": (45, 79), "lead": (36, 86), "pad": (36, 72), "guitar": (40, 76),
             "bass": (26, 52)}  # fmt: skip


@dataclass(frozen=True)
class Tone:
    """One sound: its instrument, "oneshot" or "loop", its role where notes tell it, samples."""

    instrument: str
    kind: str
    role: str
    samples: F32


def tones(rng: np.random.Generator, each: int, *, loops: float = 0.35) -> Iterator[Tone]:
    """`each` sounds of every patch maker; `loops` of them are played as loops."""
    for instrument, maker in MAKERS:
        for _ in range(each):
            voice = maker(rng)
            if rng.random() < loops:
                notes, seconds, role = played_loop(instrument, rng)
                sound = played(voice, notes, min(seconds, _LONGEST_LOOP_S), trim=False)
                yield Tone(instrument, "loop", role, _finish(_placed(sound, rng)))
            else:
                sound = played(voice, _one_shot(instrument, rng), _LONGEST_NOTE_S, trim=True)
                yield Tone(instrument, "oneshot", "", _finish(_placed(sound, rng)))


def _one_shot(instrument: str, rng: np.random.Generator) -> tuple[Note, ...]:
    low, high = _REGISTER[instrument]
    root = int(rng.integers(low, high + 1))
    many = rng.random() < _CHORD_ODDS.get(instrument, 0.0)
    shape = _SHAPES[int(rng.integers(1, len(_SHAPES)))] if many else (0,)
    length = span(rng, 0.12, 3.5)
    late = rng.uniform(0.0, 0.03) if instrument == "guitar" else 0.0
    return tuple(
        Note(late * i, length, min(96, root + step), int(rng.integers(60, 120)))
        for i, step in enumerate(shape)
    )


def played(voice: Voice, notes: tuple[Note, ...], seconds: float, *, trim: bool) -> F64:
    """Notes on a patch at RATE_HZ, mono: `seconds` of them, or (trim) until the last has ended."""
    out = np.zeros(round(seconds * RATE_HZ))
    last = 0
    for note in notes:
        first = round(note.start_s * RATE_HZ)
        if first >= out.size:
            continue
        sound = voice(440.0 * 2 ** ((note.pitch - 69) / 12), note.length_s)[: out.size - first]
        out[first : first + sound.size] += sound * (note.velocity / 127.0)
        last = max(last, first + sound.size)
    return out[:last] if trim else out


def _finish(sound: F64) -> F32:
    sound = sound - sound.mean()
    peak = float(np.abs(sound).max(initial=0.0))
    sound = sound * (0.8 / peak if peak > 0.0 else 0.0)
    edge = min(100, sound.size)
    sound[sound.size - edge :] *= np.linspace(1, 0, edge)
    return sound.astype(np.float32)


def _placed(sound: F64, rng: np.random.Generator) -> F64:
    """In a room or hall now and then, as sampled instruments mostly are."""
    if rng.random() < 0.5:
        return sound
    decay = span(rng, 0.2, 3.0)
    tail = round(decay * RATE_HZ)
    response = rng.standard_normal(tail) * np.exp(-6.9 * np.arange(tail) / tail)
    response = shaped(response, 80.0, span(rng, 2000, 9000))
    response *= rng.uniform(0.1, 0.7) / np.sqrt((response**2).sum())
    response[0] += 1.0
    kept = sound.size + (tail // 2 if rng.random() < 0.5 else 0)
    size = scipy.fft.next_fast_len(sound.size + tail, real=True)
    wet = scipy.fft.irfft(scipy.fft.rfft(sound, size) * scipy.fft.rfft(response, size), size)
    return array(wet[:kept])
