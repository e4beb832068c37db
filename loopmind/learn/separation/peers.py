"""Classical ways to take a mix apart, by librosa: what a separator has to beat.

| name | does |
|---|---|
| HPSS | what lasts against what is struck (Fitzgerald, "Harmonic/percussive separation", 2010) |
| HPSS, wide | the same with longer medians and a margin, which leaves more out |
| low pass | the mix below a corner as the bass, the mix above it as the rest |
| HPSS + low pass | both: bass is what lasts below the corner, other what lasts above it |
| NMF | 28 spectra with their courses; each goes to drums, bass or other by HPSS and by its pitch |
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.sounds.render import RENDER_RATE_HZ

F32 = NDArray[np.float32]
C64 = NDArray[np.complex64]

_WINDOW, _HOP = 2048, 512
_CORNERS_HZ = (120.0, 180.0, 260.0)
_PARTS = 28


def peers(mix: F32) -> dict[str, dict[str, F32]]:
    """Peer -> stem -> its estimate, of `mix` (2, samples) at 44.1 kHz. No peer knows voices."""
    import librosa

    decompose: Any = importlib.import_module("librosa.decompose")
    spectra = librosa.stft(mix, n_fft=_WINDOW, hop_length=_HOP)
    power = np.abs(spectra).mean(axis=0)
    lasting, struck = decompose.hpss(power, mask=True)
    wide_lasting, wide_struck = decompose.hpss(power, kernel_size=(41, 41), margin=1.5, mask=True)

    def sound(mask: NDArray[np.float32]) -> F32:
        found = librosa.istft(spectra * mask, hop_length=_HOP, length=mix.shape[1])
        return np.asarray(found, np.float32)

    out = {
        "HPSS": {"drums": sound(struck), "other": sound(lasting)},
        "HPSS, wide": {"drums": sound(wide_struck), "other": sound(wide_lasting)},
    }
    for corner in _CORNERS_HZ:
        low = _low(power.shape[0], corner)[:, None]
        out[f"low pass {corner:.0f} Hz"] = {"bass": sound(low), "other": sound(1.0 - low)}
        out[f"HPSS + low pass {corner:.0f} Hz"] = {
            "bass": sound(lasting * low), "other": sound(lasting * (1.0 - low)),
        }  # fmt: skip
    out["NMF"] = _factored(power, struck, sound)
    return out


def _low(bins: int, corner_hz: float) -> F32:
    """A low pass of 24 dB per octave as a gain per bin."""
    hz = np.arange(bins) * RENDER_RATE_HZ / _WINDOW
    return np.asarray(1.0 / (1.0 + (hz / corner_hz) ** 4), np.float32)


def _factored(power: F32, struck: F32, sound: Callable[[F32], F32]) -> dict[str, F32]:
    decompose: Any = importlib.import_module("librosa.decompose")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says so where it stops before it has converged
        shapes, courses = decompose.decompose(
            power, n_components=_PARTS, max_iter=60, init="nndsvda", random_state=0, tol=1e-3
        )
    whole = shapes @ courses + 1e-8
    low = _low(power.shape[0], 200.0)
    share: dict[str, F32] = {}
    for part in range(shapes.shape[1]):
        own = np.outer(shapes[:, part], courses[part])
        weight = float((own**2).sum()) + 1e-12
        is_struck = float((own**2 * struck).sum()) / weight > 0.5
        is_low = float((own**2 * low[:, None]).sum()) / weight > 0.5
        stem = "drums" if is_struck else "bass" if is_low else "other"
        share[stem] = share.get(stem, np.zeros_like(power)) + own
    return {
        stem: sound((share.get(stem, np.zeros_like(power)) / whole).astype(np.float32))
        for stem in ("drums", "bass", "other")
    }
