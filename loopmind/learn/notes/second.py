"""Trains the second note network, which looks again at where notes of chords may begin.

    python -m loopmind.learn.notes.second take --pieces DIR/train [...] --work DIR [--tracks 1200]
    python -m loopmind.learn.notes.second train --work DIR

`take` lets the exported note network (WORK/notes.onnx) hear tracks of training pieces, each alone,
most of them keys, and most of them equalised anew, and keeps what it found beside the truth.
`train` takes a minute, and writes WORK/second.txt, which `learn.notes.model` puts into the model's
file.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from loopmind.analysis.listening.pitched_model import FPS, Heard, heard_mono, listen
from loopmind.analysis.listening.pitched_second import (
    Layers,
    candidates,
    features,
)
from loopmind.analysis.listening.spectrogram import LOWEST_MIDI
from loopmind.analysis.models import Model, open_file
from loopmind.files.atomic import atomic_write
from loopmind.learn.notes.batches import elsewhere
from loopmind.learn.sounds.pieces import Piece, pieces
from loopmind.learn.sounds.render import RENDER_RATE_HZ
from loopmind.music.audio import Audio

F32 = NDArray[np.float32]

TAKEN_FILE, SECOND_FILE = "taken.npz", "second.txt"
_WINDOW_S = 0.05
_EPOCHS = 16
_BATCH = 512
_LIKELY = 0.4
_ELSEWHERE = 0.6
_FEWEST = 8
# How often a track of each instrument is heard; others than these are no chords.
_SHARES = {"keys": 1.0, "guitar": 0.3} | dict.fromkeys(
    ("strings", "pad", "brass", "woodwind", "lead"), 0.04
)


def played(own: Sequence[Piece], rng: np.random.Generator) -> Iterator[tuple[F32, F32]]:
    """Tracks of pieces, each once, those of chords first of all: the sound at RATE_HZ, and its
    notes as rows of start s, end s, pitch, velocity."""
    known = [
        (piece, number, _SHARES[track["instrument"]])
        for piece in own for number, track in enumerate(piece.tracks)
        if track["instrument"] in _SHARES and len(track["notes"]) >= _FEWEST
    ]  # fmt: skip
    shares = np.array([share for *_, share in known])
    for index in rng.choice(len(known), len(known), replace=False, p=shares / shares.sum()):
        piece, number, _ = known[index]
        sound = heard_mono(Audio(piece.track(number), RENDER_RATE_HZ))
        if rng.random() < _ELSEWHERE:
            sound = elsewhere(sound, rng)
        yield sound, np.array(piece.tracks[number]["notes"], np.float32).reshape(-1, 4)


def truth_of(
    frames: NDArray[np.int64], keys: NDArray[np.int64], peaks: F32, notes: F32
) -> F32:  # fmt: skip
    """(candidates,): 1 for the highest of the candidates that would count as a note, for each."""
    out = np.zeros(frames.size, np.float32)
    for start, _, pitch, _ in notes:
        place = place_of(frames, keys, peaks, round(float(pitch)) - LOWEST_MIDI, start)
        if place is not None:
            out[place] = 1.0
    return out


def place_of(
    frames: NDArray[np.int64], keys: NDArray[np.int64], peaks: F32, key: int, start_s: float
) -> int | None:
    """Which of the candidates would count as the note of `key` that begins at `start_s`."""
    near = np.flatnonzero((keys == key) & (np.abs(frames / FPS - start_s) <= _WINDOW_S))
    return int(near[np.argmax(peaks[near])]) if near.size else None


def hear_again(heard: Heard, notes: F32) -> tuple[F32, F32]:
    """Features and truth of all candidates."""
    onset = heard.onset.astype(np.float32)
    frames, keys = candidates(onset)
    seen = features(heard, frames, keys)
    return seen, truth_of(frames, keys, onset[frames, keys], notes)


def take(own: Sequence[Piece], work: Path, model: Model, tracks: int, seed: int = 11) -> int:
    """Hear tracks and keep features and truth; returns how many candidates."""
    material = itertools.islice(played(own, np.random.default_rng(seed)), tracks)
    return keep(
        work / TAKEN_FILE,
        (hear_again(listen(sound, model=model, threads=1), notes) for sound, notes in material),
    )


def keep(file: Path, found: Iterable[tuple[F32, F32]]) -> int:
    """Write features and truth of all that is `found`, in half precision; returns how many rows."""
    seen, truth = [], []
    for features_, answers in found:
        seen.append(features_.astype(np.float16))
        truth.append(answers.astype(np.float16))
        if len(seen) % 100 == 0:
            print(len(seen), "heard", sum(map(len, truth)), "rows", flush=True)
    np.savez(file, seen=np.concatenate(seen), truth=np.concatenate(truth))
    return sum(map(len, truth))


def kept(file: Path) -> tuple[F32, F32]:
    """The features and truth that `keep` wrote."""
    with np.load(file, allow_pickle=False) as held:
        return held["seen"].astype(np.float32), held["truth"].astype(np.float32)


def train(
    seen: F32, truth: F32, *, hidden: Sequence[int] = (96, 48), epochs: int = _EPOCHS, seed: int = 3
) -> Layers:
    """Fit layers of `hidden` widths: features (candidates, FEATURES), truth (candidates,)."""
    return fitted(seen, truth[:, None], hidden=hidden, epochs=epochs, batch=_BATCH, seed=seed)


def fitted(
    seen: F32, truth: F32, *, hidden: Sequence[int], epochs: int, batch: int,
    dropped: float = 0.15, seed: int = 3,
) -> Layers:  # fmt: skip
    """Layers of `hidden` widths that tell `truth` (rows, outputs) in 0..1 from `seen` (rows,
    inputs); `dropped`: the share of hidden units that is left out in each step."""
    torch.manual_seed(seed)
    mean, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-2
    layers: list[nn.Linear] = []
    parts: list[nn.Module] = []
    for width, following in itertools.pairwise((seen.shape[1], *hidden, truth.shape[1])):
        layers.append(nn.Linear(width, following))
        parts += [layers[-1], nn.ReLU(), nn.Dropout(dropped)]
    net = nn.Sequential(*parts[:-2])
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)
    x, y = torch.from_numpy((seen - mean) / scale), torch.from_numpy(truth)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * (1.0 - epoch / epochs)
        for rows in torch.randperm(len(x), generator=generator).split(batch):
            given = x[rows] + 0.1 * torch.randn(x[rows].shape, generator=generator)
            loss = nn.functional.binary_cross_entropy_with_logits(net(given), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    kept = []
    for number, layer in enumerate(layers):
        weight = layer.weight.detach().numpy().T.astype(np.float64)
        bias = layer.bias.detach().numpy().astype(np.float64)
        if number == 0:
            # What features are measured in is folded into the first layer.
            weight = weight / scale[:, None]
            bias = bias - mean @ weight
        kept.append(np.vstack([weight, bias]).astype(np.float32))
    return Layers(tuple(kept))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("take", "train"))
    parser.add_argument("--pieces", type=Path, nargs="+", default=[])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--tracks", type=int, default=1200, help="to hear, 24 s each")
    parser.add_argument("--epochs", type=int, default=_EPOCHS)
    parser.add_argument("--hidden", type=int, nargs="*", default=[96, 48], help="widths of layers")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.action == "take":
        model = open_file(args.work / "notes.onnx")
        own = [piece for folder in args.pieces for piece in pieces(folder)]
        print(take(own, args.work, model, args.tracks), "candidates")
        return
    seen, truth = kept(args.work / TAKEN_FILE)
    held = len(seen) * 9 // 10
    trial = train(seen[:held], truth[:held], hidden=args.hidden, epochs=args.epochs)
    likely = trial(seen[held:])[:, 0]
    notes = truth[held:] > 0
    said = likely > _LIKELY
    share = 2.0 * (said & notes).sum() / (said.sum() + notes.sum())
    print(f"F1 of held-back candidates {share:.3f}")
    atomic_write(
        args.work / SECOND_FILE,
        train(seen, truth, hidden=args.hidden, epochs=args.epochs).to_text().encode(),
    )


if __name__ == "__main__":
    main()
