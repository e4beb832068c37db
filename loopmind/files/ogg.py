"""Ogg pages: giving a stream a fixed serial number, so that equal audio makes equal files.

libsndfile draws the serial from the clock. The page checksum is a CRC-32 (polynomial 0x04C11DB7,
no reflection, start 0; RFC 3533), which is linear: changing bytes by `delta` changes it by the
CRC of `delta` followed by zeros, so no page needs to be summed again.
"""

from __future__ import annotations

from pathlib import Path

_POLYNOMIAL = 0x104C11DB7
_HEADER_BYTES = 27
_SERIAL_AT = 14
_SERIAL = b"Loop"


def _times(a: int, b: int) -> int:
    """Product of two polynomials over GF(2), modulo the CRC polynomial."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        b >>= 1
        a <<= 1
        if a >> 32:
            a ^= _POLYNOMIAL
    return product


def _x_to_the(power: int) -> int:
    """x**power modulo the CRC polynomial."""
    result, base = 1, 2
    while power:
        if power & 1:
            result = _times(result, base)
        base = _times(base, base)
        power >>= 1
    return result


def fix_serial(path: Path) -> None:
    """Give every page of the one-stream Ogg file `path` the same serial. Raises OSError."""
    shifts: dict[int, int] = {}
    with path.open("r+b") as stream:
        at = 0
        while len(head := _read_at(stream, at, _HEADER_BYTES)) == _HEADER_BYTES:
            if head[:4] != b"OggS":
                raise OSError(f"the encoder wrote no Ogg page at byte {at}")
            body = sum(_read_at(stream, at + _HEADER_BYTES, head[26]))
            length = _HEADER_BYTES + head[26] + body
            delta = bytes(a ^ b for a, b in zip(head[14:18], _SERIAL, strict=True))
            zeros_after = length - _SERIAL_AT - 4
            # The CRC of a message is the message times x^32: 8 bits for each later byte, plus 32.
            shift = shifts.setdefault(zeros_after, 0) or _x_to_the(8 * zeros_after + 32)
            shifts[zeros_after] = shift
            crc = int.from_bytes(head[22:26], "little") ^ _times(
                int.from_bytes(delta, "big"), shift
            )
            stream.seek(at)
            stream.write(head[:14] + _SERIAL + head[18:22] + crc.to_bytes(4, "little"))
            at += length


def _read_at(stream: object, at: int, count: int) -> bytes:
    stream.seek(at)  # type: ignore[attr-defined]
    data: bytes = stream.read(count)  # type: ignore[attr-defined]
    return data
