"""Trains the network that tells where notes end: is what began there still held?

    python -m loopmind.learn.notes.ends take --pieces DIR/train [...] --work DIR
    python -m loopmind.learn.notes.ends train --work DIR

`take` lets the exported note network (WORK/notes.onnx) hear tracks of training pieces and mixes of
them, as learn/notes/second.py and many.py do, and asks round the end of each note that it found,
round where its frame curve falls, and at moments between. `train` takes two minutes, and writes
WORK/ends.txt, which `learn.notes.model` puts into the model's file.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched_ends import LONGEST, Ringing
from loopmind.analysis.listening.pitched_model import FPS, Heard, listen
from loopmind.analysis.listening.pitched_second import Layers, candidates
from loopmind.analysis.listening.spectrogram import KEYS, LOWEST_MIDI
from loopmind.analysis.models import Model, open_file
from loopmind.files.atomic import atomic_write
from loopmind.learn.notes.many import mixed_anew
from loopmind.learn.notes.second import fitted, keep, kept, place_of, played
from loopmind.learn.sounds.pieces import Piece, pieces

F32 = NDArray[np.float32]

TAKEN_FILE, ENDS_FILE = "ends.npz", "ends.txt"
_HIDDEN, _EPOCHS, _BATCH = (64, 32), 6, 2048
# Frames round a note's end, and round where its curve falls, and how many anywhere; of all of
# them these shares are kept, of tracks alone and of mixes.
_NEAR_END, _NEAR_FALL, _ANYWHERE = 14, 8, 6
_ALONE, _MIXED = 0.4, 0.15
_FALLEN = 0.5


def questions(heard: Heard, notes: F32, share: float, rng: np.random.Generator) -> tuple[F32, F32]:
    """Features (questions, FEATURES) of moments of the notes that were found, and whether each is
    still held then (questions,). notes: rows of start s, end s, pitch, velocity."""
    onset, curve = heard.onset.astype(np.float32), heard.frame.astype(np.float32)
    frames, keys = candidates(onset)
    peaks, last = onset[frames, keys], onset.shape[0] - 1
    rows: list[tuple[int, int, int, bool]] = []
    pitches = np.round(notes[:, 2]).astype(int) - LOWEST_MIDI
    for key in set(pitches.tolist()) & set(range(KEYS)):
        own = notes[pitches == key]
        own = own[np.argsort(own[:, 0])]
        for number, (start_s, end_s) in enumerate(own[:, :2].tolist()):
            place = place_of(frames, keys, peaks, key, start_s)
            if place is None:
                continue
            struck, end = int(frames[place]), end_s * FPS
            following = int(own[number + 1, 0] * FPS) - 1 if number + 1 < len(own) else last
            stop = min(following, last, struck + LONGEST)
            if stop - struck < 3:
                continue
            fallen = np.flatnonzero(curve[struck + 2 : stop, key] < _FALLEN)
            fall = struck + 2 + int(fallen[0]) if fallen.size else stop
            asked = {
                *range(int(end) - _NEAR_END, int(end) + _NEAR_END + 1),
                *range(fall - _NEAR_FALL, fall + _NEAR_FALL + 1),
                *rng.integers(struck + 1, stop, _ANYWHERE).tolist(),
            }
            rows += [(struck, key, at, at + 0.5 < end) for at in sorted(asked)
                     if struck < at < stop and rng.random() < share]  # fmt: skip
    table = np.array(rows, np.int64).reshape(-1, 4)
    seen = Ringing(heard).features(table[:, 0], table[:, 1], table[:, 2])
    return seen, table[:, 3].astype(np.float32)


def take(
    own: Sequence[Piece], work: Path, model: Model, tracks: int, mixes: int, seed: int = 31
) -> int:
    """Hear tracks and mixes and keep features and truth; returns how many questions."""
    rng = np.random.default_rng(seed)
    material: Iterator[tuple[F32, F32, float]] = itertools.chain(
        ((*given, _ALONE) for given in itertools.islice(played(own, rng), tracks)),
        ((*given, _MIXED) for given in itertools.islice(_mixed(own, rng), mixes)),
    )
    return keep(
        work / TAKEN_FILE,
        (questions(listen(sound, model=model, threads=1), notes, share, rng)
         for sound, notes, share in material),
    )  # fmt: skip


def _mixed(own: Sequence[Piece], rng: np.random.Generator) -> Iterator[tuple[F32, F32]]:
    several = [piece for piece in own if len(piece.tracks) >= 4]
    for index in rng.permutation(len(several)):
        sound, tracks = mixed_anew(several[index], rng)
        if tracks:
            yield sound, np.concatenate([notes for _, notes in tracks])


def train(seen: F32, truth: F32, *, hidden: Sequence[int] = _HIDDEN, epochs: int = _EPOCHS,
          batch: int = _BATCH, seed: int = 3) -> Layers:  # fmt: skip
    """Fit layers of `hidden` widths: features (questions, FEATURES), truth (questions,)."""
    return fitted(seen, truth[:, None], hidden=hidden, epochs=epochs, batch=batch, seed=seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("take", "train"))
    parser.add_argument("--pieces", type=Path, nargs="+", default=[])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--tracks", type=int, default=1200, help="to hear alone, 24 s each")
    parser.add_argument("--mixes", type=int, default=250, help="to hear, 24 s each")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.action == "take":
        model = open_file(args.work / "notes.onnx", threads=1)
        own = [piece for folder in args.pieces for piece in pieces(folder)]
        print(take(own, args.work, model, args.tracks, args.mixes), "questions")
        return
    seen, truth = kept(args.work / TAKEN_FILE)
    held = len(seen) * 9 // 10
    likely = train(seen[:held], truth[:held])(seen[held:])[:, 0]
    right = float(((likely > _FALLEN) == (truth[held:] > 0)).mean())
    print(f"{right:.3f} of held-back questions answered rightly")
    atomic_write(args.work / ENDS_FILE, train(seen, truth).to_text().encode())


if __name__ == "__main__":
    main()
