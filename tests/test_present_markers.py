"""The MIDI file and the labels of a song read back as the song."""

from __future__ import annotations

import dataclasses
import io
import itertools

import mido
import pytest
from present_samples import sample_song

from loopmind.music.song import Clip, Hit
from loopmind.present.markers import TICKS_PER_BEAT, section_labels, song_midi


def test_the_midi_file_carries_tempo_metre_markers_and_tracks() -> None:
    song = sample_song()
    read = mido.MidiFile(file=io.BytesIO(song_midi(song)))
    assert read.type == 1 and read.ticks_per_beat == TICKS_PER_BEAT
    assert len(read.tracks) == 1 + len(song.tracks)
    tempo = next(m for m in read.tracks[0] if m.type == "set_tempo")
    assert mido.tempo2bpm(tempo.tempo) == pytest.approx(song.bpm, abs=1e-3)
    at, markers = 0, []
    for message in read.tracks[0]:
        at += message.time
        if message.type == "marker":
            markers.append((at / TICKS_PER_BEAT, message.text))
    assert markers == [(s.start_bar * 4.0, s.name) for s in song.sections]
    assert read.length == pytest.approx(song.beats * 60 / song.bpm, abs=0.01)


def test_clips_and_hits_are_notes_in_their_places() -> None:
    hits = (Hit(0.0, "k", 1.0), Hit(1.5, "s", 0.5), Hit(1.5, "k", 0.25))
    song = dataclasses.replace(
        sample_song(),
        clips=(Clip("p", "drums", 4.0, 8.0, hits=hits), Clip("b", "bass", 8.0, 16.0, "d2", 140.0,
               semitones=-3)),
    )  # fmt: skip
    read = mido.MidiFile(file=io.BytesIO(song_midi(song, {"k": "kick", "s": "snare"})))
    drums = [m for m in read.tracks[1] if m.type == "note_on"]
    assert [(m.note, m.velocity, m.channel) for m in drums] == [
        (36, 127, 9),
        (38, 64, 9),
        (36, 32, 9),
    ]
    bass = [m for m in read.tracks[3] if m.type in ("note_on", "note_off")]
    assert [m.time for m in bass] == [8 * TICKS_PER_BEAT, 16 * TICKS_PER_BEAT]
    assert bass[0].note == 57
    assert song_midi(song) == song_midi(song)


def test_labels_are_seconds_and_names() -> None:
    rows = [line.split("\t") for line in section_labels(sample_song()).splitlines()]
    assert [row[2] for row in rows] == [s.name for s in sample_song().sections]
    assert float(rows[1][0]) == pytest.approx(16 * 60 / 140, abs=1e-5)
    assert all(float(a[1]) == float(b[0]) for a, b in itertools.pairwise(rows))
