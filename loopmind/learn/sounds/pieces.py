"""Short pieces of music whose stems and notes are known: what separation and transcription learn.

    python -m loopmind.learn.sounds.pieces --midi DIR --sounds COLLECTION --out DIR
        [--packages DIR] [--font FILE ...] [--only-given] [--other-programs SHARE]
        [--synthesised SHARE]

Stretches of MIDI files are played by soundfonts and by drum kits of one-shots, each track alone.
`train` and `valid` never meet the pieces, sounds and kits of `test` (`held_back.py`). A piece is a
folder:

| file | holds |
|---|---|
| `NN.flac` | one track, stereo, 16 bits, 44.1 kHz; the mix is the plain sum of all |
| `piece.json` | where it is from, its beats; each track's file, stem, instrument, program, notes |

Notes are [start in s, end in s, MIDI pitch, velocity 1..127]; a drum's pitch is its General MIDI
note. An end is where the key is let go, not where the sound has died away.
"""

from __future__ import annotations

import argparse
import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from loopmind.learn.sounds.drum_kits import Kit, drum_kits, packaged_kits, play_kit
from loopmind.learn.sounds.fluid import PARTS, Part, Player
from loopmind.learn.sounds.held_back import (
    SHARED_PROGRAMS,
    TEST_FONTS,
    TEST_KITS,
    TEST_MIDI,
    TEST_PROGRAMS,
)
from loopmind.learn.sounds.material import midi_files
from loopmind.learn.sounds.patches import MAKERS
from loopmind.learn.sounds.phrases import KITS, instrument_of_program
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note, soundfonts
from loopmind.learn.sounds.tones import played
from loopmind.learn.sounds.waves import RATE_HZ

F32 = NDArray[np.float32]

PIECE_S = 24.0
STEMS = ("drums", "bass", "vocals", "other")
_VALID_SHARE = 0.1
_STEM = {"drums": "drums", "bass": "bass", "vocal": "vocals"}
_LEVEL_DB = {"drums": -19.0, "bass": -21.0, "vocal": -22.0}
_OTHER_DB = -25.0
_LEAST_NOTES = 8
_SEPARATE_KIT = 0.6
_OTHER_PROGRAMS = 0.5


@dataclass(frozen=True)
class Score:
    """A stretch of a MIDI file: its parts, and the beats in seconds from its start."""

    name: str
    parts: tuple[Part, ...]
    beats_s: tuple[float, ...]


def stretch_of(path: Path, rng: np.random.Generator, *, seconds: float = PIECE_S) -> Score | None:
    """A stretch of a MIDI file, other keys and tempi now and then; None where it has no music."""
    import warnings

    import pretty_midi
    from pretty_midi.pretty_midi import mido

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            song = pretty_midi.PrettyMIDI(str(path))
            beats = song.get_beats() if song.instruments else np.zeros(0)
    except (OSError, ValueError, EOFError, KeyError, IndexError, mido.KeySignatureError):
        return None  # a damaged file carries no truth; the next one does
    length = max((n.end for part in song.instruments for n in part.notes), default=0.0)
    if length < 4.0 or beats.size < 4:
        return None
    speed = float(np.exp(rng.uniform(-0.12, 0.12)))
    late = max(0.0, length - seconds * speed)
    starts = beats[beats <= late]
    begin = float(rng.choice(starts)) if starts.size else 0.0
    shift = int(rng.integers(-4, 5))
    parts = []
    for part in song.instruments:
        notes = tuple(
            Note((n.start - begin) / speed, (n.end - n.start) / speed,
                 n.pitch if part.is_drum else int(np.clip(n.pitch + shift, 21, 108)), n.velocity)
            for n in sorted(part.notes, key=lambda n: (n.start, n.pitch))
            if begin - 1e-6 <= n.start < begin + seconds * speed - 0.15 and n.end > n.start
        )  # fmt: skip
        known = part.is_drum or instrument_of_program(part.program) not in (
            None,
            "fx",
            "percussion",
            "tom",
        )
        if len(notes) >= _LEAST_NOTES and known:
            parts.append(Part(int(part.program), _ended(notes, seconds), bool(part.is_drum)))
    if not parts:
        return None
    inside = (beats[(beats >= begin - 1e-6) & (beats < begin + seconds * speed)] - begin) / speed
    return Score(path.name, _one_kit(parts)[:PARTS], tuple(np.round(inside, 4).tolist()))


