"""Trains the second note network, which tells who plays a note of a mix.

    python -m loopmind.learn.notes.players take --sheets DIR --work DIR [--mixes 150]
    python -m loopmind.learn.notes.players train --work DIR

`take` lets the exported note network (WORK/notes.onnx) hear mixes of training pieces, some with
parts left out or louder, and keeps what it found beside the truth. `train` takes seconds, and
writes WORK/players.txt, which `learn.notes.model export` puts into the model's file.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from loopmind.analysis.listening.pitched_decode import Found, Limits, polyphonic
from loopmind.analysis.listening.pitched_model import FAMILIES, FPS, listen
from loopmind.analysis.listening.pitched_players import FEATURES, Players, features
from loopmind.analysis.models import open_file
from loopmind.files.atomic import atomic_write
from loopmind.learn.notes.data import Sheet, sheets
from loopmind.learn.notes.tune import LIMITS_FILE

F32 = NDArray[np.float32]

TAKEN_FILE, PLAYERS_FILE = "taken.npz", "players.txt"
_WINDOW_S = 0.05
_EPOCHS = 16
_BATCH = 512


def mixed(sheet: Sheet, rng: np.random.Generator) -> tuple[F32, list[int]]:
    """A mix of a piece's tracks, all or most of them, and their numbers."""
    count = len(sheet.tracks)
    chosen = list(range(count))
    if rng.random() < 0.4:
        chosen = [i for i in chosen if rng.random() < 0.75] or chosen
    gains = 10.0 ** (rng.normal(0.0, 2.0, count) / 20.0)
    parts = [sheet.sounds[i].astype(np.float32) * np.float32(gains[i] / 32768.0) for i in chosen]
    return np.sum(parts, axis=0, dtype=np.float32), chosen


def who_plays(found: Sequence[Found], sheet: Sheet, chosen: Sequence[int]) -> F32:
    """(notes, families): 1 for each family whose truth has the note; none where nothing has it."""
    out = np.zeros((len(found), len(FAMILIES)), np.float32)
    start = np.array([note.start for note in found]) / FPS
    key = np.array([note.key for note in found]) + 21
    for number in chosen:
        track = sheet.tracks[number]
        if track["instrument"] not in FAMILIES:
            continue
        family = FAMILIES.index(track["instrument"])
        for begins, _, pitch, _ in track["notes"]:
            out[(np.abs(start - begins) <= _WINDOW_S) & (key == round(pitch)), family] = 1.0
    return out


def take(own: Sequence[Sheet], work: Path, mixes: int, seed: int = 11) -> int:
    """Hear mixes and keep features and truth; returns how many notes."""
    file = work / LIMITS_FILE
    limits = Limits.of(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else Limits()
    model = open_file(work / "notes.onnx", threads=1)
    rng = np.random.default_rng(seed)
    pieces = [sheet for sheet in own if not sheet.solo and len(sheet.tracks) >= 3]
    seen, truth = [], []
    for index in range(min(mixes, 2 * len(pieces))):
        sheet = pieces[int(rng.integers(len(pieces)))]
        sound, chosen = mixed(sheet, rng)
        heard = listen(sound, model=model)
        found = polyphonic(heard, limits)
        if not found:
            continue
        plays = who_plays(found, sheet, chosen)
        known = plays.any(axis=1)
        seen.append(features(found, heard)[known])
        truth.append(plays[known])
        if index % 10 == 9:
            print(index + 1, "mixes", sum(len(t) for t in truth), "notes", flush=True)
            np.savez(work / TAKEN_FILE, seen=np.concatenate(seen), truth=np.concatenate(truth))
    if not truth:
        raise ValueError("nothing was found in any mix; train the note network first")
    np.savez(work / TAKEN_FILE, seen=np.concatenate(seen), truth=np.concatenate(truth))
    return sum(len(t) for t in truth)


def train(
    seen: F32, truth: F32, *, hidden: Sequence[int] = (), epochs: int = _EPOCHS, seed: int = 3
) -> Players:
    """Fit layers of `hidden` widths; what is said of each family counts for itself.

    With few notes to learn from, no hidden layer tells best; with 100,000, (64, 64) would.
    """
    torch.manual_seed(seed)
    mean, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-2
    layers: list[nn.Linear] = []
    parts: list[nn.Module] = []
    for width, following in itertools.pairwise((FEATURES, *hidden, len(FAMILIES))):
        layers.append(nn.Linear(width, following))
        parts += [layers[-1], nn.ReLU(), nn.Dropout(0.2)]
    net = nn.Sequential(*parts[:-2])
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.1)
    x, y = torch.from_numpy((seen - mean) / scale), torch.from_numpy(truth)
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * (1.0 - epoch / epochs)
        for rows in torch.randperm(len(x), generator=generator).split(_BATCH):
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
    return Players(tuple(kept))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("take", "train"))
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--mixes", type=int, default=150)
    parser.add_argument("--epochs", type=int, default=_EPOCHS)
    parser.add_argument("--hidden", type=int, nargs="*", default=[], help="widths of layers")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.action == "take":
        print(take(sheets(args.sheets / "train"), args.work, args.mixes), "notes")
        return
    with np.load(args.work / TAKEN_FILE, allow_pickle=False) as kept:
        seen, truth = kept["seen"], kept["truth"]
    held = len(seen) * 9 // 10
    trial = train(seen[:held], truth[:held], hidden=args.hidden, epochs=args.epochs)
    said = trial(seen[held:])
    first = seen[held:, : len(FAMILIES)]
    for name, opinion in (("first network", first), ("second network", said)):
        right = truth[held:][np.arange(len(said)), opinion.argmax(axis=1)].mean()
        print(f"{name}: right family of held-back notes {right:.3f}")
    atomic_write(
        args.work / PLAYERS_FILE,
        train(seen, truth, hidden=args.hidden, epochs=args.epochs).to_text().encode(),
    )


if __name__ == "__main__":
    main()
