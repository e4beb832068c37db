"""Where node results are remembered: in memory, and on disk beyond the session.

Both forget what was not used for longest when they grow over their limit. The disk store is safe
with several processes, is written atomically and never unpickles; a damaged entry is a miss.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgpack
import numpy as np

from loopmind.graph.values import decode, encode, size_bytes
from loopmind.music.codec import CodecError

Outputs = Mapping[str, Any]
"""A node's results by output port."""

_MAGIC = b"LMVALUE1"
_HEADER_BYTES = 16
_CHECKED_BYTES = 1 << 18
_SUFFIX = ".lmv"
_LEFT_S = 3600.0  # nobody writes an entry for so long
_FULL_SHARE = 0.9  # evicting goes down to this share of the limit, so that it is rare


class Store(Protocol):
    """A place that remembers outputs by content key."""

    def has(self, key: str) -> bool:
        """Is there an entry? It may still turn out to be damaged."""

    def get(self, key: str) -> Outputs | None:
        """The outputs stored under `key`, or None."""

    def put(self, key: str, outputs: Outputs, types: Mapping[str, str]) -> None:
        """Remember outputs; `types` names the wire type of each."""


class MemoryCache:
    """Outputs of this session, up to about `limit_bytes`. Thread-safe."""

    def __init__(self, limit_bytes: int = 1 << 30) -> None:
        self.limit_bytes = limit_bytes
        self._entries: OrderedDict[str, tuple[Outputs, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def has(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str) -> Outputs | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: str, outputs: Outputs, types: Mapping[str, str]) -> None:
        size = size_bytes(outputs)
        if size > self.limit_bytes:
            return
        with self._lock:
            old = self._entries.pop(key, None)
            self._size += size - (old[1] if old is not None else 0)
            self._entries[key] = (outputs, size)
            while self._size > self.limit_bytes:
                _, (_, dropped) = self._entries.popitem(last=False)
                self._size -= dropped

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._size = 0


class DiskCache:
    """Outputs in files below `folder`, together at most about `limit_bytes`.

    report: called with one line for each entry that could not be read or written.
    """

    def __init__(
        self,
        folder: str | Path,
        limit_bytes: int = 4 << 30,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.limit_bytes = limit_bytes
        self.report = report
        self._lock = threading.Lock()
        self._size: int | None = None
        self._since_count = 0

    def has(self, key: str) -> bool:
        return self._file(key).is_file()

    def get(self, key: str) -> Outputs | None:
        file = self._file(key)
        try:
            data = np.fromfile(file, np.uint8)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._tell(f"cannot read the cache entry {file}: {error.strerror or error}")
            return None
        try:
            outputs = _unpack(data)
        except CodecError as error:
            self._tell(f"the cache entry {file} is damaged ({error}); it will be made again")
            with suppress(OSError):
                file.unlink()
            return None
        with suppress(OSError):
            os.utime(file)  # last use, by which entries are dropped
        return outputs

    def put(self, key: str, outputs: Outputs, types: Mapping[str, str]) -> None:
        from loopmind.files.atomic import OutputError, atomic_path

        chunks = _pack(outputs, types)
        size = sum(len(chunk) for chunk in chunks)
        if size > self.limit_bytes:
            return
        file = self._file(key)
        try:
            with atomic_path(file) as temporary, temporary.open("wb") as stream:
                for chunk in chunks:
                    stream.write(chunk)
        except OutputError as error:
            self._tell(f"a result is not kept on disk: {error}")
            return
        self._grown(size)

    def clear(self) -> None:
        """Remove every entry."""
        for _, _, file in self._scan():
            with suppress(OSError):
                file.unlink()
        self._size = 0

    def size_bytes(self) -> int:
        """What all entries take together, of all processes."""
        return sum(size for _, size, _ in self._scan())

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}{_SUFFIX}"

    def _tell(self, message: str) -> None:
        if self.report is not None:
            self.report(message)

    def _scan(self) -> list[tuple[float, int, Path]]:
        found = []
        for folder in self.folder.glob("??"):
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.name.endswith(_SUFFIX):
                        continue
                    with suppress(OSError):  # another process may have dropped it
                        info = entry.stat()
                        # Begins with a dot: being written, or left by one that was killed.
                        if entry.name[0] != "." or info.st_mtime < time.time() - _LEFT_S:
                            found.append((info.st_mtime, info.st_size, Path(entry.path)))
        return found

    def _grown(self, size: int) -> None:
        with self._lock:
            self._since_count += 1
            if self._size is None or self._since_count >= 64:  # other processes write too
                self._size = self.size_bytes()
                self._since_count = 0
            else:
                self._size += size
            if self._size <= self.limit_bytes:
                return
            entries = sorted(self._scan())
            total = sum(entry_size for _, entry_size, _ in entries)
            for _, entry_size, file in entries:
                if total <= self.limit_bytes * _FULL_SHARE:
                    break
                with suppress(OSError):  # dropped by another process, or open on Windows
                    file.unlink()
                    total -= entry_size
            self._size = total


def _pack(outputs: Outputs, types: Mapping[str, str]) -> list[bytes | memoryview]:
    """One entry: magic, index length, checksum, index of (port, type, bytes), the values."""
    bodies = {port: encode(value) for port, value in outputs.items()}
    index = [[p, types[p], sum(len(c) for c in chunks)] for p, chunks in bodies.items()]
    head = msgpack.packb([sys.byteorder, index])
    chunks = [head + bytes(-(len(head) + _HEADER_BYTES) % 64)]
    chunks += [chunk for body in bodies.values() for chunk in body]
    sizes = len(chunks[0]).to_bytes(4, "little") + _checksum(chunks).to_bytes(4, "little")
    return [_MAGIC + sizes, *chunks]


def _checksum(chunks: Iterable[bytes | memoryview]) -> int:
    """A checksum of bytes that begin on 64-bit words, or are followed by zeros up to the next.

    The length, sum and exclusive or of all words: any one damaged word is found, at several
    times the speed of a CRC, which on large sounds would cost more than reading them.
    """
    length, total, parity = 0, 0, 0
    for chunk in chunks:
        data = np.frombuffer(chunk, np.uint8)
        whole = data.size // 8 * 8
        tail = int.from_bytes(data[whole:].tobytes(), "little")
        length += data.size
        total += tail
        parity ^= tail
        for start in range(0, whole, _CHECKED_BYTES):  # read twice while it is in the cache
            words = data[start : min(start + _CHECKED_BYTES, whole)].view("<u8")
            total += int(np.add.reduce(words, dtype=np.uint64))
            parity ^= int(np.bitwise_xor.reduce(words))
    numbers = (length, total % (1 << 64), parity)
    return zlib.crc32(b"".join(number.to_bytes(8, "little") for number in numbers))


def _unpack(data: np.ndarray[Any, np.dtype[np.uint8]]) -> Outputs:
    if data.size < _HEADER_BYTES or data[:8].tobytes() != _MAGIC:
        raise CodecError("it is no entry of this format")
    head_bytes = int.from_bytes(data[8:12].tobytes(), "little")
    if _checksum([data[_HEADER_BYTES:].data]) != int.from_bytes(data[12:16].tobytes(), "little"):
        raise CodecError("its checksum differs")
    unpacker = msgpack.Unpacker(max_buffer_size=0)
    unpacker.feed(data[_HEADER_BYTES : _HEADER_BYTES + head_bytes])
    byteorder, index = unpacker.unpack()
    if byteorder != sys.byteorder:
        raise CodecError("it was written by another kind of machine")
    outputs = {}
    place = _HEADER_BYTES + head_bytes
    for port, type_name, size in index:
        outputs[port] = decode(type_name, data[place : place + size])
        place += size
    return outputs
