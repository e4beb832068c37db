"""Synthesised one-shots and loops of known instruments: drum machines and analogue synthesisers.

Sample libraries record few of these; every parameter is drawn, so no two sounds are alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

F64 = NDArray[np.float64]
RATE_HZ = 44100


def sounds(rng: np.random.Generator, each: int) -> list[tuple[str, str, NDArray[np.float32]]]:
    """(instrument, kind, samples) of `each` sounds from every maker, and as many drum loops."""
    made: list[tuple[str, str, NDArray[np.float32]]] = []
    for instrument, maker in _MAKERS:
        for _ in range(each):
            made.append((instrument, "oneshot", _finish(maker(rng))))
    for _ in range(2 * each):
        made.append(("drums", "loop", _finish(_drum_loop(rng))))
        made.append(("bass", "loop", _finish(_line(rng, 28, 45, _bass))))
        made.append(("lead", "loop", _finish(_line(rng, 57, 84, _lead))))
    return made


def _finish(sound: F64) -> NDArray[np.float32]:
    sound = sound - sound.mean()
    peak = float(np.abs(sound).max())
    faded = sound * (0.8 / peak if peak > 0 else 0.0)
    edge = min(200, faded.size)
    faded[-edge:] *= np.linspace(1, 0, edge)
    return faded.astype(np.float32)


def _time(seconds: float) -> F64:
    return np.arange(int(seconds * RATE_HZ)) / RATE_HZ


def _array(values: object) -> F64:
    return np.asarray(values, np.float64)


def _span(rng: np.random.Generator, low: float, high: float) -> float:
    """Drawn evenly in the logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _filter(sound: F64, low_hz: float, high_hz: float, order: int = 2) -> F64:
    hertz = np.maximum(1.0, np.fft.rfftfreq(sound.size, 1 / RATE_HZ))
    gain = 1 / np.sqrt(1 + (low_hz / hertz) ** (2 * order))
    gain = gain / np.sqrt(1 + (hertz / high_hz) ** (2 * order))
    return np.asarray(scipy.fft.irfft(scipy.fft.rfft(sound) * gain, sound.size))


def _sweep(t: F64, start_hz: float, end_hz: float, fall_s: float) -> F64:
    """A sine whose pitch falls exponentially."""
    hertz = end_hz + (start_hz - end_hz) * np.exp(-t / fall_s)
    return np.sin(2 * np.pi * np.cumsum(hertz) / RATE_HZ)


def _kick(rng: np.random.Generator) -> F64:
    decay = _span(rng, 0.06, 0.5)
    t = _time(min(1.5, decay * 4 + 0.05))
    end = _span(rng, 38, 75)
    body = _sweep(t, end * _span(rng, 2, 12), end, _span(rng, 0.008, 0.06)) * np.exp(-t / decay)
    click = _filter(rng.standard_normal(t.size), 1500, 9000) * np.exp(-t / _span(rng, 0.001, 0.008))
    mixed = body + click * rng.uniform(0, 0.35)
    return np.tanh(mixed * _span(rng, 0.7, 8)) if rng.random() < 0.5 else mixed


def _tom(rng: np.random.Generator) -> F64:
    decay = _span(rng, 0.08, 0.4)
    t = _time(decay * 4 + 0.05)
    end = _span(rng, 75, 260)
    body = _sweep(t, end * _span(rng, 1.05, 1.8), end, _span(rng, 0.02, 0.12)) * np.exp(-t / decay)
    skin = _filter(rng.standard_normal(t.size), 300, 3000) * np.exp(-t / _span(rng, 0.005, 0.05))
    return body + skin * rng.uniform(0, 0.2)


def _snare(rng: np.random.Generator) -> F64:
    decay = _span(rng, 0.04, 0.25)
    t = _time(decay * 4 + 0.05)
    pitch = _span(rng, 140, 330)
    tone = _sweep(t, pitch * 1.5, pitch, 0.015) + 0.6 * np.sin(2 * np.pi * pitch * 1.6 * t)
    noise = _filter(rng.standard_normal(t.size), _span(rng, 300, 2500), _span(rng, 5000, 16000))
    return _array(
        tone * np.exp(-t / _span(rng, 0.02, 0.12)) * rng.uniform(0.2, 1)
        + noise / noise.std() * np.exp(-t / decay) * rng.uniform(0.3, 1)
    )


