"""How loud a track will be: measured for loops, estimated from single hits for patterns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from loopmind.compose.traits import Floats
from loopmind.music.loop import Loop
from loopmind.music.song import Clip

QUIET_LUFS = -60.0
_BIN_S = 0.1
_BINS_IN_BLOCK = 4
_MEASURED_CLIPS = 12
# Kit voices against the kick, which stands for the drums' level.
_KIT_LU = {"kick": -0.5, "snare": -2.5, "clap": -5.5, "hat": -10.0, "cymbal": -10.0, "tom": -7.0,
           "perc": -10.5, "crash": -10.0, "fill": -6.0, "riser": -8.0}  # fmt: skip


def kit_level_lu(voice: str) -> float:
    """Wanted loudness of a kit voice or made track, relative to a whole drum loop."""
    return _KIT_LU.get(voice, -8.0)


def source_lufs(loop: Loop) -> float:
    """Loudness of a sound; of one too short to be gated, its RMS level stands in."""
    if math.isfinite(loop.loudness_lufs) and loop.loudness_lufs > -69.0:
        return max(loop.loudness_lufs, QUIET_LUFS)
    if not math.isfinite(loop.peak_dbfs):
        return QUIET_LUFS
    return max(loop.peak_dbfs - max(loop.crest_db, 0.0), QUIET_LUFS)


def pattern_lufs(clips: Sequence[Clip], sounds: Mapping[str, Loop], bpm: float) -> float:
    """Gated loudness of a pattern, estimated from its hits as BS.1770 would measure the track.

    Each hit carries its sound's energy (mean power times length, velocity squared), most of it at
    its start. Blocks of .4 s are averaged but for those 10 LU below the mean of the audible ones,
    so that a clap on every second beat is as loud as it seems, not as its silences suggest.
    """
    blocks: list[Floats] = []
    for clip in clips[:_MEASURED_CLIPS]:
        seconds = clip.beats * 60.0 / bpm
        bins = np.zeros(int(seconds / _BIN_S) + 2 * _BINS_IN_BLOCK)
        for hit in clip.hits:
            loop = sounds.get(hit.digest)
            if loop is not None:
                _add_hit(bins, hit.beat * 60.0 / bpm, hit.velocity, loop)
        if clip.hits:
            block = np.ones(_BINS_IN_BLOCK) / (_BINS_IN_BLOCK * _BIN_S)
            blocks.append(np.convolve(bins, block, "valid"))
    if not blocks:
        return QUIET_LUFS
    power = np.concatenate(blocks)
    heard = power[power > 1e-7]
    if not len(heard):
        return QUIET_LUFS
    kept = heard[heard >= 0.1 * heard.mean()]
    return max(10.0 * math.log10(float(kept.mean())), QUIET_LUFS)


def _add_hit(bins: Floats, at_s: float, velocity: float, loop: Loop) -> None:
    """Energy of one hit spread over bins, dying away to a twentieth over the sound's length."""
    lasts = min(max(loop.duration_s, 0.01), 2.0)
    energy = velocity**2 * lasts * 10.0 ** (source_lufs(loop) / 10.0)
    first = int(at_s / _BIN_S)
    count = max(min(math.ceil(lasts / _BIN_S), len(bins) - first), 1)
    shape = np.exp(-3.0 * np.arange(count) * _BIN_S / lasts)
    bins[first : first + count] += energy * shape / shape.sum()
