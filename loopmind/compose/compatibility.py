"""How well loops fit a song and each other: rhythm, harmony, spectrum, palette, and what it costs.

All scores lie in 0..1, higher is better. Similar is not compatible: a bass fits drums by playing
with the kick, a lead fits chords by their notes, and two sounds in one register mask each other.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from loopmind.compose.traits import HARMONY_BEATS, MOOD_INDEX, Bools, Floats, Ints, Traits
from loopmind.music.key import Key
from loopmind.music.loop import CHROMA_SLICES, DRUM_INSTRUMENTS, INSTRUMENTS, ROLES, Loop

MAX_SEMITONES = 5
# Playing a loop faster or slower than this shows; drums bear most, voices least.
RATIO_LIMITS: dict[str, tuple[float, float]] = {
    "drums": (0.72, 1.4), "percussion": (0.72, 1.4), "bass": (0.75, 1.33), "fx": (0.7, 1.45),
    "pad": (0.75, 1.33), "chords": (0.78, 1.28), "lead": (0.8, 1.25), "vocal": (0.86, 1.16),
}  # fmt: skip
LAST_RESORT = (0.5, 2.0)
STRETCH_SCALE = 0.24
STRETCH_SLOPE = 1.2
UNPITCHED_ROLES = frozenset({"drums", "percussion", "fx"})

# How alike the onset patterns of two roles should be (cosine): the bass plays with the kick,
# percussion fills gaps, a lead answers the chords.
RHYTHM_TARGET: dict[frozenset[str], float] = {
    frozenset({"drums", "bass"}): 0.75,
    frozenset({"drums", "percussion"}): 0.6,
    frozenset({"drums", "chords"}): 0.6,
    frozenset({"chords", "lead"}): 0.45,
    frozenset({"chords", "bass"}): 0.65,
    frozenset({"lead", "vocal"}): 0.3,
    frozenset({"lead", "bass"}): 0.5,
}
_DEFAULT_TARGET = 0.55
# How much the learned fit adds or takes. Of ten loops of unseen pieces the right one is found by
# the hand-made score in .26 of all cases, with .4 of the learned one in .40, .8 in .44, 2 in .47;
# beyond, what only the hand-made one knows (names, packs, masking) would have no say.
LEARNED_WEIGHT = 0.8
# Consonance of two pitch classes by interval, after the usual order of two-part consonance.
_CONSONANCE = (1.0, -0.8, 0.1, 0.6, 0.55, 0.75, -0.5, 0.75, 0.55, 0.6, 0.1, -0.8)
# How a pair rubs by interval, and the share of a chord's sound from which on a note counts.
_ROUGHNESS = (0.0, 1.0, 0.15, 0.0, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0, 0.15, 1.0)
_AUDIBLE_NOTE = 0.08
_MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
# Words in names that tell the kind of sound, not the set it belongs to.
_COMMON_WORDS = frozenset({*INSTRUMENTS, *ROLES, "loop", "loops", "beat", "beats", "sample",
                           "bpm", "major", "minor", "the", "final", "a", "b", "c", "d", "e", "f",
                           "g", "am", "bm", "cm", "dm", "em", "fm", "gm", "chord",
                           "melody"})  # fmt: skip


@functools.cache
def _key_relation() -> Floats:
    """(loop key, song key) -> how well they go together, 24 by 24, major keys first."""
    table = np.full((24, 24), 0.08)
    for a in range(24):
        for b in range(24):
            root_a = a % 12 if a < 12 else (a + 3) % 12
            root_b = b % 12 if b < 12 else (b + 3) % 12
            steps = (root_a - root_b) % 12
            if a == b:
                table[a, b] = 1.0
            elif steps == 0:
                table[a, b] = 0.9
            elif steps in (5, 7):
                # Six of seven notes are shared, yet the chords are others.
                table[a, b] = 0.4 if (a < 12) == (b < 12) else 0.35
            elif a % 12 == b % 12:
                table[a, b] = 0.3
    return table


def key_index(key: Key) -> int:
    return key.tonic + (12 if key.mode == "minor" else 0)


def scale_mask(key: Key) -> Floats:
    """1 for the pitch classes of `key` (natural minor), else 0."""
    root = key.tonic if key.mode == "major" else (key.tonic + 3) % 12
    mask = np.zeros(12)
    mask[[(root + step) % 12 for step in _MAJOR_SCALE]] = 1.0
    return mask


@functools.cache
def _key_tables(key: Key) -> tuple[Floats, Floats]:
    """For each shift, -5 first: (24, 11) how well a loop's key goes with `key` once moved, and
    (12, 11) which of its own pitch classes then lie in the scale."""
    goal = _key_relation()[:, key_index(key)].reshape(2, 12)
    mask = scale_mask(key)
    shifts = range(-MAX_SEMITONES, MAX_SEMITONES + 1)
    # A loop in key k moved by `shift` sounds in key k + shift.
    moved = [np.concatenate([np.roll(goal[0], -s), np.roll(goal[1], -s)]) for s in shifts]
    return np.stack(moved, axis=1), np.stack([np.roll(mask, -s) for s in shifts], axis=1)


def key_fit(t: Traits, key: Key) -> Floats:
    """(n, 2 * MAX_SEMITONES + 1): how well each loop suits `key` at each shift, -5 first."""
    relation, masks = _key_tables(key)
    believed = t.keys.sum(axis=1, keepdims=True)
    by_key = t.keys @ relation / np.maximum(believed, 1e-9)
    chroma = t.chroma**2
    total = chroma.sum(axis=1, keepdims=True)
    in_scale = chroma @ masks / np.maximum(total, 1e-9)
    notes = np.where(total > 0, np.clip((in_scale - 0.5) / 0.45, 0.0, 1.0), by_key)
    fit: Floats = np.where(believed > 0, 0.65 * by_key + 0.35 * notes, notes)
    return fit


def shift_cost(shifts: Ints) -> Floats:
    """What transposing costs, 1 for none; the first semitone costs as much as any other.

    Every shift passes the sound through a stretcher, so a key that needs none is worth keeping.
    """
    cost: Floats = np.exp(-0.14 * np.abs(shifts))
    return cost


@dataclass(frozen=True, eq=False)
class TempoFit:
    """The best reading of each loop at one song tempo: its bpm (0: none), ratio, score 0..1."""

    source_bpm: Floats
    ratio: Floats
    score: Floats


def tempo_fit(t: Traits, bpm: float, *, half_feel: bool, limits: tuple[float, float]) -> TempoFit:
    """Which reading of each loop suits the song's `bpm` best, within the ratio `limits`.

    Loops without a pulse that may still be placed on a grid (pads, effects) play as they are.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(t.readings > 0, bpm / t.readings, 0.0)
        octaves = np.abs(np.log2(np.maximum(ratio, 1e-9)))
        # Any stretch costs a little, a large one soon too much.
        stretch = np.exp(-((octaves / STRETCH_SCALE) ** 2) - STRETCH_SLOPE * octaves)
    # In genres with half-time feel a loop counted at half the tempo is at home.
    weights = np.where(half_feel, np.sqrt(t.reading_weights), t.reading_weights)
    allowed = (ratio >= limits[0]) & (ratio <= limits[1])
    scores = np.where(allowed, weights**0.5 * (0.1 + 0.9 * stretch), 0.0)
    best = scores.argmax(axis=1)
    rows = np.arange(len(t))
    found = TempoFit(t.readings[rows, best], ratio[rows, best], scores[rows, best])
    free = (t.readings[:, 0] == 0) & (t.kind == "loop")
    return TempoFit(
        np.where(free, bpm, np.where(found.score > 0, found.source_bpm, 0.0)),
        np.where(free, 1.0, found.ratio),
        np.where(free, 0.55, found.score),
    )


