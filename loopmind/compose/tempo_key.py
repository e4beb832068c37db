"""Which tempi and keys are worth trying for a song: those that many good loops share.

Beliefs, not verdicts: every loop votes with all its readings, weighed by how much it is wanted,
so one doubtful loop follows the others.
"""

from __future__ import annotations

import math

import numpy as np

from loopmind.compose.compatibility import (
    LAST_RESORT,
    MAX_SEMITONES,
    UNPITCHED_ROLES,
    key_fit,
    key_index,
    shift_cost,
    tempo_fit,
)
from loopmind.compose.genres import GenreProfile
from loopmind.compose.seeds import chance, gumbel
from loopmind.compose.traits import ROLE_INDEX, Floats, Traits
from loopmind.compose.wishes import wanted_energy
from loopmind.music.brief import Brief
from loopmind.music.key import Key
from loopmind.music.loop import Role

VOTERS_PER_ROLE = 120
TEMPERATURE = 0.015
# Seeds vary loops; the key follows them and moves only between near equals.
KEY_TEMPERATURE = 0.004


def _voters(t: Traits, genre: GenreProfile, mood: Floats) -> list[tuple[Role, float, Floats]]:
    """(role, priority, weights of loops for it) for the roles that the genre wants."""
    found: list[tuple[Role, float, Floats]] = []
    for plan in genre.roles:
        suits = t.suits[:, ROLE_INDEX[plan.role]] * (t.kind != "oneshot")
        weight = np.where(suits >= 0.3, suits * (0.4 + 0.6 * mood), 0.0)
        if len(weight) > VOTERS_PER_ROLE:
            least = np.sort(weight)[-VOTERS_PER_ROLE]
            weight = np.where(weight >= least, weight, 0.0)
        if weight.any():
            found.append((plan.role, plan.priority, weight))
    return found


def song_tempi(
    t: Traits, brief: Brief, genre: GenreProfile, mood: Floats, seed: int, *, keep: int = 3
) -> list[tuple[float, float]]:
    """(bpm, support 0..1) of the tempi worth trying, best first (chance included)."""
    low, high = brief.bpm or genre.bpm
    if low == high:
        return [(low, 1.0)]
    voters = _voters(t, genre, mood)
    heard = np.sum([np.zeros(len(t)), *(w for _, _, w in voters)], axis=0) > 0
    rows = np.flatnonzero(heard)
    if not t.readings[rows].any():
        return [(_own_tempo(brief, genre, seed), 1.0)]
    sub = t.only(rows)
    energy = wanted_energy(brief, genre)
    goal = genre.typical_bpm if brief.bpm is None else low + (high - low) * energy
    found = []
    for bpm in _candidates(sub, low, high, fixed=brief.bpm is not None):
        support, total = 0.0, 0.0
        fit = tempo_fit(sub, bpm, half_feel=genre.feel == "half", limits=LAST_RESORT).score
        for _, priority, weight in voters:
            best = np.sort(weight[rows] * fit)[-3:]
            support += priority * float(best.mean())
            total += priority
        support /= max(total, 1e-9)
        beyond = max(math.log2(low / bpm), math.log2(bpm / high), 0.0)
        # Far from the genre is still better than nothing, the nearer the better.
        far = 0.15 * math.exp(-3.0 * beyond)
        prior = far + (1.0 - far) * math.exp(-((beyond / 0.1) ** 2))
        pull = 1.0 - 0.12 * min(abs(math.log2(bpm / goal)) / 0.3, 1.0)
        score = support * prior * pull + TEMPERATURE * gumbel(seed, "bpm", round(bpm))
        found.append((score, bpm))
    found.sort(reverse=True)
    chosen: list[tuple[float, float]] = []
    for score, bpm in found:
        if all(abs(bpm / other - 1.0) > 0.015 for other, _ in chosen):
            chosen.append((bpm, score))
        if len(chosen) == keep:
            break
    return chosen


