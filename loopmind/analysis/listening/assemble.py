"""A whole recording becomes a transcript: parts heard one by one, put on beats, named, sorted.

Drums are heard by the drum model, everything else by the note model. With stems each stem is heard
alone, which says what its notes are played by; without, all is heard in the mix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis import beats as beating
from loopmind.analysis.frontend import Spectra, frontend
from loopmind.analysis.key import believe_key
from loopmind.analysis.listening.chords import name_chords
from loopmind.analysis.listening.drums import transcribe_drums
from loopmind.analysis.listening.pitched import Texture, transcribe_pitched
from loopmind.analysis.listening.quantise import (
    Grid,
    anchored,
    even_grid,
    grid_of_beats,
    grid_parts,
    no_beat,
    quantised,
    settled,
    tempo_map_of,
    tuned,
)
from loopmind.analysis.onsets import novelty
from loopmind.analysis.rhythm import hear_rhythm
from loopmind.analysis.tone import hear_tone
from loopmind.music.audio import Audio
from loopmind.music.belief import Belief, best
from loopmind.music.key import Key
from loopmind.music.transcript import (
    DRUMS,
    TranscribedNote,
    TranscribedTrack,
    Transcript,
)

F64 = NDArray[np.float64]
Notes = Sequence[TranscribedNote]
Progress = Callable[[int, int, str], None]
"""progress(done, total, what); raises to stop."""

STEM_INSTRUMENTS = {"bass": "bass", "vocals": "vocal", "guitar": "guitar", "piano": "keys"}
"""What the notes of a stem are played by, where the stem itself says so."""
_TEXTURES: dict[str, Texture] = {
    "bass": "line", "vocal": "line", "guitar": "chords", "keys": "chords",
}  # fmt: skip
_SILENT = 1e-4
# A stem so much weaker than the mix is what the separator could not tell apart.
_LEAKED = 0.01
_STRAY_SHARE, _STRAY_NOTES = 0.04, 4
_FEWEST_BEATS = 8
_NEAR_S = 1.0
_STEADY_KINDS = ("loop", "oneshot")
_ORDER = ("drums", "bass", "keys", "guitar", "strings", "brass", "woodwind", "lead", "pad", "vocal")


class HearNotes(Protocol):
    """What hears pitched notes: `transcribe_pitched`, or a stand-in with its arguments."""

    def __call__(
        self, audio: Audio, *, texture: Texture, instrument: str,
        progress: Callable[[int, int], None],
    ) -> Iterable[TranscribedNote]: ...  # fmt: skip


@dataclass(frozen=True)
class Quantising:
    """Notes are moved onto the part `grid` of a whole note ("1/16") by `strength` 0..1."""

    grid: str = "1/16"
    strength: float = 1.0

    @property
    def parts(self) -> float:
        """Steps in a beat. Raises UsageError for what is no grid."""
        return grid_parts(self.grid)


@dataclass(frozen=True, eq=False)
class Stretch:
    """What was heard of a recording, or of a stretch of it: notes, beats, and likely keys."""

    notes: list[TranscribedNote]
    grid: Grid
    keys: tuple[Belief[Key], ...]


def assemble(
    audio: Audio, stems: Mapping[str, Audio] | None = None, *, name: str,
    quantising: Quantising | None = None, progress: Progress | None = None,
    hear_notes: HearNotes = transcribe_pitched,
) -> Transcript:  # fmt: skip
    """The transcript of `audio`; `stems` of it (drums, bass, vocals, other, ...) where separated.

    Sound shorter than a beat, or silent, gives a transcript without tracks. Raises what the models
    raise, and what `progress` raises.
    """
    heard = hear_stretch(audio, stems, progress=progress, hear_notes=hear_notes)
    return completed(name, audio.duration_s, heard, quantising or Quantising())


def hear_stretch(
    audio: Audio, stems: Mapping[str, Audio] | None = None, *, progress: Progress | None = None,
    hear_notes: HearNotes = transcribe_pitched,
) -> Stretch:  # fmt: skip
    """What is played in `audio`. Arguments and errors as for `assemble`."""
    tell = progress or (lambda done, total, what: None)
    jobs = _jobs(audio, stems)
    least = max(_SILENT**2, _LEAKED * _power(audio) if stems else 0.0)
    notes: list[TranscribedNote] = []
    for number, (what, sound, instrument) in enumerate(jobs):

        def look(done: int, total: int, number: int = number, what: str = what) -> None:
            share = 1000 * done // max(total, 1)
            tell(1000 * number + share, 1000 * (len(jobs) + 1), f"hearing {what}")

        look(0, 1)
        if _power(sound) <= least:
            continue  # what leaks into a stem is no player
        if instrument == DRUMS:
            notes += transcribe_drums(sound, progress=look)
        else:
            texture = _TEXTURES.get(instrument or "", "mix")
            found = hear_notes(sound, texture=texture, instrument=instrument or "", progress=look)
            if stems and instrument is None:
                mixed = hear_notes(
                    audio, texture="mix", instrument="", progress=lambda done, total: look(1, 1)
                )
                found = _named_as(found, mixed, {job[2] for job in jobs})
            notes += found
    tell(1000 * len(jobs), 1000 * (len(jobs) + 1), "following the beat")
    spectra = frontend(audio)
    tell(1000 * len(jobs) + 300, 1000 * (len(jobs) + 1), "following the beat")
    grid = hear_grid(spectra, np.array(sorted(note.start_s for note in notes)))
    tell(1000 * len(jobs) + 600, 1000 * (len(jobs) + 1), "naming the chords")
    keys = _keys(spectra) if any(note.instrument != DRUMS for note in notes) else ()
    return Stretch(notes, grid, keys)


def completed(name: str, duration_s: float, heard: Stretch, quantising: Quantising) -> Transcript:
    """The transcript of what was heard."""
    pitched = [note for note in heard.notes if note.instrument != DRUMS]
    tracks = tracks_of(heard.notes, heard.grid, quantising)
    return finished(name, duration_s, tracks, heard.grid, best(heard.keys), pitched, quantising)


def _named_as(
    found: Iterable[TranscribedNote], mixed: Iterable[TranscribedNote], taken: set[str | None]
) -> list[TranscribedNote]:
    """The notes of a stem of many instruments, each named as the same note of the whole mix.

    A separator changes the colour of what it leaves, by which instruments are told; the mix is as
    it was played. taken: instruments that have stems of their own.
    """
    heard = sorted((n for n in mixed if n.instrument not in taken), key=lambda n: n.start_s)
    if not heard:
        return list(found)
    times = np.array([note.start_s for note in heard])
    named = []
    for note in found:
        # The same note, or else whoever plays nearest in time and pitch.
        low, high = np.searchsorted(times, (note.start_s - _NEAR_S, note.start_s + _NEAR_S))
        near = heard[low:high] or heard

        def apart(other: TranscribedNote, note: TranscribedNote = note) -> float:
            return abs(other.pitch - note.pitch) + 10.0 * abs(other.start_s - note.start_s)

        named.append(replace(note, instrument=min(near, key=apart).instrument))
    return named


def _power(audio: Audio) -> float:
    return float(np.mean(np.square(audio.samples, dtype=np.float32), dtype=np.float64))


def _jobs(audio: Audio, stems: Mapping[str, Audio] | None) -> list[tuple[str, Audio, str | None]]:
    """(what it is, its sound, what plays there: DRUMS, an instrument, or None for any)."""
    if not stems:
        return [("the drums", audio, DRUMS), ("the notes", audio, None)]
    jobs: list[tuple[str, Audio, str | None]] = []
    for stem, sound in stems.items():
        instrument = DRUMS if stem == DRUMS else STEM_INSTRUMENTS.get(stem)
        jobs.append((f"the {stem}" if stem != "other" else "the rest", sound, instrument))
    return jobs


def _keys(spectra: Spectra) -> tuple[Belief[Key], ...]:
    """Likely keys. Drums may make a mix look hardly pitched, but its notes were heard."""
    tone = hear_tone(spectra)
    return tone.key or believe_key(tone.evidence)


def hear_grid(spectra: Spectra, onsets_s: F64) -> Grid:
    """The beats of a recording, whose tempo may drift; moved to where notes really begin."""
    duration_s = spectra.duration_s
    rhythm = hear_rhythm(spectra)
    if not rhythm.tempo:
        return no_beat(duration_s)
    bpm = rhythm.tempo[0].value
    grid: Grid | None = None
    # A loop keeps one tempo, and its length has told it more exactly than its beats could.
    if rhythm.kind not in _STEADY_KINDS:
        heard = novelty(spectra)
        followed = beating.follow_beats(heard, bpm)
        followed, first = beating.bars_of(spectra, heard, followed, rhythm.beats_per_bar)
        if followed.size >= _FEWEST_BEATS:
            grid = grid_of_beats(followed, first, rhythm.beats_per_bar, duration_s)
    if grid is None:
        start = rhythm.downbeat_s
        grid = even_grid(bpm, start, duration_s, rhythm.beats_per_bar, heard=True)
        grid = tuned(grid, onsets_s)
    return anchored(settled(grid, onsets_s))


def tracks_of(notes: Notes, grid: Grid, quantising: Quantising) -> tuple[TranscribedTrack, ...]:
    """One track for each instrument; a few stray notes join the instrument that is nearest.

    A phrase of one player is now and then heard as another's for a note or two: what has hardly any
    notes is not believed to be there.
    """
    by: dict[str, list[TranscribedNote]] = {}
    for note in notes:
        by.setdefault(note.instrument, []).append(note)
    pitched = {name: found for name, found in by.items() if name != DRUMS}
    total = sum(len(found) for found in pitched.values())
    kept = {
        name: list(found)
        for name, found in pitched.items()
        if len(found) >= _STRAY_NOTES and len(found) >= _STRAY_SHARE * total
    }
    if kept:
        players = [_Player.of(name, found) for name, found in kept.items()]
        for name, found in pitched.items():
            for note in found if name not in kept else ():
                goal = min(players, key=lambda one: (one.apart(note), one.name)).name
                kept[goal].append(replace(note, instrument=goal))
    else:
        kept = pitched
    if DRUMS in by:
        kept[DRUMS] = by[DRUMS]
    tracks = []
    for name in sorted(kept, key=lambda n: (_ORDER.index(n) if n in _ORDER else 99, n)):
        ordered = tuple(sorted(kept[name], key=lambda n: (n.start_s, n.pitch)))
        moved = quantised(ordered, grid, quantising.parts, quantising.strength)
        tracks.append(TranscribedTrack(name, ordered, moved))
    return tuple(tracks)


@dataclass(frozen=True, eq=False)
class _Player:
    """What an instrument plays, to ask how far a note is from it in time and pitch."""

    name: str
    starts_s: F64
    pitches: F64
    centre: float

    @staticmethod
    def of(name: str, notes: Notes) -> _Player:
        ordered = sorted(notes, key=lambda note: note.start_s)
        pitches = np.array([note.pitch for note in ordered], np.float64)
        starts = np.array([note.start_s for note in ordered])
        return _Player(name, starts, pitches, float(np.median(pitches)))

    def apart(self, note: TranscribedNote) -> float:
        first, last = np.searchsorted(self.starts_s, (note.start_s - 2.0, note.start_s + 2.0))
        near = np.abs(self.pitches[first:last] - note.pitch)
        return (float(near.min()) if near.size else 24.0) + 0.2 * abs(self.centre - note.pitch)


def finished(
    name: str, duration_s: float, tracks: tuple[TranscribedTrack, ...], grid: Grid,
    key: Key | None, pitched: Notes, quantising: Quantising,
) -> Transcript:  # fmt: skip
    """The transcript of tracks that were heard on `grid`."""
    times = grid.times_s
    inside = (times >= -1e-3) & (times < duration_s)
    bars = grid.places == 0
    beats_s = np.round(np.maximum(times, 0.0), 4)
    return Transcript(
        name=name,
        duration_s=round(duration_s, 4),
        tracks=tracks,
        bpm=grid.bpm,
        beats_per_bar=grid.per_bar,
        beats_s=tuple(beats_s[inside].tolist()) if grid.heard else (),
        downbeats_s=tuple(beats_s[inside & bars].tolist()) if grid.heard else (),
        tempo_map=tempo_map_of(grid),
        key=key,
        chords=name_chords(pitched, grid, key),
        grid=quantising.grid,
        strength=quantising.strength,
    )
