"""Trains the translator and writes what the assistant reads it from.

    python -m loopmind.learn.translator.words --encoder FOLDER --said SAID --out WORK/words.npz
    python -m loopmind.learn.translator.model begin --work WORK --out models/translator.npz
    python -m loopmind.learn.translator.model train --said SAID --work WORK --steps 6000
    python -m loopmind.learn.translator.model export --work WORK --out models/translator.npz

SAID is a folder of `*.tsv` (loopmind/learn/translator/said). `train` goes on from its checkpoint;
`begin` makes one of step 0, and words.npz, from an exported file (words of new sentences: `words
--like`), deeper than it was where `--encoder` and `--decoder` ask for it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from loopmind.assistant.translator_net import packed, unpacked
from loopmind.files.atomic import atomic_path
from loopmind.learn.export import sign_card
from loopmind.learn.orthogonal import Orthogonal
from loopmind.learn.translator.batches import Batch, Maker, Meanings, rounds
from loopmind.learn.translator.data import Pair, Words, read_folder
from loopmind.learn.translator.net import Size, Translator

CHECKPOINT = "checkpoint.pt"
RATE, MATRIX_RATE = 2e-3, 1e-2
BATCH, FORGET, SEED = 64, 0.15, 1
AVERAGE = 0.998
FALLS = 0.4
SAVE_EVERY = 250


def loss_of(chances: Tensor, batch: Batch, known: int) -> Tensor:
    """Mean negative log likelihood of the next words, copied or not."""
    own = chances[..., :known].gather(-1, batch.wanted.clamp(min=0)[..., None])[..., 0]
    own = own.masked_fill(batch.wanted.lt(0), -1e4)
    copied = chances[..., known:].masked_fill(batch.copies.eq(0), -1e4).logsumexp(-1)
    both = torch.logaddexp(own, copied)
    return -(both * batch.counts).sum() / batch.counts.sum()


def begun(size: Size) -> tuple[Translator, list[torch.optim.Optimizer], list[float]]:
    """A fresh network, its optimisers and their rates."""
    net = Translator(size)
    tables = {id(m.weight) for m in net.modules() if isinstance(m, torch.nn.Embedding)}
    matrices = [p for p in net.parameters() if p.ndim == 2 and min(p.shape) > 1
                and id(p) not in tables]  # fmt: skip
    kept = {id(p) for p in matrices}
    others = [p for p in net.parameters() if id(p) not in kept]
    return (
        net,
        [Orthogonal(matrices, MATRIX_RATE, decay=0.02),
         torch.optim.AdamW(others, RATE, weight_decay=0.01)],
        [MATRIX_RATE, RATE],
    )  # fmt: skip


def train(pairs: Sequence[Pair], held: Sequence[Pair], work: Path, steps: int,
          rate: float = 1.0, **changes: Any) -> list[float]:  # fmt: skip
    """Learn up to `steps` in all; the losses of this run. Keeps a checkpoint in `work`.

    rate: share of the usual rates of learning. changes: to the network's `Size`, where it begins;
    one that goes on keeps its own, but for `dropout`.
    """
    torch.manual_seed(SEED)
    meanings = Meanings.load(work / "words.npz")
    checkpoint = work / CHECKPOINT
    saved = torch.load(checkpoint, weights_only=True) if checkpoint.exists() else None
    words = Words.of(pairs)
    if saved:
        words = words.behind(_words_in(saved))
    size = Size(len(words.said), len(words.command), vector=meanings.table.shape[1], **changes)
    if saved:
        size = replace(Size(**saved["size"]), said=size.said, command=size.command,
                       dropout=size.dropout)  # fmt: skip
    net, optimisers, rates = begun(size)
    mean = {n: t.detach().clone() for n, t in net.state_dict().items()}
    step = 0
    if saved:
        net.load_state_dict(_grown(saved["net"], net))
        mean, step = _grown(saved["mean"], net), saved["step"]
        for optimiser, state in zip(optimisers, saved["optimisers"], strict=True):
            _go_on(optimiser, state)
    make = Maker(words, meanings, size.backwards)
    batches = rounds(pairs, make, BATCH, SEED + step, FORGET)
    losses: list[float] = []
    began = time.monotonic()
    while step < steps:
        share = min(1.0, (step + 1) / min(200.0, 0.1 * steps), (steps - step) / (FALLS * steps))
        for optimiser, full in zip(optimisers, rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = full * rate * share
            optimiser.zero_grad()
        batch = next(batches)
        net.train()
        loss = loss_of(_chances(net, batch), batch, size.command)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        step += 1
        losses.append(float(loss.detach()))
        for name, value in net.state_dict().items():
            mean[name].lerp_(value, 1.0 - min(AVERAGE, step / (step + 10.0)))
        if step % SAVE_EVERY == 0 or step == steps:
            _save(work, net, mean, step, words, optimisers)
            told = f"step {step}  loss {np.mean(losses[-SAVE_EVERY:]):.4f}"
            if held:
                told += f"  held back {judged(averaged(size, mean), held, make):.4f}"
            print(f"{told}  {time.monotonic() - began:.0f} s", flush=True)
    return losses


def _grown(state: Mapping[str, Tensor], net: Translator) -> dict[str, Tensor]:
    """Weights of a network that knew fewer words; what it did not know is as `net` has it."""
    found = {}
    for name, fresh in net.state_dict().items():
        found[name] = fresh.detach().clone()
        found[name][: len(state[name])] = state[name]
    return found


def _go_on(optimiser: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """The state of an optimiser whose network knew fewer words."""
    weights = [p for group in optimiser.param_groups for p in group["params"]]
    for number, state in saved["state"].items():
        for name, value in state.items():
            if value.ndim and value.shape != weights[number].shape:
                state[name] = torch.zeros_like(weights[number])
                state[name][: len(value)] = value
    optimiser.load_state_dict(saved)


def averaged(size: Size, mean: dict[str, Tensor]) -> Translator:
    net = Translator(replace(size, dropout=0.0))
    net.load_state_dict(mean)
    net.eval()
    return net


@torch.no_grad()
def judged(net: Translator, held: Sequence[Pair], make: Maker) -> float:
    """Mean loss a word of pairs that nothing was learned from."""
    found, size = [], net.size
    ordered = sorted(held, key=lambda p: len(p.said))
    for start in range(0, len(ordered), BATCH):
        batch = make(ordered[start : start + BATCH])
        found.append((float(loss_of(_chances(net, batch), batch, size.command)),
                      float(batch.counts.sum())))  # fmt: skip
    return sum(a * b for a, b in found) / sum(b for _, b in found)


def _chances(net: Translator, batch: Batch) -> Tensor:
    chances: Tensor = net(batch.vectors, batch.words, batch.pieces, batch.there, batch.goes_on,
                          batch.answer)  # fmt: skip
    return chances


def loaded(work: Path) -> tuple[Translator, Words]:
    """The network of a checkpoint, its mean weights, and its words."""
    saved = torch.load(work / CHECKPOINT, weights_only=True)
    return averaged(Size(**saved["size"]), saved["mean"]), _words_in(saved)


def _words_in(saved: Mapping[str, Any]) -> Words:
    return Words(**{k: tuple(v) for k, v in json.loads(saved["words"]).items()})


def export(work: Path, out: Path) -> None:
    """Write the weights (`packed`) with the words they are for, as the assistant reads them.

    Signs the card beside the file, where there is one.
    """
    net, words = loaded(work)
    with np.load(work / "words.npz") as held:
        table, scale, meanings = held["vectors"], held["scale"], held["words"].tolist()
    arrays = packed({n: t.numpy() for n, t in net.state_dict().items()})
    with atomic_path(out) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file, **arrays, heads=np.int64(net.size.heads),
            backwards=np.bool_(net.size.backwards), table=table, scale=scale,
            command=np.array(" ".join(words.command)), said=np.array(" ".join(words.said)),
            meanings=np.array(" ".join(meanings)), allow_pickle=False,
        )  # fmt: skip
    sign_card(out)


def begin(shipped: Path, work: Path, encoder: int = 0, decoder: int = 0,
          backwards: bool = False) -> None:  # fmt: skip
    """Write a checkpoint of step 0, and words.npz, from what `export` wrote.

    encoder, decoder: at least so many layers. Those that are new pass on what they are given until
    they learn (as in Chen et al., "Net2Net", 2016), so that nothing is lost by growing. backwards:
    for a network that writes the other way round; it reads as the shipped one does, and learns to
    write from nothing.
    """
    with np.load(shipped) as held:
        arrays = {name: held[name] for name in held.files}
    said, command, meanings = (str(arrays.pop(n)).split() for n in ("said", "command", "meanings"))
    vectors, scale = arrays.pop("table"), arrays.pop("scale")
    heads = int(arrays.pop("heads"))
    writes_anew = backwards != bool(arrays.pop("backwards", False))
    weights = {n: torch.from_numpy(a) for n, a in unpacked(arrays).items()}
    hidden, width = weights["encoder.0.up.weight"].shape
    layers = Counter(n.split(".")[0] for n in weights if n.endswith("up.weight"))
    size = Size(len(said), len(command), vectors.shape[1], width, heads, hidden,
                max(encoder, layers["encoder"]), max(decoder, layers["decoder"]),
                len(weights["place.weight"]), len(weights["step.weight"]),
                backwards=backwards)  # fmt: skip
    torch.manual_seed(SEED)
    net, optimisers, _ = begun(size)
    for layer in (*net.encoder[layers["encoder"] :], *net.decoder[layers["decoder"] :]):
        if not writes_anew or layer not in net.decoder:
            _pass_on(layer)
    fresh = net.state_dict()
    if writes_anew:
        weights = {n: w for n, w in weights.items() if n.split(".")[0] not in _WRITING}
    net.load_state_dict({**fresh, **weights})
    work.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(work / "words.npz", words=np.array(meanings), vectors=vectors, scale=scale)
    _save(work, net, net.state_dict(), 0, Words(tuple(said), tuple(command)), optimisers)


_WRITING = ("decoder", "step", "point_from", "point_to", "gate")


def _pass_on(layer: torch.nn.Module) -> None:
    """Make a layer add nothing to what it is given."""
    for name, weight in layer.named_parameters():
        if name.split(".")[-2] in ("give", "down"):
            torch.nn.init.zeros_(weight)


def _save(work: Path, net: Translator, mean: Mapping[str, Tensor], step: int, words: Words,
          optimisers: Sequence[torch.optim.Optimizer]) -> None:  # fmt: skip
    saved = {
        "net": net.state_dict(), "mean": dict(mean), "step": step, "size": asdict(net.size),
        "words": json.dumps(asdict(words)), "optimisers": [o.state_dict() for o in optimisers],
    }  # fmt: skip
    with atomic_path(work / CHECKPOINT) as temporary:
        torch.save(saved, temporary)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Train the translator of plain words.")
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("--said", type=Path, required=True)
    training.add_argument("--work", type=Path, required=True, help="holds words.npz; checkpoints")
    training.add_argument("--steps", type=int, default=6000)
    training.add_argument("--held", nargs="*", default=[], help="folders to hold back")
    training.add_argument("--width", type=int, default=Size.width)
    training.add_argument("--encoder", type=int, default=Size.encoder)
    training.add_argument("--dropout", type=float, default=Size.dropout)
    training.add_argument("--rate", type=float, default=1.0, help="share of the usual rate")
    exporting = commands.add_parser("export")
    exporting.add_argument("--work", type=Path, required=True)
    exporting.add_argument("--out", type=Path, required=True)
    beginning = commands.add_parser("begin")
    beginning.add_argument("--work", type=Path, required=True)
    beginning.add_argument("--out", type=Path, required=True, help="the exported file")
    beginning.add_argument("--encoder", type=int, default=0, help="layers, where it shall grow")
    beginning.add_argument("--decoder", type=int, default=0, help="layers, where it shall grow")
    beginning.add_argument("--backwards", action="store_true", help="write last words first")
    options = parser.parse_args(arguments)
    if options.command == "begin":
        begin(options.out, options.work, options.encoder, options.decoder, options.backwards)
        return 0
    if options.command == "export":
        export(options.work, options.out)
        print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")
        return 0
    pairs = read_folder(options.said)
    held = [p for p in pairs if p.source in options.held]
    pairs = [p for p in pairs if p.source not in options.held]
    print(f"{len(pairs)} pairs, {len(held)} held back", flush=True)
    train(pairs, held, options.work, options.steps, options.rate, width=options.width,
          encoder=options.encoder, dropout=options.dropout)  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
