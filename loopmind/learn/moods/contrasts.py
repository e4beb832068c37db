"""Pairs of sounds of which one is surely more of a mood than the other, because it was made so.

Treated pairs: a sound, and the same one filtered, driven, crushed, softened or put in a hall; or
repeated, or as a file of a lower rate has it, which must change nothing. Both of a pair are equally
long, but for repeats: a slow phrase stands beside the plain one played twice.
Played pairs: a phrase in a major key and in its parallel minor, slow, soft and bound or quick,
hard and short, an octave up; what these change is what Eerola, Friberg and Bresin found by
changing music in just these ways ("Emotional expression in music", Frontiers in Psychology 4,
2013). The timbral words follow Pearce, Brookes and Mason ("Timbral attributes for sound effect
library searching", AES 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from loopmind.learn.sounds.render import Note
from loopmind.music.loop import MOODS

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rng = np.random.Generator
Treatment = Callable[[F32, int, Rng], F32]
_MINOR = {4: 3, 9: 8, 11: 10}


def treated(sound: F32, rate_hz: int, how: str, rng: Rng) -> F32:
    """`sound` (frames,) with one of TREATMENTS or EVEN, its strength drawn, as loud at its peak."""
    make = EVEN[how][0] if how in EVEN else TREATMENTS[how][0]
    made = make(sound, rate_hz, rng)
    peak, before = float(np.abs(made).max(initial=0.0)), float(np.abs(sound).max(initial=0.0))
    return np.asarray(made * (before / peak) if peak > 0.0 else made, np.float32)


def _filtered(sound: F32, rate_hz: int, gain_db: Callable[[F64], NDArray[np.floating[Any]]]) -> F32:
    """With gains in dB by octaves above 1 kHz."""
    size = scipy.fft.next_fast_len(sound.size, real=True)
    octaves = np.log2(np.maximum(20.0, np.fft.rfftfreq(size, 1 / rate_hz)) / 1000.0)
    shaped = scipy.fft.rfft(sound, size) * 10 ** (np.clip(gain_db(octaves), -60, 18) / 20)
    return np.asarray(scipy.fft.irfft(shaped, size)[: sound.size], np.float32)


def _darken(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """A low-pass filter or a falling tilt."""
    if rng.random() < 0.5:
        corner = float(rng.uniform(-0.7, 1.3))
        slope = float(rng.uniform(12, 24))
        return _filtered(sound, rate_hz, lambda o: -slope * np.maximum(0.0, o - corner))
    tilt = float(rng.uniform(3, 7))
    return _filtered(sound, rate_hz, lambda o: -tilt * o)


def _brighten(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """A rising tilt or a high shelf."""
    tilt, corner = float(rng.uniform(2, 5)), float(rng.uniform(0, 2))
    if rng.random() < 0.5:
        return _filtered(sound, rate_hz, lambda o: tilt * o)
    return _filtered(sound, rate_hz, lambda o: 3 * tilt * (o > corner))


def _warm(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """Fuller low mids, softer heights, a little even saturation."""
    lift, fall = float(rng.uniform(4, 9)), float(rng.uniform(2, 4))
    made = _filtered(
        sound, rate_hz,
        lambda o: lift * np.exp(-0.5 * ((o + 2.2) / 0.8) ** 2) - fall * np.maximum(0.0, o),
    )  # fmt: skip
    peak = float(np.abs(made).max(initial=1e-9))
    return np.asarray(np.tanh(0.8 * made / peak + 0.1) - np.tanh(0.1), np.float32)


def _thin(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """Lows and low mids cut away."""
    corner, lift = float(rng.uniform(-1.8, -0.6)), float(rng.uniform(1, 3))
    return _filtered(
        sound, rate_hz, lambda o: -12 * np.maximum(0.0, corner - o) + lift * np.maximum(0.0, o)
    )


def _distort(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """Driven hard into a curve or a ceiling, as amplifiers and pedals do."""
    peak = float(np.abs(sound).max(initial=1e-9))
    driven = sound / peak * float(2 ** rng.uniform(3, 6)) + float(rng.uniform(0, 0.2))
    made = np.tanh(driven) if rng.random() < 0.6 else np.clip(driven, -1, 1)
    return np.asarray(made - made.mean(), np.float32)


def _age(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """Few bits, a low rate, a narrow band, hiss, crackle and a wavering speed."""
    n = np.arange(sound.size)
    wow = float(rng.uniform(0.0005, 0.003)) * rate_hz / 6.0
    sway = wow * np.sin(2 * np.pi * float(rng.uniform(0.4, 1.2)) * n / rate_hz)
    made = np.interp(np.clip(n + sway, 0, max(0, sound.size - 1)), n, sound)
    hold = int(rng.integers(2, 6))
    made = made[(n // hold) * hold]
    peak = float(np.abs(made).max(initial=1e-9))
    steps = 2.0 ** float(rng.uniform(4.0, 7.0))
    coarse = np.asarray(np.round(made / peak * steps) / steps, np.float32)
    low, high = float(rng.uniform(-2.5, -1.5)), float(rng.uniform(1.3, 2.2))
    narrow = _filtered(
        coarse, rate_hz,
        lambda o: -12 * np.maximum(0.0, low - o) - 24 * np.maximum(0.0, o - high),
    )  # fmt: skip
    hiss = 10 ** float(rng.uniform(-48, -32) / 20) * rng.standard_normal(sound.size)
    clicks = (rng.random(sound.size) < 12.0 / rate_hz) * rng.uniform(-0.15, 0.15, sound.size)
    return np.asarray(narrow + hiss + clicks, np.float32)


def _levels(sound: F32, rate_hz: int, seconds: float) -> F64:
    """The envelope, smoothed over `seconds`."""
    size = max(1, round(seconds * rate_hz))
    smooth = scipy.signal.lfilter([1 / size], [1, 1 / size - 1], np.abs(sound).astype(np.float64))
    return np.asarray(smooth + 1e-6 * float(np.abs(sound).max(initial=1e-3)), np.float64)


def _sharpen(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """Beginnings lifted over what rings on."""
    rise = _levels(sound, rate_hz, 0.002) / _levels(sound, rate_hz, 0.06)
    return np.asarray(sound * np.clip(rise, 0.05, 6.0) ** float(rng.uniform(0.6, 1.2)), np.float32)


def _soften(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """Beginnings held down under what rings on; a single sound is faded in."""
    rise = _levels(sound, rate_hz, 0.002) / _levels(sound, rate_hz, 0.06)
    made = sound * np.clip(rise, 0.2, 10.0) ** -float(rng.uniform(0.6, 1.2))
    ramp = min(sound.size, round(float(rng.uniform(0.03, 0.25)) * rate_hz))
    made[:ramp] *= np.linspace(0.0, 1.0, ramp) ** 2
    return np.asarray(made, np.float32)


def _hall(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """A long, dark, wet room."""
    seconds = float(rng.uniform(2.0, 5.0))
    tail = round(seconds * rate_hz)
    noise = rng.standard_normal(tail) * np.exp(-6.9 * np.arange(tail) / tail)
    noise = scipy.signal.lfilter([0.4], [1, -0.6], noise)
    noise *= np.minimum(1.0, np.arange(tail) / (0.03 * rate_hz))
    size = scipy.fft.next_fast_len(sound.size + tail)
    wet = scipy.fft.irfft(scipy.fft.rfft(sound, size) * scipy.fft.rfft(noise, size), size)
    wet *= float(rng.uniform(0.6, 1.5)) * float(np.sqrt((sound**2).sum() / ((wet**2).sum() + 1e-9)))
    return np.asarray(wet[: sound.size] + 0.5 * sound, np.float32)


def _narrow(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """As of a file of half the rate, or of a lossy one."""
    corner = float(rng.uniform(3.0, 3.5))
    return _filtered(sound, rate_hz, lambda o: -60 * np.maximum(0.0, o - corner))


def _repeat(sound: F32, rate_hz: int, rng: Rng) -> F32:
    """The same once or more often again."""
    return np.asarray(np.tile(sound, int(rng.integers(2, 5))), np.float32)


TREATMENTS: dict[str, tuple[Treatment, tuple[str, ...], tuple[str, ...]]] = {
    # name -> what it does, the moods it makes more of, those it makes less of
    "darken": (_darken, ("dark",), ("bright",)),
    "brighten": (_brighten, ("bright",), ("dark",)),
    "warm": (_warm, ("warm",), ()),
    "thin": (_thin, (), ("warm",)),
    "distort": (_distort, ("distorted", "aggressive"), ("clean", "calm")),
    "age": (_age, ("lo-fi",), ("clean",)),
    "sharpen": (_sharpen, ("punchy",), ()),
    "soften": (_soften, (), ("punchy", "aggressive")),
    "hall": (_hall, ("dreamy",), ("punchy",)),
}

EVEN: dict[str, tuple[Treatment, tuple[str, ...]]] = {
    # name -> what it does, the moods that it must leave as they are
    "narrow": (_narrow, ("lo-fi", "distorted", "clean", "sad", "happy", "calm", "aggressive")),
    "repeat": (_repeat, MOODS),
}

STILL = " leaves alone"
"""What is written behind the name of a change where the two sounds of a pair must be told alike."""

HELD = ("dreamy", "calm")
"""What a sound that is held by strings, voices or a pad is more than the hit of a drum."""

PLAYED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # name -> the moods that it makes more of, those it makes less of
    "minor": (("sad", "dark"), ("happy",)),
    # Slow is sadder too, but learned along with mode it drowned it: major loops became sad.
    "slow": (("calm",), ("aggressive",)),
    "gentle": (("calm", "dreamy"), ("aggressive", "punchy")),
    "high": (("bright",), ("dark",)),
}


def replayed(notes: tuple[Note, ...], how: str, tonic: int) -> tuple[Note, ...]:
    """Notes of a phrase in a major key on `tonic` (pitch class), changed by one of PLAYED.

    minor: third, sixth and seventh degree lowered. slow: at half the speed. gentle: soft and bound.
    high: an octave up.
    """
    if how == "minor":
        moved = [(n.pitch, _MINOR.get((n.pitch - tonic) % 12)) for n in notes]
        return tuple(
            replace(n, pitch=p if new is None else p - 1)
            for n, (p, new) in zip(notes, moved, strict=True)
        )
    if how == "slow":
        return tuple(replace(n, start_s=2 * n.start_s, length_s=2 * n.length_s) for n in notes)
    if how == "gentle":
        return tuple(
            replace(n, velocity=max(20, round(n.velocity * 0.4)), length_s=n.length_s * 1.8)
            for n in notes
        )
    return tuple(replace(n, pitch=min(115, n.pitch + 12)) for n in notes)
