"""Which notes sound when: spectral peaks, tuning, and note salience over time. No beliefs here.

The method is that of harmonic-sum multipitch analysis (Klapuri, "Multiple fundamental frequency
estimation by summing harmonic amplitudes", ISMIR 2006) on interpolated spectral peaks as used for
HPCP (Gomez, "Tonal description of polyphonic audio", 2006), on the signal brought down to a
quarter of the analysis rate, where a 2048-point transform resolves bass notes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numba import njit
from numpy.typing import NDArray

F32 = NDArray[np.float32]

DECIMATION = 4
FFT_SIZE = 2048
HOP = 512
LOWEST_MIDI = 24
NOTES = 72
_PER_SEMITONE = 3
_BINS = NOTES * _PER_SEMITONE
_HARMONICS = 8
_PEAKS = 48
_VOICES = 5
_TOP_HZ = 2450.0
_TAPS = 80


@dataclass(frozen=True, eq=False)
class PitchMap:
    """Note salience of one file. Frames are `hop_s` apart.

    notes: float32 (frames, NOTES), salience of MIDI notes LOWEST_MIDI upwards (0 = not sounding).
    level: float32 (frames,), amplitude of the band below 2.5 kHz, relative to the loudest frame.
    tonal: float32 (frames,), share of that band's energy that lies in spectral peaks, 0..1.
    harmonic: float32 (frames,), share of peak salience that the strongest note explains, 0..1.
    first, first_midi: the strongest note of each frame: its salience, and its pitch as a
    fractional MIDI number (0 where none).
    tuning_cents: deviation from A = 440 Hz in -50..50; 0 where nothing tells.
    tuning_clarity: 0 (peaks lie anywhere between semitones) .. 1 (all on one grid).
    """

    notes: F32
    level: F32
    tonal: F32
    harmonic: F32
    first: F32
    first_midi: F32
    tuning_cents: float
    tuning_clarity: float
    hop_s: float


@lru_cache(maxsize=1)
def _low_pass() -> F32:
    """Taps of a Kaiser-windowed low-pass at 2.6 kHz, a whole number of phases long."""
    n = np.arange(-_TAPS // 2, _TAPS // 2, dtype=np.float64) + 0.5
    cutoff = 0.94 / DECIMATION
    taps = cutoff * np.sinc(cutoff * n) * np.kaiser(_TAPS, 6.0)
    scaled: F32 = (taps / taps.sum()).astype(np.float32)
    return scaled


def decimate(mono: F32) -> F32:
    """`mono` (frames,) low-passed and kept at every fourth sample (delayed by half a sample)."""
    kept = -(-mono.size // DECIMATION)
    phases = np.zeros((DECIMATION, kept + _TAPS // DECIMATION), np.float32)
    lead = _TAPS // 2 // DECIMATION
    whole = mono.size // DECIMATION
    phases[:, lead : lead + whole] = mono[: whole * DECIMATION].reshape(-1, DECIMATION).T
    phases[: mono.size - whole * DECIMATION, lead + whole] = mono[whole * DECIMATION :]
    out = np.zeros(kept, np.float32)
    _filter_phases(phases, _low_pass(), out)
    return out


@njit("void(f4[:,::1],f4[::1],f4[::1])", cache=True, nogil=True)
def _filter_phases(phases, taps, out):  # type: ignore[no-untyped-def]
    """out[i] = sum over k of taps[k] * x[4 i + k], with x given as its four phases."""
    # Sums run over outputs inside, four taps (one of each phase) at a time, so that they
    # vectorise without reordering any addition.
    for first in range(0, out.size, 1024):
        size = min(out.size - first, 1024)
        part = out[first : first + size]
        for shift in range(taps.size // 4):
            a = phases[0, first + shift : first + shift + size]
            b = phases[1, first + shift : first + shift + size]
            c = phases[2, first + shift : first + shift + size]
            d = phases[3, first + shift : first + shift + size]
            k = 4 * shift
            ta, tb, tc, td = taps[k], taps[k + 1], taps[k + 2], taps[k + 3]
            for i in range(size):
                part[i] += (ta * a[i] + tb * b[i]) + (tc * c[i] + td * d[i])


@njit("void(f4[:,::1],f4[:,::1])", cache=True, nogil=True)
def _squares(parts, power):  # type: ignore[no-untyped-def]
    """Squared magnitudes of complex numbers, given as real and imaginary parts by turns."""
    for t in range(power.shape[0]):
        for k in range(power.shape[1]):
            power[t, k] = parts[t, 2 * k] * parts[t, 2 * k] + (
                parts[t, 2 * k + 1] * parts[t, 2 * k + 1]
            )


def squared(parts: NDArray[np.complex64], out: F32 | None = None) -> F32:
    """Squared magnitudes of `parts` (rows, columns), contiguous complex64; into `out` if given."""
    out = np.empty(parts.shape, np.float32) if out is None else out
    _squares(parts.view(np.float32), out)
    return out


@lru_cache(maxsize=1)
def _window() -> F32:
    n = np.arange(FFT_SIZE, dtype=np.float64)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / FFT_SIZE)
    scaled: F32 = (hann * (2.0 / hann.sum())).astype(np.float32)
    return scaled


@lru_cache(maxsize=1)
def _offsets() -> NDArray[np.int64]:
    """Distance in salience bins from a fundamental to its harmonics 1.._HARMONICS."""
    h = np.arange(1, _HARMONICS + 1)
    return np.round(12 * _PER_SEMITONE * np.log2(h)).astype(np.int64)


def pitch_map(mono: F32, rate_hz: int) -> PitchMap:
    """Note salience of `mono` (frames,), finite float32 at `rate_hz` (the analysis rate)."""
    low = decimate(mono)
    rate = rate_hz / DECIMATION
    frames = max(1, -(-low.size // HOP))
    padded = np.zeros((frames - 1) * HOP + FFT_SIZE, np.float32)
    # Frame i is centred on its own hop, so that sums over frames cover time evenly.
    lead = (FFT_SIZE - HOP) // 2
    kept = min(low.size, padded.size - lead)
    padded[lead : lead + kept] = low[:kept]
    midi = np.zeros((frames, _PEAKS), np.float32)
    size = np.zeros((frames, _PEAKS), np.float32)
    energy = np.zeros(frames, np.float32)
    tonal = np.zeros(frames, np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::HOP]
    for first in range(0, frames, 512):
        last = min(frames, first + 512)
        power = squared(scipy.fft.rfft(windows[first:last] * _window(), axis=1))
        _find_peaks(
            power, np.float32(rate / FFT_SIZE), int(_TOP_HZ * FFT_SIZE / rate),
            midi[first:last], size[first:last], energy[first:last], tonal[first:last],
        )  # fmt: skip
    loudest = float(size.max(initial=0.0))
    if loudest <= 1e-7:
        size[:] = 0.0
    else:
        size[size < loudest * 1e-3] = 0.0
        size /= loudest
    tuning, clarity = _tuning(midi, size)
    notes = np.zeros((frames, NOTES), np.float32)
    harmonic = np.zeros(frames, np.float32)
    strongest = np.zeros(frames, np.float32)
    strongest_midi = np.zeros(frames, np.float32)
    _sum_harmonics(
        midi, size, np.float32(tuning / 100), _offsets(), notes, harmonic, strongest, strongest_midi
    )
    top = float(energy.max(initial=0.0))
    level = np.sqrt(energy / top) if top > 1e-14 else np.zeros_like(energy)
    return PitchMap(
        notes, level.astype(np.float32), tonal, harmonic, strongest, strongest_midi,
        tuning, clarity, HOP / rate,
    )  # fmt: skip


def _tuning(midi: F32, size: F32) -> tuple[float, float]:
    """Circular mean of the peaks' distance to the semitone grid, in cents, and its clarity."""
    weight = size.astype(np.float64).ravel()
    total = weight.sum()
    if total <= 0.0:
        return 0.0, 0.0
    angle = (2.0 * np.pi) * midi.ravel().astype(np.float64)
    along, across = float(weight @ np.cos(angle)), float(weight @ np.sin(angle))
    clarity = math.hypot(along, across) / float(total)
    if clarity < 0.1:
        return 0.0, clarity
    return math.atan2(across, along) / (2 * np.pi) * 100.0, clarity


