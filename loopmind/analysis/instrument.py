"""What is believed of a sound's instrument, and which role it can play in a song.

The tagger (`listening.tagger`) tells the probabilities; here they become beliefs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.music.belief import Belief, rank
from loopmind.music.loop import INSTRUMENTS, ROLE_OF_INSTRUMENT, ROLES

F32 = NDArray[np.float32]

# Labels elsewhere often know only "percussion"; these are its kinds.
PERCUSSION_KINDS = ("tom", "cymbal", "percussion")


def believe_instrument(probabilities: F32) -> tuple[Belief[str], ...]:
    """Weighted instruments, best first.

    Where the kinds of percussion together outweigh the best other class, the likeliest kind
    comes first: "some percussion" is the better answer even if no single kind leads.
    """
    scores = {name: float(p) for name, p in zip(INSTRUMENTS, probabilities, strict=True)}
    group = sum(scores[name] for name in PERCUSSION_KINDS)
    others = max(score for name, score in scores.items() if name not in PERCUSSION_KINDS)
    kind = max(PERCUSSION_KINDS, key=lambda name: scores[name])
    if scores[kind] < others < group:
        moved = others * 1.01 - scores[kind]
        rest = group - scores[kind]
        for name in PERCUSSION_KINDS:
            if name != kind and rest > 0.0:
                scores[name] *= max(0.0, 1.0 - moved / rest)
        scores[kind] += min(moved, rest)
    return rank(((name, score) for name, score in scores.items() if score > 0.005), keep=8)


def believe_role(
    instrument: tuple[Belief[str], ...], *, register_midi: float, voices: float,
    steadiness: float, onset_rate: float, pitched: float,
) -> tuple[Belief[str], ...]:  # fmt: skip
    """Weighted roles: each instrument's usual role, moved by how it is played.

    Low single lines serve as bass, high single lines as lead, slow sustained chords as pad.
    `onset_rate` is in events per second, `register_midi` the typical lowest note.
    """
    scores: dict[str, float] = dict.fromkeys(ROLES, 0.0)
    single = _fall(voices, 1.3, 2.2)
    low = _fall(register_midi, 43.0, 52.0)
    high = 1.0 - _fall(register_midi, 55.0, 67.0)
    slow = _fall(onset_rate, 0.6, 2.0) * steadiness
    for belief in instrument:
        role = ROLE_OF_INSTRUMENT[belief.value]
        weight = belief.weight
        if role in ("chords", "pad", "lead"):
            shares = {
                "bass": pitched * single * low * (0.7 if role == "lead" else 0.5),
                "lead": single * high * (0.9 if role == "lead" else 0.6),
                "pad": slow * (0.9 if role == "pad" else 0.45),
            }
            moved = sum(share for name, share in shares.items() if name != role)
            scale = min(1.0, 0.8 / moved) if moved > 0.0 else 1.0
            for name, share in shares.items():
                if name != role:
                    scores[name] += weight * share * scale
            scores[role] += weight * (1.0 - moved * scale)
        elif role == "bass":
            moved = 0.6 * (1.0 - low) * (1.0 - single) + 0.4 * high
            scores["chords" if voices > 1.8 else "lead"] += weight * moved
            scores["bass"] += weight * (1.0 - moved)
        else:
            scores[role] += weight
    return rank(((role, score) for role, score in scores.items() if score > 0.01), keep=4)


def _fall(value: float, full: float, none: float) -> float:
    """1 up to `full`, 0 from `none` on, straight between."""
    return float(np.clip((none - value) / (none - full), 0.0, 1.0))
