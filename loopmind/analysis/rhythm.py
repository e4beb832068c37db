"""What a sound tells of time: its kind, tempo, bars, downbeat, swing and onsets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis import beats
from loopmind.analysis.frontend import Spectra
from loopmind.analysis.kind import hear_kind
from loopmind.analysis.onsets import novelty, onsets
from loopmind.analysis.tempo import hear_tempo, pulse
from loopmind.music.belief import Belief
from loopmind.music.loop import STEPS_PER_BAR, Kind

_LEAD_SILENCE_S = 0.05
_SILENCE_DB = -45.0
_STEADY_BEATS, _STEADY_S, _SETTLED_SHARE = 16, 0.03, 0.03
_WHOLE_TOLERANCE_S = 0.012


@dataclass(frozen=True)
class Rhythm:
    """What was heard of time; the fields are those of `Loop`."""

    kind: Kind
    kind_confidence: float
    tempo: tuple[Belief[float], ...]
    beats_per_bar: int
    downbeat_s: float
    seamless: bool
    swing: float
    onsets_s: tuple[float, ...]
    onset_strengths: tuple[float, ...]
    rhythm: tuple[float, ...]


def hear_rhythm(
    spectra: Spectra, *, use_length: bool = True, told_loop: float | None = None
) -> Rhythm:
    """Kind, tempo and metre of a sound; a one-shot and a sound without pulse have no tempo.

    use_length: let the length of a loop speak (a seamless loop holds a whole number of beats).
    told_loop: how likely the tagger holds a loop (see `hear_kind`).
    """
    heard = novelty(spectra)
    found = onsets(spectra, heard)
    repeats = pulse(heard)
    kinds = hear_kind(spectra.mono, spectra.rate_hz, found, repeats, told_loop)
    kind = kinds[0].value
    times = tuple(round(float(t), 5) for t in found.times_s)
    strengths = tuple(round(float(s), 4) for s in found.strengths)
    by_length = use_length and kind == "loop" and _lead_silence(spectra) < _LEAD_SILENCE_S
    tempo = hear_tempo(spectra, heard, found, use_length=by_length) if kind != "oneshot" else ()
    if not tempo:
        silent = (0.0,) * STEPS_PER_BAR
        return Rhythm(kind, kinds[0].weight, (), 4, 0.0, False, 0.5, times, strengths, silent)
    beat_s = 60.0 / tempo[0].value
    count = spectra.duration_s / beat_s
    seamless = kind == "loop" and abs(count - round(count)) * beat_s <= _WHOLE_TOLERANCE_S
    per_bar = beats.beats_per_bar(repeats, beat_s, round(count) if seamless else None)
    if kind == "song":
        followed = beats.follow_beats(heard, tempo[0].value)
        followed, first = beats.bars_of(spectra, heard, followed, per_bar)
        start_s = float(followed[first]) if followed.size else 0.0
        tempo = _settled(tempo, followed)
        beat_s = 60.0 / tempo[0].value
    else:
        start_s = beats.downbeat(found, beat_s, per_bar, seamless)
    return Rhythm(
        kind=kind,
        kind_confidence=kinds[0].weight,
        tempo=tempo,
        beats_per_bar=per_bar,
        downbeat_s=start_s,
        seamless=seamless,
        swing=beats.swing(found, beat_s, start_s),
        onsets_s=times,
        onset_strengths=strengths,
        rhythm=beats.rhythm_steps(found, beat_s, start_s, per_bar),
    )


def _settled(
    tempo: tuple[Belief[float], ...], followed: NDArray[np.float64]
) -> tuple[Belief[float], ...]:
    """Tempo candidates, scaled so that the best one is the pace of the beats of a steady song."""
    if followed.size < _STEADY_BEATS:
        return tempo
    bpm, deviation_s = beats.even_tempo(followed)
    if deviation_s > _STEADY_S or abs(bpm / tempo[0].value - 1.0) > _SETTLED_SHARE:
        return tempo
    scale = bpm / tempo[0].value
    return tuple(Belief(round(t.value * scale, 3), t.weight) for t in tempo)


def _lead_silence(spectra: Spectra) -> float:
    """Seconds before the first sound: a seamless loop is cut where its music begins."""
    block = spectra.rate_hz // 100
    count = spectra.mono.size // block
    blocks = spectra.mono[: count * block].reshape(count, block)
    energy = np.einsum("ij,ij->i", blocks, blocks)
    loud = np.flatnonzero(energy > energy.max(initial=0.0) * 10.0 ** (_SILENCE_DB / 10.0))
    return float(loud[0]) / 100.0 if loud.size else 0.0