def _candidates(t: Traits, low: float, high: float, *, fixed: bool) -> list[float]:
    grid = set(np.arange(math.ceil(low), math.floor(high) + 1).astype(float).tolist()) or {low}
    readings = t.readings[t.readings > 0]
    shares = t.reading_weights[t.readings > 0]
    heard = readings[shares >= 0.5]
    wide = heard[(heard >= low) & (heard <= high)] if fixed else heard[(heard > 55) & (heard < 190)]
    for bpm in wide.tolist():
        near = round(bpm)
        # Loops are made at whole tempi; what lies this close to one is measured a little off.
        grid.add(float(near) if abs(bpm / near - 1.0) < 0.003 else round(bpm, 1))
    inside = sorted(b for b in grid if low <= b <= high)
    outside = sorted(b for b in grid if not low <= b <= high)
    if len(outside) > 60:
        outside = outside[:: len(outside) // 60 + 1]
    if len(inside) > 90:
        inside = inside[:: len(inside) // 90 + 1]
    return inside + outside


def _own_tempo(brief: Brief, genre: GenreProfile, seed: int) -> float:
    """A tempo where no loop has a say: the genre's usual one, moved by energy and chance."""
    low, high = brief.bpm or genre.bpm
    energy = wanted_energy(brief, genre) - genre.energy
    middle = genre.typical_bpm if low <= genre.typical_bpm <= high else (low + high) / 2.0
    moved = middle + (high - low) * (0.5 * energy + 0.16 * (chance(seed, "tempo") - 0.5))
    return float(round(min(max(moved, low), high)))


def song_keys(
    t: Traits, brief: Brief, genre: GenreProfile, mood: Floats, seed: int, *, keep: int = 2
) -> list[tuple[Key | None, float]]:
    """(key, support) of the keys worth trying, best first; None where nothing has a pitch."""
    if brief.key is not None:
        return [(brief.key, 1.0)]
    tonal = (t.pitched >= 0.3) & (t.keys.any(axis=1) | t.chroma.any(axis=1))
    voters = [
        (priority, weight * tonal)
        for role, priority, weight in _voters(t, genre, mood)
        if role not in UNPITCHED_ROLES and (weight * tonal).any()
    ]
    if not voters:
        return [(None, 0.0)]
    rows = np.flatnonzero(np.sum([w for _, w in voters], axis=0) > 0)
    sub = t.only(rows)
    shifts = np.arange(-MAX_SEMITONES, MAX_SEMITONES + 1)
    found: list[tuple[float, Key]] = []
    for mode in ("minor", "major"):
        if brief.mode is not None and mode != brief.mode:
            continue
        colour = mode_prior(mode, brief, genre)
        for tonic in range(12):
            key = Key(tonic, "minor" if mode == "minor" else "major")
            worth = (key_fit(sub, key) * shift_cost(shifts)[None, :]).max(axis=1)
            support, total = 0.0, 0.0
            for priority, weight in voters:
                support += priority * float(np.sort(weight[rows] * worth)[-3:].mean())
                total += priority
            noise = KEY_TEMPERATURE * gumbel(seed, "key", key_index(key))
            found.append((colour * support / total + noise, key))
    found.sort(key=lambda item: (-item[0], item[1]))
    return [(key, score) for score, key in found[:keep]]


def mode_prior(mode: str, brief: Brief, genre: GenreProfile) -> float:
    """How welcome a mode is: dark and sad songs want minor, happy ones major, genres a little."""
    if {"dark", "sad"} & set(brief.moods):
        return 1.0 if mode == "minor" else 0.8
    if "happy" in brief.moods:
        return 1.0 if mode == "major" else 0.8
    return 1.0 if genre.mode in (None, mode) else 0.93


def own_mode(brief: Brief, genre: GenreProfile) -> str:
    """The mode of a song whose loops have no say in it."""
    if brief.mode is not None:
        return brief.mode
    return max(("minor", "major"), key=lambda mode: mode_prior(mode, brief, genre))
