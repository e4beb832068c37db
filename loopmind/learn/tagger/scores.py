"""Figures of merit of telling sounds: recall and precision by class, macro-F1, retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def per_class(truth: Sequence[str], guess: Sequence[str]) -> dict[str, dict[str, float]]:
    """Number, recall and precision of every class of `truth`."""
    table = {}
    for name in sorted(set(truth)):
        both = sum(t == name == g for t, g in zip(truth, guess, strict=True))
        files = sum(t == name for t in truth)
        table[name] = {
            "files": files,
            "recall": round(both / files, 3),
            "precision": round(both / max(1, sum(g == name for g in guess)), 3),
        }
    return table


def macro_f1(truth: Sequence[str], guess: Sequence[str]) -> float:
    """Mean F1 over the classes of `truth`."""
    scores = []
    for row in per_class(truth, guess).values():
        total = row["recall"] + row["precision"]
        scores.append(2 * row["recall"] * row["precision"] / total if total > 0 else 0.0)
    return round(float(np.mean(scores)), 4)


def mean_average_precision(
    vectors: NDArray[np.floating[Any]], names: Sequence[str], sources: Sequence[str]
) -> float:
    """Same-class retrieval by cosine among the sounds of all other sources, mean over queries.

    Where all are of one source, among all others.
    """
    vectors = np.asarray(vectors, np.float32)
    vectors = vectors / np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))
    label, source = np.array(names), np.array(sources)
    alone = len(set(sources)) < 2
    scores = []
    for i in range(len(vectors)):
        keep = np.arange(len(vectors)) != i if alone else source != source[i]
        others = np.flatnonzero(keep)
        order = others[np.argsort(-(vectors[others] @ vectors[i]), kind="stable")]
        right = label[order] == label[i]
        if right.any():
            precision = np.cumsum(right) / np.arange(1, len(right) + 1)
            scores.append(float(precision[right].mean()))
    return float(np.mean(scores)) if scores else float("nan")
