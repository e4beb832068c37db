"""What the drum transcriber learns from and is judged on: clips of drums, and of what is beside.

    python -m loopmind.learn.drums.data --pieces DIR --out DIR [--midi DIR --sounds COLLECTION ...]

A clip is `NAME.npz`: `drums` and `rest`, mel power in half decibels (uint8, see `to_steps`), and
`hits`, float32 (hits, 3): time in s, number in VOICES, velocity 0..1. Clips of pieces keep the
split of their piece; grooves, played by kits and soundfonts that no test knows, are for training.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loopmind.analysis.listening.drums_frontend import DRUM_RATE_HZ, drum_power
from loopmind.learn.drums.kits import (
    Shelf,
    drawn,
    lettered,
    of_font,
    on_a_bus,
    one_shots,
    shelf_of,
    synthesised,
)
from loopmind.learn.drums.patterns import (
    brain_part,
    free_part,
    midi_part,
    steady_part,
    voice_of,
    without_clashes,
)
from loopmind.learn.sounds.drum_kits import OPEN_HAT, Kit, drum_kits, play_kit
from loopmind.learn.sounds.fluid import PARTS, Part, Player
from loopmind.learn.sounds.held_back import TEST_FONTS, TEST_KITS
from loopmind.learn.sounds.material import midi_files
from loopmind.learn.sounds.phrases import HITS, KITS
from loopmind.learn.sounds.pieces import Piece, pieces, split_of
from loopmind.learn.sounds.render import Note
from loopmind.learn.tempo_key.groove_sounds import placed
from loopmind.learn.tempo_key.grooves import read_brains

F32 = NDArray[np.float32]
Steps = NDArray[np.uint8]

CLIP_S = 24.0
_STEPS_PER_DB, _LOWEST_DB = 2.0, -100.0
_SAME_HIT_S = 0.02
# A soundfont of one acoustic kit agrees with General MIDI on these notes alone.
_ONE_KIT_NOTES = frozenset((36, 38, 40, 42, 44, 46, 41, 43, 45, 47, 51, 53, 57, 59))
_ONE_KIT = "Zeppelin"
_CLOSED = 42
PIECE = "piece-"
"""What the names of clips begin with that are pieces."""
LINE = "line-"
"""What the names of clips begin with in which only hats and cymbals play, or percussion."""


@dataclass(frozen=True, eq=False)
class Clip:
    """Drums, what sounds beside them (both as `to_steps` gives), and the hits."""

    name: str
    drums: Steps
    rest: Steps
    hits: F32


def to_steps(power: F32) -> Steps:
    """Power as half decibels above -100 dB, 0..255."""
    decibels = 10.0 * np.log10(np.maximum(power, 1e-10))
    return np.clip(np.round((decibels - _LOWEST_DB) * _STEPS_PER_DB), 0, 255).astype(np.uint8)


def from_steps(steps: Steps) -> F32:
    """The power that `to_steps` was given, nearly; what it held for nothing is exactly nothing."""
    return np.asarray(_POWERS[steps])


_POWERS = (10.0 ** ((np.arange(256) / _STEPS_PER_DB + _LOWEST_DB) / 10.0)).astype(np.float32)
_POWERS[0] = 0.0


def hits_of(notes: Sequence[Note]) -> F32:
    """Hits (hits, 3) of General MIDI notes; two notes of one voice at once are one hit."""
    rows: list[tuple[float, int, float]] = []
    last: dict[int, int] = {}
    for note in sorted(notes, key=lambda n: n.start_s):
        voice = voice_of(note.pitch)
        if voice is None:
            continue
        before = last.get(voice)
        if before is not None and note.start_s - rows[before][0] < _SAME_HIT_S:
            at, _, strength = rows[before]
            rows[before] = (at, voice, max(strength, note.velocity / 127.0))
            continue
        last[voice] = len(rows)
        rows.append((note.start_s, voice, note.velocity / 127.0))
    return np.array(rows, np.float32).reshape(-1, 3)


def of_piece(piece: Piece, kits: Mapping[str, Kit], name: str) -> Clip:
    """A piece as a clip."""
    shape: tuple[int, ...] | None = None
    sums: dict[bool, F32] = {}
    notes: tuple[Note, ...] = ()
    for number, track in enumerate(piece.tracks):
        drums = track["stem"] == "drums"
        sound = piece.track(number).mean(axis=0)
        sums[drums] = sums[drums] + sound if drums in sums else sound
        shape = sound.shape
        if drums:
            read = [Note(s, e - s, p, v) for s, e, p, v in track["notes"]]
            notes = _as_heard(read, kits.get(str(piece.truth["kit"])))
    assert shape is not None  # a piece has a track
    silence = np.zeros(shape, np.float32)
    return Clip(
        name, to_steps(drum_power(sums.get(True, silence))),
        to_steps(drum_power(sums.get(False, silence))), hits_of(notes),
    )  # fmt: skip


def _as_heard(notes: Sequence[Note], kit: Kit | None) -> tuple[Note, ...]:
    """Notes as a kit plays them: one without an open hat plays the closed one."""
    if kit is None or "open" in kit:
        return tuple(notes)
    return tuple(
        Note(n.start_s, n.length_s, _CLOSED if n.pitch == OPEN_HAT else n.pitch, n.velocity)
        for n in notes
    )


def build_pieces(folders: Sequence[Path], out: Path, sounds: Path) -> None:
    """Clips of all pieces below `folders` (test, valid, train of each) that are not there yet."""
    kits = drum_kits(sounds / "labels.csv")
    for split in ("test", "valid", "train"):
        for number, folder in enumerate(folders):
            for piece in pieces(folder / split):
                name = f"{PIECE}{number}-{piece.folder.name}"
                path = out / split / f"{name}.npz"
                if not path.exists():
                    _write(path, of_piece(piece, kits, name))
        print(split, len(list((out / split).glob("*.npz"))), "clips", flush=True)


@dataclass(frozen=True)
class Sources:
    """Where grooves come from: MIDI files, one-shots, genre brains, soundfonts."""

    midi: Path
    sounds: Path
    brains: Path
    fonts: Sequence[Path]
    more_shots: Sequence[Path] = ()
    letters: Path | None = None


def build_grooves(out: Path, sources: Sources, count: int, seed: int) -> None:
    """`count` clips of drums alone, for training: a tenth of one line only, to lay over others."""
    rng = np.random.default_rng([seed, zlib.crc32(b"grooves")])
    by_kits = count * 7 // 10
    for number, groove in enumerate(kit_grooves(sources, by_kits, rng)):
        name = f"{LINE if groove.one_line else 'kit-'}{number:04d}"
        heard = _as_heard(groove.notes, groove.kit)
        _save_groove(out / "train", name, groove.sound, heard, rng)
    own = _own_fonts(sources)
    part = _parts(sources, "train", rng)
    each = -(-(count - by_kits) // len(own))
    for font in own:
        with Player(font) as player:
            _grooves_of(player, font, each, part, out / "train", rng)


@dataclass(frozen=True, eq=False)
class Groove:
    """Drums alone: sound (2, frames) at DRUM_RATE_HZ, what was struck, on which kit."""

    sound: F32
    notes: tuple[Note, ...]
    kit: Kit
    one_line: bool


def kit_grooves(sources: Sources, count: int, rng: np.random.Generator) -> Iterator[Groove]:
    """`count` grooves of CLIP_S for training, most of them on kits thrown together."""
    kits = [
        kit
        for name, kit in drum_kits(sources.sounds / "labels.csv").items()
        if name not in TEST_KITS
    ]
    struck = [of_font(font) for font in _own_fonts(sources) if _ONE_KIT not in font.name]
    shelf = shelf_of([*kits, *_more_shots(sources, held=False), *struck, synthesised(rng, 48)])
    print({voice: len(sounds) for voice, sounds in shelf.items()}, flush=True)
    part = _parts(sources, "train", rng)
    for _ in range(count):
        kit = kits[int(rng.integers(len(kits)))] if rng.random() < 0.2 else drawn(shelf, rng)
        notes = part()
        one_line = rng.random() < 0.15
        if one_line:
            notes = _one_line(notes, rng)
        sound, played = play_kit(notes, kit, round(CLIP_S * DRUM_RATE_HZ), rng)
        yield Groove(sound, tuple(played), kit, one_line)


def _own_fonts(sources: Sources) -> list[Path]:
    return [font for font in sources.fonts if font.name not in TEST_FONTS]


def build_held(out: Path, sources: Sources, count: int, seed: int) -> None:
    """`count` clips to choose thresholds by: one-shots and MIDI files that no training knows."""
    rng = np.random.default_rng([seed, zlib.crc32(b"held")])
    shelf = shelf_of(_more_shots(sources, held=True))
    print({voice: len(sounds) for voice, sounds in shelf.items()}, flush=True)
    part = _parts(sources, "valid", rng)
    for number in range(count):
        kit = drawn(shelf, rng)
        sound, played = play_kit(part(), kit, round(CLIP_S * DRUM_RATE_HZ), rng)
        _save_groove(out / "valid", f"held-{number:04d}", sound, _as_heard(played, kit), rng)


def _more_shots(sources: Sources, *, held: bool) -> list[Shelf]:
    found = [one_shots(labels, held=held) for labels in sources.more_shots]
    return [*found, *([lettered(sources.letters, held=held)] if sources.letters else [])]


def _parts(
    sources: Sources, split: str, rng: np.random.Generator
) -> Callable[[], tuple[Note, ...]]:
    """Draws drum parts: of the MIDI files of a split, of brains, kept up steadily, free."""
    files = [path for path in midi_files([sources.midi]) if split_of(path) == split]
    styles = read_brains(sources.brains)

    def part() -> tuple[Note, ...]:
        notes: tuple[Note, ...] = ()
        kind = rng.random()
        if kind < 0.35:
            notes = midi_part(files[int(rng.integers(len(files)))], rng)
        elif kind < 0.45:
            notes = brain_part(styles[int(rng.integers(len(styles)))], CLIP_S, rng)
        elif kind < 0.6:
            notes = free_part(CLIP_S, rng)
        return notes or steady_part(CLIP_S, rng)

    return part


def _one_line(notes: Sequence[Note], rng: np.random.Generator) -> tuple[Note, ...]:
    """Hats and cymbals alone, or percussion alone; as it was where nothing would be left."""
    kept = ("hat", "cymbal") if rng.random() < 0.5 else ("percussion",)
    pitches = {pitch for voice in kept for pitch in HITS[voice]}
    return tuple(note for note in notes if note.pitch in pitches) or tuple(notes)


def _grooves_of(
    player: Player, font: Path, count: int, part: Callable[[], tuple[Note, ...]], out: Path,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    one_kit = _ONE_KIT in font.name
    for first in range(0, count, PARTS):
        parts = []
        for _ in range(min(PARTS, count - first)):
            notes = without_clashes(part())
            if one_kit:
                notes = tuple(
                    Note(n.start_s, 2.0, n.pitch, n.velocity)
                    for n in notes
                    if n.pitch in _ONE_KIT_NOTES
                )
            program = 0 if one_kit else int(rng.choice(KITS))
            parts.append(Part(program, notes, not one_kit))
        for number, (drums, sound) in enumerate(
            zip(parts, player.play(parts, CLIP_S), strict=True)
        ):
            _save_groove(out, f"{font.stem}-{first + number:04d}", sound, drums.notes, rng)


def _save_groove(
    out: Path, name: str, sound: F32, notes: Sequence[Note], rng: np.random.Generator
) -> None:
    peak = float(np.abs(sound).max(initial=0.0))
    if peak < 1e-4:
        return
    mono = placed(on_a_bus(sound.mean(axis=0) * np.float32(0.5 / peak), rng), rng)
    drums = to_steps(drum_power(mono.astype(np.float32)))
    _write(out / f"{name}.npz", Clip(name, drums, np.zeros_like(drums), hits_of(notes)))


def _write(path: Path, clip: Clip) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.savez(file, drums=clip.drums, rest=clip.rest, hits=clip.hits)
    beside.replace(path)


def clips(folder: Path) -> Iterator[Clip]:
    """The clips in `folder`, in the order of their names."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            yield Clip(path.stem, file["drums"], file["rest"], file["hits"])


