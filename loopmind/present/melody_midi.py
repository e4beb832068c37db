"""A melody as a MIDI file, quantised as it is played in the song."""

from __future__ import annotations

import struct

from loopmind.music.melody import Melody
from loopmind.present.markers import TICKS_PER_BEAT, _meta, _note, _tick, _track

_SHARPS = {0: 0, 7: 1, 2: 2, 9: 3, 4: 4, 11: 5, 6: 6, 1: -5, 8: -4, 3: -3, 10: -2, 5: -1}


def melody_midi(melody: Melody, title: str) -> bytes:
    """A standard MIDI file (type 0, 480 ticks a beat) with tempo, metre, key and the notes."""
    events: list[tuple[int, bytes]] = [
        (0, _meta(0x03, title.encode("utf-8", "replace"))),
        (0, _meta(0x51, round(60_000_000 / melody.bpm).to_bytes(3, "big"))),
        (0, _meta(0x58, bytes([melody.beats_per_bar, 2, 24, 8]))),
    ]
    if melody.key is not None:
        minor = melody.key.mode == "minor"
        tonic = melody.key.relative().tonic if minor else melody.key.tonic
        events.append((0, _meta(0x59, struct.pack(">bB", _SHARPS[tonic], int(minor)))))
    for number, note in enumerate(melody.notes):
        start = _tick(note.beat)
        end = max(_tick(note.beat + note.beats), start + 1)
        if number + 1 < len(melody.notes):
            end = max(min(end, _tick(melody.notes[number + 1].beat)), start + 1)
        velocity = min(127, max(1, round(127 * note.velocity)))
        events += _note(start, end, 0, min(max(note.midi, 0), 127), velocity)
    last = max((_tick(note.beat + note.beats) for note in melody.notes), default=0)
    track = _track(events, last)
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS_PER_BEAT)
    return header + struct.pack(">4sI", b"MTrk", len(track)) + track
