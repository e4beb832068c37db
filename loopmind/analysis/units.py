"""Sounds cut into units for re-ordering: where each lies, how it sounds, which note it holds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.frontend import Spectra
from loopmind.analysis.onsets import mel_filters
from loopmind.analysis.pitch import PitchMap, pitch_map
from loopmind.music.units import COEFFICIENTS, Unit

F64 = NDArray[np.float64]

_SHORTEST_S, _LONGEST_S = 0.07, 0.42
_LEAST_DB = -45.0


@lru_cache(maxsize=2)
def _cosines(bands: int) -> F64:
    """Discrete cosine transform, rows 1 .. COEFFICIENTS (row 0 would be the level)."""
    k = np.arange(1, COEFFICIENTS + 1)[:, None]
    n = np.arange(bands)[None, :]
    return np.asarray(np.sqrt(2.0 / bands) * np.cos(np.pi * k * (n + 0.5) / bands))


def cepstrum(spectra: Spectra) -> F64:
    """Mel cepstrum of each frame, (frames, COEFFICIENTS), of levels above -80 dB of the loudest."""
    mel = spectra.power @ mel_filters(spectra.rate_hz)
    floor = max(float(mel.max(initial=0.0)) * 1e-8, 1e-12)
    log = np.log(np.maximum(mel, floor)).astype(np.float64)
    return np.asarray(log @ _cosines(log.shape[1]).T)


def colour_of(spectra: Spectra) -> F64:
    """The colour of a whole sound: its mean mel cepstrum, louder frames counting more,
    (COEFFICIENTS,)."""
    rows = cepstrum(spectra)
    weight = np.sqrt(spectra.power.sum(axis=1).astype(np.float64))
    mean: F64 = weight @ rows / max(float(weight.sum()), 1e-12)
    return mean


def units_of(spectra: Spectra, digest: str, onsets_s: tuple[float, ...]) -> list[Unit]:
    """The units of one sound, from each onset to the next (at most .42 s), silent ones left out."""
    edges = sorted({0.0, *onsets_s})
    rows = cepstrum(spectra)
    heard = pitch_map(spectra.mono, spectra.rate_hz)
    frame_s = spectra.hop / spectra.rate_hz
    found = []
    loudest = float(np.abs(spectra.mono).max(initial=0.0))
    for number, start in enumerate(edges):
        end = edges[number + 1] if number + 1 < len(edges) else spectra.duration_s
        length = min(end - start, _LONGEST_S)
        if length < _SHORTEST_S:
            continue
        a, b = round(start * spectra.rate_hz), round((start + length) * spectra.rate_hz)
        sound = spectra.mono[a:b]
        rms = float(np.sqrt(np.mean(sound.astype(np.float64) ** 2))) if sound.size else 0.0
        level = 20.0 * np.log10(max(rms, 1e-9) / max(loudest, 1e-9))
        if level < _LEAST_DB:
            continue
        first, last = round(start / frame_s), max(round((start + length) / frame_s), 1)
        timbre = rows[first : max(last, first + 1)].mean(axis=0)
        midi, pure = _note(heard, start, start + length)
        found.append(Unit(digest, float(start), float(length), timbre, float(level), midi, pure))
    return found


def _note(heard: PitchMap, start_s: float, end_s: float) -> tuple[float | None, float]:
    """(pitch that holds most of a stretch, share of it that it explains)."""
    a, b = int(start_s / heard.hop_s), max(int(np.ceil(end_s / heard.hop_s)), 1)
    pitch = heard.first_midi[a:b].astype(np.float64)
    weight = (heard.level[a:b] * heard.harmonic[a:b] * (pitch > 0.0)).astype(np.float64)
    total = float(weight.sum())
    if total <= 1e-9:
        return None, 0.0
    order = np.argsort(pitch, kind="stable")
    running = np.cumsum(weight[order])
    middle = float(pitch[order][int(np.searchsorted(running, running[-1] / 2.0))])
    near = np.abs(pitch - middle) < 0.6
    share = float(weight[near].sum() / max(float(heard.level[a:b].sum()), 1e-9))
    tonal = float((heard.tonal[a:b] * heard.level[a:b]).sum() / max(float(heard.level[a:b].sum()),
                  1e-9))  # fmt: skip
    pure = share * tonal
    return (middle, pure) if pure >= 0.25 else (None, pure)
