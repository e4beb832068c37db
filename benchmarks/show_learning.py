"""Material to show fine-tuning with: one unseen kit, instrument or pack, as a user would have it.

    python benchmarks/show_learning.py kit --pieces DIR --sounds COLLECTION --name KIT --out DIR
    python benchmarks/show_learning.py notes --pieces DIR --font FILE --program 21 --out DIR
    python benchmarks/show_learning.py stems --pieces DIR --out DIR
    python benchmarks/show_learning.py sounds --labels LABELS.csv --source SOURCE --out DIR

`kit` plays the drum parts of pieces on a kit of one-shots that no shipped model learned from:
recordings beside MIDI files. `notes` plays the pitched parts of pieces on one program of a
soundfont, `stems` writes pieces as folders of stems. `sounds` sorts the labelled one-shots of one
source into folders. Then: loopmind learn drums --from DIR; loopmind learn transcriber --from DIR.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from pathlib import Path

import numpy as np

from loopmind.files.encode import write_audio
from loopmind.files.midi_notes import write_notes
from loopmind.learn.sounds.drum_kits import drum_kits, play_kit
from loopmind.learn.sounds.fluid import Part, Player
from loopmind.learn.sounds.material import our_instrument
from loopmind.learn.sounds.pieces import pieces
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note
from loopmind.music.audio import Audio
from loopmind.music.notes import Note as HeardNote
from loopmind.music.notes import Notes

FEWEST = 24


def kit(args: argparse.Namespace) -> int:
    """Recordings of one kit with their notes; returns how many."""
    kits = drum_kits(args.sounds / "labels.csv")
    if args.name not in kits:
        raise SystemExit(f"there is no kit {args.name!r}; choose from {', '.join(kits)}")
    own = kits[args.name]
    made = 0
    args.out.mkdir(parents=True, exist_ok=True)
    for piece in pieces(args.pieces):
        drums = [t for t in piece.tracks if t["stem"] == "drums" and len(t["notes"]) >= FEWEST]
        if not drums or made >= args.most:
            continue
        notes = [Note(s, e - s, p, v) for s, e, p, v in drums[0]["notes"] if s < args.seconds]
        rng = np.random.default_rng([1, made])
        sound, played = play_kit(notes, own, round(args.seconds * RENDER_RATE_HZ), rng)
        if len(played) < FEWEST:
            continue
        sound *= np.float32(0.7 / max(float(np.abs(sound).max()), 1e-6))
        name = f"beat-{made:02d}"
        write_audio(args.out / f"{name}.wav", Audio(sound, RENDER_RATE_HZ))
        heard = tuple(
            HeardNote(n.start_s, n.start_s + n.length_s, n.pitch, n.velocity / 127) for n in played
        )
        write_notes(args.out / f"{name}.mid", [Notes("drums", heard)])
        made += 1
    return made


def notes(args: argparse.Namespace) -> int:
    """Recordings of one instrument with their notes, a part of a piece each; returns how many."""
    made = 0
    args.out.mkdir(parents=True, exist_ok=True)
    with Player(args.font) as player:
        for piece in pieces(args.pieces):
            parts = [t for t in piece.tracks if t["stem"] not in ("drums", "bass")]
            part = max(parts, key=lambda t: len(t["notes"]), default=None)
            if part is None or made >= args.most:
                continue
            own = tuple(Note(s, e - s, p, v) for s, e, p, v in part["notes"] if s < args.seconds)
            if len(own) < FEWEST:
                continue
            (sound,) = player.play([Part(args.program, own)], args.seconds)
            sound *= np.float32(0.5 / max(float(np.abs(sound).max()), 1e-6))
            name = f"take-{made:02d}"
            write_audio(args.out / f"{name}.wav", Audio(sound, RENDER_RATE_HZ))
            heard = tuple(
                HeardNote(n.start_s, min(n.start_s + n.length_s, args.seconds), n.pitch,
                          n.velocity / 127) for n in own
            )  # fmt: skip
            write_notes(args.out / f"{name}.mid", [Notes(args.name, heard)])
            made += 1
    return made


def stems(args: argparse.Namespace) -> int:
    """Pieces as folders of stems (drums, bass, vocals, other); returns how many."""
    made = 0
    for piece in pieces(args.pieces):
        sounds = {name: sound for name, sound in piece.stems().items() if np.any(sound)}
        if made >= args.most or len(sounds) < 3:
            continue
        for name, sound in sounds.items():
            write_audio(args.out / piece.folder.name / f"{name}.wav", Audio(sound, RENDER_RATE_HZ))
        made += 1
    return made


def sounds(args: argparse.Namespace) -> int:
    """One source's one-shots in folders named by instrument; returns how many."""
    with args.labels.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    made = 0
    for row in rows:
        if row["kind"] != "oneshot" or not row["instrument"] or args.source not in row["path"]:
            continue
        name = our_instrument(row["instrument"], row["path"], row["truth"])
        target = args.out / name / f"{made:04d}{Path(row['path']).suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(args.labels.parent / row["path"], target)
        made += 1
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("kit", "notes", "stems", "sounds"))
    parser.add_argument("--pieces", type=Path, help="pieces that learn/sounds/pieces.py made")
    parser.add_argument("--sounds", type=Path, help="collection with labels.csv")
    parser.add_argument("--name", default="HardElectro1", help="which kit, or instrument")
    parser.add_argument("--font", type=Path, help="a soundfont")
    parser.add_argument("--program", type=int, default=21, help="its program, counted from 0")
    parser.add_argument("--labels", type=Path, help="a labels.csv")
    parser.add_argument("--source", default="", help="words in the path of what is taken")
    parser.add_argument("--most", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    makers = {"kit": kit, "notes": notes, "stems": stems, "sounds": sounds}
    print(makers[args.what](args), "made in", args.out)


if __name__ == "__main__":
    main()
