"""Wire values as bytes and back, without pickle, and their content digests.

Layout: a msgpack tree in which each array is an ExtType holding its dtype, shape and place, then
the arrays' own bytes, so that neither writing nor reading copies them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from loopmind.graph.types import wire_type
from loopmind.music.codec import CodecError, from_plain, to_plain

ARRAY_CODE = 1
_ALIGN = 64
_PLAIN_DTYPES = frozenset("biufc")


def encode(value: Any) -> list[bytes | memoryview]:
    """`value` as chunks of bytes: the tree's length, the tree, the arrays.

    Equal values give equal bytes. Raises CodecError for a value that has no plain form.
    """
    arrays: list[NDArray[Any]] = []
    place = 0

    def store(array: Any) -> msgpack.ExtType:
        nonlocal place
        if not isinstance(array, np.ndarray) or array.dtype.kind not in _PLAIN_DTYPES:
            raise CodecError(f"a {type(array).__name__} cannot be stored")
        array = np.ascontiguousarray(array).reshape(array.shape)
        note = [array.dtype.str, list(array.shape), place]
        arrays.append(array)
        place += _padded(array.nbytes)
        return msgpack.ExtType(ARRAY_CODE, msgpack.packb(note))

    try:
        tree = msgpack.packb(to_plain(value, arrays=True), default=store)
    except (ValueError, OverflowError) as error:
        raise CodecError(str(error)) from error
    tree += bytes(_padded(len(tree) + 8) - len(tree) - 8)
    chunks: list[bytes | memoryview] = [len(tree).to_bytes(8, "little"), tree]
    for array in arrays:
        chunks.append(array.reshape(-1).view(np.uint8).data)
        chunks.append(bytes(_padded(array.nbytes) - array.nbytes))
    return chunks


def decode(type_name: str, data: bytes | NDArray[np.uint8]) -> Any:
    """The value of wire type `type_name` that `encode` wrote; its arrays are read-only views.

    Raises CodecError for anything that is not such data.
    """
    known = wire_type(type_name)
    if known is None:
        raise CodecError(f"there is no wire type {type_name!r}")
    block = np.frombuffer(data, np.uint8)
    block.flags.writeable = False
    tree_bytes = int.from_bytes(block[:8].tobytes(), "little")
    body = block[8 + tree_bytes :]
    if tree_bytes + 8 > block.size:
        raise CodecError("the data ends too early")

    def restore(code: int, note: bytes) -> Any:
        if code != ARRAY_CODE:
            raise CodecError(f"unknown extension {code}")
        dtype_text, shape, place = msgpack.unpackb(note)
        dtype = np.dtype(dtype_text)
        if dtype.kind not in _PLAIN_DTYPES:
            raise CodecError(f"arrays of {dtype} are refused")
        size = math.prod(shape) * dtype.itemsize
        if place < 0 or size < 0 or place + size > body.size:
            raise CodecError("an array reaches beyond the data")
        return body[place : place + size].view(dtype).reshape(shape)

    unpacker = msgpack.Unpacker(ext_hook=restore, strict_map_key=True, max_buffer_size=0)
    try:
        unpacker.feed(block[8 : 8 + tree_bytes])
        tree = unpacker.unpack()
    except CodecError:
        raise
    except (msgpack.UnpackException, ValueError, TypeError) as error:
        raise CodecError(f"the data cannot be read: {error}") from error
    return from_plain(known.python, tree)


def digest(value: Any) -> str:
    """BLAKE2b-128 of what `encode` writes: arrays enter by dtype, shape and bytes."""
    return digest_chunks(encode(value))


def digest_chunks(chunks: Sequence[bytes | memoryview]) -> str:
    """The digest of a value that is already encoded."""
    state = hashlib.blake2b(digest_size=16)
    for chunk in chunks:
        state.update(chunk)
    return state.hexdigest()


def size_bytes(value: Any) -> int:
    """About how much memory a value holds; long tuples are estimated from their first items."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes) + 128
    if isinstance(value, (str, bytes)):
        return len(value) + 56
    if isinstance(value, (tuple, list)):
        some = value[:16]
        each = sum(size_bytes(item) for item in some) / max(1, len(some))
        return 64 + int((8 + each) * len(value))
    if isinstance(value, Mapping):
        return 64 + sum(size_bytes(k) + size_bytes(v) for k, v in value.items())
    if is_dataclass(value) and not isinstance(value, type):
        return 64 + sum(size_bytes(getattr(value, f.name)) for f in fields(value))
    return 32


def _padded(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN
