"""From sung notes to a melody: its tempo, beats, bars and key, quantised with the feel kept.

A voice alone keeps no metronome: the tempo is the one whose beats, halves and quarters lie nearest
to where notes begin, long notes counting more, and the grid may drift with the voice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loopmind.music.key import Key, Mode
from loopmind.music.melody import Melody, MelodyNote
from loopmind.music.notes import Note

F64 = NDArray[np.float64]

LEAST_NOTES = 4
_SLOWEST_BPM, _FASTEST_BPM, _USUAL_BPM = 60.0, 180.0, 108.0
_STEP = 0.004
_PHASES = 32
_SIGMA_S = 0.034
# How much beats, eighths, sixteenths and thirds of a beat expect notes.
_SHARES = ((1, 0.52), (2, 0.27), (4, 0.09), (3, 0.04))
_ASTRAY = 0.08
_PRIOR_SHARE, _PACE_SHARE = 0.25, 0.15
_FEEL = 0.35
_MOST_FEEL_BEATS = 0.06
# Krumhansl and Kessler, "Tracing the dynamic changes in perceived tonal organization" (1982), as
# revised by Temperley, "What's key for key?" (1999), which suits melodies better.
_MAJOR = np.array([5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0])
_MINOR = np.array([5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0])


def melody_of(
    notes: Sequence[Note], *, bpm: tuple[float, float] | None = None,
    tuning_cents: float = 0.0, clarity: float = 1.0,
) -> Melody:  # fmt: skip
    """The melody that `notes` are, on its own beat grid.

    bpm: the range its tempo must lie in. Raises ValueError for fewer than LEAST_NOTES notes.
    """
    if len(notes) < LEAST_NOTES:
        raise ValueError(f"{len(notes)} notes are no melody; {LEAST_NOTES} are needed")
    starts = np.array([note.start_s for note in notes])
    ends = np.array([note.end_s for note in notes])
    weights = _weights(starts, ends, np.array([note.velocity for note in notes]))
    tempo, phase, fit = _grid(starts, weights, bpm or (_SLOWEST_BPM, _FASTEST_BPM))
    beats = _followed((starts - phase) * tempo / 60.0, weights)
    placed = _quantised(beats)
    lengths = (ends - starts) * tempo / 60.0
    per_bar, first = _bars(placed, lengths, [round(n.pitch) for n in notes])
    origin = math.floor((placed[0] - first) / per_bar + 1e-6) * per_bar + first
    felt = placed + np.clip(_FEEL * (beats - placed), -_MOST_FEEL_BEATS, _MOST_FEEL_BEATS)
    made = []
    for i, note in enumerate(notes):
        following = placed[i + 1] - placed[i] if i + 1 < len(notes) else math.inf
        length = min(max(round(lengths[i] * 4.0) / 4.0, 0.25), following)
        made.append(
            MelodyNote(
                beat=round(max(float(felt[i] - origin), 0.0), 4),
                beats=round(float(length), 4),
                midi=round(note.pitch),
                velocity=note.velocity,
                start_s=note.start_s,
                end_s=note.end_s,
            )
        )
    last = made[-1].beat + made[-1].beats
    return Melody(
        notes=tuple(made),
        bpm=round(tempo, 2),
        key=key_of(made),
        beats_per_bar=per_bar,
        bars=max(1, math.ceil((last - 0.26) / per_bar)),
        tuning_cents=tuning_cents,
        clarity=clarity,
        fit=round(fit, 4),
    )


def key_of(notes: Sequence[MelodyNote]) -> Key | None:
    """The key whose profile the notes' lengths follow best; where a melody ends counts too."""
    weight = np.zeros(12)
    for note in notes:
        weight[note.midi % 12] += math.sqrt(note.beats)
    if np.count_nonzero(weight) < 2:
        return None
    weight /= weight.sum()
    final, first = notes[-1].midi % 12, notes[0].midi % 12
    modes: tuple[tuple[Mode, F64], ...] = (("major", _MAJOR), ("minor", _MINOR))
    scored = []
    for mode, profile in modes:
        centred = profile - profile.mean()
        centred = centred / np.linalg.norm(centred)
        for tonic in range(12):
            turned = np.roll(weight, -tonic)
            apart = turned - turned.mean()
            score = float(apart @ centred) / max(float(np.linalg.norm(apart)), 1e-9)
            place = (final - tonic) % 12
            score += 0.14 * (place == 0) + 0.04 * (place in (3, 4, 7))
            score += 0.03 * ((first - tonic) % 12 in (0, 7))
            scored.append((score, Key(tonic, mode)))
    return max(scored, key=lambda pair: (pair[0], -pair[1].tonic))[1]


def _weights(starts: F64, ends: F64, velocity: F64) -> F64:
    """How much each onset tells of the beat: long notes and those after a rest more."""
    length = np.diff(np.append(starts, ends[-1]))
    usual = float(np.median(length))
    weight: F64 = np.sqrt(np.clip(length / usual, 0.25, 4.0)) * (0.5 + 0.5 * velocity)
    return weight


