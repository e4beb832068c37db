"""The node that brings the master's tone and loudness to those of a reference."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated, NamedTuple

import numpy as np

from loopmind.compose.tone_match import LOUDNESS_LUFS, combined, compare, matching_eq, ridden
from loopmind.dsp.octaves import octave_levels
from loopmind.graph.context import Context
from loopmind.graph.node import node
from loopmind.graph.ports import Range
from loopmind.music.loop import SPECTRUM_BANDS_HZ
from loopmind.music.material import Material
from loopmind.music.mix import Mix
from loopmind.music.reference import Match, Reference
from loopmind.music.song import Song
from loopmind.runtime.offline import Rendering, render

_STEP_S = 0.5


class Toned(NamedTuple):
    """Song and mix with the master brought nearer, and the match there was before."""

    song: Song
    mix: Mix
    before: Match


@node(id="loopmind.match_tone", category="Mix", cache="disk")
def match_tone(
    song: Song,
    mix: Mix,
    material: Material,
    reference: Reference,
    context: Context,
    loudness_lufs: Annotated[
        float | None, Range(-30, -6, unit="LUFS"), "Of the master; empty: the reference's."
    ] = None,
) -> Toned:
    """Set the master's equaliser, level curve and loudness so that the song sounds more alike.

    The song is rendered as it is, and its octave bands and loudness curve compared with the
    reference's; each band moves by at most 6 dB, the level by at most 4.
    """

    def sound(song: Song, mix: Mix) -> Rendering:
        return render(
            song, mix, material, rate_hz=material.rate_hz, threads=os.cpu_count() or 1,
            progress=context.progress, cancelled=context.cancelled,
        )  # fmt: skip

    low, high = LOUDNESS_LUFS
    target = min(max(reference.loudness_lufs, low), high)
    master = replace(
        mix.master, target_lufs=round(target, 2) if loudness_lufs is None else loudness_lufs
    )
    mix = replace(mix, master=master)
    plain = sound(song, mix)
    levels = octave_levels(plain.master.samples, material.rate_hz, SPECTRUM_BANDS_HZ)
    curve = _curve(plain)
    before = compare(
        song, lufs=plain.lufs, spectrum_db=levels.tolist(), curve_lufs=curve, step_s=_STEP_S,
        reference=reference,
    )  # fmt: skip
    toned = ridden(song, curve, _STEP_S, reference)
    eq = combined(master.eq, matching_eq(levels.tolist(), reference.spectrum_db))
    mix = replace(mix, master=replace(master, eq=eq))
    # Compressor and limiter answer to the new tone; what is left is corrected once more.
    levels = octave_levels(sound(toned, mix).master.samples, material.rate_hz, SPECTRUM_BANDS_HZ)
    eq = combined(eq, matching_eq(levels.tolist(), reference.spectrum_db))
    return Toned(toned, replace(mix, master=replace(mix.master, eq=eq)), before)


def _curve(rendering: Rendering) -> list[float]:
    """Short-term loudness every half second, each value at the middle of its window."""
    curve = rendering.short_term_lufs
    padded = np.concatenate([np.full(15, curve[0]), curve])
    steps = padded[:: round(_STEP_S / 0.1)]
    return [float(max(level, -70.0)) if np.isfinite(level) else -70.0 for level in steps]
