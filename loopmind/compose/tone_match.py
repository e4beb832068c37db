"""Bringing a song's master nearer to a reference: equaliser, level curve, and how near it came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from loopmind.compose.matching import key_steps
from loopmind.dsp.filters import biquad
from loopmind.music.loop import SPECTRUM_BANDS_HZ
from loopmind.music.mix import EqBand
from loopmind.music.reference import Match, Reference
from loopmind.music.song import Automation, Song

F64 = NDArray[np.float64]

# Beyond this an equaliser no longer colours a song but breaks it.
MOST_DB = 6.0
LOWEST_MOST_DB = 4.0
PEAK_Q = 1.1
LEAST_BAND_DB = 0.3
RIDE_SHARE = 0.85
RIDE_MOST_DB = 4.0
RIDE_BARS = 2
LOUDNESS_LUFS = (-24.0, -8.0)
_RATE_HZ = 44100
_POINTS = 240


def matching_eq(own_db: Sequence[float], wanted_db: Sequence[float]) -> tuple[EqBand, ...]:
    """Bands that bring octave levels `own_db` towards `wanted_db`, each within MOST_DB.

    Levels are relative, so a common offset is left to the loudness. Least squares over the bands'
    responses at the octave centres, with what is beyond the limits clipped and the rest solved
    again; a small penalty keeps neighbours from working against each other.
    """
    goal = np.asarray(wanted_db) - np.asarray(own_db)
    # What is all but absent in either (a reference without treble) is no goal to reach for.
    heard = np.minimum(np.asarray(own_db), np.asarray(wanted_db)) > -45.0
    weight = np.where(heard, 1.0, 0.15)
    goal = goal - float((goal * weight).sum() / weight.sum())
    limits = np.array([LOWEST_MOST_DB, *[MOST_DB] * (len(goal) - 2), LOWEST_MOST_DB])
    shapes = np.array([_response(band) for band in _bands(np.ones(len(goal)))])
    gains = np.zeros(len(goal))
    free = np.ones(len(goal), dtype=bool)
    for _ in range(len(goal)):
        rest = goal - shapes[~free].T @ gains[~free]
        a = np.concatenate([(shapes[free].T) * weight[:, None], 0.35 * np.eye(int(free.sum()))])
        b = np.concatenate([rest * weight, np.zeros(int(free.sum()))])
        gains[free] = np.linalg.lstsq(a, b, rcond=None)[0]
        over = free & (np.abs(gains) > limits)
        if not over.any():
            break
        gains[over] = np.sign(gains[over]) * limits[over]
        free &= ~over
    return tuple(b for b in _bands(np.round(gains, 2)) if abs(b.gain_db) >= LEAST_BAND_DB)


def _bands(gains: F64) -> list[EqBand]:
    kinds = ["lowshelf", *["peak"] * (len(gains) - 2), "highshelf"]
    centres = [45.0, *SPECTRUM_BANDS_HZ[1:-1], 11500.0]
    return [
        EqBand(kind, centre, float(gain), PEAK_Q if kind == "peak" else 0.707)  # type: ignore[arg-type]
        for kind, centre, gain in zip(kinds, centres, gains, strict=True)
    ]


def _response(band: EqBand) -> F64:
    """Gain in dB at the octave centres."""
    b0, b1, b2, a1, a2 = biquad(band.kind, band.freq_hz, _RATE_HZ, band.gain_db, band.q)
    z = np.exp(-2j * np.pi * np.array(SPECTRUM_BANDS_HZ) / _RATE_HZ)
    found: F64 = 20.0 * np.log10(np.abs((b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z)))
    return found


def combined(bands: Sequence[EqBand], more: Sequence[EqBand]) -> tuple[EqBand, ...]:
    """Two equalisers as one: bands of one kind and frequency add up, within the limits."""
    found = list(bands)
    for band in more:
        place = next(
            (i for i, b in enumerate(found) if (b.kind, b.freq_hz) == (band.kind, band.freq_hz)),
            None,
        )
        if place is None:
            found.append(band)
            continue
        gain = min(max(found[place].gain_db + band.gain_db, -MOST_DB), MOST_DB)
        found[place] = replace(found[place], gain_db=round(gain, 2))
    return tuple(found)


def ridden(song: Song, curve_lufs: Sequence[float], step_s: float, reference: Reference) -> Song:
    """`song` with its master ridden towards the reference's loudness curve, a point every 2 bars.

    At most RIDE_MOST_DB up or down, and not where the song fades: curves are compared over
    relative time, each against its own mean.
    """
    length_s = song.beats * 60.0 / song.bpm
    own = _relative(curve_lufs, step_s, length_s)
    wanted = _relative(reference.curve_lufs, reference.curve_step_s, reference.duration_s)
    gap = RIDE_SHARE * (wanted - own)
    places = (np.arange(_POINTS) + 0.5) / _POINTS * song.beats
    drawn = next(
        (a for a in song.automation if (a.track, a.parameter) == ("master", "gain_db")), None
    )
    fade_at, fade_db = zip(*(drawn.points if drawn is not None else ((0.0, 0.0),)), strict=True)
    step = float(RIDE_BARS * song.beats_per_bar)
    beats = np.arange(0.0, song.beats + 0.5 * step, step)
    near = np.abs(places[None, :] - beats[:, None]) <= step
    wish = np.array([float(gap[inside].mean()) if inside.any() else 0.0 for inside in near])
    rides = np.clip(wish, -RIDE_MOST_DB, RIDE_MOST_DB)
    rides = np.where(np.interp(beats, fade_at, fade_db) > -0.5, rides, 0.0)
    rides = rides - float(rides.mean())
    at = np.union1d(beats, np.array(fade_at))
    levels = np.interp(at, beats, rides) + np.interp(at, fade_at, fade_db)
    points = tuple(
        (beat, round(level, 2)) for beat, level in zip(at.tolist(), levels.tolist(), strict=True)
    )
    others = tuple(a for a in song.automation if a is not drawn)
    return replace(song, automation=(*others, Automation("master", "gain_db", points)))


def _relative(curve: Sequence[float], step_s: float, length_s: float) -> F64:
    """A loudness curve on _POINTS places of relative time, dB against its loudness; floored."""
    values = np.asarray(curve, dtype=np.float64)
    times = np.arange(len(values)) * step_s
    at = (np.arange(_POINTS) + 0.5) / _POINTS * length_s
    found = np.interp(at, times, values)
    mean = 10.0 * math.log10(max(float(np.mean(10.0 ** (found / 10.0))), 1e-9))
    # Below this a part is silent or fading; how far below says nothing.
    return np.maximum(found - mean, -20.0)


def energy_correlation(
    curve_lufs: Sequence[float], step_s: float, length_s: float, reference: Reference
) -> float:
    """Pearson correlation of two loudness curves over relative time; 0 where one never moves."""
    own = _relative(curve_lufs, step_s, length_s)
    other = _relative(reference.curve_lufs, reference.curve_step_s, reference.duration_s)
    if own.std() < 1e-6 or other.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(own, other)[0, 1])


def compare(
    song: Song,
    *,
    lufs: float,
    spectrum_db: Sequence[float],
    curve_lufs: Sequence[float],
    step_s: float,
    reference: Reference,
) -> Match:
    """The finished sound of `song` measured against `reference`."""
    tempo = None
    if reference.bpm is not None:
        octaves = math.log2(song.bpm / reference.bpm)
        tempo = round(100.0 * (2.0 ** (octaves - round(octaves)) - 1.0), 2)
    keys = song.key is not None and reference.key is not None
    bands = np.asarray(spectrum_db) - np.asarray(reference.spectrum_db)
    # What neither has is no difference to hear.
    heard = np.maximum(np.asarray(spectrum_db), np.asarray(reference.spectrum_db)) > -60.0
    bands = np.where(heard, bands, 0.0)
    return Match(
        tempo_percent=tempo,
        key_steps=key_steps(reference.key, song.key) if keys else None,  # type: ignore[arg-type]
        same_mode=reference.key.mode == song.key.mode if keys else None,  # type: ignore[union-attr]
        energy_correlation=round(
            energy_correlation(curve_lufs, step_s, song.beats * 60.0 / song.bpm, reference), 3
        ),
        bands_db=tuple(round(float(band), 2) for band in bands),
        octave_db=round(float(np.abs(bands[heard]).mean()) if heard.any() else 0.0, 2),
        loudness_lu=round(lufs - reference.loudness_lufs, 2),
    )


def match_told(before: Match, after: Match, reference: Reference) -> tuple[str, ...]:
    """How close the song came, in plain lines."""
    tempo = "no clear beat to match" if after.tempo_percent is None else (
        f"{abs(after.tempo_percent):.1f} % {'faster' if after.tempo_percent >= 0 else 'slower'}"
    )  # fmt: skip
    key = "no key to match"
    if after.key_steps is not None:
        mode = "same mode" if after.same_mode else "the other mode"
        steps = "the same notes" if after.key_steps == 0 else f"{after.key_steps} fifths away"
        key = f"{steps}, {mode}"
    return (
        f"match to {reference.name}: tempo {tempo}; key {key}",
        f"energy curve correlates {after.energy_correlation:.2f} "
        f"(before riding the master {before.energy_correlation:.2f}); octave bands differ by "
        f"{after.octave_db:.1f} dB on average (before equalising {before.octave_db:.1f}); "
        f"loudness {after.loudness_lu:+.1f} LU",
    )
