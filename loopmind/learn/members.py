"""Parts of a training that are kept as they are done, so that it goes on where it was broken off.

The smallest models (tempo, key, moods) are several networks side by side, a minute or two each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loopmind.files.atomic import atomic_path

Arrays = dict[str, NDArray[Any]]


def kept(
    folder: Path | None, name: str, given: Mapping[str, object], make: Callable[[], Arrays]
) -> Arrays:
    """What `make` returns, taken from `folder` where it was made from the same before.

    given: all that it is made from, arrays and what prints alike (numbers, strings, dataclasses of
    them). Files are named by a digest of it, so a changed setting or set begins anew. None as
    `folder` keeps nothing. Raises OutputError where the folder cannot be written.
    """
    if folder is None:
        return make()
    file = folder / f"{name}-{_digest(given)}.npz"
    if file.is_file():
        with np.load(file, allow_pickle=False) as held:
            return dict(held)
    made = make()
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(file) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **made)  # type: ignore[arg-type]
    return made


def _digest(given: Mapping[str, object]) -> str:
    found = hashlib.blake2b(digest_size=8)
    for name, value in sorted(given.items()):
        if isinstance(value, np.ndarray):
            found.update(f"{name} {value.dtype} {value.shape}".encode())
            found.update(np.ascontiguousarray(value).data)
        else:
            found.update(f"{name} {value!r}".encode())
    return found.hexdigest()
