"""Fits the weights of the assistant's second reader: a logistic regression for each kind of wish.

    python -m loopmind.learn.reader.model --rows ROWS.jsonl --out models/reader.npz

A row is {"features": [...], "kinds": [...], "maybe": [...], "weight": 1}; tests/phrase_labels.py
writes them, from the phrase banks and from made-up sentences (sentences.py). Features are
hashed into a table of fixed size, fitted by AdaGrad (Duchi et al. 2011) and stored as 8 bit
integers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

PLACES = 1 << 14
ROUNDS = 10
RATE = 0.5
DECAY = 2e-5
LEAST_BIAS = -4.0

Row = Mapping[str, Any]
Floats = NDArray[np.float32]


def fit(rows: Sequence[Row], *, rounds: int = ROUNDS, seed: int = 1) -> dict[str, Any]:
    """The arrays of the weights' file, for `np.savez_compressed`."""
    kinds = sorted({k for row in rows for k in row["kinds"]} - {"other"})
    column = {kind: n for n, kind in enumerate(kinds)}
    places = [np.unique([crc32(f.encode()) % PLACES for f in row["features"]]) for row in rows]
    wanted, counts = (np.full((len(rows), len(kinds)), v, np.float32) for v in (0.0, 1.0))
    for n, row in enumerate(rows):
        wanted[n, [column[k] for k in row["kinds"] if k in column]] = 1.0
        counts[n, [column[k] for k in row["maybe"] if k in column]] = 0.0
        counts[n] *= row.get("weight", 1.0)
    table = np.zeros((PLACES, len(kinds)), np.float32)
    bias = np.full(len(kinds), LEAST_BIAS, np.float32)
    seen = np.full((PLACES, len(kinds)), 1e-3, np.float32)
    chance = np.random.default_rng(seed)
    for number in range(rounds):
        rate = np.float32(RATE * (1.0 - 0.9 * number / rounds))
        loss = 0.0
        for n in chance.permutation(len(rows)):
            at = places[n]
            share = np.float32(len(at) ** -0.5)
            logits = table[at].sum(0) * share + bias
            guess = 1.0 / (1.0 + np.exp(-logits))
            miss = (guess - wanted[n]) * counts[n]
            loss += float(np.abs(miss).sum())
            step = miss * share
            grown = seen[at] + step * step
            seen[at] = grown
            table[at] -= rate * (step + DECAY * table[at]) / np.sqrt(grown)
            bias -= 0.01 * rate * miss
        print(f"round {number + 1}: {loss / len(rows):.3f} missed", flush=True)
    scale = np.abs(table).max(0, keepdims=True) / 127.0 + 1e-12
    return {
        "kinds": np.array("\n".join(kinds)),
        "table": np.round(table / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "bias": bias,
    }


def read_rows(paths: Iterable[Path]) -> list[Row]:
    return [
        json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Fit the assistant's second reader.")
    parser.add_argument("--rows", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    rows = read_rows(options.rows)
    arrays = fit(rows)
    np.savez_compressed(options.out, **arrays)
    print(f"{arrays['table'].shape[1]} kinds, {len(rows)} rows, {options.out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
