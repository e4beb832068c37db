"""Takes the MIDI files out of a game's WAD (Freedoom's music is published so).

    python -m loopmind.learn.notes.lumps freedoom1.wad freedoom2.wad --out MIDI/freedoom

Lumps that hold the same file are written once.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Iterator
from pathlib import Path

from loopmind.files.atomic import atomic_write

_MIDI = b"MThd"


def midi_lumps(wad: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every MIDI file in a WAD, each once. Raises ValueError for what is none."""
    if len(wad) < 12 or wad[:4] not in (b"IWAD", b"PWAD"):
        raise ValueError("this is no WAD; name a file that begins with IWAD or PWAD")
    count, directory = struct.unpack("<ii", wad[4:12])
    seen: set[bytes] = set()
    for number in range(count):
        start, size, name = struct.unpack_from("<ii8s", wad, directory + 16 * number)
        data = wad[start : start + size]
        if data.startswith(_MIDI) and data not in seen:
            seen.add(data)
            yield name.rstrip(b"\0").decode("ascii").lower(), data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    known: set[bytes] = set()
    for file in args.files:
        for name, data in midi_lumps(file.read_bytes()):
            if data not in known:
                known.add(data)
                atomic_write(args.out / f"{file.stem}-{name.removeprefix('d_')}.mid", data)
    print(len(known), "files")


if __name__ == "__main__":
    main()
