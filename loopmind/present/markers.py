"""The song's structure for other programs: a MIDI file, and a label file of its sections.

The MIDI file carries tempo, metre, section markers, every hit of the patterns as a note, and every
loop clip as one long note, so that a DAW shows the arrangement on its own grid.
"""

from __future__ import annotations

import struct

from loopmind.music.song import Clip, Song, Track
from loopmind.present.timeline import seconds

TICKS_PER_BEAT = 480
# General MIDI percussion keys by drum voice; anything else takes the low bongo.
DRUM_NOTES = {
    "kick": 36, "snare": 38, "clap": 39, "hat": 42, "cymbal": 49, "tom": 45, "percussion": 63,
}  # fmt: skip
LOOP_NOTE = 60
_DRUM_CHANNEL = 9


def song_midi(song: Song, instruments: dict[str, str] | None = None) -> bytes:
    """The arrangement as a standard MIDI file (type 1, 480 ticks a beat).

    First track: tempo, metre and a marker at each section. Then one track for each track of the
    song: hits as notes on the drum channel, at the General MIDI key of `instruments` (digest ->
    drum voice) or of the track; loop clips as notes of middle C plus their transposition.
    """
    voices = instruments or {}
    tracks = [_conductor(song)]
    for number, track in enumerate(song.tracks):
        tracks.append(_notes(song, track, number, voices))
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), TICKS_PER_BEAT)
    return header + b"".join(struct.pack(">4sI", b"MTrk", len(t)) + t for t in tracks)


def section_labels(song: Song) -> str:
    """Sections as a label track for Audacity and others: start, end in seconds and name by tabs."""
    rows = []
    for section in song.sections:
        start = seconds(song, section.start_bar * song.beats_per_bar)
        end = seconds(song, (section.start_bar + section.bars) * song.beats_per_bar)
        name = " ".join(section.name.split())
        rows.append(f"{start:.6f}\t{end:.6f}\t{name}\n")
    return "".join(rows)


def _tick(beat: float) -> int:
    return round(beat * TICKS_PER_BEAT)


def _conductor(song: Song) -> bytes:
    events = [
        (0, _meta(0x03, song.title.encode("utf-8", "replace"))),
        *(
            (_tick(beat), _meta(0x51, round(60_000_000 / bpm).to_bytes(3, "big")))
            for beat, bpm in song.tempo.tempos
        ),
        (0, _meta(0x58, bytes([song.beats_per_bar, 2, 24, 8]))),
    ]
    for section in song.sections:
        at = _tick(section.start_bar * song.beats_per_bar)
        events.append((at, _meta(0x06, section.name.encode("utf-8", "replace"))))
    return _track(events, _tick(song.beats))


def _notes(song: Song, track: Track, number: int, voices: dict[str, str]) -> bytes:
    channel = number % 16
    if channel == _DRUM_CHANNEL:
        channel = (number + 1) % 16
    events: list[tuple[int, bytes]] = [(0, _meta(0x03, track.name.encode("utf-8", "replace")))]
    for clip in song.clips:
        if clip.track != track.id:
            continue
        if clip.hits:
            events += _hits(clip, track, voices)
        else:
            key = min(127, max(0, LOOP_NOTE + clip.semitones))
            start, end = _tick(clip.start_beat), _tick(clip.start_beat + clip.beats)
            events += _note(start, max(end, start + 1), channel, key, 100)
    return _track(events, _tick(song.beats))


def _hits(clip: Clip, track: Track, voices: dict[str, str]) -> list[tuple[int, bytes]]:
    events = []
    for hit in clip.hits:
        voice = voices.get(hit.digest, track.instrument)
        key = min(127, max(0, DRUM_NOTES.get(voice, 61) + hit.semitones))
        start = _tick(clip.start_beat + hit.beat)
        velocity = min(127, max(1, round(hit.velocity * 127)))
        events += _note(start, start + TICKS_PER_BEAT // 8, _DRUM_CHANNEL, key, velocity)
    return events


def _note(start: int, end: int, channel: int, key: int, velocity: int) -> list[tuple[int, bytes]]:
    return [
        (start, bytes([0x90 | channel, key, velocity])),
        (end, bytes([0x80 | channel, key, 0])),
    ]


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _length(len(data)) + data


def _length(value: int) -> bytes:
    """A variable-length quantity: seven bits a byte, the last without the high bit."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | (value & 0x7F))
    return bytes(reversed(out))


def _track(events: list[tuple[int, bytes]], end: int) -> bytes:
    # At one tick note-offs come first, so that a repeated note is not cut by its predecessor.
    ordered = sorted(events, key=lambda event: (event[0], event[1][0] & 0xF0 != 0x80))
    out, now = bytearray(), 0
    for tick, data in ordered:
        out += _length(tick - now) + data
        now = tick
    return bytes(out + _length(max(0, end - now)) + _meta(0x2F, b""))
