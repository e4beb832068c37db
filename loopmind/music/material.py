"""Fitted material: loops stretched and transposed to a song, ready to be placed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from loopmind.music.audio import Audio
from loopmind.music.song import Clip, Song, Treatment


@dataclass(frozen=True, order=True)
class MaterialKey:
    """What must be made once and can then be placed by many clips.

    A loop clip's material lasts `beats` song beats, sample-exact; a one-shot's (source_bpm 0)
    keeps its own length, only transposed, and its `beats` is 0. Treated clips (riser, tape stop
    ...) get material as long as the clip itself. bpm: the tempo it is made for, 0: the song's.
    """

    digest: str
    source_bpm: float
    source_start_s: float
    beats: float
    semitones: int
    treatment: Treatment
    bpm: float = 0.0


def clip_material(clip: Clip, song: Song | None = None) -> tuple[MaterialKey, ...]:
    """The material a clip needs, one key for a loop, one for each different hit of a pattern.

    song: where its sections have tempi of their own, a loop needs one for each that it plays at.
    """
    if clip.hits:
        keys = {MaterialKey(h.digest, 0.0, 0.0, 0.0, h.semitones, "plain") for h in clip.hits}
        return tuple(sorted(keys))
    plain = clip.treatment == "plain"
    beats = clip.loop_beats if plain else clip.beats
    key = MaterialKey(
        clip.digest,
        clip.source_bpm or 0.0,
        clip.source_start_s,
        beats,
        clip.semitones,
        clip.treatment,
    )
    if song is None:
        return (key,)
    first, last = clip.start_beat, clip.start_beat + clip.beats
    tempi = [bpm for _, _, bpm in song.tempo.stretches(first, last)]
    if not plain or clip.loop_beats <= 0.0:
        tempi = tempi[:1]  # made as long as the clip, by the tempo at which it begins
    return tuple(replace(key, bpm=own_tempo(bpm, song)) for bpm in dict.fromkeys(tempi))


def own_tempo(bpm: float, song: Song) -> float:
    """A tempo as keys tell of it: 0 where it is the song's."""
    return 0.0 if bpm == song.bpm else bpm


@dataclass(frozen=True, eq=False)
class Material:
    """Fitted audio by key, all at one rate and for one tempo."""

    bpm: float
    rate_hz: int
    sounds: dict[MaterialKey, Audio]
