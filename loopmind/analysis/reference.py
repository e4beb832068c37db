"""Hearing a finished track as a reference: tempo, key, form, loudness curve and spectrum."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from loopmind.analysis.form import boundaries
from loopmind.analysis.frontend import frontend
from loopmind.analysis.hear import LONGEST_S, hear
from loopmind.analysis.tone import hear_tone
from loopmind.dsp.loudness import measure
from loopmind.dsp.octaves import octave_levels
from loopmind.errors import LoopMindError
from loopmind.music.audio import Audio
from loopmind.music.belief import best
from loopmind.music.loop import SPECTRUM_BANDS_HZ
from loopmind.music.reference import Reference, ReferencePart

SHORTEST_S = 15.0
CURVE_STEP_S = 0.5
_LEAST_TAG = 0.3
_CLEAR_TEMPO = 0.25
_SILENT_LUFS = -55.0


def hear_reference(audio: Audio, *, name: str, digest: str) -> Reference:
    """What there is to match in `audio`, of which the first ten minutes are heard.

    Raises LoopMindError for a track that is too short or silent.
    """
    if audio.duration_s < SHORTEST_S:
        raise LoopMindError(
            f"the reference {name} lasts only {audio.duration_s:.0f} s; choose a track of at "
            f"least {SHORTEST_S:.0f} s"
        )
    if audio.duration_s > LONGEST_S:
        audio = Audio(audio.samples[:, : round(LONGEST_S * audio.rate_hz)], audio.rate_hz)
    lufs, curve = measure(audio.samples, audio.rate_hz)
    if not math.isfinite(lufs) or lufs < _SILENT_LUFS:
        raise LoopMindError(f"the reference {name} is silent; choose a track that can be heard")
    loop = hear(audio, path=name, digest=digest)
    spectra = frontend(audio)
    # Drums in front take a loop's key away; a whole track has one all the same.
    keys = loop.key or hear_tone(spectra).key
    # Value i of the curve covers the three seconds from i / 10 s on: the middle is what it tells.
    padded = np.concatenate([np.full(15, curve[0]), curve, np.full(15, curve[-1])])
    steps = padded[:: round(CURVE_STEP_S / 0.1)]
    floored = np.where(np.isfinite(steps), np.maximum(steps, -70.0), -70.0)
    clear = bool(loop.tempo) and loop.tempo[0].weight >= _CLEAR_TEMPO
    return Reference(
        name=name,
        digest=digest,
        duration_s=audio.duration_s,
        bpm=loop.bpm if clear else None,
        beats_per_bar=loop.beats_per_bar or 4,
        key=best(keys),
        tags=tuple(tag.value for tag in loop.tags if tag.weight >= _LEAST_TAG),
        energy=loop.energy,
        loudness_lufs=lufs,
        spectrum_db=tuple(
            round(float(level), 3)
            for level in octave_levels(audio.samples, audio.rate_hz, SPECTRUM_BANDS_HZ)
        ),
        curve_lufs=tuple(round(float(level), 3) for level in floored),
        curve_step_s=CURVE_STEP_S,
        parts=_parts(boundaries(spectra), floored),
    )


def _parts(edges: tuple[float, ...], curve: np.ndarray) -> tuple[ReferencePart, ...]:
    parts = []
    for start, end in pairwise(edges):
        inside = curve[int(start / CURVE_STEP_S) : max(int(end / CURVE_STEP_S), 1)]
        power = float(np.mean(10.0 ** (inside / 10.0))) if len(inside) else 1e-7
        parts.append(ReferencePart(start, end, round(10.0 * math.log10(max(power, 1e-7)), 2)))
    return tuple(parts)