def _ended(notes: Sequence[Note], seconds: float) -> tuple[Note, ...]:
    """Notes cut where the same pitch begins again, and at the end of the stretch."""
    last: dict[int, int] = {}
    out = list(notes)
    for i, note in enumerate(out):
        end = min(note.start_s + note.length_s, seconds)
        out[i] = Note(note.start_s, end - note.start_s, note.pitch, note.velocity)
        before = last.get(note.pitch)
        if before is not None:
            held = out[before]
            room = max(note.start_s - held.start_s, 0.0)
            out[before] = Note(held.start_s, min(held.length_s, room), held.pitch, held.velocity)
        last[note.pitch] = i
    return tuple(n for n in out if n.length_s > 0.02)


def _one_kit(parts: Sequence[Part]) -> tuple[Part, ...]:
    """All drum parts as one: a piece has one drummer."""
    drums = [part for part in parts if part.drums]
    others = tuple(part for part in parts if not part.drums)
    if not drums:
        return others
    notes = sorted((n for part in drums for n in part.notes), key=lambda n: (n.start_s, n.pitch))
    program = drums[0].program if drums[0].program in KITS else 0
    return (Part(program, _ended(notes, PIECE_S), True), *others)


def _in_a_room(sound: F32, rng: np.random.Generator) -> F32:
    """Panned, equalised a little, and often with a short room or a hall behind it."""
    pan = float(rng.uniform(-0.6, 0.6))
    sides = np.array([[math.cos((pan + 1) * math.pi / 4)], [math.sin((pan + 1) * math.pi / 4)]])
    sound = sound * (sides * math.sqrt(2.0)).astype(np.float32)
    shelf = 10.0 ** (rng.uniform(-5.0, 5.0) / 20.0)
    b, a = scipy.signal.butter(1, float(rng.uniform(800.0, 5000.0)), fs=RENDER_RATE_HZ)
    low = scipy.signal.lfilter(b, a, sound, axis=1).astype(np.float32)
    sound = low + np.float32(shelf) * (sound - low)
    if rng.random() < 0.65:
        decay_s = float(np.exp(rng.uniform(math.log(0.15), math.log(1.8))))
        frames = round(1.2 * decay_s * RENDER_RATE_HZ)
        fall = 10.0 ** (-3.0 * np.arange(frames) / (decay_s * RENDER_RATE_HZ))
        echo = rng.standard_normal((2, frames)) * fall
        echo[:, : round(0.004 * RENDER_RATE_HZ)] = 0.0
        echo *= 10.0 ** (rng.uniform(-20.0, -8.0) / 20.0) / np.sqrt((echo**2).sum(axis=1))[:, None]
        wet = scipy.signal.fftconvolve(sound, echo.astype(np.float32), axes=1)
        sound = sound + wet[:, : sound.shape[1]].astype(np.float32)
    return sound


def _program_like(program: int, font: str, others: float, rng: np.random.Generator) -> int:
    """A share `others` of the time another program of its instrument: no piece owns a sound."""
    shared = SHARED_PROGRAMS.get(font, frozenset())
    if rng.random() < 1.0 - others and program not in shared:
        return program
    name = instrument_of_program(program)
    return int(rng.choice([
        p for p in range(112) if instrument_of_program(p) == name and p not in shared
    ]))  # fmt: skip


def unheard(parts: Sequence[Part], rng: np.random.Generator) -> list[Part]:
    """Parts on TEST_PROGRAMS of their instruments; those whose instrument has none are left out."""
    made = []
    for part in parts:
        name = instrument_of_program(part.program)
        own = [p for p in sorted(TEST_PROGRAMS) if instrument_of_program(p) == name]
        if part.drums or part.program in TEST_PROGRAMS:
            made.append(part)
        elif own:
            made.append(Part(int(rng.choice(own)), part.notes))
    return made


