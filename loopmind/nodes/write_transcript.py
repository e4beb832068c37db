"""The node that writes a transcript: a MIDI file for each instrument, data, and a picture."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from loopmind.files.atomic import OutputError, atomic_write_all
from loopmind.graph.node import node
from loopmind.music.transcript import PROGRAMS, Transcript

NOTES_NAME, PICTURE_NAME = "notes.json", "piano_roll.png"


@node(
    id="loopmind.write_transcript",
    category="Output",
    output="path",
    writes_files=True,
    cache="none",
)
def write_transcript(
    transcript: Transcript,
    out: Annotated[Path, "Folder for the files; made if it is not there."],
    quantised: Annotated[bool, "MIDI and picture hold the notes on the grid."] = False,
) -> Path:
    """Write INSTRUMENT.mid for each track, notes.json and piano_roll.png; gives the folder.

    The tempo map is in every MIDI file. notes.json (docs/schema/notes.schema.json) holds all notes
    both as heard and quantised. MIDI files of an earlier transcript in the folder whose
    instruments do not play any more are removed. Errors: a folder that cannot be written, or that
    holds a file of one of these names which is not of an earlier transcript.
    """
    from loopmind.files.transcript_midi import transcript_midi
    from loopmind.present.notes_json import notes_json
    from loopmind.present.piano_roll import piano_roll_png

    files = {track.instrument: midi_name(track.instrument) for track in transcript.tracks}
    met = in_the_way(out, files)
    if met is not None:
        raise OutputError(met, "LoopMind did not write what is there", "choose another folder")
    # All is made before anything is written, so that what fails leaves the folder as it was.
    made = {
        files[track.instrument]: transcript_midi(transcript, (track,), as_heard=not quantised)
        for track in transcript.tracks
    }
    made[PICTURE_NAME] = piano_roll_png(transcript, as_heard=not quantised)
    made[NOTES_NAME] = notes_json(transcript, files).encode("utf-8")
    earlier = _own(out)
    atomic_write_all(out, made)
    for name in earlier - set(made):
        (out / name).unlink(missing_ok=True)
    return out


def midi_name(instrument: str) -> str:
    """The MIDI file of an instrument's track."""
    return f"{instrument.replace(' ', '_')}.mid"


def in_the_way(out: Path, instruments: Iterable[str] = PROGRAMS) -> Path | None:
    """What is not of an earlier transcript where one of `instruments` goes to; None: nothing."""
    if os.path.lexists(out) and not out.is_dir():
        return out
    own = _own(out)
    for name in (NOTES_NAME, PICTURE_NAME, *map(midi_name, instruments)):
        if name not in own and os.path.lexists(out / name):
            return out / name
    return None


def _own(out: Path) -> set[str]:
    """The files in `out` that are of the transcript whose notes.json lies there."""
    import json

    from loopmind.present.notes_json import FORMAT

    try:
        told = json.loads((out / NOTES_NAME).read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            return set()
        names = {str(track["file"]) for track in told["tracks"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    midi = {name for name in names if name.endswith(".mid") and Path(name).name == name}
    return {NOTES_NAME, PICTURE_NAME, *midi}
