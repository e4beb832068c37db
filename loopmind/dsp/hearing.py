"""What can be told of a moment of sound while it plays: its spectrum, and the pitch of one voice.

Plain NumPy, far from the audio callback.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLOOR_DB = -140.0
LOWEST_HZ, HIGHEST_HZ = 25.0, 2500.0
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_CLEAR = 0.8
_PEAK = 0.93


@dataclass(frozen=True)
class Pitch:
    """A pitch: its frequency, the nearest note ("A4"), cents off it (-50..50), and how clear it
    is (0..1)."""

    hz: float
    note: str
    cents: float
    clarity: float


def level_spectrum(
    samples: NDArray[np.float32], rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(Hz, dB) of a moment (channels, frames), Hann window; the mean power of the channels.

    A sine of amplitude 1 in the middle of a bin shows 0 dB.
    """
    frames = samples.shape[1]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(frames) / frames)
    bins = np.fft.rfft(samples * window, axis=1) * (2.0 / window.sum())
    power = np.mean(np.abs(bins) ** 2, axis=0)
    hz = np.arange(power.size) * (rate_hz / frames)
    return hz, 10.0 * np.log10(np.maximum(power, 10.0 ** (FLOOR_DB / 10.0)))


def band_levels(
    hz: NDArray[np.float64], level_db: NDArray[np.float64], per_octave: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(centre in Hz, dB): the strongest bin of each band of equal width in pitch, 20 Hz .. 20 kHz.

    A band narrower than a bin shows the nearest bin.
    """
    count = math.floor(math.log2(min(20000.0, hz[-1]) / 20.0) * per_octave)
    edges = 20.0 * 2.0 ** ((np.arange(count + 1)) / per_octave)
    centres = np.sqrt(edges[:-1] * edges[1:])
    first = np.searchsorted(hz, edges[:-1])
    last = np.searchsorted(hz, edges[1:])
    nearest = np.rint(centres / hz[1]).astype(int)
    made = [
        level_db[a:b].max() if b > a else level_db[n]
        for a, b, n in zip(first, last, nearest, strict=True)
    ]
    return centres, np.array(made)


def find_pitch(samples: NDArray[np.float32], rate_hz: float, a4_hz: float = 440.0) -> Pitch | None:
    """Pitch of one voice in a moment (channels, frames); None for silence, noise and chords.

    The first high peak of the normalised square difference function. Source: McLeod and Wyvill,
    "A smarter way to find pitch", ICMC 2005.
    """
    mono = samples.mean(axis=0, dtype=np.float64)
    mono -= mono.mean()
    frames = mono.size
    longest = min(int(rate_hz / LOWEST_HZ), frames // 2)
    shortest = int(rate_hz / HIGHEST_HZ)
    if float(np.abs(mono).max(initial=0.0)) < 1e-4:
        return None
    size = 1 << (2 * frames - 1).bit_length()
    bins = np.fft.rfft(mono, size)
    same = np.fft.irfft(bins * np.conj(bins), size)[: longest + 1]
    squares = np.concatenate([[0.0], np.cumsum(mono * mono)])
    lags = np.arange(longest + 1)
    energy = squares[frames - lags] + squares[frames] - squares[lags]
    match = 2.0 * same / np.maximum(energy, 1e-12)
    # Peaks behind the first fall below zero: the hump at lag zero is no period.
    below = np.flatnonzero(match[1:] < 0.0)
    if below.size == 0:
        return None
    begin = max(int(below[0]) + 1, shortest)
    inner = match[begin:-1]
    if inner.size < 2:
        return None
    tops = np.flatnonzero((inner > match[begin - 1 : -2]) & (inner >= match[begin + 1 :])) + begin
    if tops.size == 0:
        return None
    best = float(match[tops].max())
    if best < _CLEAR:
        return None
    top = int(tops[match[tops] >= _PEAK * best][0])
    a, b, c = match[top - 1], match[top], match[top + 1]
    bend = a - 2.0 * b + c
    shift = 0.0 if bend == 0.0 else 0.5 * (a - c) / bend
    hz = rate_hz / (top + shift)
    midi = 69.0 + 12.0 * math.log2(hz / a4_hz)
    nearest = round(midi)
    note = f"{NOTES[nearest % 12]}{nearest // 12 - 1}"
    return Pitch(hz, note, 100.0 * (midi - nearest), min(float(b), 1.0))