@njit("void(f4[:,::1],f4,i8,f4[:,::1],f4[:,::1],f4[::1],f4[::1])", cache=True, nogil=True)
def _find_peaks(power, bin_hz, top, midi, size, energy, tonal):  # type: ignore[no-untyped-def]
    """Fill the strongest peaks of each frame: fractional MIDI number and amplitude."""
    span = 6
    for t in range(power.shape[0]):
        row = power[t]
        total = np.float32(0.0)
        largest = np.float32(0.0)
        for k in range(8, top):
            total += row[k]
            if row[k] > largest:
                largest = row[k]
        energy[t] = total
        if largest <= 1e-14:
            continue
        floor = largest * np.float32(1e-5)
        local = np.float32(0.0)
        for k in range(10 - span, 10 + span + 1):
            local += row[k]
        in_peaks = np.float32(0.0)
        found = 0
        for k in range(10, top):
            here = row[k]
            if (
                here > floor
                and here > row[k - 1]
                and here >= row[k + 1]
                and here > row[k - 2]
                and here > row[k + 2]
                and here * (2 * span + 1) > 4.0 * local
            ):
                a = math.log(row[k - 1] + 1e-30)
                b = math.log(here)
                c = math.log(row[k + 1] + 1e-30)
                bend = a - 2.0 * b + c
                shift = 0.5 * (a - c) / bend if bend < 0.0 else 0.0
                amplitude = math.exp(0.5 * (b - 0.25 * (a - c) * shift))
                in_peaks += row[k - 1] + here + row[k + 1]
                slot = found
                if found == midi.shape[1]:
                    slot = 0
                    for j in range(1, midi.shape[1]):
                        if size[t, j] < size[t, slot]:
                            slot = j
                    if size[t, slot] >= amplitude:
                        slot = -1
                else:
                    found += 1
                if slot >= 0:
                    hertz = (k + shift) * bin_hz
                    midi[t, slot] = 69.0 + 12.0 * math.log2(hertz / 440.0)
                    size[t, slot] = amplitude
            local += row[k + span + 1] - row[k - span]
        tonal[t] = min(np.float32(1.0), in_peaks / total)


