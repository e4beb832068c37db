"""The process that hears files for a scan; loopmind.library.pool starts it.

It reads length-prefixed msgpack messages [job, path, digest] from standard input and answers
[job, *fields of HeardRow] on standard output, until the input ends. A process of its
own, because a decoder may crash and hearing must be stoppable at once; not by multiprocessing, so
that no caller needs a `__main__` guard.
"""

from __future__ import annotations

import dataclasses
import os
import struct
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

import msgpack

if TYPE_CHECKING:
    from loopmind.library.hearing import HeardRow

_LENGTH = struct.Struct("<I")


def send(stream: BinaryIO, message: list[Any]) -> None:
    """Write one message. Raises OSError when the other side is gone."""
    data = msgpack.packb(message)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> list[Any] | None:
    """The next message, or None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    data = stream.read(_LENGTH.unpack(head)[0])
    message: list[Any] = msgpack.unpackb(data)
    return message


def main() -> None:
    """Hear files until standard input ends."""
    serve(_hear)


def _hear(path: str, digest: str) -> HeardRow:
    from loopmind.library.hearing import hear_row

    return hear_row(path, digest)


def serve(hear: Callable[[str, str], HeardRow]) -> None:
    """Answer each job by `hear(path, digest)` until standard input ends."""
    # The pipe is kept for messages alone: decoders in C print their warnings to 1 and 2.
    answers = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    if not os.environ.get("LOOPMIND_DEBUG"):
        os.dup2(quiet, 2)
    while (job := receive(sys.stdin.buffer)) is not None:
        number, path, digest = job
        heard = hear(path, digest)
        try:
            send(answers, [number, *dataclasses.astuple(heard)])
        except OSError:
            return  # the scan is over
