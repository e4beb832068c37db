"""The numbers that describe how a sound sounds, before anything is believed about it.

Every feature is independent of gain; levels are dB relative to the file's own loudest frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loopmind.analysis.pitch import LOWEST_MIDI, PitchMap
from loopmind.analysis.tone import Tone

F32 = NDArray[np.float32]

MEL_BANDS = 32
MEL_ROWS = 6
FLOOR_DB = -80.0
_ENVELOPE_HOP = 64
# Spans after the first sound, in seconds, whose spectra tell attack, body and tail apart.
_SPANS = ((0.0, 0.07), (0.07, 0.2), (0.2, 0.5))


@dataclass(frozen=True, eq=False)
class Shape:
    """Spectral and temporal shape of one sound.

    mel_db: float32 (frames, MEL_BANDS), dB relative to the loudest frame's total.
    level_db: float32 (frames,), the same for the whole spectrum.
    centroid_hz, flatness, flux: float32 (frames,): power centroid, geometric to arithmetic mean
    of the mel powers, mean rise of mel_db.
    envelope_db: float32, peak level of 64-sample steps relative to the peak.
    crossings: zero crossings per second while sounding.
    """

    mel_db: F32
    level_db: F32
    centroid_hz: F32
    flatness: F32
    flux: F32
    envelope_db: F32
    crossings: float
    hop_s: float
    step_s: float


@lru_cache(maxsize=4)
def _mel_map(bins: int, rate_hz: int, bands: int) -> tuple[NDArray[np.int64], F32]:
    """Lower band of each bin and the share that goes to the band above it (triangles)."""
    hertz = np.arange(bins) * (rate_hz / 2 / (bins - 1))
    mel = 2595.0 * np.log10(1.0 + hertz / 700.0)
    low, high = 2595.0 * np.log10(1.0 + 30.0 / 700.0), 2595.0 * np.log10(1.0 + 10800.0 / 700.0)
    place = (mel - low) / (high - low) * (bands + 1) - 1.0
    below = np.floor(place)
    share = np.where((below < -1) | (below >= bands), 0.0, place - below)
    # One band more on either side takes what lies outside, so that no bin needs a test.
    return np.clip(below + 1, 0, bands + 1).astype(np.int64), share.astype(np.float32)


@njit("void(f4[:,::1],i8[::1],f4[::1],f4[::1],f4[:,::1],f4[::1],f4[::1])", cache=True, nogil=True)
def _mel_frames(power, below, share, hertz, mel, total, centroid):  # type: ignore[no-untyped-def]
    """Mel powers, total power and centroid of each frame in one pass."""
    for t in range(power.shape[0]):
        whole = np.float32(0.0)
        moment = np.float32(0.0)
        k = 1
        while k < power.shape[1]:
            # Neighbouring bins fall between the same two bands: their sums stay in registers.
            band = below[k]
            lower = np.float32(0.0)
            upper = np.float32(0.0)
            while k < power.shape[1] and below[k] == band:
                p = power[t, k]
                part = p * share[k]
                whole += p
                moment += p * hertz[k]
                upper += part
                lower += p - part
                k += 1
            mel[t, band] += lower
            mel[t, band + 1] += upper
        total[t] = whole
        centroid[t] = moment / whole if whole > 0.0 else np.float32(0.0)


@njit("i8(f4[::1],i8,f4[::1])", cache=True, nogil=True)
def _envelope(mono, hop, peaks):  # type: ignore[no-untyped-def]
    """Fill the peak of each step (the last takes what is left over); returns zero crossings."""
    crossings = 0
    before = False
    for step in range(peaks.size):
        first = step * hop
        last = mono.size if step == peaks.size - 1 else first + hop
        top = np.float32(0.0)
        for i in range(first, last):
            x = mono[i]
            below = x < 0.0
            if below != before:
                crossings += 1
                before = below
            top = max(top, abs(x))
        peaks[step] = top
    return crossings


def mel_powers(power: F32, rate_hz: int, bands: int) -> tuple[F32, F32, F32]:
    """Mel powers (frames, bands), total power and centroid in Hz (frames,) of `power` spectra."""
    frames, bins = power.shape
    below, share = _mel_map(bins, rate_hz, bands)
    hertz = (np.arange(bins) * (rate_hz / 2 / (bins - 1))).astype(np.float32)
    outer = np.zeros((frames, bands + 3), np.float32)
    total = np.zeros(frames, np.float32)
    centroid = np.zeros(frames, np.float32)
    _mel_frames(power, below, share, hertz, outer, total, centroid)
    return outer[:, 1 : bands + 1], total, centroid


def shape_of(mono: F32, rate_hz: int, power: F32, hop: int) -> Shape:
    """Shape of `mono` (frames,) whose power spectra are `power` (frames, bins), `hop` apart."""
    mel, total, centroid = mel_powers(power, rate_hz, MEL_BANDS)
    top = float(total.max(initial=0.0))
    scale = np.float32(1.0 / top) if top > 1e-20 else np.float32(0.0)
    mel = mel * scale
    floor = np.float32(10 ** (FLOOR_DB / 10))
    mel_db = 10.0 * np.log10(np.maximum(mel, floor))
    flatness = np.exp(np.log(np.maximum(mel, 1e-12)).mean(axis=1))
    flatness /= np.maximum(mel.mean(axis=1), 1e-12)
    rise = np.zeros(len(power), np.float32)
    rise[1:] = np.maximum(0.0, mel_db[1:] - mel_db[:-1]).mean(axis=1)
    steps_peak = np.zeros(max(1, mono.size // _ENVELOPE_HOP), np.float32)
    crossings = _envelope(mono, _ENVELOPE_HOP, steps_peak)
    peak = float(steps_peak.max())
    relative = steps_peak / peak if peak > 1e-9 else np.zeros_like(steps_peak)
    envelope_db = 20.0 * np.log10(np.maximum(relative, 1e-4))
    return Shape(
        mel_db=mel_db.astype(np.float32),
        level_db=(10.0 * np.log10(np.maximum(total * scale, floor))).astype(np.float32),
        centroid_hz=centroid,
        flatness=flatness.astype(np.float32),
        flux=rise,
        envelope_db=envelope_db.astype(np.float32),
        crossings=crossings * rate_hz / max(1, mono.size),
        hop_s=hop / rate_hz,
        step_s=_ENVELOPE_HOP / rate_hz,
    )


def timbre_features(shape: Shape, tone: Tone, heard: PitchMap) -> F32:
    """The classifier's input, float32 (n,): spectra over time, envelope, and pitch."""
    active = shape.level_db > -50.0
    if not active.any():
        active = np.ones_like(active)
    begin = int(active.argmax())
    weight = 10 ** (shape.level_db[active] / 10)
    mean = (10 ** (shape.mel_db[active] / 10)).mean(axis=0)
    mean_db = 10.0 * np.log10(mean / max(1e-12, float(mean.sum())) + 1e-8)
    parts = [mean_db, shape.mel_db[active].std(axis=0)]
    loud = shape.level_db > -15.0
    parts.append(shape.mel_db[loud].mean(axis=0) if loud.any() else shape.mel_db.mean(axis=0))
    for first_s, last_s in _SPANS:
        first = begin + round(first_s / shape.hop_s)
        last = max(first + 1, begin + round(last_s / shape.hop_s))
        span = shape.mel_db[first:last]
        parts.append(span.mean(axis=0) if len(span) else np.full(MEL_BANDS, FLOOR_DB))
    share = weight / weight.sum()
    centroid = np.log2(np.maximum(shape.centroid_hz[active], 20.0) / 440.0)
    middle = float((share * centroid).sum())
    flux = shape.flux[active]
    numbers = [
        middle,
        float(np.sqrt((share * (centroid - middle) ** 2).sum())),
        float((share * np.log(shape.flatness[active] + 1e-6)).sum()),
        float(np.log(shape.flatness[active] + 1e-6).mean()),
        float(flux.mean()), float(flux.std()), float((flux > 6.0).mean()),
        float(active.mean()), float(loud.mean()), float(shape.level_db[active].std()),
        np.log2(max(1.0, shape.crossings)),
    ]  # fmt: skip
    numbers += _envelope_numbers(shape)
    numbers += _pitch_numbers(tone, heard)
    parts.append(np.array(numbers))
    return np.asarray(np.nan_to_num(np.concatenate(parts)), np.float32)


