"""Mood and character tags and perceived energy: documented, monotone functions of what is heard.

Each tag is independent of the others, 0 (not at all) .. 1 (clearly). They are hand-made: the
directions follow what listening studies agree on (brightness and attack for timbral words:
Pearce, Brookes & Mason, "Timbral attributes for sound effect library searching", AES 2017;
mode and event density for happy and sad: Eerola, Friberg & Bresin, "Emotional expression in
music", Frontiers in Psychology 4, 2013); the slopes are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loopmind.music.belief import Belief
from loopmind.music.loop import MOODS

_KEPT = 0.3


@dataclass(frozen=True)
class Character:
    """What moods are read from. Shares and clarities lie in 0..1.

    brightness_hz: spectral centroid. low_share: energy below 250 Hz. air_share: energy above
    4 kHz. flatness: how noise-like. onset_rate: events per second, each counted by its strength.
    attack: share of events that rise fast. crest_db: peak to RMS. minor: belief in a minor key,
    .5 unknown. pitched, steadiness: see Tone. distortion: overtones and noise filling the spectrum
    of a pitched sound. sustain: share of time within 20 dB of the peak.
    """

    brightness_hz: float
    low_share: float
    air_share: float
    flatness: float
    onset_rate: float
    attack: float
    crest_db: float
    minor: float
    pitched: float
    steadiness: float
    distortion: float
    sustain: float


def energy_of(sound: Character) -> float:
    """Perceived drive, 0 calm .. 1 intense: more events, brighter, denser and sharper is more."""
    score = (
        0.4 * _rise(sound.onset_rate, 0.1, 3.5)
        + 0.24 * _rise(_octaves(sound.brightness_hz), 1.0, 4.5)
        + 0.22 * sound.attack
        + 0.14 * sound.distortion
    )
    return float(np.clip(score, 0.0, 1.0))


def tags_of(sound: Character, energy: float) -> tuple[Belief[str], ...]:
    """Tags of at least _KEPT, strongest first."""
    bright = _rise(_octaves(sound.brightness_hz), 2.0, 4.3)
    calm = (1.0 - energy) * (0.5 + 0.5 * sound.sustain)
    major = 1.0 - sound.minor
    soft = 1.0 - sound.attack
    values = {
        "dark": (1.0 - bright) * (0.65 + 0.35 * sound.minor),
        "bright": bright * (0.75 + 0.25 * major),
        "warm": (1.0 - bright) * sound.pitched * _rise(sound.low_share, 0.05, 0.5)
        * (1.0 - 0.7 * sound.distortion),
        "aggressive": energy * (0.45 + 0.55 * max(sound.distortion, sound.attack))
        * (0.8 + 0.2 * sound.minor),
        "calm": calm,
        "dreamy": sound.pitched * sound.sustain * soft * (1.0 - 0.6 * energy),
        "happy": sound.pitched * major * (0.4 + 0.6 * energy),
        "sad": sound.pitched * sound.minor * (1.0 - 0.8 * energy),
        "lo-fi": (1.0 - _rise(sound.air_share, 0.0005, 0.02)) * (0.4 + 0.6 * soft)
        * (0.35 + 0.65 * _rise(sound.flatness, 0.003, 0.05)) * (1.0 - 0.5 * energy),
        "punchy": sound.attack * _rise(sound.crest_db, 8.0, 18.0) * (1.0 - 0.5 * sound.sustain),
        "clean": (1.0 - sound.distortion) * (1.0 - _rise(sound.flatness, 0.05, 0.4))
        * (0.3 + 0.7 * sound.pitched),
        "distorted": sound.distortion * (0.4 + 0.6 * (1.0 - _rise(sound.crest_db, 6.0, 18.0))),
    }  # fmt: skip
    kept = [(name, round(float(np.clip(values[name], 0.0, 1.0)), 3)) for name in MOODS]
    ordered = sorted((pair for pair in kept if pair[1] >= _KEPT), key=lambda pair: -pair[1])
    return tuple(Belief(name, weight) for name, weight in ordered)


def _octaves(hertz: float) -> float:
    """Octaves above 125 Hz."""
    return float(np.log2(max(hertz, 20.0) / 125.0))


def _rise(value: float, none: float, full: float) -> float:
    """0 up to `none`, 1 from `full` on, straight between."""
    return float(np.clip((value - none) / (full - none), 0.0, 1.0))
