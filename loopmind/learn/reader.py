"""Teaches the assistant's second reader which kinds of wishes a sentence holds.

    python -m loopmind.learn.reader --rows ROWS.jsonl --start MODEL_DIR --out models/reader.npz

A small transformer (three layers of 384) that knows English already (paraphrase-MiniLM-L3-v2 by
sentence-transformers, Apache-2.0) learns kinds of wishes from made-up sentences
(reader_sentences.py) and from the rows of a phrase bank (tests/phrase_labels.py writes them). Only
word pieces that are common or occur there are kept, and weights are stored as 8 bit integers with
one scale a row.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from loopmind.learn.reader_sentences import Sentence, sentences

WIDTH, HEADS, LAYERS, INNER = 384, 12, 3, 1536
LONGEST = 48
COMMON_PIECES = 9000
FIRST_WORD = 1996
BANK_WEIGHT = 4
HEAD_RATE = 4e-3


class Pieces:
    """Cuts text into word pieces as BERT does, with a part of its vocabulary."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = list(pieces)
        self.at = {piece: number for number, piece in enumerate(self.pieces)}

    def numbers(self, text: str) -> list[int]:
        found = [self.at["[CLS]"]]
        for word in words_of(text):
            found += self._word(word)
        return [*found[: LONGEST - 1], self.at["[SEP]"]]

    def _word(self, word: str) -> list[int]:
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.at:
                    found.append(self.at[piece])
                    start = end
                    break
            else:
                return [self.at["[UNK]"]]
        return found


def words_of(text: str) -> list[str]:
    """Lower-case words and signs."""
    found: list[str] = []
    for part in text.lower().split():
        word = ""
        for sign in part:
            if sign.isalnum():
                word += sign
                continue
            if word:
                found.append(word)
            found.append(sign)
            word = ""
        if word:
            found.append(word)
    return found


class Network(nn.Module):
    """Word pieces -> one number for each kind of wish."""

    def __init__(self, pieces: int, kinds: int) -> None:
        super().__init__()
        self.word = nn.Embedding(pieces, WIDTH)
        self.place = nn.Parameter(torch.zeros(LONGEST, WIDTH))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                {
                    "qkv": nn.Linear(WIDTH, 3 * WIDTH),
                    "out": nn.Linear(WIDTH, WIDTH),
                    "norm1": nn.LayerNorm(WIDTH, eps=1e-12),
                    "up": nn.Linear(WIDTH, INNER),
                    "down": nn.Linear(INNER, WIDTH),
                    "norm2": nn.LayerNorm(WIDTH, eps=1e-12),
                }
            )
            for _ in range(LAYERS)
        )
        self.head = nn.Linear(WIDTH, kinds)
        self.drop = nn.Dropout(0.1)

    def forward(self, numbers: Tensor, mask: Tensor) -> Tensor:
        """numbers, mask: (batch, length); mask 1 where there is a piece."""
        x = self.norm(self.word(numbers) + self.place[: numbers.shape[1]])
        x = self.drop(x)
        hidden = (1.0 - mask)[:, None, None, :] * -1e9
        for layer in self.layers:
            x = _attended(layer, x, hidden, self.drop)
        pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        out: Tensor = self.head(self.drop(pooled))
        return out


def _attended(layer: Any, x: Tensor, hidden: Tensor, drop: nn.Module) -> Tensor:
    batch, length, _ = x.shape
    q, k, v = layer["qkv"](x).view(batch, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5 + hidden
    mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, WIDTH)
    x = layer["norm1"](x + drop(layer["out"](mixed)))
    out: Tensor = layer["norm2"](x + drop(layer["down"](nn.functional.gelu(layer["up"](x)))))
    return out


def put(to: Tensor, value: Any) -> None:
    to.copy_(torch.from_numpy(np.array(value)))


