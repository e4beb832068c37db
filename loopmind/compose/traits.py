"""What selection needs of a crate, as arrays over its loops: roles, readings, keys, moods, chroma.

Nothing is scored here; compatibility.py scores and select.py chooses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.music.loop import (
    DRUM_INSTRUMENTS,
    INSTRUMENTS,
    MOODS,
    ROLES,
    SPECTRUM_BANDS_HZ,
    STEPS_PER_BAR,
    Loop,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ROLE_INDEX: dict[str, int] = {role: i for i, role in enumerate(ROLES)}
INSTRUMENT_INDEX = {name: i for i, name in enumerate(INSTRUMENTS)}
MOOD_INDEX = {name: i for i, name in enumerate(MOODS)}
MAX_READINGS = 12
HALF_OR_DOUBLE = 0.5
HARMONY_BEATS = 16
QUIETEST_LUFS = -55.0
SINGLE_DRUMS = DRUM_INSTRUMENTS - {"drums"}
# Readings other than halves and doubles of the likeliest need this share of its weight: counting
# in dotted values is right only where hearing is truly of two minds.
LEAST_SHARE = 0.6
SHORTEST_BEAT_S = 1.25
CLEAR_PULSE = 0.6
# Share of power below 180 Hz from which on a drum loop has a kick, or something in its place.
GROUND_SHARE = 0.12


@dataclass(frozen=True, eq=False)
class Traits:
    """Arrays over `loops`, in their order.

    readings, reading_weights: (n, MAX_READINGS) tempi the loop may be read at, 0 where none.
    keys: (n, 24) belief, major keys first. chroma: (n, 12), loudest = 1. pitched: (n,) 0..1.
    instruments: (n, 18) and roles: (n, 8) beliefs; suits: (n, 8) how well the sound would do each
    role. moods: (n, 12), strongest = 1. power: (n, 10) share of each octave band.
    """

    loops: tuple[Loop, ...]
    kind: NDArray[np.str_]
    duration_s: Floats
    readings: Floats
    reading_weights: Floats
    beats_per_bar: Ints
    keys: Floats
    chroma: Floats
    pitched: Floats
    pitch_midi: Floats
    instruments: Floats
    suits: Floats
    moods: Floats
    power: Floats
    energy: Floats
    lufs: Floats
    swing: Floats
    rhythm: Floats

    def __len__(self) -> int:
        return len(self.loops)

    def only(self, keep: Ints) -> Traits:
        """The same for the loops with these indices."""
        return Traits(
            tuple(self.loops[i] for i in keep.tolist()),
            *(
                getattr(self, name)[keep]
                for name in (
                    "kind", "duration_s", "readings", "reading_weights", "beats_per_bar", "keys",
                    "chroma", "pitched", "pitch_midi", "instruments", "suits", "moods", "power",
                    "energy", "lufs", "swing", "rhythm",
                )
            ),
        )  # fmt: skip


def traits(loops: Sequence[Loop]) -> Traits:
    """The arrays for `loops` (20,000 in about a second)."""
    n = len(loops)
    instruments, roles = np.zeros((n, len(INSTRUMENTS))), np.zeros((n, len(ROLES)))
    keys, moods = np.zeros((n, 24)), np.zeros((n, len(MOODS)))
    readings, weights = np.zeros((n, MAX_READINGS)), np.zeros((n, MAX_READINGS))
    for i, loop in enumerate(loops):
        for instrument in loop.instrument:
            if instrument.value in INSTRUMENT_INDEX:
                instruments[i, INSTRUMENT_INDEX[instrument.value]] = instrument.weight
        for role in loop.role:
            if role.value in ROLE_INDEX:
                roles[i, ROLE_INDEX[role.value]] = role.weight
        for key in loop.key:
            keys[i, key.value.tonic + (12 if key.value.mode == "minor" else 0)] += key.weight
        for tag in loop.tags:
            if tag.value in MOOD_INDEX:
                moods[i, MOOD_INDEX[tag.value]] = tag.weight
        for column, (bpm, weight) in enumerate(_readings(loop)):
            readings[i, column], weights[i, column] = bpm, weight
    kind = np.array([_used_as(loop) for loop in loops], dtype="<U8")
    duration = np.array([loop.duration_s for loop in loops], dtype=np.float64)
    spectrum = _matrix([loop.spectrum_db for loop in loops], len(SPECTRUM_BANDS_HZ), -120.0)
    power = 10.0 ** (np.clip(spectrum, -120.0, 60.0) / 10.0)
    power /= np.maximum(power.sum(axis=1, keepdims=True), 1e-12)
    pitched = np.array([loop.pitched for loop in loops], dtype=np.float64)
    midi = np.array(
        [np.nan if loop.pitch_midi is None else loop.pitch_midi for loop in loops],
        dtype=np.float64,
    )
    lufs = np.array([_loudness(loop) for loop in loops], dtype=np.float64)
    suits = _suitability(kind, instruments, roles, power, pitched)
    # A loop without a clear tempo can hold no beat together, but makes a pad or an effect.
    clear = np.array([min(pulse(loop) / CLEAR_PULSE, 1.0) for loop in loops], dtype=np.float64)
    doubtful = np.where(kind == "loop", 0.55 + 0.45 * clear, 1.0)
    for timed in ("drums", "percussion", "bass", "chords", "lead"):
        suits[:, ROLE_INDEX[timed]] *= doubtful
    # What is all but silent, or lasts under a fiftieth of a second, plays no role.
    suits[(lufs < QUIETEST_LUFS) | (duration < 0.02)] = 0.0
    return Traits(
        tuple(loops), kind, duration, readings, weights,
        np.array([loop.beats_per_bar or 4 for loop in loops], dtype=np.int64), keys,
        _matrix([loop.chroma for loop in loops], 12), pitched, midi, instruments, suits,
        moods / np.maximum(moods.max(axis=1, keepdims=True, initial=0.0), 1e-9), power,
        np.array([loop.energy for loop in loops], dtype=np.float64), lufs,
        np.array([loop.swing for loop in loops], dtype=np.float64),
        _matrix([loop.rhythm for loop in loops], STEPS_PER_BAR),
    )  # fmt: skip


def _matrix(rows: Sequence[Sequence[float]], width: int, fill: float = 0.0) -> Floats:
    """Rows of equal `width`; a row of any other length is unknown and becomes `fill`."""
    table = np.full((len(rows), width), fill)
    for i, row in enumerate(rows):
        if len(row) == width:
            table[i] = row
    clean: Floats = np.nan_to_num(table, nan=fill, posinf=fill, neginf=fill)
    return clean


def _used_as(loop: Loop) -> str:
    """The loop's kind; single strokes and single notes taken for loops are one-shots all the same.

    A ringing crash or a held trumpet note is easily heard as a loop of two bars, yet nobody wants
    it repeated as one. What gives them away: few strokes, or no tempo that stands out; a name or
    folder that says "loop" settles it.
    """
    if loop.kind != "loop" or any(said.endswith(": loop") for said in loop.evidence):
        return loop.kind
    strokes = sum(1 for strength in loop.onset_strengths if strength >= 0.5)
    if loop.best_instrument in SINGLE_DRUMS:
        few = strokes <= 3 or loop.duration_s < SHORTEST_BEAT_S
        return "oneshot" if few or pulse(loop) < CLEAR_PULSE else "loop"
    held = loop.pitch_midi is not None and loop.best_role not in ("pad", "fx", "vocal")
    return "oneshot" if held and (strokes <= 3 or pulse(loop) < CLEAR_PULSE) else "loop"


def pulse(loop: Loop) -> float:
    """How clear the loop's tempo is, 0..1: the weight of the likeliest, its halves and doubles."""
    if not loop.tempo or loop.tempo[0].value <= 0:
        return 0.0
    total = 0.0
    for belief in loop.tempo:
        if belief.value > 0:
            octaves = math.log2(belief.value / loop.tempo[0].value)
            total += belief.weight if abs(octaves - round(octaves)) < 0.03 else 0.0
    return min(total, 1.0)


