"""Trains the network that looks again at mixes: what is a note, and which families play it.

    python -m loopmind.learn.notes.many take --pieces DIR/train --work DIR [--mixes 800]
    python -m loopmind.learn.notes.many train --work DIR [--beside models/notes.onnx]

`take` lets the exported note network (WORK/notes.onnx) hear mixes of training pieces, their tracks
balanced and most of them equalised anew, all of it played a little higher or lower, and keeps what
it found beside the truth. `train` takes some minutes, and writes WORK/many.txt, which
`learn.notes.model export` puts into the model's file.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from loopmind.analysis.listening.pitched import looks_of
from loopmind.analysis.listening.pitched_many import (
    LEAST_OF_MANY,
    OUTPUTS,
    features_of_many,
)
from loopmind.analysis.listening.pitched_model import FAMILIES, Heard, listen
from loopmind.analysis.listening.pitched_second import Layers, candidates
from loopmind.analysis.listening.spectrogram import RATE_HZ
from loopmind.analysis.models import Model, open_file
from loopmind.files.atomic import atomic_write
from loopmind.learn.notes.batches import elsewhere
from loopmind.learn.notes.second import fitted, truth_of
from loopmind.learn.sounds.pieces import Piece, pieces
from loopmind.learn.sounds.render import RENDER_RATE_HZ

F32 = NDArray[np.float32]

MANY_FILE = "many.txt"
_TAKEN = "many-*.npz"
_ELSEWHERE = 0.7
# Networks that err in different places: hidden widths, epochs, share dropped and seed of each.
_NETS = (((96, 48), 6, 0.15, 3), ((160, 64), 7, 0.3, 5), ((256, 96), 8, 0.3, 7))
_NOTES_ONLY = _NETS[1]
_BATCH = 1024


@dataclass(frozen=True, eq=False)
class Taken:
    """The candidates of one mix: what tells of each, and what they are."""

    seen: F32
    truth: F32


def mixed_anew(piece: Piece, rng: np.random.Generator) -> tuple[F32, list[tuple[int, F32]]]:
    """A mix of a piece at RATE_HZ, and the notes of each pitched track: family, rows of start s,
    end s, pitch, velocity."""
    import soxr

    steps = int(rng.integers(-2, 3))
    speed = 2.0 ** ((steps + float(rng.uniform(-0.25, 0.25))) / 12.0)
    whole = np.zeros(0, np.float32)
    truth = []
    for number, track in enumerate(piece.tracks):
        mono = piece.track(number).mean(axis=0)
        part = soxr.resample(mono, RENDER_RATE_HZ, RATE_HZ, quality="MQ")
        if rng.random() < _ELSEWHERE:
            part = elsewhere(part, rng)
        part = part * np.float32(10.0 ** (rng.normal(0.0, 3.0) / 20.0))
        whole = np.pad(whole, (0, max(0, part.size - whole.size)))
        whole[: part.size] += part
        if track["instrument"] in FAMILIES:
            notes = np.array(track["notes"], np.float32).reshape(-1, 4)
            notes[:, :2] /= speed
            notes[:, 2] += steps
            truth.append((FAMILIES.index(track["instrument"]), notes))
    places = np.arange(int(whole.size / speed)) * speed
    played = np.interp(places, np.arange(whole.size), whole).astype(np.float32)
    noise = rng.standard_normal(played.size, dtype=np.float32)
    return played + noise * np.float32(10.0 ** (rng.uniform(-80.0, -50.0) / 20.0)), truth


def truths_of(
    frames: NDArray[np.int64], keys: NDArray[np.int64], peaks: F32,
    tracks: Sequence[tuple[int, F32]],
) -> F32:  # fmt: skip
    """(candidates, OUTPUTS): which are notes, and whose."""
    out = np.zeros((frames.size, OUTPUTS), np.float32)
    for family, notes in tracks:
        out[:, 1 + family] = np.maximum(out[:, 1 + family], truth_of(frames, keys, peaks, notes))
    out[:, 0] = out[:, 1:].max(axis=1)
    return out


def taken_of(heard: Heard, tracks: Sequence[tuple[int, F32]]) -> Taken:
    """What was heard of a mix beside its truth."""
    onset = heard.onset.astype(np.float32)
    frames, keys = candidates(onset, LEAST_OF_MANY)
    truth = truths_of(frames, keys, onset[frames, keys], tracks)
    return Taken(features_of_many(heard, frames, keys), truth)


def take(own: Sequence[Piece], work: Path, model: Model, mixes: int, seed: int = 21) -> None:
    """Hear mixes of pieces of three parts or more and keep each one's candidates in a file."""
    rng = np.random.default_rng(seed)
    several = [piece for piece in own if len(piece.tracks) >= 3 and _pitched(piece.tracks) >= 2]
    order = [index for _ in range(1 + mixes // len(several))
             for index in rng.permutation(len(several)).tolist()]  # fmt: skip
    for number, index in enumerate(order[:mixes]):
        sound, tracks = mixed_anew(several[index], np.random.default_rng([seed, number]))
        kept = taken_of(listen(sound, model=model, threads=1), tracks)
        save(work / _TAKEN.replace("*", f"{number:05d}"), kept)
        if number % 20 == 19 or number == mixes - 1:
            print(number + 1, "mixes", flush=True)


def _pitched(tracks: Sequence[Mapping[str, Any]]) -> int:
    return sum(track["instrument"] in FAMILIES for track in tracks)


def save(path: Path, kept: Taken) -> None:
    """Write a mix's candidates."""
    np.savez(path, seen=kept.seen.astype(np.float16), truth=kept.truth.astype(np.float16))


def taken(work: Path) -> list[Taken]:
    """All that `take` has kept, a mix each."""
    out = []
    for path in sorted(work.glob(_TAKEN)):
        with np.load(path, allow_pickle=False) as file:
            out.append(Taken(file["seen"].astype(np.float32), file["truth"].astype(np.float32)))
    return out


def train(own: Sequence[Taken], *, longer: int = 1) -> Layers:
    """Fit networks to what was taken of mixes; what is kept is the mean of their opinions.

    longer: how many times as long as is right for some hundred mixes.
    """
    seen = np.concatenate([mix.seen for mix in own])
    truth = np.concatenate([mix.truth for mix in own])
    return joined([
        fitted(seen, truth, hidden=hidden, epochs=longer * epochs, batch=_BATCH, dropped=dropped,
               seed=seed)
        for hidden, epochs, dropped, seed in _NETS
    ])  # fmt: skip


def beside(known: Layers, own: Sequence[Taken], *, longer: int = 1) -> Layers:
    """A network that names players as `known` does, and has half the say of what is a note.

    For when the first network has learned on: what it now says of notes is learned from `own`, who
    plays was learned from more music before.
    """
    hidden, epochs, dropped, seed = _NOTES_ONLY
    notes = fitted(
        np.concatenate([mix.seen for mix in own]),
        np.concatenate([mix.truth[:, :1] for mix in own]),
        hidden=hidden, epochs=longer * epochs, batch=_BATCH, dropped=dropped, seed=seed,
    )  # fmt: skip
    last = np.pad(notes.layers[-1], ((0, 0), (0, OUTPUTS - 1)))
    shares = np.ones((2, OUTPUTS), np.float32)
    shares[:, 0] = 0.5
    return joined([known, Layers((*notes.layers[:-1], last))], shares)


def joined(nets: Sequence[Layers], shares: F32 | None = None) -> Layers:
    """One network whose outputs, before they are brought to 0..1, are the mean of all `nets`'.

    Its hidden units are those of all of them side by side, each listening to its own. shares:
    (nets, outputs), how much each output of each counts, where that is not the same.
    """
    if shares is None:
        shares = np.full((len(nets), nets[0].layers[-1].shape[1]), 1.0 / len(nets), np.float32)
    made = []
    last = len(nets[0].layers) - 1
    for number, parts in enumerate(zip(*(net.layers for net in nets), strict=True)):
        inputs = [part.shape[0] - 1 for part in parts]
        outputs = [part.shape[1] for part in parts]
        whole = np.zeros(((inputs[0] if number == 0 else sum(inputs)) + 1,
                          outputs[0] if number == last else sum(outputs)), np.float32)  # fmt: skip
        row = column = 0
        for own, rows, columns, counts in zip(parts, inputs, outputs, shares, strict=True):
            part = own * counts if number == last else own
            whole[row : row + rows, column : column + columns] += part[:-1]
            whole[-1, column : column + columns] += part[-1]
            row += 0 if number == 0 else rows
            column += 0 if number == last else columns
        made.append(whole)
    return Layers(tuple(made))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("take", "train"))
    parser.add_argument("--pieces", type=Path, action="append")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--mixes", type=int, default=800, help="of 24 s to hear")
    parser.add_argument("--seed", type=int, default=21, help="another one takes other mixes")
    parser.add_argument("--beside", type=Path, help="model whose network goes on naming players")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.action == "take":
        model = open_file(args.work / "notes.onnx", threads=1)
        own = [piece for folder in args.pieces for piece in pieces(folder)]
        take(own, args.work, model, args.mixes, args.seed)
        return
    known = looks_of(open_file(args.beside)).many if args.beside else None
    if args.beside and known is None:
        parser.error(f"{args.beside} has no network that looks again at mixes; leave --beside out")
    mixes = taken(args.work)
    net = train(mixes) if known is None else beside(known, mixes)
    atomic_write(args.work / MANY_FILE, net.to_text().encode())


if __name__ == "__main__":
    main()
