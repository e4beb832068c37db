"""Patches of synthesised instruments: organs, pianos, strings, winds, choirs, leads, guitars.

Additive, subtractive, FM and plucked-string synthesis, with every parameter drawn. A patch plays
single notes; `tones` makes sounds of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.sounds.waves import (
    RATE_HZ,
    array,
    cycle_of,
    darkening,
    ensemble,
    formants,
    hold,
    levels_of,
    shaped,
    span,
    sung,
    times,
    vibrato,
)

F64 = NDArray[np.float64]
Voice = Callable[[float, float], F64]
"""Plays (hertz, seconds held) -> samples, release included; one voice is one patch."""

_VOWELS = (
    (730, 1090, 2440),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (440, 1020, 2240),
)


def _organ(rng: np.random.Generator) -> Voice:
    """Drawbars with click and rotor, or ranks of pipes."""
    pipes = rng.random() < 0.5
    feet = np.array([0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0])
    bars = rng.uniform(0, 1, 9) * (rng.random(9) < rng.uniform(0.35, 1.0))
    bars[1] = max(bars[1], 0.4)
    rotor = rng.uniform(5.5, 7.5) if rng.random() < 0.6 else rng.uniform(0.6, 1.2)
    depth = 0.0 if pipes else rng.uniform(0, 0.35)
    click, drive = rng.uniform(0, 0.15), span(rng, 0.3, 4.0)
    steep, chiff, attack = rng.uniform(1.2, 3.0), rng.uniform(0, 0.08), span(rng, 0.002, 0.08)
    seed = int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(held + (0.3 if pipes else 0.05))
        rank = (
            cycle_of(np.arange(1, 24.0) ** -steep, hertz) if pipes else cycle_of(np.ones(1), hertz)
        )
        sound = np.zeros(t.size)
        for foot, level in zip(feet, bars, strict=True):
            if level and hertz * foot < 9000:
                sound += level * sung(rank, hertz * foot * 2 ** (own.normal(0, 2) / 1200), t,
                                       float(own.random()))  # fmt: skip
        if pipes:
            breath = shaped(own.standard_normal(t.size), hertz, 4 * hertz)
            sound += breath / (breath.std() + 1e-9) * chiff * (0.3 + np.exp(-t / 0.03))
        else:
            sound = np.tanh(sound * drive * 0.3)
            sound *= 1 + depth * np.sin(2 * np.pi * rotor * t)
            sound += own.standard_normal(t.size) * np.exp(-t / 0.002) * click
        return sound * hold(t, held, attack, 0.08 if pipes else 0.01)

    return voice


def _electric_piano(rng: np.random.Generator) -> Voice:
    """Frequency modulation: bell over body; tremolo now and then."""
    ratio = float(rng.choice([1.0, 1.0, 3.0, 7.0, 14.0]))
    index, bell = span(rng, 0.3, 3.0), rng.uniform(0.0, 0.4)
    decay, tremolo = span(rng, 0.6, 3.0), rng.uniform(0, 0.3) * (rng.random() < 0.4)
    drive, rate = span(rng, 0.5, 3.0), rng.uniform(3, 7)

    def voice(hertz: float, held: float) -> F64:
        t = times(held + 0.4)
        phase = 2 * np.pi * hertz * t
        fall = decay * (220 / hertz) ** 0.4
        body = np.sin(phase + index * np.exp(-t / (0.5 * fall)) * np.sin(phase * ratio))
        top = np.sin(phase * 14.0 % (2 * np.pi)) * np.exp(-t / 0.12) if hertz < 700 else 0.0
        sound = np.tanh((body * np.exp(-t / fall) + bell * top) * drive)
        sound = sound * (1 + tremolo * np.sin(2 * np.pi * rate * t))
        return array(sound * hold(t, held, 0.002, 0.1))

    return voice


def _struck_strings(rng: np.random.Generator) -> Voice:
    """Pianos, harpsichords and clavinets: stiff strings, two or three of a note, a hammer."""
    stiff = span(rng, 5e-5, 1e-3)
    kind = int(rng.integers(3))
    steep = (rng.uniform(1.3, 2.2), rng.uniform(0.3, 0.9), rng.uniform(0.7, 1.2))[kind]
    strike = rng.uniform(0.07, 0.4)
    decay = (span(rng, 1.0, 4.0), span(rng, 0.6, 2.0), span(rng, 0.3, 1.0))[kind]
    knock, seed = rng.uniform(0.0, 0.15), int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(held + 0.35)
        sound = np.zeros(t.size)
        count = int(min(24 if kind else 18, 9000 / hertz))
        for n in range(1, count + 1):
            partial = hertz * n * np.sqrt(1 + stiff * n * n)
            if partial > 9500:
                break
            level = n**-steep * abs(np.sin(np.pi * n * strike))
            fall = decay * (220 / hertz) ** 0.5 / (1 + 0.15 * n)
            beat = 1 + 0.3 * np.cos(2 * np.pi * own.uniform(0.1, 1.2) * t)
            sound += level * np.sin(2 * np.pi * partial * t + own.uniform(0, 6)) * (
                0.7 * np.exp(-t / fall) + 0.3 * np.exp(-t / (3 * fall))
            ) * beat  # fmt: skip
        thud = shaped(own.standard_normal(t.size), 80, 2500) * np.exp(-t / 0.01)
        return array(
            (sound + knock * thud / (thud.std() + 1e-9) * 0.1) * hold(t, held, 0.001, 0.08)
        )

    return voice


def _bowed(rng: np.random.Generator) -> Voice:
    """One bowed string, a section, or a string machine."""
    machine = rng.random() < 0.4
    players = int(rng.integers(4, 10)) if machine or rng.random() < 0.5 else 1
    cents = span(rng, 4, 14) if players > 1 else 1.0
    attack, release = span(rng, 0.02, 0.5), span(rng, 0.05, 0.5)
    bright = span(rng, 1800, 7000)
    body = tuple(span(rng, 250, 3500) for _ in range(5))
    wobble = 0.0 if machine else rng.uniform(0.1, 0.4)
    rosin, seed = rng.uniform(0.005, 0.06), int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(held + 2.5 * release)
        sound = ensemble(
            own, cycle_of(levels_of(own, "saw"), hertz), hertz, t, players, cents, wobble
        )
        if not machine:
            noise = shaped(own.standard_normal(t.size), 1500, 8000)
            sound = sound + rosin * noise / (noise.std() + 1e-9)
            sound = formants(sound, body, 0.12, 0.6)
        sound = shaped(sound, hertz * 0.7, bright, 1)
        return sound * hold(t, held, attack, release)

    return voice


def _brass(rng: np.random.Generator) -> Voice:
    """Brightness that follows loudness: horns, sections, synthesiser brass."""
    players = 1 if rng.random() < 0.5 else int(rng.integers(2, 5))
    attack, release = span(rng, 0.02, 0.12), span(rng, 0.04, 0.25)
    top, wobble = span(rng, 4, 16), rng.uniform(0.0, 0.25)
    seed, blare = int(rng.integers(1 << 30)), rng.uniform(0.2, 0.7)

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(held + 2.5 * release)
        cycle = cycle_of(levels_of(own, "saw"), hertz)
        sound = ensemble(own, cycle, hertz, t, players, 6.0, wobble)
        sound = formants(sound, (1200.0, 2200.0), 0.5, 0.4)
        dull = shaped(sound, 60.0, hertz * 2.0)
        open_ = shaped(sound, 60.0, hertz * top)
        loud = hold(t, held, attack, release) * (blare + (1 - blare) * np.exp(-t / 0.3))
        return array((dull * (1 - loud) + open_ * loud) * hold(t, held, attack * 0.6, release))

    return voice


def _wind(rng: np.random.Generator) -> Voice:
    """Flutes (few harmonics, much breath), reeds (odd or formant-rich harmonics)."""
    kind = int(rng.integers(3))
    n = np.arange(1, 60.0)
    odd = np.where(n % 2 == 1, 1.0, 0.2)
    steep = ((2.0, 4.0), (0.9, 1.8), (0.4, 1.2))[kind]
    levels = n ** -rng.uniform(*steep) * (odd if kind == 1 else 1.0)
    breath = span(rng, 0.01, 0.25) if kind == 0 else span(rng, 0.004, 0.04)
    peaks = tuple(span(rng, 500, 3000) for _ in range(2))
    attack, release = span(rng, 0.015, 0.12), span(rng, 0.03, 0.15)
    wobble, seed = rng.uniform(0.0, 0.4), int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(held + 2.5 * release)
        sway = vibrato(own, t, wobble)
        sound = sung(cycle_of(levels, hertz), hertz * sway, t)
        if kind == 2:
            sound = formants(sound, peaks, 0.3, 0.8)
        air = shaped(own.standard_normal(t.size), hertz * 0.8, hertz * 5)
        sound = sound / (sound.std() + 1e-9) + breath * air / (air.std() + 1e-9) * (
            1 + 3 * np.exp(-t / 0.04)
        )
        return array(sound * (0.9 + 6 * (sway - 1)) * hold(t, held, attack, release))

    return voice


def _choir(rng: np.random.Generator) -> Voice:
    """Voices on a vowel, alone or many, with glides, breath and vibrato."""
    players = int(rng.integers(1, 8))
    vowels = [_VOWELS[int(i)] for i in rng.integers(0, len(_VOWELS), 2)]
    size = rng.uniform(0.9, 1.25)
    attack, release = span(rng, 0.03, 0.35), span(rng, 0.06, 0.5)
    wobble, breath = rng.uniform(0.1, 0.6), span(rng, 0.01, 0.2)
    steep, seed = rng.uniform(0.7, 1.5), int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(held + 2.5 * release)
        cycle = cycle_of(np.arange(1, 300.0) ** -steep, hertz)
        sound = ensemble(own, cycle, hertz, t, players, 12.0, wobble)
        air = own.standard_normal(t.size)
        sound = sound / (sound.std() + 1e-9) + breath * air
        first, second = (
            formants(sound, tuple(size * peak for peak in vowel), 0.11, 0.96) for vowel in vowels
        )
        turn = np.clip(t / max(0.1, held), 0, 1)
        return array((first * (1 - turn) + second * turn) * hold(t, held, attack, release))

    return voice


def _lead(rng: np.random.Generator) -> Voice:
    """Acid lines, super saws, hard pulses, FM and plucks."""
    kind = int(rng.integers(4))
    shape = str(rng.choice(["saw", "pulse", "square", "drawn"]))
    players = int(rng.integers(4, 8)) if kind == 1 else int(rng.integers(1, 3))
    open_, closed, fall = span(rng, 5, 30), span(rng, 1.1, 4), span(rng, 0.05, 0.6)
    peak, drive = rng.uniform(1, 5), span(rng, 0.5, 12.0)
    wobble = rng.uniform(0, 0.35) * (rng.random() < 0.4)
    ratio, index = float(rng.choice([0.5, 1, 2, 3, 1.5])), span(rng, 0.8, 6.0)
    pluck, seed = rng.random() < 0.4, int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(held + 0.15)
        pitch = hertz * vibrato(own, t, wobble)
        if kind == 2:
            phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
            sound = np.sin(phase + index * np.sin(phase * ratio) * (0.3 + np.exp(-t / fall)))
        else:
            cycle = cycle_of(levels_of(own, shape), hertz)
            sound = sum(
                (sung(cycle, pitch * 2 ** (own.normal(0, 9 if kind == 1 else 3) / 1200), t,
                       float(own.random())) for _ in range(players)), np.zeros(t.size)
            )  # fmt: skip
            if kind == 0:
                bright = formants(sound, (hertz * open_ * 0.5,), 0.2, 0.9) * peak
                sound = sound * 0.3 + bright * np.exp(-t / fall) + shaped(sound, 20, hertz * closed)
            else:
                sound = darkening(sound, t, hertz * open_, hertz * closed * 2, fall * 2)
        sound = np.tanh(sound / (sound.std() + 1e-9) * 0.4 * drive) if drive > 1 else sound
        shape_ = hold(t, held, span(own, 0.002, 0.02), 0.04)
        return array(sound * shape_ * (np.exp(-t / (3 * fall)) if pluck else 1.0))

    return voice


def _pad(rng: np.random.Generator) -> Voice:
    """Slow, wide and soft: detuned waves under a moving filter, sometimes a bell or air on top."""
    shape = str(rng.choice(["saw", "pulse", "triangle", "drawn"]))
    players, cents = int(rng.integers(3, 8)), span(rng, 5, 18)
    attack, release = span(rng, 0.06, 1.0), span(rng, 0.3, 1.5)
    low, high = sorted((span(rng, 300, 5000), span(rng, 300, 5000)))
    rate, air = span(rng, 0.08, 1.5), span(rng, 0.01, 0.3)
    bell, sub = rng.uniform(0, 0.5) * (rng.random() < 0.3), rng.uniform(0, 0.6)
    vowel = _VOWELS[int(rng.integers(len(_VOWELS)))] if rng.random() < 0.25 else None
    seed = int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(max(held, 0.8) + 2 * release)
        cycle = cycle_of(levels_of(own, shape), hertz)
        sound = ensemble(own, cycle, hertz, t, players, cents)
        sound = sound + sub * sung(cycle_of(np.ones(1), hertz), hertz / 2, t)
        if vowel is not None:
            sound = formants(sound, tuple(map(float, vowel)), 0.25, 0.8)
        noise = own.standard_normal(t.size)
        sound = sound / (sound.std() + 1e-9) + air * shaped(noise, hertz * 2, 7000)
        part = 0.5 + 0.5 * np.sin(2 * np.pi * rate * t + own.uniform(0, 6))
        sound = shaped(sound, 40, low) * (1 - part) + shaped(sound, 40, high) * part
        ring = np.sin(2 * np.pi * hertz * 3.5 * t) * np.exp(-t / 0.7)
        return array((sound + bell * ring) * hold(t, max(held, 0.8), attack, release))

    return voice


def _plucked(rng: np.random.Generator) -> Voice:
    """Karplus and Strong's string (1983): nylon, steel, muted, picked electric, distorted."""
    damp, soft = rng.uniform(0.2, 0.5), span(rng, 1500, 9000)
    long_ = span(rng, 0.15, 3.5)
    where, drive = rng.uniform(0.08, 0.4), span(rng, 1.0, 30.0) if rng.random() < 0.4 else 0.0
    body = tuple(span(rng, 90, 900) for _ in range(3))
    seed = int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(held + 0.25)
        n = np.arange(1, int(min(70, 9800 / hertz)) + 1.0)
        # The string in closed form: each harmonic loses what the averaging filter takes a period.
        loss = damp * (1 - np.cos(2 * np.pi * n * hertz / RATE_HZ)) * hertz + 1.0 / long_
        level = np.abs(np.sin(np.pi * n * where)) / n**0.8 / (1 + n * hertz / soft)
        phases = own.uniform(0, 2 * np.pi, n.size)
        sound = np.zeros(t.size)
        for k, a, fall, phase in zip(n, level, loss, phases, strict=True):
            stop = min(t.size, max(64, round(7.0 / fall * RATE_HZ)))
            part = t[:stop]
            sound[:stop] += a * np.sin(2 * np.pi * hertz * k * part + phase) * np.exp(-fall * part)
        pick = shaped(own.standard_normal(t.size), 800, 8000) * np.exp(-t / 0.003)
        sound = sound + 0.3 * pick
        if drive:
            sound = shaped(np.tanh(sound / (np.abs(sound).max() + 1e-9) * drive), 80, 4500)
        else:
            sound = formants(sound, body, 0.2, 0.4)
        return array(sound * hold(t, held, 0.0005, 0.04))

    return voice


