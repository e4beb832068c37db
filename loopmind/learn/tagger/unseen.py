"""Judges the tagger by sources it has not met: classes, retrieval, roles, loop or one-shot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.tagger.data import KINDS, Examples, coarse, coarse_choice
from loopmind.learn.tagger.net import Readers
from loopmind.learn.tagger.scores import macro_f1, mean_average_precision, per_class
from loopmind.learn.tagger.train import Settings, read_all, told, train_members

F32 = NDArray[np.float32]


def leave_sources_out(
    examples: Examples, readers: Readers, settings: Settings,
    report: Callable[[str], None], *,
    pictures: bool = True, features: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Every source of recordings judged by members that learned without it.

    The readers must not have met any of them.
    """
    recorded = examples.recorded & (examples.varied == 0)
    read = read_all(readers, examples)
    learnable = examples.learnable
    parts: list[tuple[Examples, tuple[F32, F32, F32, F32]]] = []
    per_source = {}
    for source in sorted(set(examples.source[recorded].tolist())):
        held_back = examples.source == source
        learned = ~held_back & learnable
        model = train_members(
            examples.where(learned), read[learned], readers, settings, lambda text: None,
            pictures=pictures, features=features,
        )  # fmt: skip
        chosen = held_back & recorded
        test = examples.where(chosen)
        parts.append((test, told(model, test, read[chosen])))
        hits = hits_of(test, parts[-1][1][1])
        per_source[source] = {"files": len(hits), "top1": round(float(np.mean(hits)), 4)}
        report(f"held back {source}: {np.mean(hits):.3f} of {len(hits)}")
    truth = [coarse(name) for test, _ in parts for name in test.instrument.tolist()]
    guess = [coarse_choice(row) for _, out in parts for row in out[1]]
    kinds = [KINDS[int(row.argmax())] for _, out in parts for row in out[3]]
    places = np.concatenate([out[0] for _, out in parts])
    sources = [name for test, _ in parts for name in test.source.tolist()]
    return {
        "files": len(truth),
        "top1": round(float(np.mean(np.array(truth) == np.array(guess))), 4),
        "macro_f1": macro_f1(truth, guess),
        "map": round(mean_average_precision(places, truth, sources), 4),
        "kind": round(float(np.mean([
            a == b for a, b in
            zip(kinds, [k for test, _ in parts for k in test.kind.tolist()], strict=True)
        ])), 4),
        "per_source": per_source,
        "per_class": per_class(truth, guess),
        "wrong": [
            [path, t, g] for path, t, g in
            zip([p for test, _ in parts for p in test.path.tolist()], truth, guess, strict=True)
            if t != g
        ],
    }  # fmt: skip


def hits_of(examples: Examples, probabilities: F32) -> list[bool]:
    """Whether the likeliest coarse class is the right one, for each example."""
    return [
        coarse_choice(row) == coarse(name)
        for row, name in zip(probabilities, examples.instrument.tolist(), strict=True)
    ]
