"""What a sound tells of its colour: spectrum, instrument, role, moods, energy and embedding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.embedding import SIZE, embed
from loopmind.analysis.features import Shape, shape_of, timbre_features
from loopmind.analysis.instrument import believe_instrument, believe_role
from loopmind.analysis.listening.tagger import Told, tell
from loopmind.analysis.moods import Character, energy_of, tags_of
from loopmind.analysis.tone import Tone
from loopmind.music.belief import Belief
from loopmind.music.loop import SPECTRUM_BANDS_HZ

if TYPE_CHECKING:
    from loopmind.analysis.frontend import Spectra
    from loopmind.analysis.rhythm import Rhythm

F32 = NDArray[np.float32]

SPECTRUM_FLOOR_DB = -90.0
_SUDDEN_DB = 2.0


@dataclass(frozen=True, eq=False)
class Timbre:
    """What was heard of colour; the fields are those of `Loop`."""

    spectrum_db: tuple[float, ...]
    brightness_hz: float
    energy: float
    instrument: tuple[Belief[str], ...]
    role: tuple[Belief[str], ...]
    tags: tuple[Belief[str], ...]
    embedding: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Listened:
    """A sound's mean power (bins,); unless it is silent its shape, features and what was told."""

    mean: NDArray[np.float64]
    heard: tuple[Shape, F32, Told] | None

    @property
    def loop(self) -> float | None:
        """How likely the tagger holds a loop; None where it was not asked."""
        return self.heard[2].loop if self.heard else None


def listen(spectra: Spectra, tone: Tone) -> Listened:
    """Ask the tagger about a sound, unless it is silent."""
    mono, power = spectra.mono, spectra.power
    mean = power.mean(axis=0, dtype=np.float64)
    if float(mean.sum()) <= 1e-18 or _peak(mono) <= 1e-7:
        return Listened(mean, None)
    shape = shape_of(mono, spectra.rate_hz, power, spectra.hop)
    features = timbre_features(shape, tone, tone.heard)
    return Listened(mean, (shape, features, tell(spectra, features)))


def hear_timbre(
    spectra: Spectra, rhythm: Rhythm, tone: Tone, listened: Listened | None = None
) -> Timbre:
    """Instrument, role, tags, energy, spectrum and embedding of a sound.

    listened: what `listen` gave, where the tagger was asked before. A silent sound has no
    instrument, role or tags, a flat spectrum at SPECTRUM_FLOOR_DB, and the zero vector as
    embedding.
    """
    listened = listened or listen(spectra, tone)
    mean = listened.mean
    spectrum_db = band_levels(mean, spectra.rate_hz)
    if listened.heard is None:
        return Timbre(spectrum_db, 0.0, 0.0, (), (), (), (0.0,) * SIZE)
    _, features, told = listened.heard
    instrument = believe_instrument(told.instrument)
    character = character_of(spectra, rhythm, tone, listened)
    energy = energy_of(character)
    onset_rate = _sure(character.attack) * len(rhythm.onsets_s) / _seconds(spectra)
    return Timbre(
        spectrum_db=spectrum_db,
        brightness_hz=round(character.brightness_hz, 1),
        energy=round(energy, 4),
        instrument=instrument,
        role=believe_role(
            instrument,
            register_midi=tone.register_midi,
            voices=tone.voices,
            steadiness=tone.steadiness,
            onset_rate=onset_rate,
            pitched=tone.pitched,
        ),
        tags=tags_of(character, features),
        embedding=embed(told.embedding),
    )


def _peak(mono: F32) -> float:
    return max(float(mono.max(initial=0.0)), -float(mono.min(initial=0.0)))


def attack_of(shape: Shape) -> float:
    """Share of all rising that happens in sudden steps, 0 (swells, flutter) .. 1 (only hits)."""
    flux = shape.flux[shape.level_db > -50.0]
    total = float(flux.sum())
    share = float(flux[flux > _SUDDEN_DB].sum()) / total if total > 0.0 else 0.0
    return float(np.clip((share - 0.05) / 0.75, 0.0, 1.0))


def band_levels(mean_power: NDArray[np.float64], rate_hz: int) -> tuple[float, ...]:
    """Power in the octave bands SPECTRUM_BANDS_HZ relative to the total, dB, from bin powers.

    Bands above half of `rate_hz` hold SPECTRUM_FLOOR_DB.
    """
    hertz = np.arange(mean_power.size) * (rate_hz / 2 / (mean_power.size - 1))
    total = float(mean_power.sum())
    levels = []
    for centre in SPECTRUM_BANDS_HZ:
        inside = (hertz >= centre / np.sqrt(2.0)) & (hertz < centre * np.sqrt(2.0))
        share = float(mean_power[inside].sum()) / total if total > 0.0 else 0.0
        level = 10.0 * np.log10(share) if share > 0.0 else SPECTRUM_FLOOR_DB
        levels.append(round(max(SPECTRUM_FLOOR_DB, float(level)), 2))
    return tuple(levels)


def _seconds(spectra: Spectra) -> float:
    return max(0.25, spectra.mono.size / spectra.rate_hz)


def _sure(attack: float) -> float:
    """Held sounds flutter; what does not rise like an event counts as a quarter of one."""
    return 0.25 + 0.75 * attack


def character_of(spectra: Spectra, rhythm: Rhythm, tone: Tone, listened: Listened) -> Character:
    """What moods and energy are read from, of a sound that is not silent."""
    assert listened.heard is not None
    shape, mono, mean = listened.heard[0], spectra.mono, listened.mean
    attack = attack_of(shape)
    drive = _sure(attack) * sum(rhythm.onset_strengths) / _seconds(spectra)
    hertz = np.arange(mean.size) * (spectra.rate_hz / 2 / (mean.size - 1))
    size = np.sqrt(mean)
    total = float(mean.sum())
    active = shape.level_db > -40.0
    # Blocks keep single-precision sums exact enough for the longest files.
    blocks = (mono[first : first + 65536] for first in range(0, mono.size, 65536))
    rms = math.sqrt(sum(float(np.dot(block, block)) for block in blocks) / mono.size)
    crest_db = 20.0 * np.log10(max(1e-9, _peak(mono)) / max(1e-9, rms))
    flatness = float(shape.flatness[active].mean()) if active.any() else 0.0
    minor = sum(b.weight for b in tone.key if b.value.mode == "minor") if tone.key else 0.5
    air = float(mean[hertz > 4000.0].sum()) / total
    # A clean pitched sound leaves the gaps between its partials empty; drive fills them.
    filled = float(np.clip((1.0 - tone.tonal) * tone.harmonic * 1.6, 0.0, 1.0))
    dense = float(np.clip((14.0 - crest_db) / 10.0, 0.0, 1.0))
    return Character(
        brightness_hz=float((size * hertz).sum() / size.sum()),
        low_share=float(mean[hertz < 250.0].sum()) / total,
        air_share=air,
        flatness=flatness,
        onset_rate=drive,
        attack=attack,
        crest_db=float(crest_db),
        minor=float(minor),
        pitched=tone.pitched,
        steadiness=tone.steadiness,
        distortion=filled * dense,
        sustain=float((shape.envelope_db > -20.0).mean()),
    )
