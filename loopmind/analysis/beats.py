"""Where the beats lie: downbeat, bar length, swing, and the rhythm folded onto one bar."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.onsets import Onsets
from loopmind.analysis.tempo import Pulse
from loopmind.music.loop import STEPS_PER_BAR

F64 = NDArray[np.float64]

STRAIGHT = 0.5
_START_S = 0.03
_BEGIN_SHARE = 0.12
# How much an attack on each beat of the bar speaks for that reading: low sounds mark the first
# and third beat, high ones the back beat.
_LOW_TEMPLATE = np.array([1.0, 0.1, 0.7, 0.1])
_HIGH_TEMPLATE = np.array([0.7, 0.6, 0.5, 0.6])


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

    The weighted median place of off-beat attacks between the beats; straight where few are heard.
    """
    place = ((onsets.times_s - start_s) / beat_s) % 1.0
    between = (place > 0.44) & (place < 0.72)
    weights = onsets.strengths[between]
    if between.sum() < 4 or weights.sum() < 0.15 * onsets.strengths.sum():
        return STRAIGHT
    order = np.argsort(place[between], kind="stable")
    places, running = place[between][order], np.cumsum(weights[order])
    middle = float(places[int(np.searchsorted(running, running[-1] / 2.0))])
    spread = float(np.average(np.abs(places - middle), weights=weights[order]))
    if spread > 0.05 or middle < 0.52:
        return STRAIGHT
    return round(min(middle, 0.75), 3)


def rhythm_steps(onsets: Onsets, beat_s: float, start_s: float, per_bar: int) -> tuple[float, ...]:
    """Onset strength on the STEPS_PER_BAR steps of the bar, strongest = 1."""
    bar = folded(onsets, beat_s, start_s, per_bar, STEPS_PER_BAR)
    peak = float(bar.max(initial=0.0))
    return tuple(np.round(bar / peak, 4).tolist()) if peak > 0.0 else (0.0,) * STEPS_PER_BAR
