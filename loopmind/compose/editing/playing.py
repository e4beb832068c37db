"""Clips given another sound: the arrangement stays, what plays in it changes."""

from __future__ import annotations

from dataclasses import replace

from loopmind.compose.variation import source_start_s
from loopmind.music.loop import Loop
from loopmind.music.palette import Candidate
from loopmind.music.song import Clip

_MOST_MATCHED_DB = 9.0


def with_sound(
    clip: Clip, old: Loop, before: Candidate, new: Loop, after: Candidate, bpm: float
) -> Clip:
    """`clip`, which plays `old`, playing `new` at the same places.

    A loop keeps its phase: where its beat 0 would lie stays the same in the song. Hits keep their
    notes, in the octave nearest to the new sound's own.
    """
    if clip.hits:
        shift = note_shift(old, new)
        hits = tuple(
            replace(h, digest=new.digest, semitones=near_home(h.semitones + shift))
            if h.digest == old.digest else h
            for h in clip.hits
        )  # fmt: skip
        return replace(clip, hits=hits)
    tempo = after.source_bpm or bpm
    beats = after.beats or clip.loop_beats
    was = clip.source_bpm or bpm
    place = (clip.source_start_s - source_start_s(old, was)) * was / 60.0 if old.seamless else 0.0
    offset = (clip.offset_beats + place) % beats if beats else 0.0
    begin = source_start_s(new, tempo)
    if clip.treatment != "plain":
        begin, offset = begin + offset * 60.0 / tempo, 0.0
    treated = clip.treatment in ("riser", "fall", "reverse") and clip.track == "riser"
    return replace(
        clip, digest=new.digest, source_bpm=tempo, source_start_s=round(begin, 6),
        loop_beats=clip.loop_beats if treated else beats, offset_beats=offset,
        semitones=after.semitones, gain_db=clip.gain_db,
    )  # fmt: skip


def note_shift(old: Loop, new: Loop) -> int:
    """Semitones that keep the notes of a pattern when another sound plays it."""
    if old.pitch_midi is None or new.pitch_midi is None:
        return 0
    return (round(old.pitch_midi) - round(new.pitch_midi) + 6) % 12 - 6


def near_home(semitones: int) -> int:
    """The same note in the octave in which a sampled sound still sounds like itself."""
    while semitones > 12:
        semitones -= 12
    while semitones < -12:
        semitones += 12
    return semitones
