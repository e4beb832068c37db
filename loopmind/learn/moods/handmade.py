"""The hand-made functions that told moods before any model did: what the model must beat.

Their directions follow what listening studies agree on (see contrasts.py); the slopes are ours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.moods import Character, octaves, rise
from loopmind.music.loop import MOODS

F32 = NDArray[np.float32]


def values_of(sound: Character, energy: float) -> F32:
    """How much of each of MOODS a sound has by hand-made functions, float32 (moods,) in 0..1."""
    bright = rise(octaves(sound.brightness_hz), 2.0, 4.3)
    calm = (1.0 - energy) * (0.5 + 0.5 * sound.sustain)
    major = 1.0 - sound.minor
    soft = 1.0 - sound.attack
    values = {
        "dark": (1.0 - bright) * (0.65 + 0.35 * sound.minor),
        "bright": bright * (0.75 + 0.25 * major),
        "warm": (1.0 - bright) * sound.pitched * rise(sound.low_share, 0.05, 0.5)
        * (1.0 - 0.7 * sound.distortion),
        "aggressive": energy * (0.45 + 0.55 * max(sound.distortion, sound.attack))
        * (0.8 + 0.2 * sound.minor),
        "calm": calm,
        "dreamy": sound.pitched * sound.sustain * soft * (1.0 - 0.6 * energy),
        "happy": sound.pitched * major * (0.4 + 0.6 * energy),
        "sad": sound.pitched * sound.minor * (1.0 - 0.8 * energy),
        "lo-fi": (1.0 - rise(sound.air_share, 0.0005, 0.02)) * (0.4 + 0.6 * soft)
        * (0.35 + 0.65 * rise(sound.flatness, 0.003, 0.05)) * (1.0 - 0.5 * energy),
        "punchy": sound.attack * rise(sound.crest_db, 8.0, 18.0) * (1.0 - 0.5 * sound.sustain),
        "clean": (1.0 - sound.distortion) * (1.0 - rise(sound.flatness, 0.05, 0.4))
        * (0.3 + 0.7 * sound.pitched),
        "distorted": sound.distortion * (0.4 + 0.6 * (1.0 - rise(sound.crest_db, 6.0, 18.0))),
    }  # fmt: skip
    return np.clip(np.array([values[name] for name in MOODS], np.float32), 0.0, 1.0)