def _envelope_numbers(shape: Shape) -> list[float]:
    """Attack, decay and repetition of the 3-ms envelope, times as log2 of seconds."""
    level, step = shape.envelope_db, shape.step_s
    sounding = np.flatnonzero(level > -40.0)
    first, last = int(sounding[0]), int(sounding[-1])
    peak = int(level.argmax())
    numbers = [_log_time((peak - first) * step), _log_time(level.size * step)]
    near = level[first : first + max(1, round(0.1 / step))]
    numbers.append(_log_time(int(np.argmax(near >= near.max() - 6.0)) * step))
    for fall in (-6.0, -12.0, -20.0, -30.0):
        # Decay of the first event: how soon the envelope stays below the peak for 30 ms.
        below = level[peak:] < fall
        hold = max(1, round(0.03 / step))
        run = np.convolve(below.astype(np.float32), np.ones(hold, np.float32), "valid")
        held = np.flatnonzero(run >= hold - 0.5) if below.size >= hold else np.zeros(0, int)
        fallen = int(held[0]) if held.size else below.size
        numbers.append(_log_time(fallen * step))
    numbers.append(_log_time((last - first) * step))
    for bound in (-6.0, -20.0, -35.0):
        numbers.append(float((level[first : last + 1] > bound).mean()))
    power = 10 ** (level[first : last + 1] / 10)
    numbers.append(float((np.arange(power.size) * power).sum() / power.sum() / power.size))
    # Bursts within the first 60 ms tell claps from snares.
    head = level[first : first + max(3, round(0.06 / step))]
    dips = np.minimum(np.maximum.accumulate(head), np.maximum.accumulate(head[::-1])[::-1]) - head
    numbers += [float(dips.max()), float(dips.mean())]
    rises = np.diff(level)
    numbers.append(float((rises > 6.0).sum() / max(0.2, level.size * step)))
    numbers.append(float(np.log2(1.0 + (rises > 9.0).sum())))
    return numbers