def _loudness(loop: Loop) -> float:
    """Loudness in LUFS; of sounds too short for a gating block, from peak and crest."""
    if np.isfinite(loop.loudness_lufs) and loop.loudness_lufs > -69.0:
        return float(loop.loudness_lufs)
    if not np.isfinite(loop.peak_dbfs):
        return -70.0
    return float(loop.peak_dbfs - max(loop.crest_db, 0.0) - 1.0)


def _readings(loop: Loop) -> list[tuple[float, float]]:
    """Tempi (bpm, weight) the loop may be read at: what was heard, half and double of it.

    A seamless loop's length is a whole number of beats, so its readings are moved onto that.
    """
    found: dict[float, float] = {}
    strongest = max((belief.weight for belief in loop.tempo), default=1.0) or 1.0
    said = any(word.endswith(" bpm") or word == "user: bpm" for word in loop.evidence)
    least = (1.0 if said else LEAST_SHARE) * strongest
    for belief in loop.tempo[:4]:
        octaves = math.log2(belief.value / loop.tempo[0].value) if belief.value > 0 else 0.5
        if belief.weight < least and abs(octaves - round(octaves)) > 0.03:
            continue
        for factor, share in ((1.0, 1.0), (2.0, HALF_OR_DOUBLE), (0.5, HALF_OR_DOUBLE)):
            bpm = belief.value * factor
            if not 40.0 <= bpm <= 240.0 or not np.isfinite(bpm):
                continue
            beats = loop.beats_at(bpm)
            if loop.seamless and loop.kind == "loop" and beats > 0.5:
                whole = round(beats)
                if whole < 1 or abs(beats - whole) > 0.12:
                    continue
                bpm = whole * 60.0 / loop.duration_s
            key = round(bpm, 2)
            found[key] = max(found.get(key, 0.0), belief.weight / strongest * share)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ranked[:MAX_READINGS]


