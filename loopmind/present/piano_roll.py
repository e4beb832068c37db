"""The transcript as a picture: instruments' notes over bars, drums by voice, chords on top."""

from __future__ import annotations

from collections.abc import Sequence

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
_WIDTHS = (1400, 6000)
_POINTS_PER_S = 46.0
_LEFT, _RIGHT = 116, 24
_TOP, _BOTTOM = 96, 40
_ROW, _DRUM_ROW, _GAP = 5.0, 15.0, 14.0
_LEAST_ROWS = 13
_PANEL = "#15151c"
_BLACK_KEY = "#101016"
_BLACK = frozenset((1, 3, 6, 8, 10))
_VOICE_OF = {pitch: voice for voice, pitch in DRUM_NOTES.items()}


def piano_roll_png(transcript: Transcript, *, as_heard: bool = True) -> bytes:
    """The transcript as a PNG picture, wider for longer music (up to 6,000 points).

    as_heard: notes where they were heard, else where they were quantised to. Loud notes are bright.
    """
    seconds = max(transcript.duration_s, 1.0)
    width = int(min(max(_WIDTHS[0], _LEFT + _RIGHT + seconds * _POINTS_PER_S), _WIDTHS[1]))
    scale = (width - _LEFT - _RIGHT) / seconds
    lanes = [(track, *_rows(track)) for track in transcript.tracks]
    heights = [_lane_height(track, rows) for track, rows, _ in lanes]
    height = round(_TOP + sum(heights) + _GAP * max(len(heights) - 1, 0) + _BOTTOM)
    picture = Picture(width, max(height, _TOP + 120), BACKGROUND)
    _heading(picture, transcript)
    y = float(_TOP)
    for (track, rows, lowest), tall in zip(lanes, heights, strict=True):
        _lane(picture, transcript, track, (y, tall), (rows, lowest), scale, as_heard)
        y += tall + _GAP
    if not lanes:
        picture.text(width / 2, _TOP + 60, "no notes were heard", 14, MUTED, anchor="middle")
    _chords(picture, transcript, scale)
    _clock(picture, seconds, scale)
    return picture.png()


def _rows(track: TranscribedTrack) -> tuple[int, int]:
    """How many rows a track needs, and the lowest pitch (0 for drums)."""
    if track.drums:
        return len({_voice(n) for n in track.notes}), 0
    low = min(note.pitch for note in track.notes)
    high = max(note.pitch for note in track.notes)
    spare = max(_LEAST_ROWS - (high - low + 1), 2)
    return high - low + 1 + spare, low - spare // 2


def _voice(note: TranscribedNote) -> str:
    return _VOICE_OF.get(note.pitch, "clap")


def _lane_height(track: TranscribedTrack, rows: int) -> float:
    return rows * (_DRUM_ROW if track.drums else _ROW)


def _heading(picture: Picture, transcript: Transcript) -> None:
    picture.text(_LEFT, 34, transcript.name, 15, TEXT)
    told = [f"{transcript.bpm:g} bpm" if transcript.beats_s else "no beat heard"]
    if transcript.key is not None:
        told.append(transcript.key.written)
    told.append(f"{transcript.notes} notes")
    x = _LEFT + text_width(transcript.name, 15) + 28
    picture.text(x, 34, "  -  ".join(told), 11, MUTED)


def _lane(
    picture: Picture, transcript: Transcript, track: TranscribedTrack, place: tuple[float, float],
    rows: tuple[int, int], scale: float, as_heard: bool,
) -> None:  # fmt: skip
    """One instrument: its name, its keyboard or voices, bar lines, and its notes."""
    (top, tall), (count, lowest) = place, rows
    colour = COLOURS.get(track.instrument, MUTED)
    row = tall / count
    right = picture.width - _RIGHT
    picture.box(_LEFT, top, right, top + tall, _PANEL)
    notes = track.notes if as_heard or not track.quantised else track.quantised
    if track.drums:
        present = {_voice(n) for n in track.notes}
        voices = [voice for voice in reversed(DRUM_NOTES) if voice in present]
        for number, voice in enumerate(voices):
            if number % 2:
                picture.box(_LEFT, top + number * row, right, top + (number + 1) * row, _BLACK_KEY)
            picture.text(
                _LEFT - 10, top + (number + 0.5) * row + 3.5, voice, 7, MUTED, anchor="end"
            )
    else:
        for number in range(count):
            pitch = lowest + count - 1 - number
            if pitch % 12 in _BLACK:
                picture.box(_LEFT, top + number * row, right, top + (number + 1) * row, _BLACK_KEY)
            if pitch % 12 == 0:
                below = top + (number + 1) * row
                picture.box(_LEFT, below - 0.5, right, below + 0.5, LINE, 0.6)
                picture.text(_LEFT - 10, below, f"C{pitch // 12 - 1}", 7, MUTED, anchor="end")
    _bars(picture, transcript, (top, tall), scale)
    for note in notes:
        if track.drums:
            number = voices.index(_voice(note))
            x = _LEFT + note.start_s * scale
            size = 0.25 + 0.2 * note.velocity
            middle = top + (number + 0.5) * row
            picture.box(x, middle - size * row, x + 4.5, middle + size * row, colour,
                        0.45 + 0.55 * note.velocity)  # fmt: skip
        else:
            above = top + (count - 1 - (note.pitch - lowest)) * row
            x0 = _LEFT + note.start_s * scale
            x1 = max(_LEFT + note.end_s * scale - 0.8, x0 + 2.0)
            shine = 0.4 + 0.6 * note.velocity
            picture.box(x0, above + 0.4, x1, above + row - 0.4, colour, shine)
            picture.box(x0, above + 0.4, x0 + 1.6, above + row - 0.4, "#ffffff", 0.45 * shine)
    picture.box(_LEFT - 5, top, _LEFT - 2, top + tall, colour)
    # Voices and keys are named beside the lane, so that its own name stands above them.
    picture.text(_LEFT + 7, top + 13, track.instrument, 8.5, colour, opacity=0.95)


def _bars(
    picture: Picture, transcript: Transcript, place: tuple[float, float], scale: float
) -> None:
    """Lines where bars begin, and fainter ones on beats where there is room for them."""
    top, tall = place
    bars = set(transcript.downbeats_s)
    roomy = scale * 60.0 / transcript.bpm > 9.0
    for at in transcript.beats_s:
        x = _LEFT + at * scale
        if at in bars:
            picture.box(x - 0.5, top, x + 0.5, top + tall, "#3a3a49")
        elif roomy:
            picture.box(x - 0.4, top, x + 0.4, top + tall, LINE, 0.55)


def _chords(picture: Picture, transcript: Transcript, scale: float) -> None:
    """Names of the chords above the lanes, left out where they would overlap."""
    free = 0.0
    for chord in transcript.chords:
        name = chord.written(transcript.key)
        x = _LEFT + chord.start_s * scale
        end = min(_LEFT + chord.end_s * scale, picture.width - _RIGHT)
        picture.box(x, _TOP - 12, end - 1.5, _TOP - 9, PURPLE, 0.55)
        if x >= free and x + text_width(name, 8.5) < picture.width - 4:
            picture.text(x, _TOP - 18, name, 8.5, TEXT)
            free = x + text_width(name, 8.5) + 8


def _clock(picture: Picture, seconds: float, scale: float) -> None:
    """The time below, at round steps."""
    steps: Sequence[int] = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
    step = next((s for s in steps if s * scale >= 70), steps[-1])
    for at in range(0, int(seconds) + 1, step):
        picture.text(_LEFT + at * scale, picture.height - 16, clock(at), 8, MUTED, anchor="middle")
