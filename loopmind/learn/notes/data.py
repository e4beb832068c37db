"""What the note network learns from: tracks of pieces, and solo playing rendered for it.

    python -m loopmind.learn.notes.data --pieces DIR --out DIR [--midi DIR] [--clips 1200]
        [--plain 400]

A *sheet* is a pair of files: NAME.npy, int16 (tracks, samples) mono at 22.05 kHz, and NAME.json
with each track's instrument and notes ([start s, end s, MIDI pitch, velocity 1..127]). Tracks of
a piece may sound together; those of a solo sheet (`"solo": true`) are clips of their own.
"""

from __future__ import annotations

import argparse
import json
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from loopmind.analysis.listening.spectrogram import RATE_HZ
from loopmind.learn.sounds.fluid import PARTS, Part, Player
from loopmind.learn.sounds.held_back import TEST_FONTS
from loopmind.learn.sounds.material import midi_files
from loopmind.learn.sounds.patches import plain
from loopmind.learn.sounds.phrases import instrument_of_program, midi_parts, progressions
from loopmind.learn.sounds.pieces import pieces, split_of
from loopmind.learn.sounds.render import RENDER_RATE_HZ, Note, soundfonts
from loopmind.learn.sounds.tones import played
from loopmind.learn.sounds.waves import RATE_HZ as WAVES_HZ

F32 = NDArray[np.float32]

CLIP_S = 12.0
_LOUD = 0.08
# Which registers programs are played in, beyond those that MIDI files use.
_RANGES = {
    "bass": (28, 57), "guitar": (40, 84), "keys": (24, 104), "strings": (38, 91),
    "vocal": (45, 81), "brass": (36, 82), "woodwind": (46, 96), "lead": (45, 96), "pad": (36, 86),
}  # fmt: skip
_SHAPES = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 5, 7), (0, 2, 7),
           (0, 3, 6), (0, 3, 6, 9), (0, 4, 8), (0, 7), (0, 12), (0, 4), (0, 3), (0, 5), (0, 9),
           (0, 1), (0, 2), (0, 6), (0, 7, 16), (0, 7, 15), (0, 12, 16, 19))  # fmt: skip

_STEPS = (-12, -7, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7, 12)
_STEP_ODDS = np.array([1, 2, 3, 4, 6, 10, 6, 6, 10, 6, 4, 3, 2, 1], np.float64)


@dataclass(frozen=True, eq=False)
class Sheet:
    """One pair of files: `sounds` is read where it is needed, `tracks` says who plays what."""

    sounds: NDArray[np.int16]
    tracks: Sequence[dict[str, Any]]
    solo: bool