def _pitch_numbers(tone: Tone, heard: PitchMap) -> list[float]:
    """Register, polyphony, glide and clarity of pitch."""
    notes = heard.notes.sum(axis=0)
    total = float(notes.sum())
    octaves = notes.reshape(-1, 12).sum(axis=1) / total if total > 0.0 else np.zeros(6)
    voiced = heard.first_midi > 0.0
    line = heard.first_midi[voiced]
    weight = heard.level[voiced]
    spread = glide = middle = 0.0
    if line.size and float(weight.sum()) > 0.0:
        share = weight / weight.sum()
        middle = float((share * line).sum())
        spread = float(np.sqrt((share * (line - middle) ** 2).sum()))
        glide = float(line[0] - line[min(2, line.size - 1)])
    moves = np.abs(np.diff(line)) if line.size > 1 else np.zeros(1)
    return [
        tone.tonal, tone.harmonic, tone.steadiness, heard.tuning_clarity, tone.pitched,
        tone.voices, (tone.register_midi - LOWEST_MIDI) / 12.0, middle / 12.0, spread / 12.0,
        float(np.clip(glide, -24, 24)) / 12.0, float((moves < 0.2).mean()),
        float((moves > 0.8).mean()), float(voiced.mean()), *octaves.tolist(),
        float(np.log1p(heard.harmonic.std())),
    ]  # fmt: skip


def _log_time(seconds: float) -> float:
    return float(np.log2(max(seconds, 0.003)))
