"""When things start: onset novelty in three bands, and onset times refined to milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loopmind.analysis.frontend import FFT_SIZE, Spectra
from loopmind.analysis.mel import Filters

F32 = NDArray[np.float32]

MEL_BANDS = 36
_BAND_EDGES_HZ = (200.0, 2500.0)
_COMPRESSION = 1e4
_PICK_SECONDS = 0.05
_QUIET_FRAME = 1e-9
_START_FRAMES = 4
# Summed rise (nepers) that is a clear attack in any music, and the least that is one at all.
_CLEAR_RISE = 4.0
_LEAST_RISE = 0.35
_LEAST_SHARE = 0.035


@dataclass(frozen=True, eq=False)
class Novelty:
    """How much begins in each frame. Frames are `hop_s` apart, frame 0 at the file's start.

    total: float32 (frames,), 1 the strongest attack, or a clear one where all are soft.
    bands: float32 (3, frames), low (below 200 Hz), middle and high (above 2.5 kHz), on the same
    scale as `total`. least: what a rise must reach to be an attack at all.
    """

    total: F32
    bands: F32
    hop_s: float
    least: float


@dataclass(frozen=True, eq=False)
class Onsets:
    """Onset times in seconds, strengths (as `Novelty.total`) and share of low frequencies."""

    times_s: NDArray[np.float64]
    strengths: NDArray[np.float64]
    lowness: NDArray[np.float64]


@lru_cache(maxsize=4)
def mel_filters(rate_hz: int, bands: int = MEL_BANDS) -> F32:
    """Triangular filters (FFT_SIZE // 2 + 1, bands) equally spaced on the mel scale from 30 Hz.

    Each filter's weights sum to one, so a band's value is a mean power. Source: O'Shaughnessy's
    mel formula m = 2595 log10(1 + f / 700).
    """
    hertz = np.fft.rfftfreq(FFT_SIZE, 1.0 / rate_hz)
    low, high = (2595.0 * np.log10(1.0 + f / 700.0) for f in (30.0, rate_hz / 2))
    edges = 700.0 * (10.0 ** (np.linspace(low, high, bands + 2) / 2595.0) - 1.0)
    # Low filters narrower than two bins are widened, or they would fall between bins.
    width = 1.01 * rate_hz / FFT_SIZE
    left = np.minimum(edges[:-2], edges[1:-1] - width)
    right = np.maximum(edges[2:], edges[1:-1] + width)
    centre = edges[1:-1]
    rising = (hertz[:, None] - left) / (centre - left)
    falling = (right - hertz[:, None]) / (right - centre)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    scaled: F32 = (weights / weights.sum(axis=0)).astype(np.float32)
    return scaled


@lru_cache(maxsize=4)
def _filters(rate_hz: int) -> Filters:
    return Filters(mel_filters(rate_hz))


def onset_mel(power: F32, rate_hz: int) -> F32:
    """Mean powers (frames, MEL_BANDS) of `power` spectra in the bands of `mel_filters`."""
    return _filters(rate_hz).of(power)


def band_centres_hz(rate_hz: int, bands: int = MEL_BANDS) -> NDArray[np.float64]:
    """Centre frequencies of `mel_filters`."""
    low, high = (2595.0 * np.log10(1.0 + f / 700.0) for f in (30.0, rate_hz / 2))
    edges = 700.0 * (10.0 ** (np.linspace(low, high, bands + 2) / 2595.0) - 1.0)
    return np.asarray(edges[1:-1])


def novelty(spectra: Spectra) -> Novelty:
    """Half-wave rectified rise of log mel power over two frames, against the wider of its
    neighbouring bands (SuperFlux: Boeck and Widmer, "Maximum filter vibrato suppression for onset
    detection", DAFx 2013). Independent of the file's level: power is relative to its loudest frame.
    """
    mel = onset_mel(spectra.power, spectra.rate_hz)
    loudest = float(mel.max(initial=0.0))
    hop_s = spectra.hop / spectra.rate_hz
    if loudest <= _QUIET_FRAME:
        silent = np.zeros(mel.shape[0], np.float32)
        return Novelty(silent, np.zeros((3, mel.shape[0]), np.float32), hop_s, 1.0)
    level = np.log1p(mel * np.float32(_COMPRESSION / loudest))
    widened = level.copy()
    np.maximum(widened[:, 1:], level[:, :-1], out=widened[:, 1:])
    np.maximum(widened[:, :-1], level[:, 1:], out=widened[:, :-1])
    rise = np.zeros_like(level)
    rise[2:] = np.maximum(level[2:] - widened[:-2], 0.0)
    # What sounds in the first frames has begun there.
    rise[:2] = level[:2] * np.float32(0.5)
    # A sound cut at the file's end clicks in frames that look past it; nothing begins there.
    rise[-2:] = 0.0
    centres = band_centres_hz(spectra.rate_hz)
    low, high = (int(np.searchsorted(centres, edge)) for edge in _BAND_EDGES_HZ)
    bands = np.stack(
        [rise[:, a:b].sum(axis=1) for a, b in ((0, low), (low, high), (high, MEL_BANDS))]
    )
    # Bands weigh alike although the middle holds most filters; a kick counts as much as a chord.
    bands /= np.sqrt(np.array([[low], [high - low], [MEL_BANDS - high]], np.float32))
    total = bands.sum(axis=0)
    _temper_start(total, bands)
    peak = max(_CLEAR_RISE, float(total.max(initial=0.0)))
    total /= np.float32(peak)
    bands /= np.float32(peak)
    return Novelty(total, bands, hop_s, _LEAST_RISE / peak)


def _temper_start(total: F32, bands: F32) -> None:
    """Hold the first frames to the strongest later rise, in place.

    Nothing sounds before the file, so its first sound rises from nothing, however soft its attack.
    """
    later = max(_CLEAR_RISE, float(total[_START_FRAMES:].max(initial=0.0)))
    first = float(total[:_START_FRAMES].max(initial=0.0))
    if first > later:
        total[:_START_FRAMES] *= np.float32(later / first)
        bands[:, :_START_FRAMES] *= np.float32(later / first)


@njit("i8(f4[:],i8,f4,i8[:])", cache=True, nogil=True)
def _pick(total, reach, floor, out):  # type: ignore[no-untyped-def]
    """Indices of local maxima within `reach` that stand out from the mean around them."""
    count = 0
    frames = total.size
    last = -reach - 1
    for t in range(frames):
        value = total[t]
        if value < floor:
            continue
        start = max(0, t - reach)
        stop = min(frames, t + reach + 1)
        best = True
        for s in range(start, stop):
            if total[s] > value or (total[s] == value and s < t):
                best = False
                break
        if not best:
            continue
        wide_start = max(0, t - 4 * reach)
        wide_stop = min(frames, t + 3 * reach + 1)
        mean = np.float32(0.0)
        for s in range(wide_start, wide_stop):
            mean += total[s]
        mean /= wide_stop - wide_start
        if value < np.float32(1.3) * mean + floor:
            continue
        if t - last <= reach:
            continue
        out[count] = t
        count += 1
        last = t
    return count


@njit("void(f4[:],i8[:],i8,i8,f8[:])", cache=True, nogil=True)
def _refine(mono, frames, hop, reach, out):  # type: ignore[no-untyped-def]
    """Sample of the steepest relative rise of short-time energy near each picked frame."""
    block = 32
    for i in range(frames.size):
        start = max(0, frames[i] * hop - reach)
        stop = min(mono.size, frames[i] * hop + reach // 2)
        best = frames[i] * hop
        steepest = -1.0
        slow = 1e-10
        position = start
        while position + block <= stop:
            energy = 0.0
            for s in range(position, position + block):
                energy += mono[s] * mono[s]
            energy /= block
            gain = energy - slow
            rise = gain * gain / (energy + slow) if gain > 0.0 else 0.0
            if rise > steepest:
                steepest = rise
                best = position
            slow += 0.35 * (energy - slow)
            position += block
        out[i] = best


def onsets(spectra: Spectra, heard: Novelty) -> Onsets:
    """Onsets picked from the novelty and moved to where the waveform rises."""
    reach = max(1, round(_PICK_SECONDS / heard.hop_s))
    found = np.zeros(heard.total.size, np.int64)
    count = int(_pick(heard.total, reach, np.float32(max(_LEAST_SHARE, heard.least)), found))
    frames = found[:count]
    times = np.zeros(count)
    _refine(spectra.mono, frames, spectra.hop, round(0.05 * spectra.rate_hz), times)
    strengths = heard.total[frames].astype(np.float64)
    low = heard.bands[0, frames].astype(np.float64)
    order = np.argsort(times, kind="stable")
    times = times[order] / spectra.rate_hz
    return Onsets(times, strengths[order], (low / np.maximum(heard.total[frames], 1e-9))[order])
