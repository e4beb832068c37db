"""Fits what decides between the frames and the translator: two logistic regressions.

    python -m loopmind.learn.reader.settling --rows ROWS.jsonl --out models/settling.json

A row is one sentence of a phrase bank, {"source", "signs": {NAME: value}, "stays", "goes",
"between"}: how it comes out ("right", "wrong edit", ...) where the frames' reading is done, where
the translator's likeliest wish is, and where the person is asked; tests/phrase_choices.py writes
them. Prints how each source fares with weights from the others alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from loopmind.assistant.weighing import ENOUGH, Weights, decided, is_remark
from loopmind.files.atomic import atomic_write
from loopmind.learn.export import sign_card

Row = Mapping[str, Any]
STRENGTH = 30.0
"""Of the ridge that holds the weights of signs, scaled to unit variance, near zero."""


def fit(rows: Sequence[Row], wanted: Callable[[Row], bool]) -> dict[str, float]:
    """The weight of each sign, and of what is "always" there, for how likely `wanted` is."""
    names = sorted(rows[0]["signs"])
    x = np.array([[row["signs"][n] for n in names] for row in rows])
    y = np.array([wanted(row) for row in rows], float)
    middle, spread = x.mean(0), x.std(0)
    spread[spread == 0.0] = np.inf  # a sign that tells nothing gets no weight
    scaled = np.c_[(x - middle) / spread, np.ones(len(x))]

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        found = scaled @ w
        held = np.r_[w[:-1], 0.0] * STRENGTH
        value = np.logaddexp(0.0, found).sum() - y @ found + 0.5 * w @ held
        return float(value), scaled.T @ (expit(found) - y) + held

    w = minimize(loss, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B").x
    each = w[:-1] / spread
    weights = {name: round(float(v), 4) for name, v in zip(names, each, strict=True)}
    return {**weights, "always": round(float(w[-1] - each @ middle), 4)}


def both(rows: Sequence[Row]) -> tuple[dict[str, float], dict[str, float]]:
    """The weights of the frames' reading and of the likeliest wish."""
    return fit(rows, lambda r: r["stays"] == "right"), fit(rows, lambda r: r["goes"] == "right")


def outcome(row: Row, weights: tuple[Weights, Weights], enough: float = ENOUGH) -> str:
    """How a sentence comes out."""
    return str(row[decided(row["signs"], weights, enough)])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Fit what decides between the readers.")
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    lines = options.rows.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line]
    open_ = [row for row in rows if row["signs"]]  # the others are the frames' alone
    if len({row["source"] for row in open_}) < 2:
        parser.error(
            f"{options.rows} holds sentences of one source; add banks, each is judged by others"
        )
    learned = [row for row in open_ if not is_remark(row["signs"])]
    for enough in (0.65, 0.7, 0.75, 0.8, 0.85):
        told, every = [], []
        for source in sorted({row["source"] for row in rows}):
            weights = both([row for row in learned if row["source"] != source])
            found = [outcome(row, weights, enough) if row["signs"] else row["stays"]
                     for row in rows if row["source"] == source]  # fmt: skip
            told.append(f"{source} {_shares(found)}")
            every += found
        print(f"{enough:g}: {_shares(every)}  ({', '.join(told)})")
    ours, theirs = both(learned)
    text = json.dumps({"the frames'": ours, "the likeliest": theirs}, indent=1)
    atomic_write(options.out, f"{text}\n".encode())
    sign_card(options.out)
    print(f"{options.out}: {len(learned)} sentences, {len(ours)} weights each")
    return 0


def _shares(found: Sequence[str]) -> str:
    right, wrong = (100.0 * found.count(kind) / len(found) for kind in ("right", "wrong edit"))
    return f"{right:.1f} % right {wrong:.1f} % wrong"


if __name__ == "__main__":
    raise SystemExit(main())
