"""The transcript for other programs: notes.json, as docs/schema/notes.schema.json describes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from loopmind.music.transcript import (
    DRUM_NOTES,
    PROGRAMS,
    TranscribedNote,
    TranscribedTrack,
    Transcript,
)

FORMAT, VERSION = "loopmind-notes", 1
_VOICE_OF = {pitch: voice for voice, pitch in DRUM_NOTES.items()}


def notes_json(transcript: Transcript, files: dict[str, str] | None = None) -> str:
    """The transcript as JSON text; `files`: instrument -> its MIDI file beside the JSON."""
    return json.dumps(notes_data(transcript, files), indent=1, ensure_ascii=False) + "\n"


def notes_data(transcript: Transcript, files: dict[str, str] | None = None) -> dict[str, Any]:
    """The transcript as plain data."""
    files = files or {}
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": transcript.name,
        "duration_s": transcript.duration_s,
        "bpm": transcript.bpm if transcript.beats_s else None,
        "beats_per_bar": transcript.beats_per_bar,
        "key": transcript.key.written if transcript.key else None,
        "beats_s": list(transcript.beats_s),
        "downbeats_s": list(transcript.downbeats_s),
        "tempos": [
            {"beat": beat, "bpm": bpm, "time_s": round(transcript.tempo_map.seconds(beat), 4)}
            for beat, bpm in transcript.tempo_map.tempos
        ],
        "chords": [
            {"start_s": chord.start_s, "end_s": chord.end_s, "name": chord.written(transcript.key)}
            for chord in transcript.chords
        ],
        "quantised_to": transcript.grid,
        "quantise_strength": transcript.strength,
        "tracks": [_track(track, files.get(track.instrument)) for track in transcript.tracks],
    }


def _track(track: TranscribedTrack, file: str | None) -> dict[str, Any]:
    moved: Sequence[TranscribedNote] = track.quantised or track.notes
    return {
        "instrument": track.instrument,
        "program": None if track.drums else PROGRAMS.get(track.instrument, 0),
        "file": file,
        "notes": [
            _note(note, there, drums=track.drums)
            for note, there in zip(track.notes, moved, strict=True)
        ],
    }


def _note(note: TranscribedNote, there: TranscribedNote, *, drums: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "start_s": note.start_s,
        "end_s": note.end_s,
        "pitch": note.pitch,
        "velocity": note.velocity,
        "quantised_start_s": there.start_s,
        "quantised_end_s": there.end_s,
    }
    if drums:
        data["voice"] = _VOICE_OF.get(note.pitch, "clap")
    if note.bends:
        data["bends"] = [{"time_s": at, "semitones": by} for at, by in note.bends]
    return data
