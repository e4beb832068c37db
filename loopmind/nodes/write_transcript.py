"""The node that writes a transcript: a MIDI file for each instrument, data, and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from loopmind.files.atomic import atomic_write_all
from loopmind.graph.node import node
from loopmind.music.transcript import TranscribedTrack, Transcript

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
    instruments do not play any more are removed. Errors: a folder that cannot be written.
    """
    from loopmind.files.transcript_midi import transcript_midi
    from loopmind.present.notes_json import notes_json
    from loopmind.present.piano_roll import piano_roll_png

    files = {track.instrument: midi_name(track) for track in transcript.tracks}
    # All is made before anything is written, so that what fails leaves the folder as it was.
    made = {
        files[track.instrument]: transcript_midi(transcript, (track,), as_heard=not quantised)
        for track in transcript.tracks
    }
    made[PICTURE_NAME] = piano_roll_png(transcript, as_heard=not quantised)
    made[NOTES_NAME] = notes_json(transcript, files).encode("utf-8")
    earlier = _earlier(out)
    atomic_write_all(out, made)
    for name in earlier - set(made):
        (out / name).unlink(missing_ok=True)
    return out


def midi_name(track: TranscribedTrack) -> str:
    """The MIDI file of a track."""
    return f"{track.instrument.replace(' ', '_')}.mid"


def _earlier(out: Path) -> set[str]:
    """The MIDI files that the notes.json in `out` says are its own."""
    import json

    try:
        told = json.loads((out / NOTES_NAME).read_text(encoding="utf-8"))
        names = {str(track["file"]) for track in told["tracks"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {name for name in names if name.endswith(".mid") and Path(name).name == name}
