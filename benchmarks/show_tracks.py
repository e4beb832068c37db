"""What is heard in real recordings whose notes nobody knows: a sheet of piano rolls and a table.

    python benchmarks/show_tracks.py PLACE [PLACE ...] --font FILE [--picture FILE]

Transcribes sound files and all below folders, draws all rolls side by side, and prints a row of
markdown for each: what was heard, and two measures that need no truth. "MIDI" is the mean cosine
of pitch classes between the recording and its MIDI played by a soundfont, in brackets the same a
semitone off, which is what chance would give. "struck" is told of guitars beside a game's chart
(notes.mid): F of the onsets (50 ms), in brackets the median of it with the chart at wrong places.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from show_listening import BACKGROUND, MUTED, TEXT, agreement, played, spectrum, transcribe

from loopmind.files.decode import read_audio
from loopmind.learn.judging import midi_song
from loopmind.learn.sounds.render import RENDER_RATE_HZ
from loopmind.learn.tuning.material import audio_files
from loopmind.present.piano_roll import COLOURS

_COLUMNS = 4
_HARDEST = range(96, 101)  # a chart's notes of the hardest of four levels
_CHORD_S = 0.03
_LATE_S = tuple(np.arange(0.1, 1.5, 0.03))
_SHOWN = ("bass", "keys", "guitar", "strings", "brass", "woodwind", "lead", "pad", "vocal")


@dataclass(frozen=True)
class Heard:
    """One recording: its name, what the command told, its notes.json, and what was measured."""

    name: str
    told: dict[str, Any]
    notes: dict[str, Any]
    same: float
    chance: float
    struck: tuple[float, float] | None


def heard_of(file: Path, font: Path, work: Path) -> Heard:
    """Transcribe a recording and measure what can be measured without truth."""
    told, notes, _ = transcribe(file, work)
    audio = read_audio(file)
    again = spectrum(played(notes, font), RENDER_RATE_HZ)
    same, chance = agreement(spectrum(audio.samples.mean(axis=0), audio.rate_hz), again)
    name = file.stem if file.stem != "guitar" else f"{file.parent.name} (guitar)"
    return Heard(name, told, notes, same, chance, charted(file, notes))


def charted(file: Path, notes: dict[str, Any]) -> tuple[float, float] | None:
    """F-measure of onsets (50 ms) against the chart of a game that lies beside a guitar's track,
    and the median of the same with the chart shifted; None where there is no chart.

    Charts tell when the guitar is struck, not what it plays.
    """
    import mir_eval

    chart = file.parent / "notes.mid"
    if file.stem != "guitar" or not chart.is_file():
        return None
    struck = [
        note.start for part in midi_song(chart).instruments for note in part.notes
        if note.pitch in _HARDEST
    ]  # fmt: skip
    heard = [n["start_s"] for track in notes["tracks"] if track["instrument"] != "drums"
              for n in track["notes"]]  # fmt: skip
    true, found = np.unique(np.round(struck, 3)), joined(heard)
    at, *late = (mir_eval.onset.f_measure(true + s, found)[0] for s in (0.0, *_LATE_S))
    return float(at), float(np.median(late))


def joined(times_s: list[float]) -> np.ndarray[Any, Any]:
    """The onsets of notes, those of a chord counted once."""
    ordered = np.sort(np.array(times_s))
    return ordered[np.diff(ordered, prepend=-1.0) > _CHORD_S]


def sheet(heard: list[Heard], file: Path) -> None:
    """All rolls side by side: time to the right, pitch upwards, drums along the bottom."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.collections import LineCollection

    rows = -(-len(heard) // _COLUMNS)
    figure, axes = pyplot.subplots(
        rows, _COLUMNS, figsize=(4.1 * _COLUMNS, 1.75 * rows + 0.4), dpi=80, squeeze=False
    )
    figure.patch.set_facecolor(BACKGROUND)
    for axis in axes.flat:
        axis.set_facecolor(BACKGROUND)
        axis.set_xticks([])
        axis.set_yticks([])
        for spine in axis.spines.values():
            spine.set_color("#2a2a35")
    for axis, one in zip(axes.flat, heard, strict=False):
        for track in one.notes["tracks"]:
            drums = track["instrument"] == "drums"
            colour = COLOURS.get(track["instrument"], MUTED)
            lines = [
                [(n["start_s"], 22 if drums else n["pitch"]),
                 (n["start_s"] + 0.05 if drums else n["end_s"], 22 if drums else n["pitch"])]
                for n in track["notes"]
            ]  # fmt: skip
            axis.add_collection(LineCollection(lines, colors=colour, linewidths=1.2))
        axis.set_xlim(0, one.notes["duration_s"])
        axis.set_ylim(18, 108)
        axis.set_title(one.name, color=TEXT, fontsize=9, loc="left", pad=2)
    keys = [(name, COLOURS[name]) for name in ("drums", *_SHOWN) if name in COLOURS]
    for number, (name, colour) in enumerate(keys):
        figure.text(0.02 + 0.09 * number, 0.004, name, color=colour, fontsize=10)
    figure.tight_layout(rect=(0, 0.015, 1, 1))
    figure.savefig(file, facecolor=BACKGROUND, pil_kwargs={"quality": 80})
    pyplot.close(figure)


def row(one: Heard) -> str:
    """One recording as a row of the table."""
    counts = ", ".join(f"{name} {count}" for name, count in one.told["notes"].items())
    bpm = "-" if one.told["bpm"] is None else f"{one.told['bpm']:.0f}"
    struck = "" if one.struck is None else "{:.2f} ({:.2f})".format(*one.struck)
    return (
        f"| {one.name} | {one.told['duration_s']:.0f} s | {bpm} | {one.told['key']} | {counts} | "
        f"{one.same:.2f} ({one.chance:.2f}) | {struck} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("places", type=Path, nargs="+", metavar="PLACE", help="files, folders")
    parser.add_argument("--font", type=Path, required=True, help="soundfont that plays the MIDI")
    parser.add_argument("--picture", type=Path, default=Path("docs/listening/tracks.jpg"))
    parser.add_argument("--json", type=Path, help="keep the figures here, too")
    args = parser.parse_args()
    heard = []
    print("| track | length | bpm | key | notes | MIDI | struck |\n" + "|---" * 7 + "|")
    with tempfile.TemporaryDirectory() as folder:
        for file in [
            f for place in args.places for f in (audio_files(place) if place.is_dir() else [place])
        ]:
            try:
                heard.append(heard_of(file, args.font, Path(folder)))
            except SystemExit as error:  # the command has told why
                print(f"| {file.stem} | {error} |" + " |" * 5)
                continue
            print(row(heard[-1]), flush=True)
    sheet(heard, args.picture)
    for name in ("same", "chance"):
        print(f"median {name}: {np.nanmedian([getattr(one, name) for one in heard]):.2f}")
    if args.json:
        told = [one.told | {"same": one.same, "chance": one.chance}
                for one in heard]  # fmt: skip
        args.json.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