def make_piece(
    score: Score,
    player: Player,
    font: str,
    kit: tuple[str, Kit] | None,
    folder: Path,
    rng: np.random.Generator,
    *,
    held: bool = False,
    others: float = _OTHER_PROGRAMS,
    synthesised: float = 0.0,
) -> None:
    """Play `score` and write it as a piece into `folder`; `kit` plays the drums if given.

    held: a piece to be judged by, of sounds that no training piece has. others: how often a part
    plays another program of its instrument. synthesised: how often a drawn patch plays it instead.
    """
    import soundfile

    parts = [
        part if part.drums else Part(_program_like(part.program, font, others, rng), part.notes)
        for part in score.parts
    ]
    if held:
        parts = unheard(parts, rng)
    sounds = player.play(parts, PIECE_S)
    tracks: list[dict[str, Any]] = []
    mixed: list[F32] = []
    for part, sound in zip(parts, sounds, strict=True):
        notes = part.notes
        if part.drums and kit is not None:
            sound, notes = play_kit(notes, kit[1], sound.shape[1], rng)
        elif synthesised and not part.drums and rng.random() < synthesised:
            sound = _by_patch(part, sound, rng)
        loud = float(np.sqrt(np.mean(sound**2)))
        if loud < 1e-5 or not notes:
            continue
        instrument = "drums" if part.drums else instrument_of_program(part.program) or "keys"
        level_db = _LEVEL_DB.get(instrument, _OTHER_DB) + rng.uniform(-4.0, 4.0)
        mixed.append(_in_a_room(sound, rng) * np.float32(10.0 ** (level_db / 20.0) / loud))
        tracks.append({
            "stem": _STEM.get(instrument, "other"), "instrument": instrument,
            "program": part.program,
            "notes": [[round(n.start_s, 4), round(n.start_s + n.length_s, 4), n.pitch, n.velocity]
                      for n in notes],
        })  # fmt: skip
    if not mixed:
        return
    peak = float(np.abs(np.sum(mixed, axis=0)).max())
    loudest = max(peak, *(float(np.abs(sound).max()) for sound in mixed))
    folder.mkdir(parents=True, exist_ok=True)
    for number, (track, sound) in enumerate(zip(tracks, mixed, strict=True)):
        track["file"] = f"{number:02d}.flac"
        soundfile.write(folder / track["file"], (sound * (0.9 / loudest)).T, RENDER_RATE_HZ)
    truth = {"midi": score.name, "font": font, "kit": kit[0] if kit else "", "tracks": tracks,
             "beats_s": score.beats_s, "seconds": PIECE_S}  # fmt: skip
    (folder / "piece.json").write_text(json.dumps(truth), encoding="utf-8")