def add_sources(parser: argparse.ArgumentParser) -> None:
    """The arguments that say where grooves come from; `sources_of` reads them."""
    parser.add_argument("--sounds", type=Path, help="collection with labels.csv")
    parser.add_argument("--midi", type=Path, help="MIDI files: with them grooves are made")
    parser.add_argument("--brains", type=Path, default=Path("presets/genres"))
    parser.add_argument("--font", type=Path, action="append", default=[])
    parser.add_argument("--more-shots", type=Path, action="append", default=[], metavar="CSV",
                        help="labels.csv with more one-shots")  # fmt: skip
    parser.add_argument("--letters", type=Path, help="folder `snd` of the package foxdot")


def sources_of(options: argparse.Namespace) -> Sources:
    """What `add_sources` asked for. Raises ValueError where a folder is missing."""
    if options.midi is None or options.sounds is None:
        raise ValueError("grooves are made of MIDI files and one-shots; give --midi and --sounds")
    return Sources(options.midi, options.sounds, options.brains, options.font, options.more_shots,
                   options.letters)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=Path, action="append", default=[],
                        help="folder that learn/sounds/pieces.py wrote")  # fmt: skip
    add_sources(parser)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--grooves", type=int, default=900, help="how many")
    parser.add_argument("--held", type=int, default=60, help="how many to choose thresholds by")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.sounds is None:
        parser.error("name the collection with --sounds")
    if args.pieces:
        build_pieces(args.pieces, args.out, args.sounds)
    if args.midi is not None:
        sources = sources_of(args)
        build_held(args.out, sources, args.held, args.seed)
        build_grooves(args.out, sources, args.grooves, args.seed)


if __name__ == "__main__":
    main()
