"""Where the beats lie: downbeat, bar length, swing, and the rhythm folded onto one bar."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loopmind.analysis.frontend import FFT_SIZE, Spectra
from loopmind.analysis.onsets import Novelty, Onsets, novelty
from loopmind.analysis.tempo import Pulse
from loopmind.music.loop import STEPS_PER_BAR

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

STRAIGHT = 0.5
_LEAST_SWING = 0.53
_START_S = 0.03
_HARMONY_HZ, _HARMONY_SHARE, _SETTLED_BONUS = 1000.0, 1.5, 0.2
_CLEAR, _BEGIN_BONUS = 0.2, 0.3
_TIGHTNESS = 100.0
_BEAT_SHARES = np.array([1.5, 1.0, 0.3], np.float32)
_BEGIN_SHARE = 0.12
# How much an attack on each beat of the bar speaks for that reading: low sounds mark the first
# and third beat, high ones the back beat.
_LOW_TEMPLATE = np.array([1.0, 0.1, 0.7, 0.1])
_HIGH_TEMPLATE = np.array([0.7, 0.6, 0.5, 0.6])


@njit("void(f8[:],f8,f8,f8[:],i8[:])", cache=True, nogil=True)
def _follow(strength, period, tightness, score, back):  # type: ignore[no-untyped-def]
    """Best chain of beats ending in each frame: its score, and the beat before or -1."""
    nearest, farthest = int(period / 2.0), int(2.0 * period)
    cost = np.zeros(farthest + 1)
    for lag in range(nearest, farthest + 1):
        off = math.log(lag / period)
        cost[lag] = tightness * off * off
    started = False
    loudest = strength.max()
    for t in range(strength.size):
        best = -1e300
        before = -1
        for lag in range(nearest, min(farthest, t) + 1):
            reached = score[t - lag] - cost[lag]
            if reached > best:
                best = reached
                before = t - lag
        score[t] = strength[t]
        back[t] = -1
        # Before the first clear attack there is nothing to follow.
        if started and before >= 0:
            score[t] += best
            back[t] = before
        elif strength[t] >= 0.01 * loudest:
            started = True


def follow_beats(heard: Novelty, tempo_bpm: float) -> F64:
    """The chain of beats that best joins strong attacks and an even pace near `tempo_bpm`.

    Dynamic programming after Ellis, "Beat tracking by dynamic programming" (JNMR 2007): a beat
    scores its novelty, less _TIGHTNESS times the squared logarithm of how far its distance to the
    beat before is from the expected one. Empty where nothing is heard.
    """
    period = 60.0 / tempo_bpm / heard.hop_s
    # Off-beat hats are loud in the high band; what moves the body is low.
    total = np.asarray(_BEAT_SHARES @ heard.bands, dtype=np.float64)
    spread = float(total.std())
    if spread <= 0.0 or total.size < period:
        return np.zeros(0)
    reach = math.ceil(period / 8.0)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) * 32.0 / period) ** 2)
    strength = np.convolve(total / spread, bell, mode="same")[: total.size]
    score, back = np.zeros(total.size), np.zeros(total.size, np.int64)
    _follow(strength, period, _TIGHTNESS, score, back)
    # The last beat is the best end within the last beat and a half.
    at = max(0, total.size - round(1.5 * period))
    at += int(np.argmax(score[at:]))
    frames = [at]
    while back[at] >= 0:
        at = int(back[at])
        frames.append(at)
    chain = np.array(frames[::-1], dtype=np.int64)
    return np.asarray(_between_frames(strength, chain) * heard.hop_s)


def _between_frames(strength: F64, frames: NDArray[np.int64]) -> F64:
    """Peaks near `frames` to a fraction of a frame, by a parabola through three values."""
    inner = np.clip(frames, 1, strength.size - 2)
    left, middle, right = strength[inner - 1], strength[inner], strength[inner + 1]
    bend = left - 2.0 * middle + right
    shift = np.where(bend < -1e-12, 0.5 * (left - right) / np.minimum(bend, -1e-12), 0.0)
    moved: F64 = frames.astype(np.float64) + np.where(
        inner == frames, np.clip(shift, -0.5, 0.5), 0.0
    )
    return moved


def beats_s(spectra: Spectra, tempo_bpm: float, *, per_bar: int = 4) -> F64:
    """Times of the beats of a song whose tempo may drift, in seconds; empty where none is heard.

    Followed by `follow_beats`, and on the beat rather than off it as `bars_of` hears it.
    """
    heard = novelty(spectra)
    return bars_of(spectra, heard, follow_beats(heard, tempo_bpm), per_bar)[0]


def even_tempo(times_s: F64) -> tuple[float, float]:
    """Beats per minute of the straight line through beats, and their mean deviation in seconds."""
    number = np.arange(times_s.size, dtype=np.float64)
    slope, start = np.polyfit(number, times_s, 1)
    return 60.0 / float(slope), float(np.abs(times_s - start - slope * number).mean())


def bars_of(spectra: Spectra, heard: Novelty, times_s: F64, per_bar: int) -> tuple[F64, int]:
    """Beats of a song, moved by half a beat where they had settled on the off-beat, and the index
    of the first that begins a bar.

    Low sounds mark the first and third beat, high ones the back beat, neither the off-beat; and
    harmony changes with the bar: its change is how unlike the spectra up to 1 kHz of the two beats
    before and after a place are.
    """
    if times_s.size < 2 * per_bar + 2:
        return times_s, 0
    halves = np.empty(2 * times_s.size - 1)
    halves[::2], halves[1::2] = times_s, (times_s[:-1] + times_s[1:]) / 2.0
    frames = np.clip(np.round(halves / heard.hop_s).astype(int), 1, heard.total.size - 2)
    near = np.stack([frames - 1, frames, frames + 1])
    low = heard.bands[0][near].max(axis=0)
    high = heard.bands[1][near].max(axis=0) + heard.bands[2][near].max(axis=0)
    low, high = low / max(1e-9, float(low.mean())), high / max(1e-9, float(high.mean()))
    change = _harmony_change(spectra, frames)
    begins = int(np.argmax(heard.total >= _CLEAR)) * heard.hop_s
    beginning = int(np.argmin(np.abs(halves - begins)))
    scores = []
    for first in range(2 * per_bar):
        number = (np.arange(halves.size) - first) % (2 * per_bar)
        off = number % 2 == 1
        back = number % 4 == 2
        marks = low[number == 0].mean() + 0.7 * low[number % 4 == 0].mean()
        marks -= 0.35 * low[back].mean() + 0.3 * low[off].mean()
        marks += high[back].mean() - 0.5 * high[off].mean()
        score = 0.3 * float(marks) + _HARMONY_SHARE * float(change[number == 0].mean())
        # Music mostly begins on a downbeat.
        score += _BEGIN_BONUS if number[beginning] == 0 else 0.0
        scores.append(score + (_SETTLED_BONUS if first % 2 == 0 else 0.0))
    first = int(np.argmax(scores))
    return halves[first % 2 :: 2], first // 2


def _harmony_change(spectra: Spectra, frames: NDArray[np.int64]) -> F64:
    """Cosine distance of the mean spectra on both sides of each place, 1 on average."""
    top = round(_HARMONY_HZ * FFT_SIZE / spectra.rate_hz)
    colour = np.sqrt(np.add.reduceat(spectra.power[:, 2:top], frames, axis=0)).astype(np.float64)
    running = np.vstack([np.zeros((1, colour.shape[1])), np.cumsum(colour, axis=0)])
    reach = 4
    middle = np.arange(reach, frames.size - reach)
    before = running[middle] - running[middle - reach]
    after = running[middle + reach] - running[middle]
    size = np.sqrt((before**2).sum(axis=1) * (after**2).sum(axis=1))
    change = np.zeros(frames.size)
    change[middle] = 1.0 - (before * after).sum(axis=1) / np.maximum(size, 1e-20)
    scaled: F64 = change / max(1e-9, float(change.mean()))
    return scaled


def folded(onsets: Onsets, beat_s: float, start_s: float, beats: int, steps: int) -> F64:
    """Onset strength on `steps` steps of `beats` beats, each onset shared by its two neighbours."""
    position = ((onsets.times_s - start_s) / (beats * beat_s)) % 1.0 * steps
    low = np.floor(position)
    share = position - low
    bar = np.zeros(steps)
    np.add.at(bar, low.astype(int) % steps, onsets.strengths * (1.0 - share))
    np.add.at(bar, (low.astype(int) + 1) % steps, onsets.strengths * share)
    return bar


def beats_per_bar(repeats: Pulse, beat_s: float, whole_beats: int | None) -> int:
    """4, or 3 where the rhythm repeats after three beats clearly better than after four."""
    if whole_beats is not None and whole_beats % 3 != 0:
        return 4
    three = float(repeats.at(3.0 * beat_s) + repeats.at(6.0 * beat_s))
    four = float(repeats.at(4.0 * beat_s) + repeats.at(8.0 * beat_s))
    odd = whole_beats is not None and whole_beats % 4 != 0
    return 3 if three > four + (0.0 if odd else 0.3) else 4


def downbeat(onsets: Onsets, beat_s: float, per_bar: int, seamless: bool) -> float:
    """First downbeat in seconds: where attacks, low ones above all, line up bar after bar.

    A seamless loop that begins with an attack begins on its downbeat: that is how loops are cut.
    """
    if onsets.times_s.size == 0:
        return 0.0
    first = float(onsets.times_s[0])
    if first <= _START_S:
        return 0.0
    if seamless:
        return 0.0
    low = onsets.strengths * onsets.lowness
    high = onsets.strengths - low
    sixteenth = beat_s / 4.0
    turn = np.exp(2j * np.pi * onsets.times_s / sixteenth)
    phase = float(np.angle(np.sum(onsets.strengths * turn)))
    offset = (phase / (2.0 * np.pi)) % 1.0 * sixteenth
    starts = offset + sixteenth * np.arange(4 * per_bar)
    bar_s = per_bar * beat_s
    near = sixteenth / 3.0
    place = (onsets.times_s[None, :] - starts[:, None]) / beat_s
    nearest = np.round(place)
    on_beat = np.abs(place - nearest) * beat_s < near
    number = nearest.astype(int) % per_bar
    score = (on_beat * (low * _LOW_TEMPLATE[number] + high * _HIGH_TEMPLATE[number])).sum(axis=1)
    # Music mostly begins on a downbeat, and a file with the music.
    begins = np.abs((first - starts + bar_s / 2) % bar_s - bar_s / 2) < near
    score += _BEGIN_SHARE * onsets.strengths.sum() * begins
    return float(starts[int(np.argmax(score))])


def swing(onsets: Onsets, beat_s: float, start_s: float) -> float:
    """Share of an eighth-note pair taken by its first note, .5 straight .. .75.

    The weighted median place of off-beat attacks between the beats, measured from where attacks on
    the beat lie, as players and onset detection are late together; straight where few are heard.
    """
    place = ((onsets.times_s - start_s) / beat_s) % 1.0
    around = (place + 0.5) % 1.0 - 0.5
    on_beat = np.abs(around) < 0.12
    if on_beat.any():
        place = (place - float(np.median(around[on_beat]))) % 1.0
    between = (place > 0.44) & (place < 0.72)
    weights = onsets.strengths[between]
    if between.sum() < 4 or weights.sum() < 0.15 * onsets.strengths.sum():
        return STRAIGHT
    order = np.argsort(place[between], kind="stable")
    places, running = place[between][order], np.cumsum(weights[order])
    middle = float(places[int(np.searchsorted(running, running[-1] / 2.0))])
    spread = float(np.average(np.abs(places - middle), weights=weights[order]))
    if spread > 0.05 or middle < _LEAST_SWING:
        return STRAIGHT
    return round(min(middle, 0.75), 3)


def rhythm_steps(onsets: Onsets, beat_s: float, start_s: float, per_bar: int) -> tuple[float, ...]:
    """Onset strength on the STEPS_PER_BAR steps of the bar, strongest = 1."""
    bar = folded(onsets, beat_s, start_s, per_bar, STEPS_PER_BAR)
    peak = float(bar.max(initial=0.0))
    return tuple(np.round(bar / peak, 4).tolist()) if peak > 0.0 else (0.0,) * STEPS_PER_BAR
