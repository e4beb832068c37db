"""The node that measures a finished song against a reference."""

from __future__ import annotations

import math

import numpy as np

from loopmind.compose.tone_match import compare
from loopmind.dsp.loudness import measure
from loopmind.dsp.octaves import octave_levels
from loopmind.graph.node import node
from loopmind.music.audio import Audio
from loopmind.music.loop import SPECTRUM_BANDS_HZ
from loopmind.music.reference import Match, Reference
from loopmind.music.song import Song


@node(id="loopmind.compare_reference", category="Analysis", output="match")
def compare_reference(song: Song, master: Audio, reference: Reference) -> Match:
    """Measure tempo, key, energy curve, octave bands and loudness of a song against a reference."""
    lufs, curve = measure(master.samples, master.rate_hz)
    padded = np.concatenate([np.full(15, curve[0]), curve])[::5]
    return compare(
        song,
        lufs=lufs,
        spectrum_db=octave_levels(master.samples, master.rate_hz, SPECTRUM_BANDS_HZ).tolist(),
        curve_lufs=[max(float(x), -70.0) if math.isfinite(x) else -70.0 for x in padded],
        step_s=0.5,
        reference=reference,
    )
