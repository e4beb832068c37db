"""The numbers that describe how a sound sounds, before anything is believed about it.

Every feature is independent of gain; levels are dB relative to the file's own loudest frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.mel import mel_powers
from loopmind.analysis.pitch import LOWEST_MIDI, PitchMap
from loopmind.analysis.tone import Tone
from loopmind.dsp.kernel import compiled, floats_at
from loopmind.dsp.lanes import highest8, larger, load8_singles, magnitude, splat8_singles

F32 = NDArray[np.float32]

MEL_BANDS = 32
MEL_ROWS = 6
FLOOR_DB = -80.0
_ENVELOPE_HOP = 64
# Spans after the first sound, in seconds, whose spectra tell attack, body and tail apart.
_SPANS = ((0.0, 0.07), (0.07, 0.2), (0.2, 0.5))
_ENVELOPE = (
    "peak_at", "length", "rise", "decay_6", "decay_12", "decay_20", "decay_30", "sounding",
    "above_6", "above_20", "above_35", "middle", "deepest_dip", "dips", "event_rate", "events",
)  # fmt: skip
_FIRST_OF_ENVELOPE = MEL_ROWS * MEL_BANDS + 11
FEATURES = _FIRST_OF_ENVELOPE + len(_ENVELOPE) + 20
"""How many numbers `timbre_features` gives."""
FEATURE_PLACES = {name: _FIRST_OF_ENVELOPE + at for at, name in enumerate(_ENVELOPE)}
"""Where the numbers of the envelope lie among `timbre_features`, by name."""


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


@compiled("int64(int64, int64, int64, int64)")
def _envelope(mono_at, size, steps, peaks_at):  # type: ignore[no-untyped-def]
    """Fill the peak of each step (the last takes what is left over); returns zero crossings."""
    mono, peaks = floats_at(mono_at), floats_at(peaks_at)
    crossings = 0
    # Loops without a branch, and without anything that is carried on, run in lanes.
    if mono[0] < 0.0:
        crossings += 1
    for i in range(1, size):
        crossings += (mono[i] < 0.0) ^ (mono[i - 1] < 0.0)
    for step in range(steps):
        first = step * _ENVELOPE_HOP
        last = size if step == steps - 1 else first + _ENVELOPE_HOP
        tops = splat8_singles(np.float32(0.0))
        whole = first + (last - first) // 8 * 8
        for i in range(first, whole, 8):
            tops = larger(tops, magnitude(load8_singles(mono, i)))
        top = highest8(tops)
        for i in range(whole, last):
            top = max(top, abs(mono[i]))
        peaks[step] = top
    return crossings


def shape_of(mono: F32, rate_hz: int, power: F32, hop: int) -> Shape:
    """Shape of `mono` (frames,) whose power spectra are `power` (frames, bins), `hop` apart."""
    mel, total, centroid = mel_powers(power, rate_hz, MEL_BANDS)
    top = float(total.max(initial=0.0))
    scale = np.float32(1.0 / top) if top > 1e-20 else np.float32(0.0)
    mel = mel * scale
    floor = np.float32(10 ** (FLOOR_DB / 10))
    # NumPy has quick natural logarithms of float32, and no others.
    log = np.log(np.maximum(mel, np.float32(1e-12)))
    mel_db = np.maximum(log * np.float32(10.0 / math.log(10.0)), np.float32(FLOOR_DB))
    flatness = np.exp(log.mean(axis=1))
    flatness /= np.maximum(mel.mean(axis=1), 1e-12)
    rise = np.zeros(len(power), np.float32)
    rise[1:] = np.maximum(0.0, mel_db[1:] - mel_db[:-1]).mean(axis=1)
    steps_peak = np.zeros(max(1, mono.size // _ENVELOPE_HOP), np.float32)
    mono = np.ascontiguousarray(mono, np.float32)
    crossings = 0
    if mono.size:
        crossings = _envelope(mono.ctypes.data, mono.size, steps_peak.size, steps_peak.ctypes.data)
    peak = float(steps_peak.max())
    relative = steps_peak / peak if peak > 1e-9 else np.zeros_like(steps_peak)
    envelope_db = 20.0 * np.log10(np.maximum(relative, 1e-4))
    return Shape(
        mel_db=mel_db,
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
    mean = np.exp(shape.mel_db[active] * np.float32(math.log(10.0) / 10.0)).mean(axis=0)
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
        float(flux.mean()), float(flux.std()), _share(flux > 6.0),
        _share(active), _share(loud), float(shape.level_db[active].std()),
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
        numbers.append(_share(level[first : last + 1] > bound))
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
        float(np.clip(glide, -24, 24)) / 12.0, _share(moves < 0.2),
        _share(moves > 0.8), _share(voiced), *octaves.tolist(),
        float(np.log1p(heard.harmonic.std())),
    ]  # fmt: skip


def _share(mask: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(mask) / mask.size)


def _log_time(seconds: float) -> float:
    return float(np.log2(max(seconds, 0.003)))