def _by_patch(part: Part, sound: F32, rng: np.random.Generator) -> F32:
    """A part as a drawn patch of its instrument plays it; `sound` where there is no such patch."""
    import soxr

    name = instrument_of_program(part.program)
    makers = [maker for instrument, maker in MAKERS if instrument == name]
    if not makers:
        return sound
    voice = makers[int(rng.integers(len(makers)))](rng)
    mono = soxr.resample(played(voice, part.notes, PIECE_S, trim=False), RATE_HZ, RENDER_RATE_HZ)
    out = np.zeros_like(sound)
    out[:, : mono.size] = mono[: out.shape[1]]
    return out


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece read back: its truth (`piece.json`) and its folder."""

    folder: Path
    truth: Mapping[str, Any]

    @property
    def tracks(self) -> list[dict[str, Any]]:
        """What `piece.json` says of each track."""
        return list(self.truth["tracks"])

    def track(self, number: int) -> F32:
        """One track, float32 (2, frames)."""
        import soundfile

        path = self.folder / self.truth["tracks"][number]["file"]
        return np.ascontiguousarray(soundfile.read(path, dtype="float32", always_2d=True)[0].T)

    def stems(self) -> dict[str, F32]:
        """The four STEMS, each the sum of its tracks, float32 (2, frames); silence where none."""
        frames = round(PIECE_S * RENDER_RATE_HZ / 64) * 64
        out = {stem: np.zeros((2, frames), np.float32) for stem in STEMS}
        for number, track in enumerate(self.tracks):
            sound = self.track(number)
            out[track["stem"]][:, : sound.shape[1]] += sound[:, :frames]
        return out


def pieces(folder: Path) -> list[Piece]:
    """The pieces below `folder`, in the order of their names; half-written ones are left out."""
    return [
        Piece(path.parent, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*/piece.json"))
    ]


def split_of(path: Path) -> str:
    """The set a MIDI file belongs to for good: "test", "valid" or "train"."""
    if any(part in TEST_MIDI for part in path.parts):
        return "test"
    return "valid" if zlib.crc32(path.name.encode()) % 100 < 100 * _VALID_SHARE else "train"


def _jobs(split: str, files: Sequence[Path], rounds: int) -> Iterator[tuple[int, Path]]:
    own = [path for path in files if split_of(path) == split]
    for turn in range(rounds if split == "train" else 1):
        yield from ((turn * 1000 + number, path) for number, path in enumerate(own))


def build(
    out: Path,
    midi: Path,
    sounds: Path,
    fonts: Sequence[Path],
    splits: Sequence[str],
    rounds: int,
    seed: int,
    others: float = _OTHER_PROGRAMS,
    synthesised: float = 0.0,
    packages: Path | None = None,
) -> None:
    """Make what is not there yet of `splits`; `train` has `rounds` stretches of every MIDI file."""
    files = [path for path in midi_files([midi]) if "fretsonfire" not in path.parts]
    kits = drum_kits(sounds / "labels.csv") | (packaged_kits(packages) if packages else {})
    for split in splits:
        held = split == "test"
        own_fonts = [font for font in fonts if (font.name in TEST_FONTS) == held]
        own_kits = [(name, kit) for name, kit in kits.items() if (name in TEST_KITS) == held]
        jobs = list(_jobs(split, files, rounds))
        # All that one soundfont plays in one go: loading it costs more than a piece.
        for index, font in enumerate(own_fonts):
            with Player(font) as player:
                for number, path in jobs:
                    rng = np.random.default_rng([seed, number, zlib.crc32(split.encode())])
                    if int(rng.integers(len(own_fonts))) != index:
                        continue
                    folder = out / split / f"{number:05d}"
                    if (folder / "piece.json").exists():
                        continue
                    score = stretch_of(path, rng)
                    chosen = own_kits[int(rng.integers(len(own_kits)))] if own_kits else None
                    with_kit = chosen if held or rng.random() < _SEPARATE_KIT else None
                    if score is not None:
                        make_piece(score, player, font.name, with_kit, folder, rng,
                                   held=held, others=others,
                                   synthesised=synthesised)  # fmt: skip
        print(split, len(list((out / split).glob("*/piece.json"))), "pieces", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--midi", type=Path, required=True, help="folder with MIDI files")
    parser.add_argument("--sounds", type=Path, required=True, help="collection with labels.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--font", type=Path, action="append", default=[], help="more soundfonts")
    parser.add_argument("--packages", type=Path, help="folder with PACKAGED_KITS, for the test")
    parser.add_argument("--only-given", action="store_true", help="no soundfonts but --font")
    parser.add_argument(
        "--other-programs",
        type=float,
        default=_OTHER_PROGRAMS,
        metavar="SHARE",
        help="of parts that play other programs of their instruments",
    )
    parser.add_argument(
        "--synthesised",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="of parts that drawn patches play",
    )
    parser.add_argument("--splits", default="test,valid,train")
    parser.add_argument("--rounds", type=int, default=3, help="stretches of each training file")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    fonts = args.font if args.only_given else soundfonts(args.font)
    build(args.out, args.midi, args.sounds, fonts, args.splits.split(","), args.rounds, args.seed,
          args.other_programs, args.synthesised, args.packages)  # fmt: skip


if __name__ == "__main__":
    main()
