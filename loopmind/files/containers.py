"""What a file is by its first bytes, and the sound inside RIFF files that libsndfile refuses.

Only containers are read here; the bytes found are handed back for libsndfile to decode.
"""

from __future__ import annotations

import re
import struct
from typing import BinaryIO

_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_OGG_TAGS = frozenset({0x674F, 0x6750, 0x6751, 0x676F, 0x6770, 0x6771})
_CONVERT = "convert it to WAV or FLAC"
_HEAD_BYTES, _SCAN_BYTES = 4096, 1 << 20
_NO_SOUND = ("holds pictures but no sound", "choose a file with a sound track")
_OGG_SOUNDS = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")
_OGG_PICTURES = (b"\x80theora", b"BBCD\0", b"OVP80")
_MATROSKA_CODEC = re.compile(rb"\x86[\x81-\xff]([AV])_")


def describe(stream: BinaryIO) -> tuple[str, str]:
    """(reason, remedy) for a file, opened for reading, that is no readable audio."""
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    if _is_silent_film(stream, head):
        return _NO_SOUND
    if head[8:12] == b"AVI " or (head[:4] == b"OggS" and _holds(head, _OGG_PICTURES)):
        return "is a film, whose sound LoopMind does not read", _CONVERT
    if head[4:8] == b"ftyp":
        return "is AAC or other MPEG-4 audio, which LoopMind does not read", _CONVERT
    if head[:4] == bytes.fromhex("3026b275"):
        return "is Windows Media audio (WMA), which LoopMind does not read", _CONVERT
    if head[:2] in (b"\xff\xf1", b"\xff\xf9"):
        return "is AAC audio, which LoopMind does not read", _CONVERT
    if head[:4] == b"MThd":
        return "is a MIDI file, not a recording", "render it to WAV with an instrument"
    if head[:4] == bytes.fromhex("1a45dfa3"):
        return "is a Matroska or WebM file, which LoopMind does not read", _CONVERT
    for magic, name in ((b"wvpk", "WavPack"), (b"MAC ", "Monkey's Audio"), (b"TTA1", "TTA")):
        if head.startswith(magic):
            return f"is {name} audio, which LoopMind does not read", _CONVERT
    if not head.strip(b"\0"):
        return "holds zero bytes only", "copy it again from its source"
    if head[:4] in (b"RIFF", b"FORM", b"fLaC", b"OggS", b"RF64"):
        return "is damaged at its beginning", "copy it again from its source"
    if is_text(head):
        return "is text, not audio", "remove it or give it its own extension"
    return "is no audio that LoopMind can read", "convert it to WAV or FLAC, or remove it"


def _is_silent_film(stream: BinaryIO, head: bytes) -> bool:
    """Whether the tracks that a film names are pictures alone."""
    if head[:4] == b"OggS":  # every stream's first page comes before all others
        return _holds(head, _OGG_PICTURES) and not _holds(head, _OGG_SOUNDS)
    if head[8:12] == b"AVI ":
        stream.seek(0)
        return b"auds" not in stream.read(_SCAN_BYTES)
    if head[:4] == bytes.fromhex("1a45dfa3"):
        stream.seek(0)
        kinds = set(_MATROSKA_CODEC.findall(stream.read(_SCAN_BYTES)))
        return kinds == {b"V"}
    if head[4:8] == b"ftyp":
        film = _mp4_box(stream, b"moov")
        at = [found.end() for found in re.finditer(rb"hdlr", film)]
        kinds = {film[end + 8 : end + 12] for end in at}
        return b"vide" in kinds and b"soun" not in kinds
    return False


def _holds(head: bytes, marks: tuple[bytes, ...]) -> bool:
    return any(mark in head for mark in marks)


def _mp4_box(stream: BinaryIO, wanted: bytes) -> bytes:
    """The first _SCAN_BYTES of an MPEG-4 file's outer box; nothing where there is none.

    Boxes are a size and a name each (ISO/IEC 14496-12).
    """
    at = 0
    while True:
        stream.seek(at)
        header = stream.read(16)
        if len(header) < 8:
            return b""
        size, name = struct.unpack(">I4s", header[:8])
        if size == 1 and len(header) == 16:
            size = struct.unpack(">Q", header[8:])[0]
        if name == wanted:
            stream.seek(at)
            return stream.read(min(size, _SCAN_BYTES) if size else _SCAN_BYTES)
        if size < 8:  # 0: up to the end of the file
            return b""
        at += size


def is_midi(head: bytes) -> bool:
    """Whether a file beginning with `head` is a Standard MIDI File."""
    return head[:4] == b"MThd"


def is_sound(head: bytes) -> bool:
    """Whether a file beginning with `head` announces itself as a sound file, whatever its name.

    Bare MPEG frames without an ID3 tag do not: other data too often looks like them.
    """
    if head[:4] in (b"RIFF", b"RF64"):
        return head[8:12] == b"WAVE"
    if head[:4] == b"FORM":
        return head[8:12] in (b"AIFF", b"AIFC")
    return head.startswith((b"fLaC", b"OggS", b"ID3", b"caff", b".snd", b"riff"))


def is_text(head: bytes) -> bool:
    """Whether a file beginning with `head` is UTF-8 text."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # else only a letter cut in two at the end
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\r\n\t\f" for letter in text)


def rescue_riff(data: bytes) -> bytes | None:
    """A stream that libsndfile can read, out of the bytes of a RIFF file that it cannot.

    Ogg Vorbis inside RIFF (format tags 0x674F.. as LMMS ships) gives the bare Ogg stream; a WAV
    with damaged chunk sizes gives the same samples behind a sound header. None where no format
    or no data chunk is found. Format tags: RFC 2361 and the Ogg Vorbis ACM codec.
    """
    if data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        return None
    head = data[:_SCAN_BYTES]
    fmt_at = head.find(b"fmt ")
    data_at = head.find(b"data", fmt_at + 8)
    if fmt_at < 0 or data_at < 0 or len(head) < fmt_at + 24:
        return None
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", head, fmt_at + 8)
    body = data[data_at + 8 :]
    if tag in _OGG_TAGS:
        start = body.find(b"OggS")
        return body[start:] if start >= 0 else None
    if tag == 0xFFFE and len(head) >= fmt_at + 8 + 40:
        tag = struct.unpack_from("<H", head, fmt_at + 8 + 24)[0]
        if head[fmt_at + 8 + 26 : fmt_at + 8 + 40] != _SUBFORMAT_TAIL:
            return None
    plausible = tag in (1, 3) and 1 <= channels <= 64 and bits in (8, 16, 24, 32, 64) and rate_hz
    if not plausible:
        return None
    frame_bytes = channels * bits // 8
    body = body[: len(body) // frame_bytes * frame_bytes]
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16,
        tag, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, bits,
        b"data", len(body),
    )  # fmt: skip
    return header + body
