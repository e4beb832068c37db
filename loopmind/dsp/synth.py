"""A small synthesiser: drums, basses, keys, pads, plucks, voices and effects from formulas alone.

Each function gives one note or hit as mono float64 at `RATE`, peak near 1, from its arguments and a
seeded generator; no samples, no randomness of its own. What is played with it is in demo_crate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

RATE = 44100
Mono = NDArray[np.float64]
Stereo = NDArray[np.float64]

_TABLE = 4096
VOWELS = {
    "ah": ((730.0, 1.0, 90.0), (1090.0, 0.5, 110.0), (2440.0, 0.16, 160.0)),
    "oh": ((480.0, 1.0, 80.0), (820.0, 0.45, 90.0), (2400.0, 0.08, 160.0)),
    "ee": ((300.0, 1.0, 60.0), (2250.0, 0.35, 130.0), (2950.0, 0.2, 180.0)),
}


def hertz(midi: float) -> float:
    """Frequency of a MIDI note: 440 * 2^((midi - 69) / 12)."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


def seconds(length: float) -> Mono:
    """Time axis of `length` seconds."""
    return np.arange(round(length * RATE)) / RATE


def decay(time: Mono, half_life: float) -> Mono:
    """Exponential decay that halves every `half_life` seconds."""
    return np.exp2(-time / half_life)


def shaped(wave: Mono, *, attack: float = 0.001, release: float = 0.01) -> Mono:
    """`wave` with raised-cosine edges of `attack` and `release` seconds."""
    out = np.array(wave)
    for length, edge in ((attack, slice(None)), (release, slice(None, None, -1))):
        frames = min(round(length * RATE), out.size)
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(frames) + 0.5) / max(frames, 1))
        out[edge][:frames] *= ramp
    return out


def filtered(wave: NDArray[np.float64], gain: Callable[[Mono], Mono]) -> NDArray[np.float64]:
    """`wave` weighed by gain(frequency) with zero phase, circular: a loop stays a loop."""
    freq = np.fft.rfftfreq(wave.shape[-1], 1.0 / RATE)
    return np.fft.irfft(np.fft.rfft(wave) * gain(np.asarray(freq, np.float64)), wave.shape[-1])


def lowpass(hz: float, order: int = 2) -> Callable[[Mono], Mono]:
    """Gain of a Butterworth-shaped high cut."""
    return lambda freq: 1.0 / np.sqrt(1.0 + (freq / hz) ** (2 * order))


def highpass(hz: float, order: int = 2) -> Callable[[Mono], Mono]:
    """Gain of a Butterworth-shaped low cut."""
    return lambda freq: 1.0 / np.sqrt(1.0 + (hz / np.maximum(freq, 1e-3)) ** (2 * order))


def bandpass(hz: float, octaves: float) -> Callable[[Mono], Mono]:
    """Gain bell around `hz`, `octaves` wide between its half-power points."""
    return lambda freq: np.exp2(-0.5 * (2 * np.log2(np.maximum(freq, 1.0) / hz) / octaves) ** 2)