def usable_beats(loop: Loop, source_bpm: float, beats_per_bar: int) -> float:
    """How many beats of the loop can repeat in time: whole bars, or a whole part of one bar.

    A quarter beat that is missing or too much at the end is forgiven; a longer odd end is left
    out; 0 where not even a beat is left.
    """
    raw = loop.beats_at(source_bpm)
    if not loop.seamless:
        raw -= max(loop.downbeat_s, 0.0) * source_bpm / 60.0
    bars = round(raw / beats_per_bar)
    if bars >= 1 and abs(raw - bars * beats_per_bar) <= 0.25:
        return float(min(bars, 16) * beats_per_bar)
    if raw >= beats_per_bar:
        return float(min(int(raw / beats_per_bar), 16) * beats_per_bar)
    parts = [n for n in range(1, beats_per_bar + 1) if beats_per_bar % n == 0 and n <= raw + 0.25]
    return float(max(parts, default=0))


def source_start_s(loop: Loop, source_bpm: float) -> float:
    """Where beat 0 lies in the file. A seamless loop starts on a whole beat, whatever was heard."""
    if not loop.seamless:
        return max(loop.downbeat_s, 0.0)
    beat_s = 60.0 / source_bpm
    return round(round(loop.downbeat_s / beat_s) * beat_s % loop.duration_s, 6)


def mood_fit(t: Traits, wanted: dict[str, float], energy: float) -> Floats:
    """How close each loop's tags and energy come to the wanted moods (weights -1..1)."""
    vector = np.zeros(len(MOOD_INDEX))
    for mood, weight in wanted.items():
        if mood in MOOD_INDEX:
            vector[MOOD_INDEX[mood]] = weight
    scale = max(float(np.abs(vector).sum()), 1.0)
    tags = np.clip(0.5 + 0.8 * (t.moods @ vector) / scale, 0.0, 1.0)
    close = 1.0 - np.clip(np.abs(t.energy - energy), 0.0, 1.0)
    fit: Floats = 0.75 * tags + 0.25 * close
    return fit