@njit(
    "void(f4[:,::1],f4[:,::1],f4,i8[::1],f4[:,::1],f4[::1],f4[::1],f4[::1])", cache=True, nogil=True
)
def _sum_harmonics(midi, size, tuning, offsets, notes, harmonic, first, first_midi):  # type: ignore[no-untyped-def]
    """Pick up to _VOICES notes a frame by harmonic sums, taking away what each explains."""
    bins = _BINS + offsets[-1] + 3
    spectrum = np.zeros(bins, np.float32)
    for t in range(midi.shape[0]):
        spectrum[:] = 0.0
        total = np.float32(0.0)
        for j in range(midi.shape[1]):
            if size[t, j] > 0.0:
                place = (midi[t, j] - tuning - LOWEST_MIDI) * _PER_SEMITONE
                b = math.floor(place + 1.5)
                if 1 <= b < bins - 1:
                    # Compressed amplitudes, because a chord's quiet notes matter too.
                    spectrum[b] += size[t, j] ** 0.6
                    total += size[t, j] ** 0.6
        if total <= 0.0:
            continue
        top = np.float32(0.0)
        for voice in range(_VOICES):
            best = -1
            best_sum = np.float32(0.0)
            for p in range(1, _BINS + 1):
                if (
                    spectrum[p] <= 0.0
                    and spectrum[p + 36] <= 0.0
                    and spectrum[p - 1] <= 0.0
                    and spectrum[p + 1] <= 0.0
                ):
                    continue
                s = np.float32(0.0)
                weight = np.float32(1.0)
                for h in range(offsets.size):
                    q = p + offsets[h]
                    near = spectrum[q]
                    if spectrum[q - 1] > near:
                        near = spectrum[q - 1]
                    if spectrum[q + 1] > near:
                        near = spectrum[q + 1]
                    s += weight * near
                    weight *= np.float32(0.8)
                # The note itself should sound, not only its overtones.
                if spectrum[p] > 0.0:
                    s *= np.float32(1.05)
                if s > best_sum:
                    best_sum = s
                    best = p
            if best < 0 or best_sum <= 0.12 * top:
                break
            if voice == 0:
                top = best_sum
                explained = np.float32(0.0)
            note = (best - 1) // _PER_SEMITONE
            if (best - 1) % _PER_SEMITONE == 2:
                note += 1
            if 0 <= note < notes.shape[1] and best_sum > notes[t, note]:
                notes[t, note] = best_sum
            for h in range(offsets.size):
                q = best + offsets[h]
                for d in range(-1, 2):
                    if voice == 0:
                        explained += spectrum[q + d]
                    spectrum[q + d] *= np.float32(0.0) if h == 0 else np.float32(0.25)
            if voice == 0:
                harmonic[t] = min(np.float32(1.0), explained / total)
                first[t] = best_sum
                # The pitch of the peak nearest to the note, else the note itself.
                target = LOWEST_MIDI + (best - 1) / _PER_SEMITONE + tuning
                pitch = target
                loud = np.float32(0.0)
                for j in range(midi.shape[1]):
                    if size[t, j] > loud and abs(midi[t, j] - target) < 0.55:
                        loud = size[t, j]
                        pitch = midi[t, j]
                if loud == 0.0:
                    for j in range(midi.shape[1]):
                        if size[t, j] > loud and abs(midi[t, j] - 12.0 - target) < 0.55:
                            loud = size[t, j]
                            pitch = midi[t, j] - 12.0
                first_midi[t] = pitch
