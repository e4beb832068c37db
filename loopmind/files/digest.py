"""Content digests: of files, by which renames and duplicates are known, and of plain values."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from loopmind.errors import CancelledError

DIGEST_BYTES = 16
_BLOCK_BYTES = 1 << 20


def file_digest(path: str | Path, *, cancelled: Callable[[], bool] | None = None) -> str:
    """BLAKE2b-128 of a file's bytes as 32 hex digits.

    Raises OSError, and CancelledError soon after `cancelled()` turns true.
    """
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    with Path(path).open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            if cancelled is not None and cancelled():
                raise CancelledError(f"reading {path} was cancelled")
    return digest.hexdigest()


def value_digest(value: Any) -> str:
    """BLAKE2b-128 of plain data and NumPy arrays as 32 hex digits.

    Law: equal values have equal digests, mappings whatever their order; values that differ in
    type, shape or dtype differ in digest. Raises TypeError for anything else.

    >>> value_digest({"a": 1, "b": 2}) == value_digest({"b": 2, "a": 1})
    True
    >>> value_digest(np.zeros((2, 8))) == value_digest(np.zeros((8, 2)))
    False
    """
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    _feed(digest, value)
    return digest.hexdigest()


def _feed(digest: hashlib.blake2b, value: Any) -> None:
    # Each item is written as a tag, a length and its bytes, so no two values run together.
    if value is None:
        digest.update(b"n")
    elif isinstance(value, (bool, np.bool_)):
        digest.update(b"t" if value else b"f")
    elif isinstance(value, (int, np.integer)):
        _feed_bytes(digest, b"i", str(int(value)).encode())
    elif isinstance(value, (float, np.floating)):
        digest.update(b"d" + struct.pack("<d", float(value)))
    elif isinstance(value, str):
        _feed_bytes(digest, b"s", value.encode("utf-8", "surrogatepass"))
    elif isinstance(value, bytes):
        _feed_bytes(digest, b"b", value)
    elif isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError("an array of Python objects has no digest")
        _feed_bytes(digest, b"a", f"{value.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, (list, tuple)):
        _feed_bytes(digest, b"l", str(len(value)).encode())
        for item in value:
            _feed(digest, item)
    elif isinstance(value, dict):
        _feed_bytes(digest, b"m", str(len(value)).encode())
        for key in sorted(value):
            _feed(digest, key)
            _feed(digest, value[key])
    else:
        raise TypeError(f"a {type(value).__name__} has no digest")


def _feed_bytes(digest: hashlib.blake2b, tag: bytes, data: bytes) -> None:
    digest.update(tag + struct.pack("<Q", len(data)))
    digest.update(data)
