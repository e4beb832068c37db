"""Reading MIDI files: the notes of each instrument, and the tempo at the start."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from loopmind.errors import LoopMindError
from loopmind.music.notes import Note, Notes


@dataclass(frozen=True)
class MidiSong:
    """The pitched instruments of a MIDI file, those with most notes first, and its first tempo."""

    bpm: float
    instruments: tuple[Notes, ...]


def read_midi(path: Path) -> MidiSong:
    """The notes in `path`. Raises LoopMindError for a file that is missing, no MIDI, or empty."""
    if not path.is_file():
        raise LoopMindError(f"there is no MIDI file {path}; check the path")
    with path.open("rb") as file:
        if file.read(4) != b"MThd":
            raise LoopMindError(f"{path} is no MIDI file; name one that ends in .mid")
    with warnings.catch_warnings():
        # It warns of odd tempo events, and its own packaging; neither changes the notes.
        warnings.simplefilter("ignore")
        import pretty_midi

        try:
            read = pretty_midi.PrettyMIDI(str(path))
        except Exception as error:  # the library raises whatever a damaged file leads it to
            raise LoopMindError(
                f"{path} is damaged ({str(error) or type(error).__name__}); export it again"
            ) from error
    found = []
    for instrument in read.instruments:
        notes = tuple(
            Note(float(n.start), float(n.end), float(n.pitch), n.velocity / 127.0)
            for n in sorted(instrument.notes, key=lambda n: (n.start, n.pitch))
        )
        if notes and not instrument.is_drum:
            found.append(Notes(instrument.name or f"program {instrument.program}", notes))
    if not found:
        raise LoopMindError(f"{path} holds no pitched notes; name a MIDI file with a melody")
    found.sort(key=lambda n: -len(n.notes))
    tempi = read.get_tempo_changes()[1]
    return MidiSong(float(tempi[0]) if len(tempi) else 120.0, tuple(found))
