"""Loop, one-shot or whole song: read from length, attacks, repetition and how the sound ends."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.onsets import Onsets
from loopmind.analysis.tempo import Pulse, typed_tempo
from loopmind.music.belief import Belief, rank
from loopmind.music.loop import Kind

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_STRONG = 0.25
_SONG_SECONDS = 42.0
_DEEPEST_DB = 60.0
_SUREST = 1e-6
_LOOP_BEATS = (1, 2, 4, 8, 12, 16, 32, 64)


def hear_kind(
    mono: F32, rate_hz: int, onsets: Onsets, repeats: Pulse, told_loop: float | None = None
) -> tuple[Belief[Kind], ...]:
    """Candidate kinds, best first.

    told_loop: how likely the tagger holds a loop, where it was asked; its log odds count as much
    as those of the rules (of 1,228 recordings of sources that neither had met, 98.5 of 100 were
    read rightly so, 96.8 by the rules and 96.8 to 98.0 by a tagger alone).

    A one-shot has its attacks at its start and dies away; a loop has them all over, repeats
    itself, plays to its end, and its length is often whole beats at a tempo that people type; a
    song is long. The evidence for loop against one-shot is a logistic regression on recordings of
    five sources; with each source held out, 95 to 98 of 100 sounds stay rightly read.
    """
    if mono.size == 0:
        return (Belief("oneshot", 1.0),)
    duration_s = mono.size / rate_hz
    loop = _loop_rather_than_oneshot(duration_s, onsets, repeats, _levels_db(mono, rate_hz))
    if told_loop is not None:
        told = min(max(told_loop, _SUREST), 1.0 - _SUREST)
        loop = 0.5 * (loop + math.log(told / (1.0 - told)))
    song = 1.6 * math.log2(max(duration_s, 0.01) / _SONG_SECONDS)
    chances: list[tuple[Kind, float]] = [
        ("song", math.exp(min(song, 8.0)) * min(1.0, duration_s / _SONG_SECONDS)),
        ("oneshot", 1.0 / (1.0 + math.exp(loop))),
        ("loop", 1.0 / (1.0 + math.exp(-loop))),
    ]
    return rank(chances)


def _loop_rather_than_oneshot(
    duration_s: float, onsets: Onsets, repeats: Pulse, levels_db: F64
) -> float:
    """Log odds of a loop against a one-shot."""
    strong = onsets.times_s[onsets.strengths >= _STRONG]
    late = int((strong > max(0.15 * duration_s, 0.15)).sum())
    tenth, quarter = (max(1, levels_db.size // parts) for parts in (10, 4))
    end_db = _mean_db(levels_db[-tenth:]) - float(levels_db.max())
    decay_db = _mean_db(levels_db[:quarter]) - _mean_db(levels_db[-quarter:])
    active = float((levels_db > levels_db.max() - 25.0).mean())
    octaves = math.log2(max(duration_s, 0.05) / 2.0)
    shortest, longest = round(0.25 / repeats.hop_s), int(0.7 * repeats.total.size)
    again = float(repeats.total[shortest:longest].max(initial=0.0))
    beats = np.array(_LOOP_BEATS, dtype=np.float64)
    bpms = 60.0 * beats / duration_s
    typed = bool((typed_tempo(bpms[(bpms >= 60.0) & (bpms <= 180.0)]) == 1.0).any())
    return (
        -2.72
        + 0.13 * octaves
        - 0.03 * octaves**2
        + 0.22 * math.log2(1 + strong.size)
        + 0.31 * math.log2(1 + late)
        + 0.13 * min(4.0, late / max(duration_s, 0.3))
        + 0.036 * end_db
        - 0.048 * decay_db
        + 0.32 * active
        + 1.35 * typed
        + 3.0 * again
    )


def _levels_db(mono: F32, rate_hz: int) -> F64:
    """Level of each hundredth of a second, none more than 60 dB below the loudest."""
    block = min(mono.size, max(1, rate_hz // 100))
    count = mono.size // block
    power = np.einsum("ij,ij->i", *(2 * [mono[: count * block].reshape(count, block)]))
    level = 10.0 * np.log10(power.astype(np.float64) / block + 1e-12)
    levels: F64 = np.maximum(level, level.max() - _DEEPEST_DB)
    return levels


def _mean_db(levels_db: F64) -> float:
    return 10.0 * math.log10(float(np.mean(10.0 ** (levels_db / 10.0))))
