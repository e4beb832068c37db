"""Loop, one-shot or whole song: read from length, number of attacks and how the sound ends."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.onsets import Onsets
from loopmind.music.belief import Belief, rank
from loopmind.music.loop import Kind

F32 = NDArray[np.float32]

_STRONG = 0.25


def hear_kind(mono: F32, rate_hz: int, onsets: Onsets) -> tuple[Belief[Kind], ...]:
    """Candidate kinds, best first. Evidence: a one-shot has one strong attack, near its start, and
    dies away; a loop has several and plays to its end; a song is long.
    """
    if mono.size == 0:
        return (Belief("oneshot", 1.0),)
    duration_s = mono.size / rate_hz
    strong = int((onsets.strengths >= _STRONG).sum())
    late = onsets.times_s[onsets.strengths >= _STRONG]
    late = late[late > 0.15 * duration_s]
    quarter = max(1, mono.size // 4)
    first = float(np.sqrt(np.mean(mono[:quarter] ** 2, dtype=np.float64)) + 1e-9)
    last = float(np.sqrt(np.mean(mono[-quarter:] ** 2, dtype=np.float64)) + 1e-9)
    decay_db = 20.0 * math.log10(first / last)
    song = 1.6 * math.log2(max(duration_s, 0.01) / 42.0)
    oneshot = -1.8 * math.log2(max(duration_s, 0.05) / 1.7)
    oneshot += 1.2 * (1.5 - min(4, late.size)) + 0.12 * (min(decay_db, 40.0) - 12.0)
    oneshot -= 0.25 * max(0, strong - 2)
    loop = 1.2 if duration_s < 45.0 else 0.0
    pairs: list[tuple[Kind, float]] = [
        ("song", math.exp(min(song, 8.0))),
        ("oneshot", math.exp(max(-20.0, min(oneshot, 8.0)))),
        ("loop", math.exp(loop)),
    ]
    return rank(pairs)