def _clap(rng: np.random.Generator) -> F64:
    decay = _span(rng, 0.03, 0.2)
    t = _time(decay * 4 + 0.08)
    envelope = np.zeros(t.size)
    gap = rng.uniform(0.006, 0.014)
    bursts = int(rng.integers(2, 6))
    for index in range(bursts):
        late = t - index * gap * rng.uniform(0.9, 1.1)
        fall = decay if index == bursts - 1 else 0.004
        envelope += np.where(late >= 0, np.exp(-np.maximum(late, 0) / fall), 0)
    middle = _span(rng, 800, 2200)
    return _filter(rng.standard_normal(t.size), middle * 0.7, middle * 2.2) * envelope


def _metal(rng: np.random.Generator, t: F64) -> F64:
    """Six inharmonic squares, as in analogue drum machines, or plain noise."""
    if rng.random() < 0.4:
        return rng.standard_normal(t.size)
    base = _span(rng, 200, 600)
    ratios = np.array([1.0, 1.34, 1.52, 1.8, 2.1, 2.6]) * rng.uniform(0.93, 1.07, 6)
    return np.asarray(np.sign(np.sin(2 * np.pi * base * ratios[:, None] * t)).sum(axis=0))


def _hat(rng: np.random.Generator) -> F64:
    decay = _span(rng, 0.012, 0.08) if rng.random() < 0.65 else _span(rng, 0.1, 0.4)
    t = _time(decay * 4 + 0.02)
    return _filter(_metal(rng, t), _span(rng, 4500, 9500), 18000, 4) * np.exp(-t / decay)


def _cymbal(rng: np.random.Generator) -> F64:
    decay = _span(rng, 0.4, 1.3)
    t = _time(min(3.5, decay * 4))
    crash = _filter(_metal(rng, t) + rng.standard_normal(t.size), _span(rng, 1500, 6000), 17000)
    return _array(crash * (1 - np.exp(-t / 0.002)) * np.exp(-t / decay))


def _cowbell(rng: np.random.Generator) -> F64:
    decay = _span(rng, 0.04, 0.25)
    t = _time(decay * 4)
    base = _span(rng, 450, 900)
    pair = np.sign(np.sin(2 * np.pi * base * t)) + np.sign(np.sin(2 * np.pi * base * 1.48 * t))
    return _filter(pair, base * 0.8, base * 5) * np.exp(-t / decay)


def _block(rng: np.random.Generator) -> F64:
    """Rim shots, claves and wood blocks: one or two short high modes."""
    decay = _span(rng, 0.005, 0.05)
    t = _time(decay * 5 + 0.02)
    base = _span(rng, 400, 2800)
    wood = np.sin(2 * np.pi * base * t) + rng.uniform(0, 1) * np.sin(
        2 * np.pi * base * rng.uniform(1.4, 2.8) * t
    )
    click = rng.standard_normal(t.size) * np.exp(-t / 0.002) * rng.uniform(0, 0.6)
    return wood * np.exp(-t / decay) + click


def _shaker(rng: np.random.Generator) -> F64:
    length = _span(rng, 0.03, 0.2)
    t = _time(length)
    rise = rng.uniform(0.1, 0.7)
    shape = np.minimum(t / (length * rise), (length - t) / (length * (1 - rise)))
    return _filter(
        rng.standard_normal(t.size), _span(rng, 2500, 7000), 15000
    ) * shape ** rng.uniform(0.7, 2.5)


def _conga(rng: np.random.Generator) -> F64:
    decay = _span(rng, 0.03, 0.2)
    t = _time(decay * 4)
    base = _span(rng, 180, 560)
    slap = _filter(rng.standard_normal(t.size), 800, 6000) * np.exp(-t / 0.006)
    return _sweep(t, base * 1.06, base, 0.03) * np.exp(-t / decay) + slap * rng.uniform(0, 0.4)


