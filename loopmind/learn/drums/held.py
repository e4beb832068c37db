"""Pieces to choose limits by: MIDI files of split valid through sounds that nothing learned from.

    python -m loopmind.learn.drums.held --midi DIR --font FILE --patches DIR --out DIR
        [--more-shots CSV] [--letters DIR] [--each 4] [--split valid] [--most N]

The font must be one that no network has learned from; its kits play two fifths of the drum parts.
The kit of a folder of GUS patches (`Drum_000` of Debian's freepats) plays another three tenths, and
one-shots that were held back (`kits.one_shots`, `kits.lettered`) the rest. What is written is what
`learn.sounds.pieces` writes.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.learn.drums.kits import Shelf, lettered, one_shots, shelf_of
from loopmind.learn.sounds.drum_kits import VOICE_OF, Kit, from_attack
from loopmind.learn.sounds.fluid import Player
from loopmind.learn.sounds.material import midi_files
from loopmind.learn.sounds.pieces import make_piece, split_of, stretch_of
from loopmind.learn.sounds.render import RENDER_RATE_HZ

F32 = NDArray[np.float32]

_OWN, _PATCHES = 0.4, 0.7
_SOUNDS = 3
_SEED = 77
# A patch's header, its instrument's and its layer's come before the first sample's, in bytes.
_HEADERS, _SAMPLE_HEADER = 129 + 63 + 47, 96
_SIZE, _RATE, _MODES = 8, 20, 55
_SIXTEEN_BITS, _UNSIGNED = 1, 2


def patch(data: bytes) -> tuple[F32, int]:
    """The first sample of a GUS patch, float32 mono, and its rate in Hz.

    Raises ValueError for what is no patch.
    """
    header = data[_HEADERS : _HEADERS + _SAMPLE_HEADER]
    if not data.startswith(b"GF1PATCH") or len(header) < _SAMPLE_HEADER:
        raise ValueError("this is no GUS patch")
    (size,) = struct.unpack_from("<I", header, _SIZE)
    (rate_hz,) = struct.unpack_from("<H", header, _RATE)
    modes = header[_MODES]
    first = _HEADERS + _SAMPLE_HEADER
    raw = data[first : first + size]
    if modes & _SIXTEEN_BITS:
        sound = np.frombuffer(raw[: len(raw) // 2 * 2], "<u2" if modes & _UNSIGNED else "<i2")
        middle, full = (32768.0 if modes & _UNSIGNED else 0.0), 32768.0
    else:
        sound = np.frombuffer(raw, np.uint8 if modes & _UNSIGNED else np.int8)
        middle, full = (128.0 if modes & _UNSIGNED else 0.0), 128.0
    return ((sound.astype(np.float32) - np.float32(middle)) / np.float32(full)), int(rate_hz)


def patched_kit(folder: Path) -> Shelf:
    """The kit of a folder of patches whose names begin with their General MIDI note."""
    import soxr

    kit: Shelf = {}
    for path in sorted(folder.glob("*.pat")):
        voice = VOICE_OF.get(int(path.name[:3]))
        if voice is None:
            continue
        sound, rate_hz = patch(path.read_bytes())
        mono = soxr.resample(sound, rate_hz, RENDER_RATE_HZ).astype(np.float32)
        kept = from_attack(np.stack([mono, mono]))
        if kept is not None:
            kit.setdefault(voice, []).append(kept)
    return kit


def build(
    out: Path, files: Sequence[Path], font: Path, patches: Kit, held: Shelf, each: int
) -> int:
    """`each` stretches of every MIDI file; returns how many pieces there are."""
    with Player(font) as player:
        for number, path in enumerate(files):
            for turn in range(each):
                place = 10 * number + turn
                rng = np.random.default_rng([_SEED, place])
                score = stretch_of(path, rng)
                if score is None:
                    continue
                kind = rng.random()
                kit: tuple[str, Kit] | None = None
                if kind >= _PATCHES:
                    drawn = {
                        voice: [sounds[int(i)] for i in rng.integers(len(sounds), size=_SOUNDS)]
                        for voice, sounds in held.items()
                    }
                    kit = ("held", drawn)
                elif kind >= _OWN:
                    kit = ("patches", patches)
                make_piece(score, player, font.name, kit, out / f"{place:05d}", rng)
    return len(list(out.glob("*/piece.json")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--midi", type=Path, action="append", required=True)
    parser.add_argument("--font", type=Path, required=True)
    parser.add_argument("--patches", type=Path, required=True)
    parser.add_argument("--more-shots", type=Path, action="append", default=[])
    parser.add_argument("--letters", type=Path)
    parser.add_argument("--each", type=int, default=4, help="stretches of each file")
    parser.add_argument("--split", choices=("valid", "train"), default="valid")
    parser.add_argument("--most", type=int, help="files, drawn at random (default: all)")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    shelves = [one_shots(labels, held=True) for labels in args.more_shots]
    if args.letters:
        shelves.append(lettered(args.letters, held=True))
    files = [path for path in midi_files(args.midi) if split_of(path) == args.split]
    if args.most is not None:
        drawn = np.random.default_rng(_SEED).permutation(len(files))[: args.most]
        files = [files[int(number)] for number in drawn]
    made = build(
        args.out, files, args.font, patched_kit(args.patches), shelf_of(shelves), args.each
    )
    print(made, "pieces")


if __name__ == "__main__":
    main()