def _bass(rng: np.random.Generator) -> Voice:
    """Synthesisers in the low register: one or two waves under a closing filter, FM, sine subs."""
    kind = str(rng.choice(["waves", "waves", "waves", "fm", "sub"]))
    shape = str(rng.choice(["saw", "saw", "pulse", "square", "triangle", "drawn"]))
    layers = [(1.0, 0.0)] + [(float(rng.choice([0.5, 1.0, 1.0, 2.0])), rng.normal(0, 7))
                             for _ in range(int(rng.integers(0, 3)))]  # fmt: skip
    open_, closed, fall = span(rng, 3, 40), span(rng, 1.1, 10), span(rng, 0.03, 0.8)
    ring, drive = rng.uniform(0, 4) * (rng.random() < 0.5), span(rng, 0.4, 8.0)
    ratio, index = float(rng.choice([0.5, 1, 1, 2, 3])), span(rng, 0.5, 6.0)
    sub, dies = rng.uniform(0, 0.8) * (rng.random() < 0.5), span(rng, 0.15, 6.0)
    drop, attack = rng.uniform(0, 2) * (rng.random() < 0.3), span(rng, 0.001, 0.03)
    seed = int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        own = np.random.default_rng(seed)
        t = times(held + 0.08)
        pitch = hertz * 2 ** (drop * np.exp(-t / 0.02))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
        if kind == "fm":
            sound = np.sin(phase + index * np.sin(phase * ratio) * (0.2 + np.exp(-t / fall)))
        elif kind == "sub":
            sound = np.tanh(np.sin(phase) * drive)
        else:
            cycle = cycle_of(levels_of(own, shape), hertz)
            sound = sum(
                (sung(cycle, pitch * times_ * 2 ** (cents / 1200), t, float(own.random()))
                 for times_, cents in layers), np.zeros(t.size)
            )  # fmt: skip
            peak = formants(sound, (hertz * closed,), 0.3, 1.0) * ring
            sound = darkening(sound, t, hertz * open_, hertz * closed, fall) + peak
            sound = np.tanh(sound * drive) if drive > 1 else sound
        sound = sound + sub * np.sin(phase / 2)
        return array(sound * np.exp(-t / dies) * hold(t, held, attack, 0.03))

    return voice