def _wave(rng: np.random.Generator, hertz: float, t: F64) -> F64:
    """Band-limited saw, pulse or triangle, sometimes two or three detuned."""
    count = max(1, min(60, int(16000 / hertz)))
    n = np.arange(1, count + 1)
    kind = rng.integers(3)
    duty = rng.uniform(0.1, 0.5)
    level = (1 / n, np.sin(np.pi * n * duty) / n, (n % 2) / n**2)[kind]
    out = np.zeros(t.size)
    for _ in range(int(rng.integers(1, 4))):
        phase = 2 * np.pi * hertz * 2 ** (rng.uniform(-0.12, 0.12) / 12) * t + rng.uniform(0, 6)
        for k, a in zip(n, level, strict=True):
            if abs(a) > 1e-3:
                out += a * np.sin(k * phase)
    return out


def _pluck_filter(rng: np.random.Generator, sound: F64, t: F64, hertz: float) -> F64:
    """A low-pass whose cutoff falls: a blend from a bright to a dark filtering."""
    bright = _filter(sound, 1.0, hertz * _span(rng, 4, 30))
    dark = _filter(sound, 1.0, hertz * _span(rng, 1.2, 5))
    blend = np.exp(-t / _span(rng, 0.03, 0.6))
    return _array(bright * blend + dark * (1 - blend))


def _hertz(midi: float) -> float:
    return float(440.0 * 2 ** ((midi - 69) / 12))


def _bass(rng: np.random.Generator, midi: float | None = None, length: float = 0.0) -> F64:
    hertz = _hertz(midi if midi is not None else float(rng.integers(26, 48)))
    t = _time(length or _span(rng, 0.15, 2.0))
    kind = rng.random()
    if kind < 0.35:  # long sine bass with a pitch drop
        body = _sweep(t, hertz * _span(rng, 1.0, 4), hertz, 0.02)
        body = np.tanh(body * _span(rng, 1, 6))
        return _array(body * np.exp(-t / _span(rng, 0.3, 2.0)) * (1 - np.exp(-t / 0.002)))
    if kind < 0.5:  # frequency modulation
        index = _span(rng, 0.5, 5) * np.exp(-t / _span(rng, 0.05, 0.5))
        phase = 2 * np.pi * hertz * t
        return np.sin(phase + index * np.sin(phase * rng.integers(1, 4))) * np.exp(-t / 1.0)
    return _pluck_filter(rng, _wave(rng, hertz, t), t, hertz) * np.exp(-t / _span(rng, 0.2, 2.0))


def _lead(rng: np.random.Generator, midi: float | None = None, length: float = 0.0) -> F64:
    hertz = _hertz(midi if midi is not None else float(rng.integers(52, 86)))
    t = _time(length or _span(rng, 0.2, 2.0))
    bend = 1 + 0.004 * np.sin(2 * np.pi * rng.uniform(4, 7) * t) * (rng.random() < 0.4)
    sound = _wave(rng, hertz, np.cumsum(bend) / RATE_HZ)
    return _array(
        _pluck_filter(rng, sound, t, hertz * 2) * (1 - np.exp(-t / _span(rng, 0.002, 0.04)))
    )


def _pad(rng: np.random.Generator) -> F64:
    t = _time(_span(rng, 2.0, 5.0))
    root = float(rng.integers(40, 66))
    chord = rng.choice(np.array([[0, 4, 7], [0, 3, 7], [0, 7, 12], [0, 5, 7]]), axis=0)
    sound = np.sum([_wave(rng, _hertz(root + step), t) for step in chord], axis=0)
    soft = _filter(sound, 60.0, _span(rng, 500, 4000))
    swell = 1 - np.exp(-t / _span(rng, 0.08, 0.8))
    fall = np.minimum(1.0, (t[-1] - t) / _span(rng, 0.1, 1.0))
    return _array(soft * swell * fall)


