"""The text side of the sound encoder: words as directions among the embeddings of sounds.

`loopmind.learn.tagger.words` learns them from the names of sounds: "analog", "deep", "choir".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.models import WORDS_MODEL, ModelError, check_digest, found_model

F32 = NDArray[np.float32]

_WORD = re.compile(r"[a-z]+|\d{3}")


def words_in(text: str) -> tuple[str, ...]:
    """The words of a text or name as the text side spells them, each once, in order.

    >>> words_in("Warm-Analog Pad 2, TR-808")
    ('warm', 'analog', 'pad', 'tr', '808')
    """
    return tuple(dict.fromkeys(_WORD.findall(text.lower())))


def known_words() -> frozenset[str]:
    """All words that have a place. Raises ModelError where the model is missing or damaged."""
    return frozenset(_in_use()[0])


def place_of(words: Iterable[str]) -> F32 | None:
    """The direction (EMBEDDING,), unit length, in which sounds of these words lie.

    None where none of the words is known. The greater the inner product with a sound's
    embedding, the better they fit; only the order of such products means anything.
    Raises ModelError where the model is missing or damaged.
    """
    numbers, places = _in_use()
    known = [numbers[word] for word in words if word in numbers]
    if not known:
        return None
    place = places[known].sum(axis=0)
    length = float(np.linalg.norm(place))
    return np.asarray(place / length, np.float32) if length > 0.0 else None


def read_table(file: Path) -> tuple[list[str], F32]:
    """The words in a file and their places (words, EMBEDDING). Raises ModelError."""
    check_digest(file)
    try:
        with np.load(file, allow_pickle=False) as archive:
            return archive["words"].tolist(), archive["places"].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"the model {file} cannot be read ({error}); install LoopMind again"
        ) from error


def _in_use() -> tuple[dict[str, int], F32]:
    file = found_model(WORDS_MODEL)
    # The tagger may be changed while this process runs, and its words with it.
    return _table(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _table(file: Path, _changed_ns: int) -> tuple[dict[str, int], F32]:
    words, places = read_table(file)
    return {word: number for number, word in enumerate(words)}, places
