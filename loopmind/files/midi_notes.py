"""Notes from and to MIDI files, through pretty_midi: each instrument by its name, drums too."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loopmind.errors import LoopMindError
from loopmind.files.atomic import atomic_write
from loopmind.music.notes import Note, Notes

TICKS_PER_BEAT = 480
SHORTEST_S = 0.001


def _library() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own packaging warns
        import pretty_midi
    return pretty_midi


def read_notes(path: str | Path, instrument: str = "") -> Notes:
    """The notes of `instrument` (its name, or its number from 1 on; empty: of all) in a MIDI file.

    Seconds follow the file's tempo map. Raises LoopMindError for a file that is missing, damaged
    or has no such instrument, naming those that it has.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise LoopMindError(f"{file} cannot be read ({reason}); check the path") from error
    if not data.startswith(b"MThd"):
        raise LoopMindError(f"{file} is no MIDI file; choose a .mid file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd tempo events, which change no note
        try:
            read = _library().PrettyMIDI(io.BytesIO(data))
        except Exception as error:  # whatever damaged bytes lead the library to
            raise LoopMindError(
                f"{file} is damaged ({str(error) or type(error).__name__}); export it again"
            ) from error
    names = [i.name.strip() or f"program {i.program}" for i in read.instruments]
    wanted = instrument.strip()
    if not wanted:
        chosen = list(range(len(names)))
    else:
        chosen = [n for n, name in enumerate(names) if name.lower() == wanted.lower()]
        if not chosen and wanted.isdigit() and 1 <= int(wanted) <= len(names):
            chosen = [int(wanted) - 1]
        if not chosen:
            known = ", ".join(dict.fromkeys(names)) or "none"
            raise LoopMindError(f"{file} has no instrument {wanted!r}; it has {known}")
    found = [
        Note(float(n.start), float(n.end), float(n.pitch), n.velocity / 127.0)
        for number in chosen
        for n in read.instruments[number].notes
    ]
    found.sort(key=lambda n: (n.start_s, n.pitch, n.end_s))
    return Notes(names[chosen[0]] if wanted else file.stem, tuple(found))


def write_notes(path: str | Path, parts: Sequence[Notes], bpm: float = 120.0) -> Path:
    """Write instruments as a standard MIDI file (type 1, 480 ticks a beat), whole or not at all.

    Pitches are rounded to semitones. Drums are those whose instrument is called "drums".
    """
    library = _library()
    made = library.PrettyMIDI(resolution=TICKS_PER_BEAT, initial_tempo=bpm)
    for part in parts:
        drums = part.instrument.lower() == "drums"
        instrument = library.Instrument(0, is_drum=drums, name=part.instrument)
        for note in part.notes:
            velocity = min(max(round(note.velocity * 127), 1), 127)
            pitch = min(max(round(note.pitch), 0), 127)
            end = max(note.end_s, note.start_s + SHORTEST_S)
            instrument.notes.append(library.Note(velocity, pitch, note.start_s, end))
        made.instruments.append(instrument)
    held = io.BytesIO()
    made.write(held)
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, held.getvalue())
    except OSError as error:
        reason = error.strerror or str(error)
        raise LoopMindError(
            f"{target} cannot be written ({reason}); choose another path"
        ) from error
    return target
