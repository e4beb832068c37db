"""Hearing one sound: every field of a Loop, by sound alone."""

from __future__ import annotations

import math

import numpy as np

from loopmind.analysis.frontend import frontend
from loopmind.analysis.rhythm import hear_rhythm
from loopmind.analysis.timbre import hear_timbre, listen
from loopmind.analysis.tone import hear_tone, settle
from loopmind.dsp.levels import levels
from loopmind.music.audio import Audio
from loopmind.music.loop import Loop

QUIETEST_DB = -120.0
LONGEST_S = 600.0
_SHORTEST_GATED_S = 0.4


def hear(audio: Audio, *, path: str, digest: str) -> Loop:
    """All that can be heard of `audio`; `path` and `digest` are only noted, names are not read.

    Of more than LONGEST_S seconds the beginning is heard, so that memory stays bounded; `frames`
    is the length of it all.
    """
    frames = audio.frames
    if audio.duration_s > LONGEST_S:
        audio = Audio(audio.samples[:, : round(LONGEST_S * audio.rate_hz)], audio.rate_hz)
    spectra = frontend(audio)
    tone = hear_tone(spectra)
    listened = listen(spectra, tone)
    rhythm = hear_rhythm(spectra, told_loop=listened.loop)
    timbre = hear_timbre(spectra, rhythm, tone, listened)
    tone = settle(tone, timbre.instrument)
    lufs, peak, rms = _levels(audio)
    return Loop(
        path=path,
        digest=digest,
        kind=rhythm.kind,
        kind_confidence=rhythm.kind_confidence,
        rate_hz=audio.rate_hz,
        channels=audio.channels,
        frames=frames,
        tempo=rhythm.tempo,
        beats_per_bar=rhythm.beats_per_bar,
        downbeat_s=rhythm.downbeat_s,
        seamless=rhythm.seamless,
        swing=rhythm.swing,
        onsets_s=rhythm.onsets_s,
        onset_strengths=rhythm.onset_strengths,
        rhythm=rhythm.rhythm,
        key=tone.key,
        pitched=tone.pitched,
        pitch_midi=tone.pitch_midi,
        tuning_cents=tone.tuning_cents,
        chroma=tone.chroma,
        chroma_slices=tone.chroma_slices,
        loudness_lufs=lufs,
        peak_dbfs=_decibels(peak),
        crest_db=_decibels(peak) - _decibels(rms),
        spectrum_db=timbre.spectrum_db,
        brightness_hz=timbre.brightness_hz,
        energy=timbre.energy,
        instrument=timbre.instrument,
        role=timbre.role,
        tags=timbre.tags,
        embedding=timbre.embedding,
    )


def _levels(audio: Audio) -> tuple[float, float, float]:
    """Integrated loudness in LUFS, and peak and RMS amplitude of all channels together.

    A sound shorter than one gating block repeats until it fills one.
    """
    samples = audio.samples[:2]
    shortest = math.ceil(_SHORTEST_GATED_S * audio.rate_hz)
    if 0 < audio.frames < shortest:
        samples = np.tile(samples, (1, math.ceil(shortest / audio.frames)))
    lufs, peak, square = levels(samples, audio.rate_hz)
    lufs = max(QUIETEST_DB, lufs) if math.isfinite(lufs) else QUIETEST_DB
    return lufs, peak, math.sqrt(square)


def _decibels(amplitude: float) -> float:
    return max(QUIETEST_DB, 20.0 * math.log10(max(amplitude, 1e-9)))
