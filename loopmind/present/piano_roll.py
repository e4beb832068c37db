"""The transcript as a picture: instruments' notes over bars, drums by voice, chords on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from loopmind.music.transcript import (
    DRUM_NOTES,
    TranscribedNote,
    TranscribedTrack,
    Transcript,
)
from loopmind.present.raster import Picture, text_width
from loopmind.present.style import BACKGROUND, LINE, MUTED, ORANGE, PURPLE, TEXT, clock

COLOURS = {
    "drums": ORANGE, "bass": PURPLE, "keys": "#38b6ff", "guitar": "#ffc44d", "strings": "#4be0cf",
    "brass": "#ff7a5c", "woodwind": "#7ad7a0", "lead": "#ff66b3", "pad": "#6f8cff",
    "vocal": "#b4ea63",
}  # fmt: skip
_WIDTH = 1600
_SYSTEM_S = 40.0
_MOST_SYSTEMS = 12
_LEFT, _RIGHT = 116, 24
_HEADING, _ABOVE, _BELOW = 48, 48, 32
_EMPTY = 120.0
_LEAST_S = 12.0
_ROW, _DRUM_ROW, _GAP = 5.0, 15.0, 14.0
_LEAST_ROWS = 13
_PANEL = "#15151c"
_BLACK_KEY = "#101016"
_BLACK = frozenset((1, 3, 6, 8, 10))
_VOICE_OF = {pitch: voice for voice, pitch in DRUM_NOTES.items()}


@dataclass(frozen=True)
class _System:
    """A stretch of time that is drawn in one row, its lanes from `top` on."""

    start_s: float
    end_s: float
    top: float
    scale: float

    @property
    def right(self) -> float:
        return self.x(self.end_s)

    def x(self, at_s: float) -> float:
        """Where a time is, no further than the system's own ends."""
        return _LEFT + (min(max(at_s, self.start_s), self.end_s) - self.start_s) * self.scale

    def holds(self, at_s: float) -> bool:
        return self.start_s <= at_s < self.end_s

    def notes(self, track: TranscribedTrack, as_heard: bool) -> list[TranscribedNote]:
        """The notes of a track that sound in it; drums that are struck in it."""
        notes = track.notes if as_heard or not track.quantised else track.quantised
        if track.drums:
            return [n for n in notes if self.holds(n.start_s)]
        return [n for n in notes if n.start_s < self.end_s and n.end_s > self.start_s]


