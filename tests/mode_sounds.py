"""Made-up tracks and voices for the tests of remix, hum and interpretation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.frontend import ANALYSIS_RATE, Spectra, frontend
from loopmind.music.audio import Audio

RATE = ANALYSIS_RATE
ODE = (66, 66, 67, 69, 69, 67, 66, 64, 62, 62, 64, 66, 66, 64, 64)
ODE_BEATS = (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.5, 0.5, 2)


def spectra(mono: NDArray[np.floating], rate_hz: int = RATE) -> Spectra:
    return frontend(Audio(np.asarray(mono, np.float32)[None, :], rate_hz))


def beat_track(bpm: float, bars: int, *, lead_s: float = 0.0, seed: int = 0) -> NDArray[np.float32]:
    """Kick, snare, hats and a bass note a bar: four bars of one chord row, then four of another."""
    rng = np.random.default_rng(seed)
    beat = 60.0 / bpm
    total = int((lead_s + bars * 4 * beat) * RATE)
    out = np.zeros(total + RATE)

    def add(at: float, sound: NDArray[np.floating]) -> None:
        first = round((lead_s + at) * RATE)
        out[first : first + sound.size] += sound[: out.size - first]

    t = np.arange(int(0.2 * RATE)) / RATE
    kick = np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-t * 30)))) * np.exp(-t * 18)
    snare = rng.normal(0, 0.4, t.size) * np.exp(-t * 25)
    hat = np.diff(rng.normal(0, 0.2, t.size + 1)) * np.exp(-t * 80)
    roots = ((45, 41, 48, 43), (50, 46, 41, 48))
    for bar in range(bars):
        for step in range(8):
            add((bar * 4 + step / 2) * beat, hat)
        for at in (0, 2, 2.5):
            add((bar * 4 + at) * beat, kick)
        for at in (1, 3):
            add((bar * 4 + at) * beat, snare)
        part = (bar // 8) % 2
        tone_t = np.arange(int(3.9 * beat * RATE)) / RATE
        for k in (0, 7, 16):
            hertz = 440.0 * 2 ** ((roots[part][bar % 4] + k - 69) / 12)
            level = 0.12 * (1.5 if part else 1.0)
            add(bar * 4 * beat, level * np.sin(2 * np.pi * hertz * tone_t) * np.exp(-tone_t * 0.6))
    return np.asarray(out[:total] / np.abs(out).max() * 0.8, np.float32)


def sung(
    notes: list[tuple[float, float, float]], *, vibrato: float = 0.3, scoop: float = 1.0,
    noise: float = 0.004, cents: float = 0.0, seed: int = 0,
) -> NDArray[np.float32]:  # fmt: skip
    """A voice of eight partials: (start, end, MIDI) notes, each reached by a scoop."""
    rng = np.random.default_rng(seed)
    size = int((notes[-1][1] + 0.4) * RATE)
    pitch, level = np.full(size, notes[0][2] + cents / 100.0), np.zeros(size)
    for start, end, midi in notes:
        a, b = int(start * RATE), int(end * RATE)
        t = np.arange(b - a) / RATE
        swing = vibrato * np.clip((t - 0.15) / 0.2, 0, 1) * np.sin(2 * np.pi * 5.5 * t)
        pitch[a:] = midi + cents / 100.0
        pitch[a:b] += swing - scoop * np.exp(-t / 0.025)
        level[a:b] = np.minimum(1, t / 0.02) * np.minimum(1, (t[-1] - t + 1e-4) / 0.03)
    phase = 2 * np.pi * np.cumsum(440.0 * 2 ** ((pitch - 69) / 12)) / RATE
    voice = np.sum([np.sin(h * phase) / h for h in range(1, 9)], axis=0)
    return np.asarray(0.3 * voice * level + noise * rng.normal(0, 1, size), np.float32)


def ode(bpm: float, *, jitter_s: float = 0.0, seed: int = 0) -> list[tuple[float, float, float]]:
    """The beginning of the Ode to Joy in D major, as (start, end, MIDI)."""
    rng = np.random.default_rng(seed)
    notes, at = [], 0.1
    for midi, beats in zip(ODE, ODE_BEATS, strict=True):
        start = at + rng.normal(0, jitter_s) if jitter_s else at
        notes.append((max(start, 0.05), at + beats * 60 / bpm - 0.06, float(midi)))
        at += beats * 60 / bpm
    return notes
