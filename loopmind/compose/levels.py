"""How loud a track will be: measured for loops, estimated from single hits for patterns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from loopmind.music.loop import Loop
from loopmind.music.song import Clip

QUIET_LUFS = -60.0
# Kit voices against the kick, which stands for the drums' level.
_KIT_LU = {"kick": -1.5, "snare": -3.0, "clap": -6.0, "hat": -11.0, "cymbal": -12.0, "tom": -7.0,
           "perc": -11.0, "crash": -11.0, "fill": -6.0, "riser": -8.0}  # fmt: skip


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
    """Loudness of a pattern while it plays: the energy of its hits over the clips' time.

    Each hit carries its sound's mean power for as long as the sound lasts, velocity squared.
    """
    energy, seconds = 0.0, 0.0
    for clip in clips:
        if not clip.hits:
            continue
        first, last = clip.hits[0].beat, clip.hits[-1].beat
        # Ornaments strike once in a long clip: what counts is how loud they are when they do.
        seconds += max(min(clip.beats, last - first + 1.0), 1.0) * 60.0 / bpm
        for hit in clip.hits:
            loop = sounds.get(hit.digest)
            if loop is None:
                continue
            lasts = min(loop.duration_s, 1.5)
            energy += hit.velocity**2 * lasts * 10.0 ** (source_lufs(loop) / 10.0)
    if energy <= 0.0 or seconds <= 0.0:
        return QUIET_LUFS
    return max(10.0 * math.log10(energy / seconds), QUIET_LUFS)
