"""`loopmind hum`: a sung or whistled recording becomes a melody, and a song round it."""

from __future__ import annotations

import argparse
from pathlib import Path

from loopmind.commands._places import new_song_folder, place
from loopmind.commands._song import More, add_wish, sing
from loopmind.errors import LoopMindError
from loopmind.files.atomic import atomic_write
from loopmind.music.melody import Melody
from loopmind.present.melody_midi import melody_midi
from loopmind.runtime.generate import Made

MIDI_NAME = "hum.mid"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "recording", metavar="RECORDING", type=place, help="you, singing, humming or whistling"
    )
    parser.add_argument("folders", nargs="+", metavar="FOLDER", type=place, help="your sounds")
    add_wish(parser)
    parser.add_argument(
        "--out", type=place, metavar="DIR", help="where to (default: a new folder under songs/)"
    )


def run(args: argparse.Namespace) -> int:
    """Make the song."""
    recording: Path = args.recording
    if not recording.is_file():
        what = "is a folder; name" if recording.is_dir() else "does not exist; check"
        raise LoopMindError(f"the recording {recording} {what} the file")
    out = args.out if args.out is not None else new_song_folder(f"{recording.stem} hum")
    return sing(
        args, args.folders, out, preset="hum", recording=str(recording),
        more=lambda made: _tell(made, recording),
    )  # fmt: skip


def _tell(made: Made, recording: Path) -> More:
    """Write the melody as MIDI beside the song, and tell of it."""
    melody: Melody = made.result["melody"]
    atomic_write(made.out / MIDI_NAME, melody_midi(melody, recording.stem))
    data = {
        "notes": [[n.start_s, n.end_s, n.midi] for n in melody.notes],
        "beats": [[n.beat, n.beats, n.midi] for n in melody.notes],
        "bpm": melody.bpm,
        "key": str(melody.key) if melody.key else None,
        "tuning_cents": melody.tuning_cents,
        "clarity": melody.clarity,
        "fit": melody.fit,
        "midi": str(made.out / MIDI_NAME),
    }
    return More((f"melody  {made.out / MIDI_NAME}",), {"melody": data})