def saw(freq: Mono | float, frames: int, phase: float = 0.0) -> Mono:
    """Band-limited sawtooth of constant or moving frequency, from a table of its harmonics."""
    hz = np.broadcast_to(np.asarray(freq, dtype=np.float64), (frames,))
    top = max(1, int(min(15000.0 / float(hz.max()), _TABLE / 4)))
    harmonics = np.zeros(_TABLE // 2 + 1, dtype=np.complex128)
    number = np.arange(1, top + 1)
    harmonics[1 : top + 1] = -1j / number * np.cos(0.5 * np.pi * number / (top + 1)) ** 0.5
    table = np.fft.irfft(harmonics, _TABLE)
    table /= np.abs(table).max()
    at = (phase + np.cumsum(hz) / RATE) % 1.0 * _TABLE
    index = at.astype(np.int64)
    table = np.append(table, table[0])
    return table[index] + (at - index) * np.diff(table)[index]


def kick(*, deep: float = 48.0, punch: float = 170.0, length: float = 0.42, drive: float = 1.6,
         rng: np.random.Generator) -> Mono:  # fmt: skip
    """A sine that falls from `punch` to `deep` hertz, with a click, driven."""
    time = seconds(length)
    freq = deep + punch * decay(time, 0.018) + 3.0 * punch * decay(time, 0.003)
    body = np.sin(2 * np.pi * np.cumsum(freq) / RATE) * decay(time, length / 4.5)
    click = filtered(rng.normal(size=time.size), highpass(2500.0)) * decay(time, 0.0025) * 0.25
    return shaped(np.tanh(drive * (body + click)) / np.tanh(drive), release=length * 0.3)


def snare(*, tone: float = 186.0, length: float = 0.28, rng: np.random.Generator) -> Mono:
    """Two drum modes under a burst of high noise."""
    time = seconds(length)
    modes = np.sin(2 * np.pi * np.cumsum(tone * (1 + 0.6 * decay(time, 0.008))) / RATE)
    modes += 0.6 * np.sin(2 * np.pi * tone * 1.79 * time)
    wires = filtered(rng.normal(size=time.size), highpass(1800.0, 3))
    wave = 0.6 * modes * decay(time, 0.032) + 0.42 * wires * decay(time, 0.05)
    return shaped(np.tanh(1.5 * wave), attack=0.0004, release=0.06)


def clap(*, rng: np.random.Generator) -> Mono:
    """Four hands, 11 ms apart, and the room behind them."""
    time = seconds(0.35)
    noise = filtered(rng.normal(size=time.size), bandpass(1350.0, 1.8))
    noise /= np.abs(noise).max()
    hands = sum(decay(np.maximum(time - at, 0.0), 0.004) * (time >= at)
                for at in (0.0, 0.011, 0.021, 0.033))  # fmt: skip
    return shaped(np.tanh(noise * (hands + 0.55 * decay(time, 0.055))), release=0.1)


def hat(*, open_s: float = 0.05, rng: np.random.Generator) -> Mono:
    """Six clashing square waves and noise above 7 kHz."""
    time = seconds(min(0.9, open_s * 5))
    metal = sum(np.sign(np.sin(2 * np.pi * hz * time + hz))
                for hz in (2051.0, 3072.0, 3693.0, 5221.0, 5407.0, 8003.0))  # fmt: skip
    wave = filtered(metal / 6 + 0.7 * rng.normal(size=time.size), highpass(7200.0, 3))
    wave *= decay(time, open_s * 0.55)
    return shaped(wave / np.abs(wave).max(), attack=0.0003, release=open_s)


def shaker(*, rng: np.random.Generator) -> Mono:
    """A soft swell of grains."""
    time = seconds(0.11)
    grains = filtered(rng.normal(size=time.size) * (rng.random(time.size) < 0.3), highpass(4500.0))
    swell = (time / 0.035) * np.exp(1 - time / 0.035)
    return shaped(grains / np.abs(grains).max() * swell, release=0.03)


def wood(*, hz: float = 880.0) -> Mono:
    """A wood block: two short inharmonic modes."""
    time = seconds(0.12)
    wave = np.sin(2 * np.pi * hz * time) + 0.5 * np.sin(2 * np.pi * hz * 2.57 * time)
    return shaped(wave / 1.5 * decay(time, 0.014), release=0.03)


def bass_808(midi: float, length: float, *, slide_from: float | None = None) -> Mono:
    """A long driven sine with a thump; `slide_from` glides in from another note."""
    time = seconds(length)
    start = hertz(midi if slide_from is None else slide_from)
    freq = hertz(midi) + (start - hertz(midi)) * decay(time, 0.035) + 110.0 * decay(time, 0.011)
    body = np.sin(2 * np.pi * np.cumsum(freq) / RATE)
    return shaped(np.tanh(2.4 * body * decay(time, 0.75)) * 0.95, attack=0.002, release=0.06)


def bass_sub(midi: float, length: float) -> Mono:
    """A round bass: sine with soft second and third harmonics that die away."""
    time = seconds(length)
    turn = 2 * np.pi * hertz(midi) * time
    wave = np.sin(turn) + decay(time, 0.12) * (0.45 * np.sin(2 * turn) + 0.2 * np.sin(3 * turn))
    return shaped(np.tanh(1.1 * wave) * decay(time, 1.2), attack=0.006, release=0.05)


def electric_piano(midi: float, length: float, *, velocity: float = 0.8) -> Mono:
    """Two FM pairs: a tine (ratio 14) that dies at once and a body (ratio 1) that mellows."""
    time = seconds(length)
    turn = 2 * np.pi * hertz(midi) * time
    bright = velocity * (1.0 - 0.4 * np.clip((midi - 60) / 36, 0, 1))
    tine = np.sin(turn + 0.7 * bright * decay(time, 0.03) * np.sin(14 * turn))
    body = np.sin(turn + 1.5 * bright * decay(time, 0.3) * np.sin(turn))
    wave = (0.45 * tine + 0.55 * body) * decay(time, 0.55 * 2.0 ** ((60 - midi) / 24))
    return shaped(wave * velocity, attack=0.003, release=min(0.12, length / 3))


def pluck(midi: float, length: float, *, bright: float = 0.5, rng: np.random.Generator) -> Mono:
    """A plucked string (Karplus and Strong 1983), tuned exactly by reading it at varispeed."""
    period = max(2, int(RATE / hertz(midi)) - 1)
    block = filtered(rng.uniform(-1, 1, period), lowpass(1500.0 + 9000.0 * bright, 1))
    block -= block.mean()
    keep = 0.5 ** (1.0 / (hertz(midi) * 0.35))
    count = int(length * RATE / period) + 3
    blocks = np.empty((count, period))
    for number in range(count):
        blocks[number] = block
        block = keep * 0.5 * (block + np.roll(block, 1))
    raw = blocks.ravel()
    speed = hertz(midi) * (period + 0.5) / RATE
    frames = round(length * RATE)
    wave = np.interp(np.arange(frames) * speed, np.arange(raw.size), raw)
    return shaped(wave / max(np.abs(wave).max(), 1e-9), attack=0.001, release=length * 0.3)


def bell(midi: float, length: float) -> Mono:
    """A glassy FM bell (ratio 3.5)."""
    time = seconds(length)
    turn = 2 * np.pi * hertz(midi) * time
    wave = np.sin(turn + 1.6 * decay(time, 0.14) * np.sin(3.5 * turn)) * decay(time, 0.28)
    return shaped(wave + 0.2 * np.sin(2 * turn) * decay(time, 0.1), release=length * 0.3)


def strings(midi: float, length: float, *, rng: np.random.Generator) -> Stereo:
    """Five detuned saws across the stereo field, slowly swelling (2, frames)."""
    frames = round(length * RATE)
    out = np.zeros((2, frames))
    for number in range(5):
        cents = (number - 2) * 5.5 + rng.uniform(-1, 1)
        wave = saw(hertz(midi) * 2.0 ** (cents / 1200), frames, rng.random())
        side = number / 4
        out += np.stack([np.cos(side * np.pi / 2) * wave, np.sin(side * np.pi / 2) * wave])
    fade = min(0.35, length / 3)
    return np.stack([shaped(side, attack=fade, release=fade) for side in out]) / 4.0


def voice(midi: float, length: float, *, vowels: tuple[str, str], rng: np.random.Generator) -> Mono:
    """A sung note that moves from one vowel to another, with vibrato and breath."""
    time = seconds(length)
    settle = np.clip(time / 0.25, 0, 1)
    cents = 22.0 * settle * np.sin(2 * np.pi * 5.4 * time) - 90.0 * decay(time, 0.03)
    source = saw(hertz(midi) * 2.0 ** (cents / 1200), time.size)
    source += 0.05 * rng.normal(size=time.size)

    def formants(name: str) -> Mono:
        def gain(freq: Mono) -> Mono:
            peaks = (level / (1 + ((freq - hz) / width) ** 2) for hz, level, width in VOWELS[name])
            return np.asarray(sum(peaks))

        return filtered(source, gain)

    turn = np.clip((time / length - 0.15) / 0.5, 0, 1)
    wave = formants(vowels[0]) * (1 - turn) + formants(vowels[1]) * turn
    wave /= max(np.abs(wave).max(), 1e-9)
    return shaped(wave, attack=0.03, release=min(0.15, length / 3))


def room(sound: NDArray[np.float64], *, decay_s: float, wet: float, seed: int) -> Stereo:
    """`sound` (mono or stereo) in a stereo room of decaying noise; circular, so loops stay loops.

    `decay_s` is the time to -60 dB, `wet` the level of the room against the sound.
    """
    # Single precision (-140 dB) halves the time of the transforms.
    stereo = np.atleast_2d(sound).astype(np.float32)
    frames = stereo.shape[1]
    rng = np.random.default_rng(seed)
    length = min(frames, round(decay_s * RATE))
    time = np.arange(length) / RATE
    tail = rng.normal(size=(2, length)) * 10 ** (-3 * time / decay_s)
    tail *= np.clip(time / 0.012, 0, 1)
    tail /= np.sqrt((tail**2).sum(axis=1, keepdims=True))
    freq = np.asarray(np.fft.rfftfreq(frames, 1 / RATE), np.float64)
    colour = lowpass(5200.0, 1)(freq) * highpass(180.0)(freq) * wet
    echo = np.fft.rfft(stereo) * np.fft.rfft(tail.astype(np.float32), frames)
    out: Stereo = stereo + np.fft.irfft(echo * colour.astype(np.float32), frames)
    return out.astype(np.float64)
