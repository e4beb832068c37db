"""Mood and character tags, told by a small network, and perceived energy, a hand-made function.

Each tag is independent of the others, 0 (not at all) .. 1 (clearly). `loopmind.learn.moods` trains
the network on sounds whose names say what they are like, and on known changes of sounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.features import FEATURE_PLACES, FEATURES
from loopmind.analysis.models import MOODS_MODEL, ModelError, read_arrays
from loopmind.music.belief import Belief
from loopmind.music.loop import MOODS

F32 = NDArray[np.float32]

_KEPT = 0.3
FARTHEST = 4.0
# What has no pitch is in no mode, be it happy or sad.
_OF_MODE = [MOODS.index("happy"), MOODS.index("sad")]
_OWN = (
    "brightness", "low_share", "air_share", "flatness", "onset_rate", "attack", "crest", "minor",
    "pitched", "steadiness", "distortion", "sustain", "energy", "in_minor", "in_major",
)  # fmt: skip
# How long a sound is, and how much happens in all, is no mood: a loop played twice is as sad.
_OF_LENGTH = ("peak_at", "length", "sounding", "events")
_DECAYS = [FEATURE_PLACES[f"decay_{fall}"] for fall in (6, 12, 20, 30)]
_HEARD = np.delete(np.arange(FEATURES), [FEATURE_PLACES[name] for name in _OF_LENGTH])
INPUTS = len(_HEARD) + len(_OWN)
"""How many numbers moods are told from."""
_LONGEST_DECAY = 1.0  # log2 of seconds; what rings longer is told by its levels


@dataclass(frozen=True)
class Character:
    """What moods and energy are read from. Shares and clarities lie in 0..1.

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
        0.4 * rise(sound.onset_rate, 0.1, 3.5)
        + 0.24 * rise(octaves(sound.brightness_hz), 1.0, 4.5)
        + 0.22 * sound.attack
        + 0.14 * sound.distortion
    )
    return float(np.clip(score, 0.0, 1.0))


def tags_of(sound: Character, features: F32) -> tuple[Belief[str], ...]:
    """Tags of at least _KEPT, strongest first; `features` are those of `timbre_features`.

    Raises ModelError where the model is missing or another one.
    """
    values = values_of(_model(), numbers_of(sound, features)[None])[0]
    kept = [(name, round(float(value), 3)) for name, value in zip(MOODS, values, strict=True)]
    ordered = sorted((pair for pair in kept if pair[1] >= _KEPT), key=lambda pair: -pair[1])
    return tuple(Belief(name, weight) for name, weight in ordered)


def values_of(arrays: Mapping[str, F32], numbers: F32) -> F32:
    """What a model makes of sounds' numbers (n, numbers): float32 (n, moods) in 0..1."""
    scores = scores_of(arrays, numbers)
    values = 0.5 + 0.5 * np.tanh(0.5 * arrays["slope"] * (scores - arrays["place"]))
    shares = np.linspace(0.0, 1.0, len(arrays["ranks"]))
    for mood in range(scores.shape[1]):
        values[:, mood] *= np.interp(scores[:, mood], arrays["ranks"][:, mood], shares)
    values[:, _OF_MODE] *= numbers[:, [_OWN.index("pitched") - len(_OWN)]]
    return np.asarray(values, np.float32)


def scores_of(arrays: Mapping[str, F32], numbers: F32) -> F32:
    """The network's own scores, float32 (n, moods): they only order sounds."""
    x = np.clip((numbers - arrays["mean"]) / arrays["spread"], -FARTHEST, FARTHEST)
    hidden = np.maximum(x @ arrays["weight0"] + arrays["bias0"], 0.0)
    scores: F32 = hidden @ arrays["weight1"] + arrays["bias1"]
    return scores


@lru_cache(maxsize=1)
def _model() -> dict[str, F32]:
    arrays = read_arrays(MOODS_MODEL)
    width = arrays.get("weight0", np.zeros((0, 0))).shape[-1]
    shapes = {
        "weight0": (INPUTS, width), "bias0": (width,), "weight1": (width, len(MOODS)),
        "bias1": (len(MOODS),), "mean": (INPUTS,), "spread": (INPUTS,), "slope": (len(MOODS),),
        "place": (len(MOODS),), "ranks": (len(arrays.get("ranks", ())), len(MOODS)),
    }  # fmt: skip
    if {name: array.shape for name, array in arrays.items()} != shapes or not all(
        np.isfinite(array).all() for array in arrays.values()
    ):
        raise ModelError(f"the model {MOODS_MODEL} is another one than this version of LoopMind's; "
                         "install LoopMind again")  # fmt: skip
    return arrays


def octaves(hertz: float) -> float:
    """Octaves above 125 Hz."""
    return float(np.log2(max(hertz, 20.0) / 125.0))


def rise(value: float, none: float, full: float) -> float:
    """0 up to `none`, 1 from `full` on, straight between."""
    return float(np.clip((value - none) / (full - none), 0.0, 1.0))


def numbers_of(sound: Character, features: F32) -> F32:
    """What moods are told from, float32 (INPUTS,): the sound's features and its character."""
    heard = features.copy()
    heard[_DECAYS] = np.minimum(heard[_DECAYS], _LONGEST_DECAY)
    own = {
        "brightness": octaves(sound.brightness_hz),
        "low_share": sound.low_share,
        "air_share": np.log10(sound.air_share + 1e-5),
        "flatness": np.log10(sound.flatness + 1e-4),
        "onset_rate": np.sqrt(max(sound.onset_rate, 0.0)),
        "attack": sound.attack,
        "crest": sound.crest_db / 10.0,
        "minor": sound.minor,
        "pitched": sound.pitched,
        "steadiness": sound.steadiness,
        "distortion": sound.distortion,
        "sustain": sound.sustain,
        "energy": energy_of(sound),
        "in_minor": sound.pitched * sound.minor,
        "in_major": sound.pitched * (1.0 - sound.minor),
    }
    return np.concatenate([heard[_HEARD], np.array([own[name] for name in _OWN], np.float32)])