def _fx(rng: np.random.Generator) -> F64:
    """Risers, falls, zaps, sweeps of noise and siren-like tones."""
    t = _time(_span(rng, 0.15, 4.0))
    part = t / t[-1]
    low, high = _span(rng, 60, 600), _span(rng, 900, 8000)
    path = low * (high / low) ** (part if rng.random() < 0.5 else 1 - part)
    if rng.random() < 0.35:
        path = low * (high / low) ** (0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.5, 9) * t))
    tone = np.sin(2 * np.pi * np.cumsum(path) / RATE_HZ)
    noise = rng.standard_normal(t.size)
    if rng.random() < 0.5:
        noise = _filter(noise, high * 0.4, high) * part + _filter(noise, low, low * 3) * (1 - part)
    shape = part if rng.random() < 0.4 else np.exp(-3 * part)
    return _array((tone * rng.uniform(0, 1) + noise / noise.std() * rng.uniform(0, 0.7)) * shape)


def _drum_loop(rng: np.random.Generator) -> F64:
    """One or two bars of kick, snare or clap, hats and now and then percussion."""
    step = 60 / rng.uniform(70, 175) / 4
    steps = 16 * int(rng.integers(1, 3))
    out = np.zeros(int(step * steps * RATE_HZ))
    hats = int(rng.choice([1, 2, 4]))
    lanes: list[tuple[Callable[[np.random.Generator], F64], list[int], float]] = [
        (_kick, [i for i in range(steps) if i % 16 in (0, 10) or rng.random() < 0.12], 1.0),
        (_snare if rng.random() < 0.7 else _clap, [i for i in range(steps) if i % 8 == 4], 0.8),
        (_hat, [i for i in range(steps) if i % hats == 0 and rng.random() < 0.92], 0.35),
    ]
    if rng.random() < 0.5:
        maker = (_conga, _shaker, _block, _cowbell, _tom)[int(rng.integers(5))]
        lanes.append((maker, [i for i in range(steps) if rng.random() < 0.2], 0.4))
    dropped = int(rng.integers(3)) if rng.random() < 0.25 else -1
    for index, (lane, hits, level) in enumerate(lanes):
        if index == dropped:
            continue
        sound = lane(rng)
        sound = sound / np.abs(sound).max() * level * rng.uniform(0.5, 1.2)
        for hit in hits:
            first = int(hit * step * RATE_HZ)
            part = sound[: out.size - first] * rng.uniform(0.6, 1.0)
            out[first : first + part.size] += part
    return out


def _line(rng: np.random.Generator, low: int, high: int, maker: Callable[..., F64]) -> F64:
    """A two-bar line of one synthesised note played at several pitches."""
    step = 60 / rng.uniform(80, 160) / 4
    out = np.zeros(int(step * 32 * RATE_HZ))
    root = int(rng.integers(low, high - 7))
    hits = sorted({0, *(int(i) for i in np.flatnonzero(rng.random(32) < rng.uniform(0.15, 0.5)))})
    seed = int(rng.integers(1 << 30))
    for index, hit in enumerate(hits):
        end = hits[index + 1] if index + 1 < len(hits) else 32
        midi = root + int(rng.choice([0, 0, 0, 3, 5, 7, 7, 10, 12]))
        note = maker(np.random.default_rng(seed), midi, (end - hit) * step)
        first = int(hit * step * RATE_HZ)
        part = note[: out.size - first]
        out[first : first + part.size] += part / max(1e-9, float(np.abs(part).max()))
    return out


_MAKERS: tuple[tuple[str, Callable[[np.random.Generator], F64]], ...] = (
    ("kick", _kick), ("snare", _snare), ("clap", _clap), ("hat", _hat), ("cymbal", _cymbal),
    ("tom", _tom), ("percussion", _cowbell), ("percussion", _block), ("percussion", _shaker),
    ("percussion", _conga), ("bass", _bass), ("lead", _lead), ("pad", _pad), ("fx", _fx),
)  # fmt: skip