def sheets(folder: Path) -> list[Sheet]:
    """The sheets of `folder`, in the order of their names."""
    found = []
    for path in sorted(folder.glob("*.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        sounds = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        found.append(Sheet(sounds, truth["tracks"], bool(truth["solo"])))
    return found


def write_sheet(path: Path, sounds: Sequence[F32], tracks: Sequence[Any], *, solo: bool) -> None:
    """Write mono `sounds` at RATE_HZ as a sheet; the notes last, since they make it whole."""
    length = max(sound.size for sound in sounds)
    whole = np.zeros((len(sounds), length), np.int16)
    for row, sound in zip(whole, sounds, strict=True):
        row[: sound.size] = np.round(np.clip(sound, -1.0, 1.0) * 32767.0)
    np.save(path.with_suffix(".npy"), whole)
    path.with_suffix(".json").write_text(
        json.dumps({"solo": solo, "tracks": list(tracks)}), encoding="utf-8"
    )


def to_mono(sound: F32) -> F32:
    """(2, frames) at the rendering rate -> (frames,) at RATE_HZ."""
    import soxr

    mono = sound.mean(axis=0, dtype=np.float32)
    return np.asarray(soxr.resample(mono, RENDER_RATE_HZ, RATE_HZ, quality="MQ"), np.float32)


def take_pieces(source: Path, out: Path) -> int:
    """Every piece below `source` that is not there yet as a sheet in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    done = 0
    for piece in pieces(source):
        path = out / f"piece-{piece.folder.name}"
        if path.with_suffix(".json").exists():
            continue
        sounds = [to_mono(piece.track(number)) for number in range(len(piece.tracks))]
        kept = ("instrument", "program", "notes")
        write_sheet(path, sounds, [{k: t[k] for k in kept} for t in piece.tracks], solo=False)
        done += 1
    return done


def in_a_room(sound: F32, rng: np.random.Generator) -> F32:
    """A clip with its tone changed a little and, more often than not, a room behind it."""
    size = scipy.fft.next_fast_len(sound.size + RATE_HZ)
    hertz = np.fft.rfftfreq(size, 1.0 / RATE_HZ)
    tilt_db = rng.uniform(-4.0, 4.0) * np.log2(np.maximum(hertz, 60.0) / 700.0) / 2.0
    bump = rng.uniform(-8.0, 8.0) * np.exp(
        -0.5 * (np.log2(np.maximum(hertz, 20.0) / float(np.exp(rng.uniform(4.6, 8.5)))) / 0.6) ** 2
    )
    response = 10.0 ** (np.clip(tilt_db + bump, -20.0, 20.0) / 20.0)
    spectrum = scipy.fft.rfft(sound, size) * response
    if rng.random() < 0.6:
        decay_s = float(np.exp(rng.uniform(math.log(0.12), math.log(1.5))))
        frames = min(round(decay_s * RATE_HZ), RATE_HZ - 1)
        echo = rng.standard_normal(frames) * 10.0 ** (
            -3.0 * np.arange(frames) / (decay_s * RATE_HZ)
        )
        echo[: round(0.004 * RATE_HZ)] = 0.0
        echo *= 10.0 ** (rng.uniform(-20.0, -7.0) / 20.0) / max(1e-9, math.sqrt((echo**2).sum()))
        echo[0] = 1.0
        spectrum = spectrum * scipy.fft.rfft(echo, size)
    out: F32 = scipy.fft.irfft(spectrum, size)[: sound.size].astype(np.float32)
    return out


def _program(family: str, rng: np.random.Generator) -> int:
    return int(rng.choice([p for p in range(112) if instrument_of_program(p) == family]))


def _velocities(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    middle = rng.uniform(45, 110)
    return np.clip(rng.normal(middle, rng.uniform(2, 22), count), 15, 127).astype(np.int64)


def line(rng: np.random.Generator, family: str) -> Part:
    """A single line: steps and leaps, long and short notes, repeats, rests, any tempo."""
    low, high = _RANGES[family]
    centre = rng.uniform(low + 6, high - 6)
    unit = float(np.exp(rng.uniform(math.log(0.075), math.log(0.35))))
    legato = float(rng.uniform(0.35, 1.0))
    rest = rng.uniform(0.0, 0.25)
    repeat = rng.uniform(0.0, 0.35)
    now, pitch = float(rng.uniform(0.0, 0.4)), round(centre)
    notes: list[Note] = []
    velocities = _velocities(rng, 400)
    while now < CLIP_S - 0.3 and len(notes) < 400:
        length = unit * float(rng.choice([1, 1, 1, 2, 2, 3, 4, 8]))
        if rng.random() > rest:
            held = max(0.06, length * min(1.0, legato * float(rng.uniform(0.8, 1.1))))
            held = min(held, length - 0.004, CLIP_S - now)
            notes.append(Note(now, held, pitch, int(velocities[len(notes)])))
        now += length
        if rng.random() > repeat:
            step = int(rng.choice(_STEPS, p=_STEP_ODDS / _STEP_ODDS.sum()))
            pitch += step if abs(pitch + step - centre) < 16 else -step
            pitch = int(np.clip(pitch, low, high))
    return Part(_program(family, rng), tuple(notes))


def chords(rng: np.random.Generator, family: str) -> Part:
    """Chords and arpeggios in every register, with a second hand now and then."""
    low, high = _RANGES[family]
    notes: list[Note] = []
    for hand in range(1 + (rng.random() < 0.5)):
        now = float(rng.uniform(0.0, 0.3))
        unit = float(np.exp(rng.uniform(math.log(0.12), math.log(0.9))))
        broken = rng.random() < 0.4
        top = high - 12 if hand == 0 else low + 24
        legato = float(rng.uniform(0.4, 1.0))
        while now < CLIP_S - 0.3:
            root = int(rng.integers(low, max(low + 1, top)))
            shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
            inverted = [p + 12 * int(rng.random() < 0.25) for p in shape]
            pitches = sorted({int(np.clip(root + p, 21, 108)) for p in inverted})
            velocities = _velocities(rng, len(pitches))
            length = unit * float(rng.choice([1, 1, 2, 4]))
            spread = rng.uniform(0.0, 0.02)
            for number, pitch in enumerate(pitches):
                if broken:
                    start = now + number * unit / 2
                    held = unit / 2 * float(rng.choice([0.8, 1.0, 2.0, 4.0]))
                else:
                    start = now + number * spread * (rng.random() < 0.7)
                    held = length * legato
                notes.append(Note(start, max(held, 0.06), pitch, int(velocities[number])))
            now += max(length, len(pitches) * unit / 2) if broken else length
            now += unit if rng.random() < 0.1 else 0.0
    return Part(_program(family, rng), kept_apart(notes))


def keyboard(rng: np.random.Generator) -> tuple[Note, ...]:
    """Two hands at a keyboard: a pattern of chords below, repeated or broken, and chords or a line
    above; harmony changes by the bar, the pedal may hold all until it does."""
    beat = float(np.exp(rng.uniform(math.log(0.3), math.log(0.75))))
    pedal = rng.random() < 0.25
    root = int(rng.integers(36, 56))
    notes: list[Note] = []
    bar_s = beat * int(rng.choice([2, 3, 4]))
    patterns = [_pattern(rng) for _ in range(2)]
    loud = rng.uniform(40, 105), rng.uniform(45, 115)
    spread = rng.uniform(2, 14)
    now = float(rng.uniform(0.02, 0.4))
    while now < CLIP_S - 0.3:
        root = int(np.clip(root + rng.choice([-7, -5, -4, -2, 0, 0, 2, 3, 5, 7]), 31, 58))
        shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
        for hand, pattern in enumerate(patterns):
            base = root if hand == 0 else root + 12 * int(rng.integers(1, 3))
            voices = sorted({base + p + 12 * int(rng.random() < 0.2) for p in shape})
            for start, length, which in pattern:
                at = now + start * bar_s
                chosen = voices if which < 0 else [voices[which % len(voices)]]
                if hand == 0 and start == 0.0 and rng.random() < 0.6:
                    chosen = [*chosen, root - 12]
                held = now + bar_s - at if pedal else length * bar_s
                late = rng.uniform(0.0, 0.012)
                for pitch in chosen:
                    strength = int(np.clip(rng.normal(loud[hand], spread), 12, 127))
                    begin = at + float(rng.uniform(0.0, late)) if late > 0.004 else at
                    pitch = int(np.clip(pitch, 21, 108))
                    notes.append(Note(begin, max(held, 0.06), pitch, strength))
        now += bar_s
        if rng.random() < 0.3:
            patterns[int(rng.integers(2))] = _pattern(rng)
    return kept_apart(notes)


def _pattern(rng: np.random.Generator) -> list[tuple[float, float, int]]:
    """(start, length) as shares of a bar, and which voice: -1 is all of them at once."""
    parts = int(rng.choice([1, 2, 2, 3, 4, 4, 6, 8]))
    hold = float(rng.choice([0.3, 0.5, 0.8, 0.9, 0.97]))
    kind = int(rng.integers(4))
    order = [int(rng.integers(4)) for _ in range(parts)]
    made = []
    for i in range(parts):
        which = -1 if kind in (0, 1) or (kind == 2 and i == 0) else order[i]
        if rng.random() > 0.1:
            made.append((i / parts, hold / parts, which))
    return made


def kept_apart(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Notes within the clip; one ends where the same key is struck again."""
    last: dict[int, Note] = {}
    out: list[Note] = []
    for note in sorted(notes, key=lambda n: -n.start_s):
        if not 0.0 <= note.start_s < CLIP_S - 0.1:
            continue
        end = min(note.start_s + note.length_s, CLIP_S)
        after = last.get(note.pitch)
        if after is not None:
            if after.start_s - note.start_s < 0.05:
                continue
            end = min(end, after.start_s - 0.002)
        kept = Note(note.start_s, end - note.start_s, note.pitch, note.velocity)
        last[note.pitch] = kept
        out.append(kept)
    return tuple(reversed(out))


def scores(rng: np.random.Generator, count: int) -> Iterator[tuple[Note, ...]]:
    """Stretches of up to `count` scores of music21's corpus (where it is installed), all parts."""
    try:
        import music21
    except ImportError:
        return
    paths = [p for p in music21.corpus.getPaths() if str(p).endswith((".mxl", ".krn", ".xml"))]
    for index in rng.permutation(len(paths))[:count]:
        try:
            flat = music21.corpus.parse(paths[index]).flatten()
        except Exception:  # music21 raises many kinds; a score that it cannot read is no loss
            continue
        beat_s = 60.0 / float(rng.uniform(60, 150))
        found = [
            (float(item.offset) * beat_s, float(item.quarterLength) * beat_s, int(p.midi))
            for item in flat.notes
            for p in item.pitches
            if item.quarterLength > 0 and 21 <= p.midi <= 108
        ]
        if len(found) < 20:
            continue
        for _ in range(3):
            begin = found[int(rng.integers(max(1, len(found) * 3 // 4)))][0]
            near = [n for n in found if begin <= n[0] < begin + CLIP_S - 0.2]
            velocities = _velocities(rng, len(near))
            tight = float(rng.uniform(0.7, 1.0))
            late = np.abs(rng.normal(0.0, 0.008, len(near)))
            yield kept_apart([
                Note(s - begin + float(lag), max(d * tight, 0.06), p, int(v))
                for (s, d, p), v, lag in zip(near, velocities, late, strict=True)
            ])  # fmt: skip


def solo_parts(rng: np.random.Generator, count: int, midi: Sequence[Path]) -> list[Part]:
    """`count` clips: half of them keys, the others lines and chords of every family."""
    parts: list[Part] = []
    scored = [notes for notes in scores(rng, count // 20) if len(notes) > 5]
    parts += [Part(_program("keys", rng), notes) for notes in scored]
    own = [path for path in midi if split_of(path) == "train"]
    for item in midi_parts(own, rng, 3):
        family = instrument_of_program(item.phrase.program)
        if not item.phrase.drums and family in _RANGES and len(parts) < count // 2:
            shift = int(rng.integers(-5, 6))
            notes = [
                Note(n.start_s, n.length_s, int(np.clip(n.pitch + shift, 21, 108)), n.velocity)
                for n in item.phrase.notes
            ]
            # Half of all other instruments' parts are played by keys, as reductions are.
            played = family if rng.random() < 0.5 else "keys"
            parts.append(Part(_program(played, rng), kept_apart(notes)))
    for item in progressions(rng, count // 10):
        parts.append(Part(item.phrase.program, kept_apart(item.phrase.notes)))
    families = [*_RANGES, "keys", "keys", "bass", "guitar"]
    parts += [Part(_program("keys", rng), keyboard(rng)) for _ in range(count // 6)]
    while len(parts) < count:
        family = str(rng.choice(families))
        poly = 0.65 if family in ("keys", "guitar", "pad") else 0.35 if family == "strings" else 0.1
        parts.append((chords if rng.random() < poly else line)(rng, family))
    return [parts[i] for i in rng.permutation(len(parts))[:count] if parts[i].notes]


def render_solo(
    out: Path, fonts: Sequence[Path], midi: Sequence[Path], count: int, seed: int
) -> None:
    """Solo sheets of PARTS clips each, played by every one of `fonts` in turn."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    parts = solo_parts(rng, count, midi)
    groups = [parts[i : i + PARTS] for i in range(0, len(parts), PARTS)]
    for number, font in enumerate(fonts):
        with Player(font) as player:
            for index in range(number, len(groups), len(fonts)):
                sounds, tracks = [], []
                for part, sound in zip(
                    groups[index], player.play(groups[index], CLIP_S + 0.5), strict=True
                ):
                    mono = to_mono(sound)
                    if float(np.sqrt(np.mean(mono**2))) < 1e-5:
                        continue
                    sounds.append(_clip(mono, rng, room=True))
                    tracks.append(_solo_track(part))
                if sounds:
                    write_sheet(out / f"solo-{seed}-{index:04d}", sounds, tracks, solo=True)
        print(font.name, "done", flush=True)


def render_plain(out: Path, midi: Sequence[Path], count: int, seed: int) -> None:
    """Solo sheets of `count` clips on plain tones, lines and chords, a patch to each."""
    import soxr

    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, zlib.crc32(b"plain")])
    parts = solo_parts(rng, count, midi)
    for index in range(0, len(parts), PARTS):
        sounds, tracks = [], []
        for part in parts[index : index + PARTS]:
            made = played(plain(rng), part.notes, CLIP_S + 0.5, trim=False)
            mono = np.asarray(soxr.resample(made, WAVES_HZ, RATE_HZ), np.float32)
            sounds.append(_clip(mono, rng, room=rng.random() < 0.5))
            tracks.append(_solo_track(part))
        write_sheet(out / f"plain-{seed}-{index:04d}", sounds, tracks, solo=True)


def _clip(mono: F32, rng: np.random.Generator, *, room: bool) -> F32:
    """A sound as loud as the other clips, dry or in a room, without peaks beyond full scale."""
    mono = mono * np.float32(_LOUD / max(float(np.sqrt(np.mean(mono**2))), 1e-6))
    if room:
        mono = in_a_room(mono, rng)
    return mono * np.float32(min(1.0, 0.95 / max(float(np.abs(mono).max()), 1e-9)))


def _solo_track(part: Part) -> dict[str, Any]:
    """What a sheet says of a clip."""
    return {
        "instrument": instrument_of_program(part.program),
        "program": part.program,
        "notes": [[round(n.start_s, 4), round(n.start_s + n.length_s, 4), n.pitch, n.velocity]
                  for n in part.notes],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=Path, help="folder with train/ and valid/ of learn.pieces")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--midi", type=Path, help="folder with MIDI files")
    parser.add_argument("--font", type=Path, action="append", default=[], help="more soundfonts")
    parser.add_argument("--clips", type=int, default=0, help="solo clips of 12 s to render")
    parser.add_argument("--plain", type=int, default=0, help="such clips on plain tones")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    midi = midi_files([args.midi]) if args.midi else []
    if args.plain:
        render_plain(args.out / "train", midi, args.plain, args.seed)
        render_plain(args.out / "valid", [], args.plain // 16, args.seed + 1000)
    if args.clips:
        fonts = [font for font in soundfonts(args.font) if font.name not in TEST_FONTS]
        render_solo(args.out / "train", fonts, midi, args.clips, args.seed)
        render_solo(args.out / "valid", fonts, [], args.clips // 16, args.seed + 1000)
    if args.pieces:
        for split in ("train", "valid"):
            print(split, take_pieces(args.pieces / split, args.out / split), "pieces", flush=True)


if __name__ == "__main__":
    main()