def plain(rng: np.random.Generator) -> Voice:
    """A few steady harmonics and nothing else, as whoever tries a transcriber out first makes them.

    No maker of instruments: what it plays is nobody's sound, so it is not among MAKERS.
    """
    count = int(rng.integers(1, 9))
    levels = 10.0 ** (rng.uniform(-24.0, 0.0, count) / 20.0)
    falling = rng.random() < 0.5
    if falling:
        levels = np.sort(levels)[::-1]
    levels = levels * (rng.random(count) < rng.uniform(0.6, 1.0))
    # Its first harmonic may be the softest, but is heard.
    levels[0] = max(levels[0], (0.5 if falling else 0.2) * levels.max(), 0.05)
    fall = span(rng, 0.08, 2.0) if rng.random() < 0.5 else 0.0
    attack, release = span(rng, 0.001, 0.04), span(rng, 0.005, 0.12)
    wobble = rng.uniform(0.0, 0.3) * (rng.random() < 0.2)
    phases, seed = rng.uniform(0.0, 2 * np.pi, count), int(rng.integers(1 << 30))

    def voice(hertz: float, held: float) -> F64:
        t = times(held + release)
        pitch = hertz * vibrato(np.random.default_rng(seed), t, wobble)
        phase = 2 * np.pi * np.cumsum(np.broadcast_to(pitch, t.shape)) / RATE_HZ
        sound = np.zeros(t.size)
        for n, (level, begin) in enumerate(zip(levels, phases, strict=True), 1):
            if level and hertz * n < 0.45 * RATE_HZ:
                sound += level * np.sin(n * phase + begin)
        return array(sound * hold(t, held, attack, release) * (np.exp(-t / fall) if fall else 1.0))

    return voice


MAKERS: tuple[tuple[str, Callable[[np.random.Generator], Voice]], ...] = (
    ("keys", _organ), ("keys", _electric_piano), ("keys", _struck_strings), ("strings", _bowed),
    ("brass", _brass), ("woodwind", _wind), ("vocal", _choir), ("lead", _lead), ("pad", _pad),
    ("guitar", _plucked), ("bass", _bass),
)  # fmt: skip