def rhythm_vectors(t: Traits) -> Floats:
    """(n, 16) onset patterns of unit length, zero where unknown."""
    length = np.linalg.norm(t.rhythm, axis=1, keepdims=True)
    unit: Floats = t.rhythm / np.maximum(length, 1e-9)
    return unit


def beat_chroma(loop: Loop, beats: float, semitones: int) -> Floats:
    """(HARMONY_BEATS, 12): which notes sound on each beat, moved by `semitones`; rows sum to 1."""
    table = np.zeros((HARMONY_BEATS, 12))
    slices = loop.chroma_slices if len(loop.chroma_slices) == CHROMA_SLICES else (loop.chroma,)
    if any(len(one) != 12 for one in slices):
        return table
    heard = np.nan_to_num(np.asarray(slices, dtype=np.float64)) ** 2
    span = max(beats, 1.0)
    index = ((np.arange(HARMONY_BEATS) + 0.5) % span / span * len(heard)).astype(np.int64)
    moved = heard[:, (np.arange(12) - semitones) % 12]
    table[:] = moved[np.minimum(index, len(heard) - 1)]
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1e-9)
    return table


@dataclass(frozen=True, eq=False)
class PairScores:
    """(m, m) scores of candidates with each other; `harmony` is NaN where one has no pitch.

    total: how well two sound together. kin: how well one may take the other's turn; it should
    share rhythm, notes and colour, and not leave room for what it replaces. learned: what the fit
    model says, 0..1 and .5 for usual strangers; it is part of `total`. None where it is off.
    """

    rhythm: Floats
    harmony: Floats
    spectrum: Floats
    palette: Floats
    total: Floats
    kin: Floats
    learned: Floats | None = None


def pair_scores(
    t: Traits, index: Ints, roles: Sequence[str], chroma: Floats, tonal: Bools,
    learned: Floats | None = None,
) -> PairScores:  # fmt: skip
    """Scores of candidates with each other: loop `index`, role, (m, 16, 12) `chroma`, `tonal`."""
    rhythm_unit = rhythm_vectors(t)[index]
    known = np.linalg.norm(rhythm_unit, axis=1) > 0
    target = _targets(roles)
    alike = rhythm_unit @ rhythm_unit.T
    rhythm = 1.0 - np.minimum(np.abs(alike - target) / 0.8, 1.0)
    swing = t.swing[index]
    rhythm = rhythm * np.exp(-(((swing[:, None] - swing[None, :]) / 0.09) ** 2))
    rhythm = np.where(known[:, None] & known[None, :], rhythm, 0.6)

    both = tonal[:, None] & tonal[None, :]
    trust = tonality(t)[index]
    agreed = 1.0 - (1.0 - _harmony(chroma)) * trust[:, None] * trust[None, :]
    harmony = np.where(both, agreed, np.nan)

    power = t.power[index]
    shared = np.minimum(power[:, None, :], power[None, :, :])
    # Two sounds that share the lowest octaves blur each other the most.
    weight = np.array([1.6, 1.6, 1.4, 1.2, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5])
    spectrum = 1.0 - np.clip((shared * weight).sum(axis=2), 0.0, 1.0)

    palette = 0.6 * _closeness(t, index) + 0.4 * _kinship(t, index)
    total = np.where(
        both,
        0.2 * rhythm + 0.44 * np.nan_to_num(harmony) + 0.16 * spectrum + 0.2 * palette,
        0.42 * rhythm + 0.28 * spectrum + 0.3 * palette,
    )
    if learned is not None:
        total = np.clip(total + LEARNED_WEIGHT * (learned - 0.5), 0.0, 1.0)
    alike_sound = 0.5 * palette + 0.5 * rhythm
    kin = np.where(both, 0.5 * alike_sound + 0.5 * np.nan_to_num(harmony), alike_sound)
    return PairScores(rhythm, harmony, spectrum, palette, total, kin, learned)


def tonality(t: Traits) -> Floats:
    """(n,) 0..1: how far the notes heard in each loop may be trusted to be its notes.

    A voice or a sync lead is noisy and yet sits on a note: then one pitch class stands out.
    """
    power = t.chroma**2
    peak = power.max(axis=1, initial=0.0) / np.maximum(power.sum(axis=1), 1e-9)
    by_pitch = np.clip(t.pitched / 0.3, 0.0, 1.0)
    trust: Floats = np.maximum(by_pitch, np.clip((peak - 0.25) / 0.3, 0.0, 1.0))
    return trust