def _suitability(
    kind: NDArray[np.str_], instruments: Floats, roles: Floats, power: Floats, pitched: Floats
) -> Floats:
    """How well each sound would do each role, 0..1: its own role fully, neighbours in part."""
    strongest = roles.max(axis=1, keepdims=True, initial=0.0)
    # What might as well be something else makes a poorer bass, or drum loop, than a sure one.
    own = roles / np.maximum(strongest, 1e-9) * np.clip(0.4 + 0.8 * strongest, 0.0, 1.0)
    at = ROLE_INDEX
    heard = instruments / np.maximum(instruments.max(axis=1, keepdims=True, initial=0.0), 1e-9)
    # Loops of hats or shakers alone count as drums by instrument, yet cannot carry a beat.
    topping = heard[:, [INSTRUMENT_INDEX[v] for v in ("hat", "cymbal", "tom", "percussion")]]
    carrying = heard[:, [INSTRUMENT_INDEX[v] for v in ("drums", "kick", "snare")]]
    single = heard[:, [INSTRUMENT_INDEX[v] for v in ("kick", "snare", "clap")]].max(axis=1) >= 1.0
    top, body = topping.max(axis=1, initial=0.0), carrying.max(axis=1, initial=0.0)
    suits: Floats = np.zeros_like(own)
    low = power[:, :3].sum(axis=1)
    # A beat needs something low; a drum loop without it is a top for another beat, and a full one
    # over another kit is one too many.
    ground = np.clip(low / GROUND_SHARE, 0.0, 1.0)
    whole = np.where(top > body, 0.35, np.where(single, 0.6, 0.55 + 0.45 * ground))
    suits[:, at["drums"]] = own[:, at["drums"]] * whole
    over = np.maximum(top * (1.0 - 0.7 * np.clip(low / 0.4, 0.0, 1.0)), 0.75 * (1.0 - ground))
    suits[:, at["percussion"]] = np.maximum(
        own[:, at["percussion"]], own[:, at["drums"]] * np.maximum(over, 0.15)
    )
    # Crashes that were taken for loops outnumber loops of cymbals alone.
    cymbal = heard[:, INSTRUMENT_INDEX["cymbal"]] >= 1.0
    suits[:, at["percussion"]] *= np.where(cymbal & (kind == "loop"), 0.4, 1.0)
    suits[:, at["bass"]] = own[:, at["bass"]] * (0.6 + 0.4 * np.clip(2.0 * low, 0.0, 1.0))
    suits[:, at["chords"]] = _best(own, {"chords": 1.0, "pad": 0.6, "lead": 0.45})
    suits[:, at["lead"]] = _best(own, {"lead": 1.0, "chords": 0.45, "vocal": 0.2})
    suits[:, at["pad"]] = _best(own, {"pad": 1.0, "chords": 0.5})
    suits[:, at["vocal"]] = own[:, at["vocal"]]
    suits[:, at["fx"]] = own[:, at["fx"]]
    tonal = 0.4 + 0.6 * np.clip(pitched / 0.4, 0.0, 1.0)
    for role in ("bass", "chords", "lead", "pad"):
        suits[:, at[role]] *= tonal
    return suits


def _best(own: Floats, shares: dict[str, float]) -> Floats:
    columns = [own[:, ROLE_INDEX[role]] * share for role, share in shares.items()]
    best: Floats = np.asarray(np.stack(columns).max(axis=0), dtype=np.float64)
    return best
