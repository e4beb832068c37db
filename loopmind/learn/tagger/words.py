"""Learns the text side of the tagger: which way, among embeddings, a word of a name points.

    python -m loopmind.learn.tagger.words evaluate|export --work DIR [--out models/words.npz]

Ridge regression from the words of a sound (of its name, its instrument and role) to its
embedding: a word's row is what it adds, so words can be summed in any combination. Judged by
sources that were left out: how well the name of a class, as a text, finds its sounds.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.words import words_in
from loopmind.analysis.models import card_of, open_model, signed_card
from loopmind.files.atomic import atomic_path, atomic_write
from loopmind.files.digest import file_digest
from loopmind.learn.tagger.data import Examples, coarse, load, shown

F32 = NDArray[np.float32]

_FEWEST = 4
_RIDGE = 8.0
# A word that was learned from many sounds moves little for a few of the user's.
_KNOWN_RIDGE = 64.0
_UNTURNED = 2.0
_NO_WORDS = frozenset(
    {"wav", "ogg", "flac", "aif", "lr", "drumkit", "xml", "file", "name", "and", "the", "of", "kit"}
    | {"hydrogen", "lmms", "sonic", "pi", "stargate", "orin", "ayo", "misc", "sample", "samples"}
)  # fmt: skip


def words_of(examples: Examples) -> list[tuple[str, ...]]:
    """The words of each sound: of its name, and its instrument, role and kind."""
    rows = []
    for words, path, instrument, role, kind in zip(
        examples.words.tolist(), examples.path.tolist(), examples.instrument.tolist(),
        examples.role.tolist(), examples.kind.tolist(), strict=True,
    ):  # fmt: skip
        name = words or Path(path).stem
        said = [word for word in words_in(name) if len(word) > 2 and word not in _NO_WORDS]
        kind_words = ["loop"] if kind == "loop" else ["oneshot", "shot"]
        rows.append(
            tuple(dict.fromkeys([*said, instrument, *([role] if role else []), *kind_words]))
        )
    return rows


def learn_words(
    rows: Sequence[Sequence[str]], sounds: NDArray[np.int64], embeddings: F32
) -> tuple[list[str], F32]:
    """(vocabulary, its directions (words, EMBEDDING)); a word needs _FEWEST different sounds."""
    vocabulary = sorted(_frequent(rows, sounds))
    said = _said(rows, vocabulary)
    centred = embeddings - embeddings.mean(axis=0)
    square = said.T @ said + _RIDGE * np.eye(len(vocabulary), dtype=np.float32)
    return vocabulary, np.linalg.solve(square, said.T @ centred).astype(np.float32)


def own_words(
    vocabulary: Sequence[str], places: F32, rows: Sequence[Sequence[str]],
    sounds: NDArray[np.int64], before: F32, after: F32,
) -> tuple[list[str], F32]:  # fmt: skip
    """The words for a tagger that was trained on: known ones moved along, new ones learned.

    vocabulary, places: what holds for the tagger of before. rows, sounds: words and numbers of the
    user's sounds; before, after: (n, EMBEDDING), what both taggers make of them. Known words turn
    with the sounds (the rotation that best takes `before` to `after`, held near none: Schoenemann,
    "Procrustes", 1966); then a ridge regression on what that leaves unexplained moves each word on,
    the less the better it was known, and gives new words a place.
    """
    first, second = (part - part.mean(axis=0) for part in (before, after))
    agreed = first.T.astype(np.float64) @ second + _UNTURNED * np.eye(before.shape[1])
    left, _, right = np.linalg.svd(agreed)
    turned = places @ np.asarray(left @ right, np.float32)
    known = set(vocabulary)
    new = sorted(word for word in _frequent(rows, sounds) if word not in known)
    words = [*vocabulary, *new]
    moved = np.concatenate([turned, np.zeros((len(new), places.shape[1]), np.float32)])
    said = _said(rows, words)
    # What all the user's sounds have in common says nothing of a word, hence the centring.
    said -= said.mean(axis=0)
    ridge = np.array([_KNOWN_RIDGE if word in known else _RIDGE for word in words], np.float32)
    more = np.linalg.solve(said.T @ said + np.diag(ridge), said.T @ (second - said @ moved))
    moved = moved + more
    order = np.argsort(np.array(words), kind="stable")
    return [words[i] for i in order], np.asarray(moved[order], np.float32)


def write_words(target: Path, vocabulary: Sequence[str], places: F32) -> None:
    """Write the text side and sign its card. Raises OutputError."""
    with atomic_path(target) as temporary:
        with temporary.open("wb") as file:
            np.savez_compressed(file, words=np.array(vocabulary), places=places.astype(np.float16))
        digest = file_digest(temporary)
    card = card_of(target)
    text = card.read_text(encoding="utf-8") if card.exists() else f"# {target.name}\n"
    atomic_write(card, signed_card(text, digest).encode())


def _frequent(rows: Sequence[Sequence[str]], sounds: NDArray[np.int64]) -> list[str]:
    """The words that at least _FEWEST different sounds bear."""
    heard = Counter(
        word for _, words in {(int(s), tuple(w)) for s, w in zip(sounds, rows, strict=True)}
        for word in words
    )  # fmt: skip
    return [word for word, count in heard.items() if count >= _FEWEST]


def _said(rows: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> F32:
    """(sounds, words): 1 where a sound bears a word."""
    number = {word: index for index, word in enumerate(vocabulary)}
    said = np.zeros((len(rows), len(vocabulary)), np.float32)
    for row, words in enumerate(rows):
        for word in words:
            if word in number:
                said[row, number[word]] = 1.0
    return said


def embeddings_of(model: Path, examples: Examples) -> F32:
    """What the exported tagger makes of examples, (n, EMBEDDING)."""
    opened = open_model(model)
    parts = []
    for first in range(0, len(examples), 256):
        part = slice(first, first + 256)
        given = {"near": shown(examples.near[part]), "far": shown(examples.far[part]),
                 "features": examples.features[part]}  # fmt: skip
        parts.append(opened.run(given, ("embedding",))[0])
    return np.concatenate(parts)


def find_by_words(examples: Examples, embeddings: F32) -> dict[str, float]:
    """Mean average precision of each class's name as a text, among sources that were left out."""
    recorded = examples.recorded & (examples.varied == 0)
    found: dict[str, list[float]] = {}
    for source in sorted(set(examples.source[recorded].tolist())):
        held = examples.source == source
        known = examples.where(~held)
        vocabulary, places = learn_words(words_of(known), known.sound, embeddings[~held])
        test = held & recorded
        names = np.array([coarse(name) for name in examples.instrument[test].tolist()])
        for name in sorted(set(names.tolist())):
            scores = embeddings[test] @ places[vocabulary.index(name)]
            right = names[np.argsort(-scores, kind="stable")] == name
            precision = np.cumsum(right) / np.arange(1, len(right) + 1)
            found.setdefault(name, []).append(float(precision[right].mean()))
    return {name: round(float(np.mean(values)), 4) for name, values in sorted(found.items())}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("evaluate", "export"))
    parser.add_argument("--work", type=Path, required=True, help="folder with the examples")
    parser.add_argument("--model", type=Path, required=True, help="the exported tagger")
    parser.add_argument("--out", type=Path, help="where to write the words (.npz)")
    options = parser.parse_args(arguments)
    examples = load(options.work)
    embeddings = embeddings_of(options.model, examples)
    if options.step == "evaluate":
        found = find_by_words(examples, embeddings)
        print(found, "mean", round(float(np.mean(list(found.values()))), 4))
        return 0
    if options.out is None:
        parser.error("export needs --out")
    keep = examples.learnable
    learned = examples.where(keep)
    vocabulary, places = learn_words(words_of(learned), learned.sound, embeddings[keep])
    write_words(options.out, vocabulary, places)
    print(f"{options.out}: {len(vocabulary)} words, {options.out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
