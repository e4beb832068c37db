"""What the fit model is told of loops and of pairs of them: onsets and notes on one grid, spectra.

Everything comes from what the library remembers of a loop, nothing from its embedding, name or
home tempo. All of it is moved onto the song's beats, so tempo and key of the files don't show.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.compose.traits import HARMONY_BEATS, ROLE_INDEX, Floats, Ints, Traits
from loopmind.music.loop import ROLES

F32 = NDArray[np.float32]

STEPS_PER_BEAT = 4
STEPS = HARMONY_BEATS * STEPS_PER_BEAT
_BANDS = 10
# Consonance of two pitch classes by interval and how the pair rubs, as in compatibility.py.
_CONSONANCE = (1.0, -0.8, 0.1, 0.6, 0.55, 0.75, -0.5, 0.75, 0.55, 0.6, 0.1, -0.8)
_ROUGHNESS = (0.0, 1.0, 0.15, 0.0, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0, 0.15, 1.0)
_AUDIBLE_NOTE = 0.08
_MASKING = (1.6, 1.6, 1.4, 1.2, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
_LAGS = (1, 2, 3, 4, 6, 8)
_EPS = np.float32(1e-9)


@dataclass(frozen=True, eq=False)
class Sides:
    """Loops as one side of pairs; every array has the same leading axes.

    grid: (..., STEPS) onset strength on sixteenths. chroma: (..., HARMONY_BEATS, 12), each beat
    summing to 1 or 0. fixed: (..., n) what moving the loop in time or pitch leaves as it is.
    trust: (...) how far the notes may be trusted, 0 where the role has none.
    """

    grid: F32
    chroma: F32
    fixed: F32
    trust: F32

    def pick(self, index: NDArray[np.integer]) -> Sides:
        """The sides at `index` along the first axis."""
        return Sides(self.grid[index], self.chroma[index], self.fixed[index], self.trust[index])

    def moved(self, semitones: NDArray[np.integer], steps: NDArray[np.integer]) -> Sides:
        """Each loop (n, ...) transposed and begun `steps` sixteenths later."""
        n = len(self.grid)
        rows = np.arange(n)[:, None]
        grid = self.grid[rows, (np.arange(STEPS) - steps[:, None]) % STEPS]
        notes = self.chroma[
            np.arange(n)[:, None, None],
            np.arange(HARMONY_BEATS)[:, None],
            (np.arange(12) - semitones[:, None, None]) % 12,
        ]
        whole, part = np.divmod(steps, STEPS_PER_BEAT)
        beats = (np.arange(HARMONY_BEATS) - whole[:, None]) % HARMONY_BEATS
        now, late = notes[rows, beats], notes[rows, (beats - 1) % HARMONY_BEATS]
        share = (part / STEPS_PER_BEAT).astype(np.float32)[:, None, None]
        return Sides(grid, (1.0 - share) * now + share * late, self.fixed, self.trust)


def sides(
    t: Traits, index: Ints, roles: Sequence[str], beats: Sequence[float],
    source_bpm: Sequence[float], start_s: Sequence[float], chroma: Floats, trust: Floats,
) -> Sides:  # fmt: skip
    """The loops `index` of `t`, each in its role, with its beats, tempo and beat 0 in its file.

    chroma: (m, HARMONY_BEATS, 12), as they will sound.
    """
    loops = [t.loops[i] for i in index.tolist()]
    grid = np.zeros((len(loops), STEPS), np.float32)
    for row, loop in enumerate(loops):
        grid[row] = onset_grid(
            loop.onsets_s, loop.onset_strengths, start_s[row], source_bpm[row], beats[row]
        )
    role = np.zeros((len(loops), len(ROLES)), np.float32)
    role[np.arange(len(loops)), [ROLE_INDEX[name] for name in roles]] = 1.0
    brightness = np.array([max(loop.brightness_hz, 20.0) for loop in loops])
    crest = np.array([loop.crest_db for loop in loops])
    events = np.array(
        [len(x.onsets_s) / max(b, 1.0) / max(x.beats_at(s) / max(b, 1.0), 0.25)
         for x, b, s in zip(loops, beats, source_bpm, strict=True)]
    )  # fmt: skip
    alone = np.stack(
        [t.pitched[index], t.energy[index], np.log2(brightness / 1000.0) / 3.0,
         np.clip(crest, 0.0, 30.0) / 20.0, np.log2(1.0 + np.clip(events, 0.0, 16.0)) / 2.0,
         10.0 * (t.swing[index] - 0.5)], axis=1,
    )  # fmt: skip
    fixed = np.concatenate([role, np.sqrt(t.power[index]), alone], axis=1).astype(np.float32)
    return Sides(grid, chroma.astype(np.float32), fixed, trust.astype(np.float32))


@functools.lru_cache(maxsize=16384)
def onset_grid(
    onsets_s: tuple[float, ...], strengths: tuple[float, ...], start_s: float, bpm: float,
    beats: float,
) -> F32:  # fmt: skip
    """(STEPS,) onset strength on sixteenths of a loop of `beats`, which repeats; the sum is 1.

    An onset between two steps counts for both in part, so that a shift of tuplets or swing shows.
    """
    grid = np.zeros(STEPS, np.float32)
    span = max(1, min(STEPS, round(beats * STEPS_PER_BEAT)))
    if not onsets_s or bpm <= 0.0:
        return grid
    place = (np.asarray(onsets_s) - start_s) * bpm / 60.0 * STEPS_PER_BEAT % span
    strong = np.asarray(strengths, np.float64)
    low = np.floor(place).astype(np.int64)
    part = place - low
    one = np.zeros(span)
    np.add.at(one, low % span, (1.0 - part) * strong)
    np.add.at(one, (low + 1) % span, part * strong)
    grid[:] = one[np.arange(STEPS) % span]
    grid /= max(float(grid.sum()), 1e-9)
    return grid


def own_features(one: Sides) -> F32:
    """(..., roles) what the model is told of each loop alone: its role.

    Told more (rhythm, spectrum, movement) it chose no better among unseen pieces.
    """
    return one.fixed[..., : len(ROLES)]


def _unit(x: F32) -> F32:
    length = np.sqrt((x * x).sum(axis=-1, keepdims=True))
    found: F32 = x / np.maximum(length, _EPS)
    return found


def _changes(chroma: F32) -> F32:
    """(..., HARMONY_BEATS) how much the notes change at the start of each beat, 0..1."""
    unit = _unit(chroma)
    before = np.roll(unit, 1, axis=-2)
    there = (unit * unit).sum(axis=-1) * (before * before).sum(axis=-1)
    changed: F32 = np.where(there > 0.5, 1.0 - (unit * before).sum(axis=-1), 0.0)
    return changed


def _turned(x: F32) -> F32:
    found: F32 = np.swapaxes(x, -1, -2)
    return found


def pair_features(a: Sides, b: Sides) -> F32:
    """(..., n, m, k) what is known of each pair of `a` (..., n) and `b` (..., m).

    Exchanging the two loops of a pair changes nothing.
    """
    found: list[F32] = []
    found += _rhythm(a.grid, b.grid)
    trust = a.trust[..., :, None] * b.trust[..., None, :]
    found += [trust * one for one in _harmony(a.chroma, b.chroma)]
    found.append(trust)
    found += _colour(a.fixed, b.fixed)
    stacked: F32 = np.stack(np.broadcast_arrays(*found), axis=-1).astype(np.float32)
    return stacked


def _rhythm(a: F32, b: F32) -> list[F32]:
    unit_a, unit_b = _unit(np.sqrt(a)), _unit(np.sqrt(b))
    at_once = unit_a @ _turned(unit_b)
    plain = _unit(a) @ _turned(_unit(b))
    lagged = [
        0.5 * (np.roll(unit_a, lag, -1) @ _turned(unit_b)
               + np.roll(unit_a, -lag, -1) @ _turned(unit_b))
        for lag in _LAGS
    ]  # fmt: skip
    # Whether each stroke of one falls on a stroke of the other.
    heard_a, heard_b = _heard(a), _heard(b)
    a_on_b = a @ _turned(heard_b)
    b_on_a = _turned(b @ _turned(heard_a))
    beats_a, beats_b = _by_beat(a), _by_beat(b)
    dense = _unit(_centred(beats_a)) @ _turned(_unit(_centred(beats_b)))
    bars_a = _unit(_centred(a.reshape(*a.shape[:-1], 4, 16).sum(-1)))
    bars_b = _unit(_centred(b.reshape(*b.shape[:-1], 4, 16).sum(-1)))
    fine = _unit(_centred(a)) @ _turned(_unit(_centred(b)))
    return [
        at_once, plain, fine, *[at_once - one for one in lagged],
        np.maximum(a_on_b, b_on_a), np.minimum(a_on_b, b_on_a), dense, bars_a @ _turned(bars_b),
    ]  # fmt: skip


def _heard(grid: F32) -> F32:
    most = grid.max(axis=-1, keepdims=True)
    found: F32 = np.clip(3.0 * grid / np.maximum(most, _EPS), 0.0, 1.0)
    return found


def _by_beat(grid: F32) -> F32:
    found: F32 = grid.reshape(*grid.shape[:-1], HARMONY_BEATS, STEPS_PER_BEAT).sum(axis=-1)
    return found


def _centred(x: F32) -> F32:
    found: F32 = x - x.mean(axis=-1, keepdims=True)
    return found


@functools.cache
def _circle(weights: tuple[float, ...]) -> F32:
    table = [[weights[(a - b) % 12] for b in range(12)] for a in range(12)]
    return np.array(table, np.float32)


def _harmony(a: F32, b: F32) -> list[F32]:
    flat_a = a.reshape(*a.shape[:-2], -1)
    flat_b = b.reshape(*b.shape[:-2], -1)
    sweet = (a @ _circle(_CONSONANCE)).reshape(flat_a.shape) @ _turned(flat_b) / HARMONY_BEATS
    loud_a, loud_b = _audible(a), _audible(b)
    rub_a = np.moveaxis(loud_a @ _circle(_ROUGHNESS), -2, 0)
    each = rub_a @ _turned(np.moveaxis(loud_b, -2, 0))
    rough = np.sqrt((each * each).mean(axis=0))
    unit_a, unit_b = np.moveaxis(_unit(a), -2, 0), np.moveaxis(_unit(b), -2, 0)
    alike = unit_a @ _turned(unit_b)
    alike.sort(axis=0)
    mean = alike.mean(axis=0)
    whole_a, whole_b = _unit(a.mean(axis=-2)), _unit(b.mean(axis=-2))
    whole = whole_a @ _turned(whole_b)
    shifted = np.stack([np.roll(whole_a, shift, -1) @ _turned(whole_b) for shift in range(1, 12)])
    moves = _unit(_centred(_changes(a))) @ _turned(_unit(_centred(_changes(b))))
    # How much of one loop's notes are the other's strongest note on that beat: a bass on its root.
    root_a, root_b = _strongest(a), _strongest(b)
    a_in_b = root_a.reshape(flat_a.shape) @ _turned(flat_b) / HARMONY_BEATS
    b_in_a = flat_a @ _turned(root_b.reshape(flat_b.shape)) / HARMONY_BEATS
    late = np.roll(unit_a, 1, 0) @ _turned(unit_b)
    early = np.roll(unit_a, -1, 0) @ _turned(unit_b)
    far = 0.5 * (np.roll(unit_a, 2, 0) + np.roll(unit_a, -2, 0)) @ _turned(unit_b)
    return [
        sweet, rough, mean, alike[2], alike[HARMONY_BEATS // 2], whole, whole - shifted.max(axis=0),
        whole - np.maximum(shifted[6], shifted[4]), moves,
        np.maximum(a_in_b, b_in_a), np.minimum(a_in_b, b_in_a),
        mean - 0.5 * (late.mean(axis=0) + early.mean(axis=0)), mean - far.mean(axis=0),
    ]  # fmt: skip


def _audible(chroma: F32) -> F32:
    loud = np.sqrt(chroma)
    loud = loud / np.maximum(loud.sum(axis=-1, keepdims=True), _EPS)
    found: F32 = np.where(loud < _AUDIBLE_NOTE, np.float32(0.0), loud)
    return found


def _strongest(chroma: F32) -> F32:
    most = chroma.max(axis=-1, keepdims=True)
    found: F32 = ((chroma >= most) & (most > 0.0)).astype(np.float32)
    return found


def _colour(a: F32, b: F32) -> list[F32]:
    first = len(ROLES)
    root_a, root_b = a[..., first : first + _BANDS], b[..., first : first + _BANDS]
    power_a, power_b = root_a * root_a, root_b * root_b
    shared = np.minimum(power_a[..., :, None, :], power_b[..., None, :, :])
    masked = shared @ np.array(_MASKING, np.float32)
    alike = _unit(root_a) @ _turned(_unit(root_b))
    rest_a, rest_b = a[..., first + _BANDS :], b[..., first + _BANDS :]
    apart = np.abs(rest_a[..., :, None, :] - rest_b[..., None, :, :])
    same = a[..., :first] @ _turned(b[..., :first])
    return [masked, alike, same, *[apart[..., k] for k in range(apart.shape[-1])]]