def started(start: Path, texts: Iterable[str], kinds: int) -> tuple[Network, Pieces]:
    """The network with the weights it starts from, and its word pieces."""
    import onnx
    from onnx import numpy_helper

    vocabulary = json.loads((start / "tokenizer.json").read_text())["model"]["vocab"]
    by_number = sorted(vocabulary, key=vocabulary.__getitem__)
    every = Pieces(by_number)
    used = {n for text in texts for n in every.numbers(text)}
    kept = [
        n for n, piece in enumerate(by_number)
        if n in used or piece in ("[UNK]", "[CLS]", "[SEP]", "[PAD]")
        or (len(piece) <= 3 and piece.isascii() and not piece.startswith("[unused"))
        or (piece.startswith("##") and piece.isascii() and len(piece) <= 6)
        or (FIRST_WORD <= n < FIRST_WORD + COMMON_PIECES and piece.isalpha() and piece.isascii())
    ]  # fmt: skip
    pieces = Pieces([by_number[n] for n in kept])
    held = {
        i.name.replace("model.0.auto_model.", ""): numpy_helper.to_array(i)
        for i in onnx.load(next(start.glob("*.onnx"))).graph.initializer
    }
    network = Network(len(kept), kinds)
    nn.init.constant_(network.head.bias, -4.0)  # most sentences hold few of the kinds
    matrices = [held[n].T for n in held if n.startswith("onnx::MatMul")]
    with torch.no_grad():
        put(network.word.weight, held["embeddings.word_embeddings.weight"][kept])
        kind = held["embeddings.token_type_embeddings.weight"][0]
        put(network.place, held["embeddings.position_embeddings.weight"][:LONGEST] + kind)
        put(network.norm.weight, held["embeddings.LayerNorm.weight"])
        put(network.norm.bias, held["embeddings.LayerNorm.bias"])
        for number, layer in enumerate(network.layers):
            at, six = f"encoder.layer.{number}.", matrices[6 * number : 6 * number + 6]
            names = ("query", "key", "value")
            biases = [held[f"{at}attention.self.{n}.bias"] for n in names]
            put(layer["qkv"].weight, np.concatenate(six[:3]))
            put(layer["qkv"].bias, np.concatenate(biases))
            for name, matrix, source in (("out", six[3], "attention.output.dense"),
                                         ("up", six[4], "intermediate.dense"),
                                         ("down", six[5], "output.dense")):  # fmt: skip
                put(layer[name].weight, matrix)
                put(layer[name].bias, held[f"{at}{source}.bias"])
            for name, source in (("norm1", "attention.output"), ("norm2", "output")):
                put(layer[name].weight, held[f"{at}{source}.LayerNorm.weight"])
                put(layer[name].bias, held[f"{at}{source}.LayerNorm.bias"])
    return network, pieces


def batches(
    rows: Sequence[Sentence], pieces: Pieces, kinds: Sequence[str], seed: int, size: int = 32
) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """(numbers, mask, wanted, counts) of sentences of like length, in shuffled order."""
    chance = random.Random(seed)
    place = {kind: n for n, kind in enumerate(kinds)}
    order = sorted(rows, key=lambda s: (len(words_of(s.text)), chance.random()))
    cut = [order[i : i + size] for i in range(0, len(order), size)]
    chance.shuffle(cut)
    found = []
    for part in cut:
        coded = [pieces.numbers(s.text) for s in part]
        length = max(map(len, coded))
        numbers = torch.zeros(len(part), length, dtype=torch.long)
        mask = torch.zeros(len(part), length)
        wanted, counts = torch.zeros(len(part), len(kinds)), torch.ones(len(part), len(kinds))
        for n, (sentence, code) in enumerate(zip(part, coded, strict=True)):
            numbers[n, : len(code)] = torch.tensor(code)
            mask[n, : len(code)] = 1.0
            for kind in sentence.kinds & place.keys():
                wanted[n, place[kind]] = 1.0
            for kind in sentence.maybe & place.keys():
                counts[n, place[kind]] = 0.0
        found.append((numbers, mask, wanted, counts))
    return found


def bank_rows(paths: Iterable[Path]) -> list[Sentence]:
    found = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found.append(Sentence(row["text"], frozenset(row["kinds"]), frozenset(row["maybe"])))
    return found