def _harmony(chroma: Floats) -> Floats:
    """(m, m) agreement of (m, beats, 12) chroma: consonance, less what semitones rub.

    Notes that sound on the same beat a semitone apart are what an ear calls a clash. Beats are
    averaged as squares, so that one bad bar is not excused by three good ones. On rendered pairs of
    stems this follows their measured roughness (rank correlation -.8).
    """
    m, beats, _ = chroma.shape
    circle = np.array([[_CONSONANCE[(a - b) % 12] for b in range(12)] for a in range(12)])
    rub = np.array([[_ROUGHNESS[(a - b) % 12] for b in range(12)] for a in range(12)])
    heard = (chroma @ circle).reshape(m, -1) @ chroma.reshape(m, -1).T / beats
    loud = np.sqrt(chroma)
    loud /= np.maximum(loud.sum(axis=2, keepdims=True), 1e-9)
    loud[loud < _AUDIBLE_NOTE] = 0.0
    by_beat = loud.transpose(1, 0, 2)
    each = (by_beat @ rub) @ by_beat.transpose(0, 2, 1)
    rough = np.sqrt((each**2).mean(axis=0))
    found: Floats = np.clip(heard / 0.65, 0.0, 1.0) * np.clip(1.2 - 4.5 * rough, 0.0, 1.0)
    return found


def _kinship(t: Traits, index: Ints) -> Floats:
    """Whether loops come from one hand: the same set by name, home tempo, key, and pack.

    What was recorded together fits in groove, tuning and room in ways that no feature tells.
    """

    def same(values: list[str]) -> Floats:
        names = np.array(values)
        alike: Floats = ((names[:, None] == names[None, :]) & (names != "")[:, None]).astype(float)
        return alike

    loops = [t.loops[i] for i in index.tolist()]
    tempo = t.readings[index, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        octaves = np.log2(np.maximum(tempo, 1e-9))[:, None] - np.log2(np.maximum(tempo, 1e-9))
    known = (tempo > 0)[:, None] & (tempo > 0)
    at_home = np.where(known, np.abs(octaves - np.round(octaves)) < 0.008, 0.0)
    keys = t.keys[index]
    home = [
        str(k) if s > 0 else "" for k, s in zip(keys.argmax(axis=1), keys.sum(axis=1), strict=True)
    ]
    kin: Floats = (
        0.35 * same([family(loop.path) for loop in loops]) + 0.3 * at_home + 0.2 * same(home)
        + 0.15 * same([pack(loop.path) for loop in loops])
    )  # fmt: skip
    return kin


@functools.lru_cache(maxsize=4096)
def family(path: str) -> str:
    """What the files of one set share in their names: the words before any figure.

    >>> family("loops/bass/sweet-pop_85bpm_E.ogg"), family("drums/loop 07.wav")
    ('sweet pop', '')
    """
    words = re.findall(
        r"[a-z]+", re.split(r"\d", PurePath(path.replace("\\", "/")).stem.lower())[0]
    )
    own = [word for word in words if word not in _COMMON_WORDS]
    return " ".join(own)


@functools.lru_cache(maxsize=4096)
def pack(path: str) -> str:
    """The folder that holds a sound's folder: one pack, sorted by instrument inside."""
    return str(PurePath(path.replace("\\", "/")).parent.parent)


def _targets(roles: Sequence[str]) -> Floats:
    names = sorted(set(roles))
    table = np.array(
        [
            [0.9 if a == b else RHYTHM_TARGET.get(frozenset({a, b}), _DEFAULT_TARGET)
             for b in names]
            for a in names
        ]
    )  # fmt: skip
    at = np.array([names.index(role) for role in roles], dtype=np.int64)
    targets: Floats = table[np.ix_(at, at)]
    return targets


def _closeness(t: Traits, index: Ints) -> Floats:
    """Closeness in timbre and mood: cosine of embeddings (where known) and of mood tags."""
    loops = [t.loops[i] for i in index.tolist()]
    width = max((len(loop.embedding) for loop in loops), default=0)
    vectors = np.zeros((len(loops), max(width, 1)))
    for row, loop in enumerate(loops):
        if len(loop.embedding) == width and width:
            vectors[row] = loop.embedding
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    sound = np.clip(0.5 + 0.5 * (vectors @ vectors.T), 0.0, 1.0)
    moods = t.moods[index]
    moods = moods / np.maximum(np.linalg.norm(moods, axis=1, keepdims=True), 1e-9)
    close: Floats = 0.6 * sound + 0.4 * np.clip(0.5 + 0.5 * (moods @ moods.T), 0.0, 1.0)
    return close


def is_drum(instrument: str | None) -> bool:
    return instrument in DRUM_INSTRUMENTS
