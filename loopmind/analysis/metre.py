"""How well attacks fit a metrical grid: the numba kernel that reads every tempo candidate.

For one candidate, an attack's place in the beat is explained by a mixture: on the beat, on the
eighth, on a sixteenth, on a triplet, each with Gaussian timing deviation, or anywhere. The fit is
the mean log likelihood ratio against attacks that fall anywhere (after Cemgil and Kappen, "Monte
Carlo methods for tempo tracking and rhythm quantization", JAIR 2003, with one fixed tempo).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loopmind.analysis.onsets import Onsets

F64 = NDArray[np.float64]

FIT, ON_BEAT, ON_EIGHTH, ON_SIXTEENTH, BACKBEAT, PHASE, COMPOUND = range(7)
COLUMNS = 7


@njit("void(f8[:],f8[:],f8[:],f8[:],b1[:],f8,f8[:,:])", cache=True, nogil=True)
def _read(times, strengths, lowness, beats_s, fixed, duration_s, out):  # type: ignore[no-untyped-def]
    """Fill one row of `out` (candidates, COLUMNS) per beat length; `fixed` holds the phase at 0."""
    share = np.array([0.42, 0.09, 0.25, 0.09])
    triplet_share = 0.055
    compound_share = np.array([0.44, 0.05, 0.18, 0.06, 0.18, 0.05])
    astray = 0.1
    sigma = 0.016
    scale = 1.0 / (math.sqrt(2.0 * math.pi) * sigma)
    narrow = 0.5 / (sigma * sigma)
    count = times.size
    total = 1e-12
    for i in range(count):
        total += strengths[i]
    slots = np.zeros(4096)
    low_slots = np.zeros(4096)
    for c in range(beats_s.size):
        beat = beats_s[c]
        sixteenth = beat / 4.0
        real, imaginary = 0.0, 0.0
        real3, imaginary3 = 0.0, 0.0
        for i in range(count):
            angle = 2.0 * math.pi * times[i] / sixteenth
            real += strengths[i] * math.cos(angle)
            imaginary += strengths[i] * math.sin(angle)
            angle *= 0.75
            real3 += strengths[i] * math.cos(angle)
            imaginary3 += strengths[i] * math.sin(angle)
        straight = math.atan2(imaginary, real) / (2.0 * math.pi) * sixteenth
        thirds = math.atan2(imaginary3, real3) / (2.0 * math.pi) * (beat / 3.0)
        best = -1e3
        best_phase = 0.0
        best_compound = False
        for p in range(7):
            phase = straight + p * sixteenth if p < 4 else thirds + (p - 4) * beat / 3.0
            if fixed[c]:
                wrapped = phase - beat * math.floor(phase / beat + 0.5)
                if p != 0 and p != 4 and abs(wrapped) > 0.02:
                    continue
                phase = min(0.02, max(-0.02, wrapped))
            fit = 0.0
            compound = 0.0
            for i in range(count):
                place = (times[i] - phase) / sixteenth
                nearest = math.floor(place + 0.5)
                off = (place - nearest) * sixteenth
                chance = share[int(nearest) % 4] * math.exp(-off * off * narrow)
                place = (times[i] - phase) / (beat / 3.0)
                nearest = math.floor(place + 0.5)
                off = (place - nearest) * (beat / 3.0)
                near = math.exp(-off * off * narrow)
                if int(nearest) % 3 != 0:
                    chance += triplet_share * near
                fit += strengths[i] * math.log(chance * scale * beat + astray)
                place = (times[i] - phase) / (beat / 6.0)
                nearest = math.floor(place + 0.5)
                off = (place - nearest) * (beat / 6.0)
                near = compound_share[int(nearest) % 6] * math.exp(-off * off * narrow)
                compound += strengths[i] * math.log(near * scale * beat + astray)
            fit /= total
            compound = compound / total - 0.25
            if fit > best:
                best = fit
                best_phase = phase
                best_compound = False
            if compound > best:
                best = compound
                best_phase = phase
                best_compound = True
        # Attacks that fit no better than chance speak neither for nor against a grid.
        out[c, 0] = max(0.0, best)
        out[c, 5] = best_phase
        # Strength by metrical level, over the stretch in which something sounds.
        parts = 6 if best_compound else 4
        step = beat / parts
        first = math.floor((times[0] - best_phase) / step + 0.5)
        last = math.floor((times[count - 1] - best_phase) / step + 0.5)
        if fixed[c]:
            first = 0.0
            last = math.floor(duration_s / step + 0.5) - 1.0
        size = int(min(4096.0, max(1.0, last - first + 1.0)))
        slots[:size] = 0.0
        low_slots[:size] = 0.0
        for i in range(count):
            at = int(math.floor((times[i] - best_phase) / step + 0.5) - first)
            if fixed[c]:
                at = at % size
            if 0 <= at < size and strengths[i] > slots[at]:
                slots[at] = strengths[i]
                low_slots[at] = strengths[i] * lowness[i]
        level = np.zeros(6)
        known = np.zeros(6)
        low = np.zeros(2)
        high = np.zeros(2)
        for at in range(size):
            number = int(first) + at
            place_in_beat = number % parts
            level[place_in_beat] += min(1.0, 2.0 * slots[at])
            known[place_in_beat] += 1.0
            if place_in_beat == 0:
                parity = (number // parts) % 2
                low[parity] += low_slots[at]
                high[parity] += slots[at] - low_slots[at]
        out[c, 1] = level[0] / max(1.0, known[0])
        if best_compound:
            out[c, 2] = (level[2] + level[4]) / max(1.0, known[2] + known[4])
            sixths = level[1] + level[3] + level[5]
            out[c, 3] = sixths / max(1.0, known[1] + known[3] + known[5])
        else:
            out[c, 2] = level[2] / max(1.0, known[2])
            out[c, 3] = (level[1] + level[3]) / max(1.0, known[1] + known[3])
        out[c, 6] = 1.0 if best_compound else 0.0
        every = low[0] + low[1] + high[0] + high[1]
        out[c, 4] = abs((low[0] - low[1]) - (high[0] - high[1])) / max(1e-9, every)


def read_metre(onsets: Onsets, beats_s: F64, fixed: NDArray[np.bool_], duration_s: float) -> F64:
    """How the onsets lie on each candidate's grid: (candidates, COLUMNS).

    Columns: FIT in nats per onset; ON_BEAT, ON_EIGHTH, ON_SIXTEENTH, how filled (0..1) beats, off
    eighths and odd sixteenths are (or thirds and sixths, where beats divide in three); BACKBEAT,
    how much low and high attacks alternate from beat to beat (0..1); PHASE, seconds of the grid;
    COMPOUND, 1 where beats divide in three. `fixed` holds a candidate's phase within 20 ms of the
    file's start, as a seamless loop's is.
    """
    out = np.zeros((beats_s.size, COLUMNS))
    if onsets.times_s.size:
        _read(
            onsets.times_s, onsets.strengths, onsets.lowness, np.ascontiguousarray(beats_s),
            np.ascontiguousarray(fixed), duration_s, out,
        )  # fmt: skip
    return out