def trained(
    start: Path,
    banks: Sequence[Sentence],
    *,
    epochs: int,
    each: int,
    rate: float = 3e-4,
    first_seed: int = 0,
) -> tuple[Network, Pieces, list[str]]:
    """The network after `epochs` rounds, each with other sentences.

    start: a folder with the first weights, or a file of weights to go on from.
    """
    torch.manual_seed(1)
    if start.is_file():
        network, pieces, kinds = unpacked(start)
    else:
        first = list(sentences(0, each=each))
        kinds = sorted({k for s in [*first, *banks] for k in s.kinds} - {"other"})
        network, pieces = started(start, [s.text for s in [*first, *banks]], len(kinds))
    network.word.weight.requires_grad_(False)  # words that no sentence holds must stay in place
    slow = [p for n, p in network.named_parameters() if not n.startswith(("head", "word"))]
    groups = [{"params": slow, "lr": rate}, {"params": network.head.parameters(), "lr": HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    total = None
    step = 0
    for epoch in range(epochs):
        rows = [
            *sentences(first_seed + epoch, each=each),
            *(s for s in banks for _ in range(BANK_WEIGHT)),
        ]
        part = batches(rows, pieces, kinds, epoch)
        total = total or len(part) * epochs
        losses = []
        network.train()
        for numbers, mask, wanted, counts in part:
            step += 1
            share = min(step / 50.0, max(1.0 - step / (total * 1.02), 0.02))
            for group, top in zip(optimiser.param_groups, (rate, HEAD_RATE), strict=True):
                group["lr"] = top * share
            loss = nn.functional.binary_cross_entropy_with_logits(
                network(numbers, mask), wanted, weight=counts, reduction="sum"
            ) / len(numbers)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            losses.append(float(loss.detach()))
            if step % 50 == 0:
                print(f"step {step} of {total}: loss {np.mean(losses[-50:]):.3f}", flush=True)
    network.eval()
    return network, pieces, kinds


def packed(network: Network, pieces: Pieces, kinds: Sequence[str]) -> dict[str, np.ndarray]:
    """The weights as arrays: matrices as 8 bit integers with a scale for each row."""
    found: dict[str, np.ndarray] = {
        "pieces": np.array("\n".join(pieces.pieces)), "kinds": np.array("\n".join(kinds)),
    }  # fmt: skip
    for name, value in network.state_dict().items():
        array = value.numpy().astype(np.float32)
        if array.ndim == 2 and name != "place":
            scale = np.abs(array).max(1, keepdims=True) / 127.0 + 1e-12
            found[f"{name}.int8"] = np.round(array / scale).astype(np.int8)
            found[f"{name}.scale"] = scale.astype(np.float32)
        else:
            found[name] = array
    return found


def unpacked(path: Path) -> tuple[Network, Pieces, list[str]]:
    """What `packed` made, as a network that can learn on."""
    with np.load(path) as held:
        pieces = Pieces(str(held["pieces"]).split("\n"))
        kinds = str(held["kinds"]).split("\n")
        network = Network(len(pieces.pieces), len(kinds))
        state = {}
        for name in network.state_dict():
            whole = f"{name}.int8" in held
            array = held[f"{name}.int8"] * held[f"{name}.scale"] if whole else held[name]
            state[name] = torch.from_numpy(np.array(array, dtype=np.float32))
    network.load_state_dict(state)
    return network, pieces, kinds


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Teach the assistant's second reader.")
    parser.add_argument("--rows", type=Path, nargs="*", default=[], help="rows of a phrase bank")
    parser.add_argument(
        "--start", type=Path, required=True, help="folder with the first weights, or a .npz"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--each", type=int, default=3, help="fillings of each pattern an epoch")
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    banks = bank_rows(options.rows)
    network, pieces, kinds = trained(
        options.start,
        banks,
        epochs=options.epochs,
        each=options.each,
        rate=options.rate,
        first_seed=options.first_seed,
    )
    arrays: dict[str, Any] = packed(network, pieces, kinds)
    np.savez_compressed(options.out, **arrays)
    print(f"{len(kinds)} kinds, {len(pieces.pieces)} pieces, {options.out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
