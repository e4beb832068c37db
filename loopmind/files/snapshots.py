"""Computed values as packed parts, known by content: what two revisions share is kept once.

A part is the zlib-packed msgpack of one value; its name is the BLAKE2b-128 of the unpacked bytes,
so damage shows. A snapshot names the parts of a Draft; nothing is unpacked before it is asked for.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgpack

from loopmind.files.digest import DIGEST_BYTES
from loopmind.music.brief import Brief
from loopmind.music.codec import CodecError, from_plain, to_plain
from loopmind.music.draft import Draft, Lock
from loopmind.music.mix import Mix
from loopmind.music.palette import Palette
from loopmind.music.song import Song

T = TypeVar("T")

_LARGEST_BYTES = 1 << 28


class PartError(ValueError):
    """A packed value is missing or damaged."""


@dataclass(frozen=True)
class Snapshot:
    """The parts of a Draft by name. What was told is kept by the revisions, not here."""

    brief: bytes
    palette: bytes
    song: bytes
    mix: bytes
    marks: bytes

    @property
    def parts(self) -> tuple[bytes, ...]:
        return (self.brief, self.palette, self.song, self.mix, self.marks)


@dataclass(frozen=True)
class Marks:
    """What a draft holds beside song, palette and mix."""

    locks: tuple[Lock, ...] = ()
    solo: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    automatic: Mix | None = None


def pack(value: Any, parts: MutableMapping[bytes, bytes]) -> bytes:
    """Put a value (frozen, or plain data) among the parts; gives its name."""
    return put(msgpack.packb(to_plain(value)), parts)


def put(data: bytes, parts: MutableMapping[bytes, bytes]) -> bytes:
    """Put bytes among the parts; gives their name."""
    name = hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()
    if name not in parts:
        parts[name] = zlib.compress(data, 6)
    return name


def get(name: bytes, parts: Mapping[bytes, bytes]) -> bytes:
    """The bytes called `name`. Raises PartError where they are missing or damaged."""
    packed = parts.get(name)
    if packed is None:
        raise PartError("a part of it is missing")
    try:
        opened = zlib.decompressobj()
        data = opened.decompress(packed, _LARGEST_BYTES)
    except (zlib.error, TypeError) as error:
        raise PartError("a part of it cannot be unpacked") from error
    if hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest() != name:
        raise PartError("a part of it is damaged")
    return data


def unpack(cls: type[T], name: bytes, parts: Mapping[bytes, bytes]) -> T:
    """The value of `cls` called `name`. Raises PartError."""
    try:
        return from_plain(cls, unpack_plain(name, parts))
    except CodecError as error:
        raise PartError(f"a part of it does not fit ({error})") from error


def unpack_plain(name: bytes, parts: Mapping[bytes, bytes]) -> Any:
    """The plain data called `name`. Raises PartError."""
    try:
        return msgpack.unpackb(get(name, parts), strict_map_key=False)
    except PartError:
        raise
    except (ValueError, TypeError) as error:
        raise PartError("a part of it cannot be read") from error


def pack_draft(draft: Draft, parts: MutableMapping[bytes, bytes]) -> Snapshot:
    """Put a draft among the parts."""
    return Snapshot(
        brief=pack(draft.brief, parts),
        palette=pack(draft.palette, parts),
        song=pack(draft.song, parts),
        mix=pack(draft.mix, parts),
        marks=pack(Marks(draft.locks, draft.solo, draft.muted, draft.automatic), parts),
    )


def unpack_draft(
    snapshot: Snapshot, parts: Mapping[bytes, bytes], told: tuple[str, ...] = ()
) -> Draft:
    """The draft that `pack_draft` put away. Raises PartError."""
    marks = unpack(Marks, snapshot.marks, parts)
    return Draft(
        brief=unpack(Brief, snapshot.brief, parts),
        palette=unpack(Palette, snapshot.palette, parts),
        song=unpack(Song, snapshot.song, parts),
        mix=unpack(Mix, snapshot.mix, parts),
        locks=marks.locks,
        solo=marks.solo,
        muted=marks.muted,
        automatic=marks.automatic,
        told=told,
    )
