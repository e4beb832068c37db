"""Plausible variations of a training sound that leave its instrument unchanged."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def vary(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    """One variation of `sound` (frames,): speed, equaliser, chorus, drive, room, noise, length ...

    Two to four changes are drawn, each as a producer or a sample pack might have made it.
    """
    changes = [_speed, _equalise, _low_pass, _chorus, _drive, _squeeze, _crush, _echo, _room,
               _noise, _shorten, _lead_in]  # fmt: skip
    odds = np.array([0.17, 0.18, 0.06, 0.06, 0.11, 0.07, 0.04, 0.04, 0.12, 0.05, 0.07, 0.03])
    chosen = rng.choice(len(changes), int(rng.integers(2, 5)), replace=False, p=odds)
    for index in sorted(chosen):
        sound = changes[index](sound, rate_hz, rng)
    peak = float(np.abs(sound).max(initial=0.0))
    return (sound * (0.9 / peak) if peak > 0.0 else sound).astype(np.float32)


def _speed(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    """Played faster or slower, up to four semitones, as a sampler does."""
    factor = 2.0 ** float(rng.uniform(-4, 4) / 12)
    at = np.arange(int(sound.size / factor)) * factor
    return np.asarray(np.interp(at, np.arange(sound.size), sound), np.float32)


def _shape_spectrum(sound: F32, gain: F32) -> F32:
    size = scipy.fft.next_fast_len(sound.size, real=True)
    shaped = scipy.fft.irfft(scipy.fft.rfft(sound, size) * gain, n=size)
    return np.asarray(shaped[: sound.size], np.float32)


def _frequencies(sound: F32, rate_hz: int) -> F32:
    size = scipy.fft.next_fast_len(sound.size, real=True)
    return np.asarray(np.maximum(20.0, np.fft.rfftfreq(size, 1 / rate_hz)), np.float32)


def _equalise(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    """A tilt of up to 4 dB per octave around 1 kHz and one broad bell."""
    octaves = np.log2(_frequencies(sound, rate_hz) / 1000.0)
    bell = rng.uniform(-9, 9) * np.exp(-0.5 * ((octaves - rng.uniform(-3, 3)) / 0.7) ** 2)
    gain_db = np.clip(rng.uniform(-3, 3) * octaves, -18, 18) + bell
    return _shape_spectrum(sound, (10 ** (gain_db / 20)).astype(np.float32))


def _low_pass(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    cutoff = float(2 ** rng.uniform(np.log2(2500), np.log2(9000)))
    gain = 1.0 / (1.0 + (_frequencies(sound, rate_hz) / cutoff) ** 4)
    return _shape_spectrum(sound, gain.astype(np.float32))


def _drive(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    peak = float(np.abs(sound).max(initial=1e-9))
    return np.asarray(np.tanh(sound / peak * float(2 ** rng.uniform(0, 3.5))), np.float32)


def _chorus(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    """A copy whose delay sways, as ensembles and cheap synthesisers have it."""
    n = np.arange(sound.size)
    sway = np.sin(2 * np.pi * rng.uniform(0.2, 1.5) * n / rate_hz + rng.uniform(0, 6))
    late = (float(rng.uniform(0.008, 0.02)) + float(rng.uniform(0.001, 0.004)) * sway) * rate_hz
    copy = np.interp(n - late, n, sound, left=0.0)
    return np.asarray(sound + float(rng.uniform(0.4, 1.0)) * copy, np.float32)


def _squeeze(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    """Compression over 20 ms: quiet parts come up, as in most sold samples."""
    block = max(1, rate_hz // 50)
    count = -(-sound.size // block)
    padded = np.zeros(count * block, np.float32)
    padded[: sound.size] = sound
    level = np.sqrt((padded.reshape(count, block) ** 2).mean(axis=1)) + 1e-9
    floor = float(level.max()) * 1e-3
    gain = (np.maximum(level, floor) / float(level.max())) ** -float(rng.uniform(0.15, 0.5))
    at = np.arange(sound.size) / block - 0.5
    return np.asarray(sound * np.interp(at, np.arange(count), gain), np.float32)


def _crush(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    """Coarse steps and held samples, as old samplers and lo-fi effects make them."""
    steps = 2.0 ** float(rng.uniform(3.0, 9.0))
    hold = int(rng.integers(1, 5))
    held = sound[(np.arange(sound.size) // hold) * hold]
    peak = float(np.abs(sound).max(initial=1e-9))
    return np.asarray(np.round(held / peak * steps) / steps * peak, np.float32)


def _echo(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    """Two or three repeats, each quieter."""
    late = int(rng.uniform(0.09, 0.4) * rate_hz)
    share = float(rng.uniform(0.2, 0.5))
    repeats = int(rng.integers(2, 4))
    out = np.zeros(sound.size + late * repeats, np.float32)
    for index in range(repeats + 1):
        out[index * late : index * late + sound.size] += sound * share**index
    return out


def _room(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    """A decaying noise tail of .1 to 1 s, well below the direct sound."""
    decay = float(2 ** rng.uniform(np.log2(0.1), 0.0))
    tail = int(decay * rate_hz)
    response = rng.standard_normal(tail) * np.exp(-6.9 * np.arange(tail) / tail)
    response *= float(rng.uniform(0.05, 0.35)) / np.sqrt((response**2).sum())
    response[0] += 1.0
    size = scipy.fft.next_fast_len(sound.size + tail)
    wet = scipy.fft.irfft(scipy.fft.rfft(sound, size) * scipy.fft.rfft(response, size), size)
    return np.asarray(wet[: sound.size + tail // 2], np.float32)


def _noise(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    level = float(np.abs(sound).max(initial=0.0)) * 10 ** float(rng.uniform(-70, -45) / 20)
    return (sound + level * rng.standard_normal(sound.size)).astype(np.float32)


def _shorten(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    """Cut off with a short fade, as tight drum kits and chopped loops are."""
    keep = max(int(0.06 * rate_hz), int(sound.size * rng.uniform(0.4, 0.95)))
    if keep >= sound.size:
        return sound
    cut = sound[:keep].copy()
    fade = min(keep, int(rng.uniform(0.003, 0.05) * rate_hz))
    cut[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return cut


def _lead_in(sound: F32, rate_hz: int, rng: np.random.Generator) -> F32:
    silence = np.zeros(int(rng.uniform(0.0, 0.06) * rate_hz), np.float32)
    return np.concatenate([silence, sound, silence])
