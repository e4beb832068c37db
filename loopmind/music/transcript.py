"""What is played in a recording: notes by instrument, as heard and on the grid, beats and chords.

Times are seconds from the recording's start; instruments are the classes that LoopMind hears
(keys, guitar, bass, ...) and "drums", whose pitches are General MIDI drum notes.
"""

from __future__ import annotations

from dataclasses import dataclass

from loopmind.music.key import SHARP_NAMES, Key
from loopmind.music.tempo_map import TempoMap

DRUMS = "drums"
DRUM_NOTES = {
    "kick": 36, "snare": 38, "hat": 42, "open hat": 46, "tom": 45, "cymbal": 49, "clap": 39,
}  # fmt: skip
"""The drum voices that are told apart, and the General MIDI note that stands for each."""
PROGRAMS = {
    "keys": 0, "guitar": 25, "bass": 33, "strings": 48, "vocal": 52, "brass": 61, "woodwind": 73,
    "lead": 80, "pad": 88, "percussion": 112, "fx": 98, DRUMS: 0,
}  # fmt: skip
"""The General MIDI program that stands for an instrument."""
QUALITIES = {
    "major": (0, 4, 7), "minor": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10), "dim": (0, 3, 6), "aug": (0, 4, 8), "sus2": (0, 2, 7),
    "sus4": (0, 5, 7), "5": (0, 7),
}  # fmt: skip
"""Kinds of chords, and the semitones of their notes above the root."""
FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_FLAT = frozenset((1, 3, 5, 8, 10))
_BORROWED = {0: (3, 10), 7: (3, 10), 2: (10,)}
_WRITTEN = {"major": "", "minor": "m", "min7": "m7"}


@dataclass(frozen=True)
class TranscribedNote:
    """One note as it was heard: `pitch` is a MIDI number, velocity 0..1.

    bends: (time in s from the recording's start, semitones off `pitch`) in order of time; from
    each on the pitch lies there. () where it holds its pitch.
    """

    start_s: float
    end_s: float
    pitch: int
    velocity: float
    instrument: str
    bends: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class TranscribedTrack:
    """The notes of one instrument in order of time; `quantised` holds each of them on the grid."""

    instrument: str
    notes: tuple[TranscribedNote, ...]
    quantised: tuple[TranscribedNote, ...] = ()

    def __post_init__(self) -> None:
        if self.quantised and len(self.quantised) != len(self.notes):
            raise ValueError(f"{len(self.quantised)} quantised notes for {len(self.notes)}")

    @property
    def drums(self) -> bool:
        return self.instrument == DRUMS


def _names_in(key: Key | None) -> tuple[str, ...]:
    """How pitch classes are called in `key`."""
    if key is None:
        return SHARP_NAMES
    major = (key if key.mode == "major" else key.relative()).tonic
    if major in _FLAT:
        return FLAT_NAMES
    # Keys of few sharps borrow from those of flats: in C major it is Bb, never A#.
    borrowed = _BORROWED.get(major, ())
    return tuple(FLAT_NAMES[p] if p in borrowed else SHARP_NAMES[p] for p in range(12))


@dataclass(frozen=True)
class HeardChord:
    """A chord that sounds from start_s to end_s: `root` a pitch class, `quality` of QUALITIES.

    >>> HeardChord(0.0, 1.0, 9, "min7").name, HeardChord(0.0, 1.0, 7, "major", 11).name
    ('Am7', 'G/B')
    """

    start_s: float
    end_s: float
    root: int
    quality: str
    bass: int | None = None

    def __post_init__(self) -> None:
        if self.quality not in QUALITIES:
            raise ValueError(f"{self.quality!r} is no kind of chord; use one of {list(QUALITIES)}")

    @property
    def name(self) -> str:
        """As musicians write it, with sharps."""
        return self.written(None)

    def written(self, key: Key | None) -> str:
        """As musicians write it in `key`: with flats where the key has them, or is near to them.

        >>> HeardChord(0.0, 1.0, 10, "major").written(Key(5, "major"))
        'Bb'
        >>> HeardChord(0.0, 1.0, 10, "7").written(Key(0, "major"))
        'Bb7'
        """
        names = _names_in(key)
        below = "" if self.bass in (None, self.root) else f"/{names[self.bass or 0]}"
        return names[self.root] + _WRITTEN.get(self.quality, self.quality) + below


@dataclass(frozen=True)
class Transcript:
    """All that was heard of the music in a recording of `duration_s` seconds.

    tracks: one per instrument. beats_s, downbeats_s: where beats and bars begin; () where no beat
    was heard. tempo_map: the same as tempos, its beat 0 at 0 s. grid: the part of a whole note
    that `quantised` lies on ("1/16", "1/8T"); strength: how far notes were moved onto it, 0..1.
    Hashing it would walk all notes, so it is not hashable.
    """

    name: str
    duration_s: float
    tracks: tuple[TranscribedTrack, ...]
    bpm: float
    beats_per_bar: int
    beats_s: tuple[float, ...]
    downbeats_s: tuple[float, ...]
    tempo_map: TempoMap
    key: Key | None
    chords: tuple[HeardChord, ...]
    grid: str = "1/16"
    strength: float = 1.0

    __hash__ = None  # type: ignore[assignment]

    @property
    def notes(self) -> int:
        """How many notes were heard in all."""
        return sum(len(track.notes) for track in self.tracks)

    def track(self, instrument: str) -> TranscribedTrack | None:
        """The track of `instrument`, or None where it does not play."""
        return next((t for t in self.tracks if t.instrument == instrument), None)
