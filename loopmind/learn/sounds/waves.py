"""What synthesised tones are made of: waves, envelopes, filters, formants and ensembles.

The patches made of them live in `patches`.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

F64 = NDArray[np.float64]

RATE_HZ = 22050
_CYCLE = 2048


def array(values: object) -> F64:
    """As float64."""
    return np.asarray(values, np.float64)


def span(rng: np.random.Generator, low: float, high: float) -> float:
    """Drawn evenly in the logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def times(seconds: float) -> F64:
    return np.arange(max(64, round(seconds * RATE_HZ))) / RATE_HZ


def shaped(sound: F64, low_hz: float, high_hz: float, order: int = 2) -> F64:
    """Low and high cut."""
    hertz = np.maximum(1.0, np.fft.rfftfreq(sound.size, 1 / RATE_HZ))
    gain = 1 / np.sqrt(1 + (low_hz / hertz) ** (2 * order))
    gain = gain / np.sqrt(1 + (hertz / high_hz) ** (2 * order))
    return array(scipy.fft.irfft(scipy.fft.rfft(sound) * gain, sound.size))


def formants(sound: F64, peaks_hz: tuple[float, ...], width: float, depth: float) -> F64:
    """Resonances at `peaks_hz`, `width` of an octave wide, over a floor of 1 - depth."""
    octaves = np.log2(np.maximum(20.0, np.fft.rfftfreq(sound.size, 1 / RATE_HZ)))
    gain = np.full(octaves.size, 1.0 - depth)
    for index, peak in enumerate(peaks_hz):
        gain += depth * 0.6**index * np.exp(-0.5 * ((octaves - np.log2(peak)) / width) ** 2)
    return array(scipy.fft.irfft(scipy.fft.rfft(sound) * gain, sound.size))


def cycle_of(levels: F64, hertz: float) -> F64:
    """One cycle of harmonics 1, 2 ... of these `levels`, nothing above what the rate can hold."""
    count = min(levels.size, max(1, int(0.45 * RATE_HZ / hertz)))
    spectrum = np.zeros(_CYCLE // 2 + 1, np.complex128)
    spectrum[1 : count + 1] = -1j * levels[:count]
    return array(scipy.fft.irfft(spectrum, _CYCLE) * _CYCLE / 2)


def sung(cycle: F64, hertz: F64 | float, t: F64, phase: float = 0.0) -> F64:
    """The cycle at a steady or moving pitch."""
    turns = np.cumsum(np.broadcast_to(hertz, t.shape)) / RATE_HZ + phase
    return cycle[(turns * _CYCLE).astype(np.int64) % _CYCLE]


def levels_of(rng: np.random.Generator, kind: str) -> F64:
    """Harmonics of a saw, pulse, square, triangle or drawn spectrum."""
    n = np.arange(1, 400.0)
    if kind == "saw":
        return array(1 / n)
    if kind == "pulse":
        return array(np.sin(np.pi * n * rng.uniform(0.08, 0.5)) / n)
    if kind == "square":
        return array((n % 2) / n)
    if kind == "triangle":
        return array((n % 2) / n**2 * np.where(n % 4 == 1, 1, -1))
    return array(n ** -rng.uniform(1.0, 2.5) * rng.uniform(0.1, 1.0, n.size))


def hold(t: F64, held: float, attack: float, release: float) -> F64:
    """Rises, stays while the note is held, falls."""
    rise = 1 - np.exp(-t / max(1e-4, attack))
    return array(rise * np.exp(-np.maximum(0.0, t - held) / max(1e-3, release)))


def vibrato(rng: np.random.Generator, t: F64, depth: float) -> F64:
    """Pitch factor that sways after a while."""
    sway = np.sin(2 * np.pi * rng.uniform(4.2, 6.8) * t + rng.uniform(0, 6))
    late = np.clip((t - rng.uniform(0.0, 0.4)) / 0.4, 0, 1)
    return array(2 ** (depth * late * sway / 12))


def darkening(sound: F64, t: F64, open_hz: float, closed_hz: float, fall: float) -> F64:
    """A low-pass that closes from open_hz to closed_hz (or opens), blended in three steps."""
    part = np.exp(-t / fall)
    middle_hz = float(np.sqrt(open_hz * closed_hz))
    first, second, third = (shaped(sound, 20.0, hz) for hz in (open_hz, middle_hz, closed_hz))
    up = np.clip(2 * part - 1, 0, 1)
    down = np.clip(1 - 2 * part, 0, 1)
    return array(first * up + second * (1 - up - down) + third * down)


def ensemble(
    rng: np.random.Generator, cycle: F64, hertz: float, t: F64, players: int, cents: float,
    wobble: float = 0.0,
) -> F64:  # fmt: skip
    out = np.zeros(t.size)
    for _ in range(players):
        own = hertz * 2 ** (rng.normal(0, cents) / 1200)
        pitch = own * vibrato(rng, t, wobble) if wobble else own
        out += sung(cycle, pitch, t, float(rng.random()))
    return array(out / players**0.5)