@dataclass(frozen=True)
class _Lane:
    """What one instrument plays in a system: its notes, and rows for them.

    lowest: the pitch of the lowest row; voices: of drums, from the top.
    """

    track: TranscribedTrack
    notes: Sequence[TranscribedNote]
    rows: int
    lowest: int = 0
    voices: tuple[str, ...] = ()

    @classmethod
    def of(cls, track: TranscribedTrack, notes: Sequence[TranscribedNote]) -> _Lane:
        if track.drums:
            present = {_voice(n) for n in notes}
            voices = tuple(voice for voice in reversed(DRUM_NOTES) if voice in present)
            return cls(track, notes, len(voices), voices=voices)
        low = min(note.pitch for note in notes)
        high = max(note.pitch for note in notes)
        spare = max(_LEAST_ROWS - (high - low + 1), 2)
        return cls(track, notes, high - low + 1 + spare, low - spare // 2)

    @property
    def tall(self) -> float:
        return self.rows * (_DRUM_ROW if self.track.drums else _ROW)


def piano_roll_png(transcript: Transcript, *, as_heard: bool = True) -> bytes:
    """The transcript as a PNG picture; longer music in rows below each other, as a score has it.

    as_heard: notes where they were heard, else where they were quantised to. Loud notes are bright.
    """
    seconds = max(transcript.duration_s, 1.0)
    count = min(ceil(seconds / _SYSTEM_S), _MOST_SYSTEMS)
    long_s = max(seconds / count, _LEAST_S)
    scale = (_WIDTH - _LEFT - _RIGHT) / long_s
    systems, y = [], float(_HEADING)
    for number in range(count):
        start = number * long_s
        system = _System(start, min(start + long_s, seconds), y + _ABOVE, scale)
        # Instruments that rest, and registers that nobody plays in, take no room.
        lanes = [_Lane.of(t, n) for t in transcript.tracks if (n := system.notes(t, as_heard))]
        tall = max(sum(lane.tall for lane in lanes) + _GAP * max(len(lanes) - 1, 0), _EMPTY)
        systems.append((system, lanes, tall))
        y += _ABOVE + tall + _BELOW
    picture = Picture(_WIDTH, round(y), BACKGROUND)
    _heading(picture, transcript)
    for system, lanes, tall in systems:
        y = system.top
        for lane in lanes:
            _lane(picture, transcript, lane, y, system)
            y += lane.tall + _GAP
        _chords(picture, transcript, system)
        _clock(picture, system, system.top + tall)
    if not transcript.tracks:
        middle = _HEADING + _ABOVE + _EMPTY / 2
        picture.text(_WIDTH / 2, middle, "no notes were heard", 14, MUTED, anchor="middle")
    return picture.png()


def _voice(note: TranscribedNote) -> str:
    return _VOICE_OF.get(note.pitch, "clap")


def _heading(picture: Picture, transcript: Transcript) -> None:
    picture.text(_LEFT, 34, transcript.name, 15, TEXT)
    told = [f"{round(transcript.bpm, 1):g} bpm" if transcript.beats_s else "no beat heard"]
    if transcript.key is not None:
        told.append(transcript.key.written)
    told.append(f"{transcript.notes} notes")
    x = _LEFT + text_width(transcript.name, 15) + 28
    picture.text(x, 34, "  -  ".join(told), 11, MUTED)


def _lane(
    picture: Picture, transcript: Transcript, lane: _Lane, top: float, system: _System
) -> None:
    """One instrument: its name, its keyboard or voices, bar lines, and its notes."""
    tall, count = lane.tall, lane.rows
    colour = COLOURS.get(lane.track.instrument, MUTED)
    row = tall / count
    right = system.right
    picture.box(_LEFT, top, right, top + tall, _PANEL)
    if lane.track.drums:
        for number, voice in enumerate(lane.voices):
            if number % 2:
                picture.box(_LEFT, top + number * row, right, top + (number + 1) * row, _BLACK_KEY)
            picture.text(
                _LEFT - 10, top + (number + 0.5) * row + 3.5, voice, 7, MUTED, anchor="end"
            )
    else:
        for number in range(count):
            pitch = lane.lowest + count - 1 - number
            if pitch % 12 in _BLACK:
                picture.box(_LEFT, top + number * row, right, top + (number + 1) * row, _BLACK_KEY)
            if pitch % 12 == 0:
                below = top + (number + 1) * row
                picture.box(_LEFT, below - 0.5, right, below + 0.5, LINE, 0.6)
                picture.text(_LEFT - 10, below, f"C{pitch // 12 - 1}", 7, MUTED, anchor="end")
    _bars(picture, transcript, (top, tall), system)
    for note in lane.notes:
        x0 = system.x(note.start_s)
        if lane.track.drums:
            size = 0.25 + 0.2 * note.velocity
            middle = top + (lane.voices.index(_voice(note)) + 0.5) * row
            picture.box(x0, middle - size * row, x0 + 4.5, middle + size * row, colour,
                        0.45 + 0.55 * note.velocity)  # fmt: skip
            continue
        above = top + (count - 1 - (note.pitch - lane.lowest)) * row
        x1 = max(system.x(note.end_s) - 0.8, x0 + 2.0)
        shine = 0.4 + 0.6 * note.velocity
        picture.box(x0, above + 0.4, x1, above + row - 0.4, colour, shine)
        if system.holds(note.start_s):
            picture.box(x0, above + 0.4, x0 + 1.6, above + row - 0.4, "#ffffff", 0.45 * shine)
    picture.box(_LEFT - 5, top, _LEFT - 2, top + tall, colour)
    # Voices and keys are named beside the lane, so that its own name stands above them.
    picture.text(_LEFT + 7, top + 13, lane.track.instrument, 8.5, colour, opacity=0.95)


def _bars(
    picture: Picture, transcript: Transcript, place: tuple[float, float], system: _System
) -> None:
    """Lines where bars begin, and fainter ones on beats where there is room for them."""
    top, tall = place
    bars = set(transcript.downbeats_s)
    roomy = system.scale * 60.0 / transcript.bpm > 9.0
    for at in transcript.beats_s:
        if not system.holds(at):
            continue
        x = system.x(at)
        if at in bars:
            picture.box(x - 0.5, top, x + 0.5, top + tall, "#3a3a49")
        elif roomy:
            picture.box(x - 0.4, top, x + 0.4, top + tall, LINE, 0.55)


def _chords(picture: Picture, transcript: Transcript, system: _System) -> None:
    """Names of the chords above the lanes, left out where they would overlap."""
    free, top = 0.0, system.top
    for chord in transcript.chords:
        if chord.end_s <= system.start_s or chord.start_s >= system.end_s:
            continue
        name = chord.written(transcript.key)
        x, end = system.x(chord.start_s), system.x(chord.end_s)
        picture.box(x, top - 12, max(end - 1.5, x), top - 9, PURPLE, 0.55)
        if x >= free and x + text_width(name, 8.5) < picture.width - 4:
            picture.text(x, top - 18, name, 8.5, TEXT)
            free = x + text_width(name, 8.5) + 8


def _clock(picture: Picture, system: _System, below: float) -> None:
    """The time below the lanes, at round steps."""
    steps: Sequence[int] = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
    step = next((s for s in steps if s * system.scale >= 70), steps[-1])
    for at in range(step * ceil(system.start_s / step), int(system.end_s) + 1, step):
        picture.text(system.x(at), below + 17, clock(at), 8, MUTED, anchor="middle")
