"""Transcripts as MIDI files through pretty_midi: one instrument each, with the tempo map inside."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from loopmind.music.transcript import PROGRAMS, TranscribedNote, TranscribedTrack, Transcript

TICKS_PER_BEAT = 480
BEND_SEMITONES = 2.0
_BEND_STEPS = 8192
_SHORTEST_S = 0.01


def transcript_midi(
    transcript: Transcript, tracks: Sequence[TranscribedTrack], *, as_heard: bool = True
) -> bytes:
    """A standard MIDI file (type 1) of `tracks`, with tempos, metre, key and chord names.

    as_heard: notes where they were heard, else where they were quantised to. Pitch bends reach two
    semitones either way, and are written where no other note of the track sounds.
    """
    library = _library()
    made = library.PrettyMIDI(resolution=TICKS_PER_BEAT)
    _set_tempos(made, transcript)
    _set_signatures(made, transcript, library)
    for track in tracks:
        program = PROGRAMS.get(track.instrument, 0)
        part = library.Instrument(program, is_drum=track.drums, name=track.instrument)
        notes = track.notes if as_heard or not track.quantised else track.quantised
        for note in _without_clashes(notes):
            velocity = min(max(round(note.velocity * 127), 1), 127)
            pitch = min(max(note.pitch, 0), 127)
            end = max(note.end_s, note.start_s + _SHORTEST_S)
            part.notes.append(library.Note(velocity, pitch, note.start_s, end))
        part.pitch_bends += [library.PitchBend(value, at) for at, value in _bends(notes)]
        made.instruments.append(part)
    held = io.BytesIO()
    made.write(held)
    return held.getvalue()


def _library() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own packaging warns
        import pretty_midi
    return pretty_midi


def _set_tempos(made: Any, transcript: Transcript) -> None:
    """Tempo changes; the library has no public way to write more than one."""
    tempo_map = transcript.tempo_map
    made._tick_scales = [
        (round(beat * TICKS_PER_BEAT), 60.0 / (bpm * TICKS_PER_BEAT))
        for beat, bpm in tempo_map.tempos
    ]
    last = max(transcript.duration_s, *(n.end_s for t in transcript.tracks for n in t.notes), 1.0)
    made._update_tick_to_time(round((tempo_map.beat(last) + 8.0) * TICKS_PER_BEAT))


def _set_signatures(made: Any, transcript: Transcript, library: Any) -> None:
    tempo_map = transcript.tempo_map
    for bar, beats in tempo_map.signatures:
        at = tempo_map.seconds(tempo_map.first_beat(bar))
        made.time_signature_changes.append(library.TimeSignature(beats, 4, at))
    if transcript.key is not None:
        number = transcript.key.tonic + (12 if transcript.key.mode == "minor" else 0)
        made.key_signature_changes.append(library.KeySignature(number, 0.0))
    for chord in transcript.chords:
        made.text_events.append(library.Text(chord.written(transcript.key), chord.start_s))


def _without_clashes(notes: Iterable[TranscribedNote]) -> list[TranscribedNote]:
    """Notes of one pitch cut where the next one begins; of two that begin together the louder."""
    kept: dict[int, list[TranscribedNote]] = {}
    for note in sorted(notes, key=lambda n: (n.start_s, -n.velocity)):
        row = kept.setdefault(note.pitch, [])
        if row and note.start_s - row[-1].start_s < _SHORTEST_S:
            continue
        if row and row[-1].end_s > note.start_s:
            before = row[-1]
            row[-1] = TranscribedNote(
                before.start_s, note.start_s, before.pitch, before.velocity, before.instrument,
                before.bends,
            )  # fmt: skip
        row.append(note)
    return sorted((n for row in kept.values() for n in row), key=lambda n: (n.start_s, n.pitch))


def _bends(notes: Sequence[TranscribedNote]) -> list[tuple[float, int]]:
    """(time, MIDI value) of the bends of notes that sound alone, back to 0 where each ends."""
    found: list[tuple[float, int]] = []
    ordered = sorted(notes, key=lambda n: n.start_s)
    for number, note in enumerate(ordered):
        if not note.bends:
            continue
        before = ordered[number - 1].end_s if number else 0.0
        after = ordered[number + 1].start_s if number + 1 < len(ordered) else note.end_s
        if before > note.start_s + _SHORTEST_S or after < note.end_s - _SHORTEST_S:
            continue
        for at, semitones in note.bends:
            value = round(semitones / BEND_SEMITONES * _BEND_STEPS)
            found.append((at, min(max(value, -_BEND_STEPS), _BEND_STEPS - 1)))
        found.append((note.end_s, 0))
    return found
