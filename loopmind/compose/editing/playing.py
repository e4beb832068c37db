"""Clips given another sound: the arrangement stays, what plays in it changes."""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose.compatibility import source_start_s
from loopmind.music.loop import Loop
from loopmind.music.palette import Candidate
from loopmind.music.song import Clip

_MOST_MATCHED_DB = 9.0
_SWELLS = frozenset({"riser", "reverse", "fall"})


def with_sound(
    clip: Clip, old: Loop | None, new: Loop, after: Candidate, bpm: float, gain_db: float = 0.0
) -> Clip:
    """`clip`, which plays `old`, playing `new` at the same places, `gain_db` louder.

    A loop keeps its phase: where its beat 0 would lie stays the same in the song. Hits keep their
    notes, in the octave nearest to the new sound's own.
    """
    level = round(clip.gain_db + gain_db, 2)
    if clip.hits:
        shift = note_shift(old, new)
        hits = tuple(
            replace(h, digest=new.digest, semitones=near_home(h.semitones + shift))
            if old is None or h.digest == old.digest else h
            for h in clip.hits
        )  # fmt: skip
        return replace(clip, hits=hits, gain_db=level)
    tempo = after.source_bpm or bpm
    beats = after.beats or clip.loop_beats
    offset = (clip.offset_beats + _lead(clip, old, bpm)) % beats if beats else 0.0
    begin = source_start_s(new, tempo)
    if clip.treatment != "plain":
        # Treated material is cut from the file, so the place in the loop moves there too.
        begin, offset = begin + offset * 60.0 / tempo, 0.0
    return replace(
        clip, digest=new.digest, source_bpm=tempo, source_start_s=round(begin, 6),
        loop_beats=beats, offset_beats=offset, semitones=after.semitones, gain_db=level,
    )  # fmt: skip


def _lead(clip: Clip, old: Loop | None, bpm: float) -> float:
    """How many beats into the old sound's loop the clip begins by its start in the file."""
    if old is None or not clip.loop_beats or clip.treatment == "plain":
        return 0.0
    tempo = clip.source_bpm or bpm
    place = (clip.source_start_s - source_start_s(old, tempo)) * tempo / 60.0
    return float(round(place * 4.0) / 4.0 % clip.loop_beats)


def level_gap(first: Loop | None, loop: Loop) -> float:
    """What brings `loop` to the level of `first`, for which a track is mixed."""
    if first is None or not -70.0 < loop.loudness_lufs < 20.0:
        return 0.0
    if not -70.0 < first.loudness_lufs < 20.0:
        return 0.0
    gap = first.loudness_lufs - loop.loudness_lufs
    return round(min(max(gap, -_MOST_MATCHED_DB), _MOST_MATCHED_DB), 2)


def in_reading(clip: Clip, factor: float) -> Clip:
    """The clip with its loop counted at `factor` times the tempo: as many times the beats."""
    if clip.hits or not clip.digest or clip.source_bpm is None:
        return clip
    tempo = clip.source_bpm * factor
    if clip.treatment in _SWELLS and clip.loop_beats == clip.beats:
        return replace(clip, source_bpm=tempo)  # as long as it was, of other bars
    return replace(
        clip, source_bpm=tempo, loop_beats=clip.loop_beats * factor,
        offset_beats=clip.offset_beats * factor,
    )  # fmt: skip


def note_shift(old: Loop | None, new: Loop) -> int:
    """Semitones that keep the notes of a pattern when another sound plays it."""
    if old is None or old.pitch_midi is None or new.pitch_midi is None:
        return 0
    return (round(old.pitch_midi) - round(new.pitch_midi) + 6) % 12 - 6


def near_home(semitones: int) -> int:
    """The same note in the octave in which a sampled sound still sounds like itself."""
    while semitones > 12:
        semitones -= 12
    while semitones < -12:
        semitones += 12
    return semitones
