"""Fitted material: loops stretched and transposed to a song, ready to be placed."""

from __future__ import annotations

from dataclasses import dataclass

from loopmind.music.audio import Audio
from loopmind.music.song import Clip, Treatment


@dataclass(frozen=True, order=True)
class MaterialKey:
    """What must be made once and can then be placed by many clips.

    A loop clip's material lasts `beats` song beats, sample-exact; a one-shot's (source_bpm 0)
    keeps its own length, only transposed, and its `beats` is 0. Treated clips (riser, tape stop
    ...) get material as long as the clip itself.
    """

    digest: str
    source_bpm: float
    source_start_s: float
    beats: float
    semitones: int
    treatment: Treatment


def clip_material(clip: Clip) -> tuple[MaterialKey, ...]:
    """The material a clip needs, one key for a loop, one for each different hit of a pattern."""
    if clip.hits:
        keys = {MaterialKey(h.digest, 0.0, 0.0, 0.0, h.semitones, "plain") for h in clip.hits}
        return tuple(sorted(keys))
    beats = clip.loop_beats if clip.treatment == "plain" else clip.beats
    return (
        MaterialKey(
            clip.digest,
            clip.source_bpm or 0.0,
            clip.source_start_s,
            beats,
            clip.semitones,
            clip.treatment,
        ),
    )


@dataclass(frozen=True, eq=False)
class Material:
    """Fitted audio by key, all at one rate and for one tempo."""

    bpm: float
    rate_hz: int
    sounds: dict[MaterialKey, Audio]
