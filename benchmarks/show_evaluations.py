"""Every figure of the listening models by `loopmind evaluate`, on material none of them met.

    python benchmarks/show_evaluations.py --pieces DIR/test --sounds COLLECTION --packages DIR
        --loops DIR --out DIR [--only separate,tag] > docs/evaluated.md

Pieces of `python -m loopmind.learn.sounds.pieces`, split test, are written as recordings with their
truth: mixes with stems, lines, keys and mixes with MIDI, drums with MIDI, loops of tracks that
belong together. Sounds to be tagged are the hits of the unseen kits, and notes and parts of the
test pieces' MIDI files, by those programs of MuseScore General that have samples of their own.
Tempo and key are judged on real loops.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from loopmind.files.encode import write_audio
from loopmind.files.midi_notes import write_notes
from loopmind.learn.fit.data import notes_between
from loopmind.learn.notes.tune import as_notes, write_files
from loopmind.learn.separation.truth import of_pieces
from loopmind.learn.sounds.drum_kits import packaged_kits
from loopmind.learn.sounds.held_back import TEST_KITS, TEST_PROGRAMS
from loopmind.learn.sounds.material import midi_files, recordings, rendered
from loopmind.learn.sounds.pieces import Piece, pieces, split_of
from loopmind.learn.sounds.render import RENDER_RATE_HZ, soundfonts
from loopmind.music.audio import Audio
from loopmind.music.loop import ROLE_OF_INSTRUMENT
from loopmind.music.notes import Notes

FONT = "MuseScore_General"
BEATS = 16


def table(folder: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """A labels.csv with a column for each key of the rows."""
    made = list(rows)
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(made[0]))
        writer.writeheader()
        writer.writerows(made)
    return folder / "labels.csv"


def drums(args: argparse.Namespace, out: Path) -> Path:
    """The drums of each piece alone, and their MIDI."""
    rows = []
    for piece in pieces(args.pieces):
        notes = [note for track in piece.tracks if track["stem"] == "drums"
                 for note in as_notes(track).notes]  # fmt: skip
        if not notes:
            continue
        name = piece.folder.name
        write_audio(out / f"{name}.flac", Audio(piece.stems()["drums"], RENDER_RATE_HZ))
        write_notes(out / f"{name}.mid", [Notes("drums", tuple(notes))])
        rows.append({"path": f"{name}.flac", "midi": f"{name}.mid"})
    return table(out, rows)


def transcribe(args: argparse.Namespace, out: Path) -> Path:
    write_files(pieces(args.pieces), out)
    return out / "labels.csv"


def tag(args: argparse.Namespace, out: Path) -> Path:
    midi = [m for m in midi_files([args.sounds / "midi"]) if split_of(m) == "test"]
    (font,) = (f for f in soundfonts([]) if f.stem.startswith(FONT))
    hits = (s for s in recordings(args.sounds / "labels.csv")
            if any(kit in s.path for kit in TEST_KITS))  # fmt: skip
    rng = np.random.default_rng(7)
    sounds = [
        (Audio(sound.samples[None, :], sound.rate_hz), sound.instrument, sound.kind)
        for sound in (*rendered(font, midi, rng, TEST_PROGRAMS), *hits)
    ]
    sounds += [
        (Audio(sound, RENDER_RATE_HZ), "hat" if voice == "open" else voice, "oneshot")
        for kit in packaged_kits(args.packages).values()
        for voice, struck in kit.items()
        for sound in struck
    ]
    rows = []
    for number, (audio, instrument, kind) in enumerate(sounds):
        path = out / f"{number:04d}.wav"
        write_audio(path, audio)
        rows.append({"path": path.name, "instrument": instrument, "kind": kind})
    return table(out, rows)


def fit(args: argparse.Namespace, out: Path) -> Path:
    """Sixteen beats of each piece, where the most tracks play, each track a file."""
    rows = []
    for piece in pieces(args.pieces):
        beats = np.asarray(piece.truth["beats_s"])
        begins = range(max(len(beats) - BEATS, 0))
        best = max(begins, key=lambda b: len(playing(piece, beats, b)), default=None)
        if best is None:
            continue
        bpm = 60.0 * BEATS / float(beats[best + BEATS] - beats[best])
        a, b = (round(float(t) * RENDER_RATE_HZ) for t in (beats[best], beats[best + BEATS]))
        for number in playing(piece, beats, best):
            sound = piece.track(number)[:, a:b]
            if float(np.abs(sound).max()) < 1e-3:
                continue
            path = out / f"{piece.folder.name}-{number}.flac"
            write_audio(path, Audio(np.ascontiguousarray(sound), RENDER_RATE_HZ))
            rows.append({
                "path": path.name, "group": piece.folder.name, "bpm": round(bpm, 3),
                "role": ROLE_OF_INSTRUMENT[piece.tracks[number]["instrument"]],
                "source": piece.truth["font"],
            })  # fmt: skip
    return table(out, rows)


def playing(piece: Piece, beats: np.ndarray, first: int) -> list[int]:
    start, end = float(beats[first]), float(beats[first + BEATS])
    return [n for n, track in enumerate(piece.tracks) if notes_between(track, start, end) >= 3]


MATERIAL = {
    "separate": lambda args, out: of_pieces(args.pieces, out),
    "transcribe": transcribe,
    "drums": drums,
    "tag": tag,
    "fit": fit,
    "tempo": lambda args, out: args.loops / "labels.csv",
    "key": lambda args, out: args.loops / "labels.csv",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("pieces", "sounds", "packages", "loops", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--only", default=",".join(MATERIAL))
    args = parser.parse_args()
    print("# Every figure by `loopmind evaluate`\n\n"
          "Printed by `python benchmarks/show_evaluations.py`: pieces, soundfont and kits that no "
          "model learned from,\npeers on the same files in the same run.")  # fmt: skip
    for what in args.only.split(","):
        out = args.out / what
        out.mkdir(parents=True, exist_ok=True)
        labels = MATERIAL[what](args, out)
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "loopmind.cli", "evaluate", what, "--data", str(labels)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        print(f"\n## {what.capitalize()}\n\n```\n$ loopmind evaluate {what} --data labels.csv\n"
              f"{done.stdout.rstrip()}\n```\n\n{time.monotonic() - started:.0f} s.",
              flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
