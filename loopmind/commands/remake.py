"""`loopmind remake`: a track played anew by the user's own sounds, as an editable song."""

from __future__ import annotations

import argparse
from pathlib import Path

from loopmind.commands._places import new_song_folder, place
from loopmind.commands._song import More, add_wish, sing
from loopmind.commands.transcribe import check_recording
from loopmind.files.atomic import atomic_write
from loopmind.files.transcript_midi import transcript_midi
from loopmind.music.transcript import Transcript
from loopmind.runtime.generate import Made

MIDI_NAME = "heard.mid"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("track", metavar="TRACK", type=place, help="the track to be played anew")
    parser.add_argument("folders", nargs="+", metavar="FOLDER", type=place, help="your sounds")
    add_wish(parser)
    parser.add_argument(
        "--out", type=place, metavar="DIR", help="where to (default: a new folder under songs/)"
    )


def run(args: argparse.Namespace) -> int:
    """Make the song."""
    from loopmind.files.decode import probe
    from loopmind.nodes.transcribe_audio import check_length

    track: Path = args.track
    check_recording(track)
    check_length(probe(track).duration_s, str(track))
    out = args.out if args.out is not None else new_song_folder(f"{track.stem} remade")
    return sing(
        args, args.folders, out, preset="remake", recording=str(track), title_of=track.name,
        more=_tell,
    )  # fmt: skip


def _tell(made: Made) -> More:
    """Write what was heard as MIDI beside the song, and tell of it."""
    heard: Transcript = made.result["transcribe"]
    file = atomic_write(made.out / MIDI_NAME, transcript_midi(heard, heard.tracks))
    counts = {track.instrument: len(track.notes) for track in heard.tracks}
    data = {"bpm": heard.bpm, "key": str(heard.key) if heard.key else None, "notes": counts,
            "midi": str(file)}  # fmt: skip
    return More((f"heard   {file}",), {"heard": data})