def _grid(starts: F64, weights: F64, bounds: tuple[float, float]) -> tuple[float, float, float]:
    """(tempo, seconds of a beat, fit) of the grid that explains the onsets best.

    Each onset lies on a beat, a half, a quarter or a third of one with normal deviation, or
    anywhere; finer places are rarer. The score is the mean log likelihood against chance.
    """
    low, high = max(bounds[0], 30.0), min(bounds[1], 300.0)
    count = max(1, math.ceil(math.log(high / low) / _STEP) + 1) if high > low else 1
    tempi = np.geomspace(low, high, count) if count > 1 else np.array([low])
    best = (-math.inf, low, 0.0)
    total = float(weights.sum())
    for tempo in tempi.tolist():
        score, phase = _fit(starts, weights, total, tempo)
        prior = -0.5 * (math.log2(tempo / _USUAL_BPM) / 0.55) ** 2
        # A slow beat holds more places for notes, and each is told more exactly by them.
        score += _PRIOR_SHARE * prior + _PACE_SHARE * math.log2(tempo / _USUAL_BPM)
        if score > best[0]:
            best = (score, tempo, phase)
    _, tempo, _ = best
    fine = tempo * np.linspace(1.0 - _STEP, 1.0 + _STEP, 17) if count > 1 else tempi
    tried = [(*_fit(starts, weights, total, t), t) for t in fine.tolist()]
    score, phase, tempo = max(tried)
    near = round(tempo)
    # People think in whole tempi, and a recording of seconds cannot tell a half per cent.
    if count > 1 and abs(tempo / near - 1.0) < 0.003:
        score, phase = _fit(starts, weights, total, float(near))
        tempo = float(near)
    return tempo, phase, float(np.clip(1.0 - math.exp(-max(score, 0.0)), 0.0, 1.0))


def _fit(starts: F64, weights: F64, total: float, tempo: float) -> tuple[float, float]:
    beat_s = 60.0 / tempo
    phases = np.arange(_PHASES) / _PHASES * beat_s
    place = (starts[None, :] - phases[:, None]) / beat_s
    sigma = _SIGMA_S / beat_s
    scale = 1.0 / (math.sqrt(2.0 * math.pi) * sigma)
    density = np.full(place.shape, _ASTRAY)
    for parts, share in _SHARES:
        off = place * parts
        number = np.round(off)
        distance = (off - number) / parts
        # Halves that are beats, and quarters that are halves, were counted before.
        new = number % (3 if parts == 3 else 2) != 0 if parts > 1 else np.ones_like(number, bool)
        places = {1: 1, 2: 1, 4: 2, 3: 2}[parts]
        density += np.where(new, share / places * scale * np.exp(-0.5 * (distance / sigma) ** 2), 0)
    score = (weights[None, :] * np.log(density)).sum(axis=1) / total
    at = int(np.argmax(score))
    return float(score[at]), float(phases[at])


def _followed(beats: F64, weights: F64) -> F64:
    """Beats with the slow drift of the voice taken out: the grid leans towards what is sung."""
    drift = np.zeros_like(beats)
    for _ in range(3):
        moved = beats - drift
        off = moved - np.round(moved * 2.0) / 2.0
        off = np.clip(off, -0.2, 0.2)
        distance = np.abs(beats[:, None] - beats[None, :])
        bell = np.exp(-0.5 * (distance / 6.0) ** 2) * weights[None, :]
        drift = drift + 0.7 * (bell @ off) / bell.sum(axis=1)
    return np.asarray(beats - drift)


def _quantised(beats: F64) -> F64:
    """Each note on the nearest sixteenth, or third of a beat where that lies much nearer.

    Two notes never fall on one place: the one that lies farther off moves on.
    """
    placed = np.round(beats * 4.0) / 4.0
    thirds = np.round(beats * 3.0) / 3.0
    off, off3 = np.abs(beats - placed), np.abs(beats - thirds)
    triplet = (off > 0.075) & (off3 < 0.03)
    # Thirds come in company.
    company = np.convolve(triplet.astype(float), np.ones(3), mode="same") >= 2.0
    placed = np.where(triplet & company, thirds, placed)
    for i in range(1, placed.size):
        if placed[i] <= placed[i - 1] + 1e-9:
            placed[i] = placed[i - 1] + 0.25
    return np.asarray(placed)


def _bars(placed: F64, lengths: F64, midi: list[int]) -> tuple[int, float]:
    """(beats in a bar, beat on which the first bar begins).

    Bars begin with long notes, after rests, on leaps, and melodies mostly with a bar.
    """
    gaps = np.diff(np.append(placed, placed[-1] + lengths[-1]))
    accent = np.sqrt(np.clip(gaps, 0.0, 4.0))
    accent[0] += 0.6
    accent[-1] += 0.6
    beginning = float(np.floor(placed[0] + 1e-6))
    best = (-math.inf, 4, beginning)
    for per_bar, usual in ((4, 0.06), (3, 0.0)):
        for first in range(per_bar):
            number = (placed - beginning - first) % per_bar
            on_bar = np.abs(number - np.round(number)) < 0.02
            whole = np.round(number).astype(int) % per_bar
            value = np.where(on_bar & (whole == 0), 1.0, 0.0)
            value += np.where(on_bar & (whole != 0), 0.45 if per_bar == 4 else 0.35, 0.0)
            if per_bar == 4:
                value += np.where(on_bar & (whole == 2), 0.25, 0.0)
            score = float((accent * value).sum() / accent.sum()) + usual
            score += 0.05 if first == 0 else 0.0
            if score > best[0]:
                best = (score, per_bar, beginning + first)
    return best[1], best[2]
